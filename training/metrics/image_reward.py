"""ImageReward: how much people prefer a picture for its caption, by a BLIP model that learned it.

Source: ImageReward (Xu et al. 2023), `THUDM/ImageReward`, on transformers' own BLIP. Kept because the paper's tables
have it; HPSv3 says more today.

Formula: five linear layers on the first token of the caption, read by BLIP's text encoder beside the picture; less
0.1672, divided by 1.0333, so that pictures of its time have mean 0 and deviation 1. Of frames or views the mean. The
shorter side of pictures is scaled to 224 pixels and the middle square cut out. Of captions the first 35 tokens are
read; `share_cut` tells of how many the end is not. Of a model, the mean over pictures.

Range: about -2.3 to 2. Higher is better.

Blind to: all after some 25 words of a caption, counts, where things are, what lies outside of the middle square.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..judges.protocol import Shown
from .networks import NetworkOptions, measure_beside_captions, measure_cut, warn_of_cuts
from .protocol import read_captions

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

LONGEST = 35
MEAN, DEVIATION = 0.16717362830052426, 1.0333394966054072
LAYERS = (1024, 128, 64, 16, 1)
SIDE = 224
HEAD = 64
"""The dimensions of an attention head."""
NAMES = (
    (r"^blip\.visual_encoder\.cls_token$", "vision.embeddings.class_embedding"),
    (r"^blip\.visual_encoder\.pos_embed$", "vision.embeddings.position_embedding"),
    (r"^blip\.visual_encoder\.patch_embed\.proj", "vision.embeddings.patch_embedding"),
    (r"^blip\.visual_encoder\.blocks\.", "vision.encoder.layers."),
    (r"^blip\.visual_encoder\.norm\.", "vision.post_layernorm."),
    (r"\.norm([12])\.", r".layer_norm\1."),
    (r"\.attn\.qkv\.", ".self_attn.qkv."),
    (r"\.attn\.proj\.", ".self_attn.projection."),
    (r"^blip\.text_encoder\.", "text."),
    (r"^mlp\.layers\.", "mlp."),
)
"""From the original's names of weights to ours."""


@dataclass(frozen=True, kw_only=True)
class Metric(NetworkOptions):
    """See the file.

    Attributes:
        tokenizer: Whose words the captions are split into, a name on the Hub or a folder.
    """

    model: str = "THUDM/ImageReward"
    tokenizer: str = "google-bert/bert-base-uncased"

    name: ClassVar[str] = "image_reward"
    others: ClassVar[tuple[str, ...]] = ("tokenizer",)
    file: ClassVar[str] = "ImageReward.pt"
    extra: ClassVar[str] = "paper"
    told: ClassVar[tuple[str, ...]] = ("tokenizer", "dtype")
    needs: ClassVar[Literal["pictures"]] = "pictures"

    @property
    def id(self) -> str:
        return self.spell_id()

    def load(self) -> Any:
        import torch

        states = torch.load(self.path, map_location="cpu", weights_only=True)
        states = rename_states(states)
        network = make_network(states)
        network.to(getattr(torch, self.dtype))["mlp"].float()
        self.check_weights(network.load_state_dict(states, strict=False).missing_keys)
        return network

    @cached_property
    def _words(self) -> Any:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self.tokenizer, trust_remote_code=False)

    @cached_property
    def _images(self) -> Any:
        from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

        return CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})

    def prepare(self, network: Any) -> Any:
        self._words  # noqa: B018
        return super().prepare(network)

    def share_cut(self, rows: Sequence[Mapping[str, Any]]) -> float:
        """The share of the captions of which the model does not read the end; 0 without any."""
        return measure_cut(self._words, read_captions(rows), LONGEST)

    def measure(self, pictures: Sequence[Shown], rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """See `PicturesMetric`. Of rows, `caption` is read."""
        warn_of_cuts(self.name, LONGEST, self.share_cut(rows))
        return measure_beside_captions(pictures, rows, self.batch_size, self._rate)

    def _rate(self, images: Sequence[Image], captions: Sequence[str]) -> list[float]:
        import torch

        words = self._words(captions, padding="max_length", truncation=True, max_length=LONGEST, return_tensors="pt")
        pixels = self._images(list(images), return_tensors="pt")["pixel_values"].to(self.place)
        with torch.inference_mode():
            seen = self.network["vision"](pixel_values=pixels.to(self.network["vision"].dtype)).last_hidden_state
            states = self.network["text"](
                input_ids=words["input_ids"].to(self.place),
                attention_mask=words["attention_mask"].to(self.place),
                encoder_hidden_states=seen,
                encoder_attention_mask=seen.new_ones(seen.shape[:-1], dtype=torch.long),
                is_decoder=False,
            ).last_hidden_state
            rewards = self.network["mlp"](states[:, 0].float()).squeeze(-1)
        found: list[float] = ((rewards - MEAN) / DEVIATION).tolist()
        return found


def rename_states(states: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights as the original names them, by our names; without those that only training needs."""
    found = {}
    for name, tensor in states.items():
        for pattern, ours in NAMES:
            name = re.sub(pattern, ours, name)
        found[name] = tensor
    return {name: tensor for name, tensor in found.items() if name.startswith(("vision.", "text.", "mlp."))}


def make_network(states: Mapping[str, Tensor]) -> Any:
    """The parts of the network, `vision`, `text` and `mlp`, of the sizes that weights have."""
    from torch.nn import ModuleDict
    from transformers import BlipTextConfig, BlipVisionConfig, BlipVisionModel
    from transformers.models.blip.modeling_blip_text import BlipTextModel

    patches = states["vision.embeddings.patch_embedding.weight"]
    words = states["text.embeddings.word_embeddings.weight"]
    vision = BlipVisionConfig(
        hidden_size=len(patches),
        intermediate_size=len(states["vision.encoder.layers.0.mlp.fc1.weight"]),
        num_hidden_layers=_count_layers(states, "vision.encoder.layers."),
        num_attention_heads=len(patches) // HEAD,
        image_size=SIDE,
        patch_size=patches.shape[-1],
        layer_norm_eps=1e-6,
    )
    text = BlipTextConfig(
        vocab_size=len(words),
        hidden_size=words.shape[1],
        encoder_hidden_size=len(patches),
        intermediate_size=len(states["text.encoder.layer.0.intermediate.dense.weight"]),
        num_hidden_layers=_count_layers(states, "text.encoder.layer."),
        num_attention_heads=words.shape[1] // HEAD,
        is_decoder=True,  # or it would not look at the picture
    )
    parts = {"vision": BlipVisionModel(vision), "text": BlipTextModel(text, add_pooling_layer=False)}
    return ModuleDict({**parts, "mlp": _make_layers(words.shape[1])})


def _make_layers(size: int) -> Any:
    from torch.nn import Dropout, Linear, Sequential

    sizes = [size, *LAYERS]
    layers = [Linear(before, after) for before, after in pairwise(sizes)]
    return Sequential(*(part for one in layers[:3] for part in (one, Dropout())), *layers[3:])


def _count_layers(states: Mapping[str, Tensor], prefix: str) -> int:
    return len({name.removeprefix(prefix).partition(".")[0] for name in states if name.startswith(prefix)})
