"""CLIP-FlanT5: the first VQAScore, how probable this model finds it that a picture shows its caption.

Source: VQAScore (Lin et al. 2024), `t2v_metrics`, model `clip-flant5-xxl`; rebuilt of transformers' T5 and CLIP. Kept
because the paper's tables have it; `vqascore` asks the models of today.

Formula: the geometric mean of the probabilities of the tokens of the reply `Yes` and its end, asked
`Does this figure show "..."? Please answer yes or no.` Pictures are laid on squares of CLIP's mean color. Of frames or
views the mean (`t2v_metrics` lays four frames side by side). Of a model, the mean over pictures.

Range: 0 to 1, higher is better.

Blind to: what `vqascore` is blind to; to "no" most of all: it scores negated captions about 0.5 whatever is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..judges.protocol import Shown
from .networks import Dtype, NetworkOptions, measure_beside_captions
from .vqascore import QUESTIONS

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)
BEFORE, AFTER = f"{SYSTEM} USER: ", "\n{} ASSISTANT: "
REPLY = "Yes"
LONGEST = 2048


@dataclass(frozen=True, kw_only=True)
class Metric(NetworkOptions):
    """See the file.

    Attributes:
        vision: The CLIP model that sees, which stayed as it was in training.
        tokenizer: Whose tokens it reads, a name on the Hub or a folder.
    """

    model: str = "zhiqiulin/clip-flant5-xxl"
    vision: str = "openai/clip-vit-large-patch14-336"
    tokenizer: str = "google/flan-t5-xxl"
    dtype: Dtype = "bfloat16"
    batch_size: int = 8

    name: ClassVar[str] = "clip_flant5"
    others: ClassVar[tuple[str, ...]] = ("vision", "tokenizer")
    extra: ClassVar[str] = "paper"
    told: ClassVar[tuple[str, ...]] = ("vision", "tokenizer", "dtype")
    needs: ClassVar[Literal["pictures"]] = "pictures"

    @property
    def id(self) -> str:
        return self.spell_id()

    def load(self) -> Any:
        """The language model, with the projector that the checkpoint has, and the vision model beside it."""
        from torch import nn
        from transformers import T5Config, T5ForConditionalGeneration

        class ClipT5(T5ForConditionalGeneration):
            def __init__(self, config: Any) -> None:
                super().__init__(config)
                size = config.d_model
                layers = (nn.Linear(config.mm_hidden_size, size), nn.GELU(), nn.Linear(size, size))
                self.mm_projector = nn.Sequential(*layers)
                self.post_init()

        config = T5Config.from_pretrained(self.model, **self.source)
        network, report = ClipT5.from_pretrained(
            self.model, config=config, dtype=self.dtype, output_loading_info=True, **self.source
        )
        self.check_weights(report["missing_keys"])
        return network

    def prepare(self, network: Any) -> Any:
        self._eyes, self._images  # noqa: B018
        return super().prepare(network)

    @cached_property
    def _eyes(self) -> Any:
        from transformers import CLIPModel

        whole: Any = CLIPModel.from_pretrained(self.vision, dtype=self.dtype, trust_remote_code=False)
        return super().prepare(whole.vision_model)

    @cached_property
    def _words(self) -> Any:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self.tokenizer, trust_remote_code=False)

    @cached_property
    def _images(self) -> Any:
        from transformers import AutoImageProcessor

        return AutoImageProcessor.from_pretrained(self.vision, backend="pil", trust_remote_code=False)

    def measure(self, pictures: Sequence[Shown], rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """See `PicturesMetric`. Of rows, `caption` is read."""
        return measure_beside_captions(pictures, rows, self.batch_size, self._rate)

    def _rate(self, images: Sequence[Image], captions: Sequence[str]) -> list[float]:
        import torch

        with torch.inference_mode():
            read = [self._embed(seen, text) for seen, text in zip(self._see(images), captions, strict=True)]
            embeddings = torch.nn.utils.rnn.pad_sequence(read, batch_first=True)
            lengths = torch.tensor([len(one) for one in read], device=self.place)
            mask = torch.arange(embeddings.shape[1], device=self.place) < lengths[:, None]
            reply = torch.tensor([self._words(REPLY)["input_ids"]] * len(read), device=self.place)
            logits = self.network(inputs_embeds=embeddings, attention_mask=mask.long(), labels=reply).logits
            known = logits[..., : len(self._words)]  # the model has more, which the original leaves out
            logs = known.float().log_softmax(dim=-1).gather(-1, reply[..., None]).squeeze(-1)
            found: list[float] = logs.mean(dim=-1).exp().tolist()
        return found

    def _see(self, images: Sequence[Image]) -> Tensor:
        """What the language model gets of pictures, shape [pictures, patches, dimensions]."""
        color = tuple(int(255 * part) for part in self._images.image_mean)
        pixels = self._images([pad_to_square(image, color) for image in images], return_tensors="pt")["pixel_values"]
        states = self._eyes(pixels.to(self.place, self.network.dtype), output_hidden_states=True).hidden_states
        seen: Tensor = self.network.mm_projector(states[-2][:, 1:])
        return seen

    def _embed(self, seen: Tensor, caption: str) -> Tensor:
        """A picture between the two parts of a chat, each of which has its end token, as in training."""
        import torch

        before = self._words(BEFORE)["input_ids"]
        after = self._words(AFTER.format(QUESTIONS["clip-flant5"].format(caption)))["input_ids"]
        table = self.network.get_input_embeddings()
        parts = [table(torch.tensor(some, device=self.place)) for some in (before, after[: LONGEST - len(before) - 1])]
        return torch.cat([parts[0], seen, parts[1]])


def pad_to_square(image: Image, color: tuple[int, ...]) -> Image:
    """A picture in the middle of a square, with a color on both sides of it."""
    from PIL.Image import new

    side = max(image.size)
    square = new("RGB", (side, side), color)
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square
