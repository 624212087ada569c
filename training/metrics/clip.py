"""Pictures and captions in the space of a CLIP model, for the metrics that compare them there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...errors import GasError
from .networks import NetworkOptions, measure_cut
from .protocol import read_captions

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class ClipOptions(NetworkOptions):
    """A metric with a CLIP model, one that transformers loads as `CLIPModel`."""

    def load(self) -> Any:
        from transformers import AutoConfig

        kind = AutoConfig.from_pretrained(self.model, **self.source).model_type
        if kind != "clip":
            raise GasError(f"{self.name} cannot use {self.model}: it is no CLIP model, but of the kind {kind}")
        return self.load_network("CLIPModel")

    def embed_pixels(self, pixels: Tensor) -> Tensor:
        """Unit vectors of images that are prepared, shape [images, dimensions], as float32."""
        import torch

        with torch.inference_mode():
            found = self.network.vision_model(pixel_values=pixels.to(self.place, self.network.dtype)).pooler_output
            return torch.nn.functional.normalize(self.network.visual_projection(found).float(), dim=-1)


@dataclass(frozen=True, kw_only=True)
class ClipAndTextOptions(ClipOptions):
    """A metric that compares pictures with captions."""

    @property
    def prepared_by(self) -> tuple[str, str | None]:
        """Whose tokenizer and image processor are taken: name and revision."""
        return self.model, self.revision

    @cached_property
    def processor(self) -> Any:
        from transformers import AutoImageProcessor, AutoTokenizer, CLIPProcessor

        model, revision = self.prepared_by
        source: dict[str, Any] = {"revision": revision or "main", "trust_remote_code": False}
        # PIL scales as the originals do; torchvision, the default, a little otherwise.
        images = AutoImageProcessor.from_pretrained(model, backend="pil", **source)
        return CLIPProcessor(images, AutoTokenizer.from_pretrained(model, **source))

    def prepare(self, network: Any) -> Any:
        self.processor  # noqa: B018
        return super().prepare(network)

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors of texts, shape [texts, dimensions], as float32; of long ones only the beginning is read."""
        import torch

        inputs = self.processor.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.longest, return_tensors="pt"
        )
        with torch.inference_mode():
            found = self.network.text_model(
                input_ids=inputs["input_ids"].to(self.place), attention_mask=inputs["attention_mask"].to(self.place)
            )
            return torch.nn.functional.normalize(self.network.text_projection(found.pooler_output).float(), dim=-1)

    def compare(self, images: Sequence[Image], texts: Sequence[str]) -> list[float]:
        """The cosine of each image and the text at the same place."""
        pixels = self.processor.image_processor(list(images), return_tensors="pt")["pixel_values"]
        cosines: list[float] = (self.embed_pixels(pixels) * self.embed_texts(texts)).sum(dim=-1).tolist()
        return cosines

    @property
    def longest(self) -> int:
        """How many tokens the model reads, with those that begin and end a text."""
        return int(self.network.config.text_config.max_position_embeddings)

    def word(self, caption: str) -> str:
        """The text that a picture is compared with."""
        return caption

    def share_cut(self, rows: Sequence[Mapping[str, Any]]) -> float:
        """The share of the captions of which the model does not read the end; 0 without any."""
        return measure_cut(self.processor.tokenizer, [self.word(one) for one in read_captions(rows)], self.longest)
