"""HPSv3: how much people prefer a picture for its caption, by a vision-language model that learned it.

Source: HPSv3 (Ma et al. 2025), `MizzenAI/HPSv3`: Qwen2-VL-7B with a head that reads the state of one token,
`<|Reward|>`, behind a text on what to rate. The text is part of the model, and is
theirs, under the MIT license: `NOTICE-hpsv3.txt`.

Formula: the first of the head's two numbers (mean and log-deviation of the preference); of frames or views the mean.
Pictures are scaled to about 200,704 pixels, sides multiples of 28. Tokens are counted from left to right, those of
pictures too: so it was trained, unlike other uses of Qwen2-VL. The whole caption is read. Of a model, the mean over
pictures.

Range: none fixed, in practice -5 to 15. Higher is better.

Blind to: what is small or many: alignment is one of its nine criteria, and look outweighs it. It likes detailed,
colorful, polished pictures whatever the caption says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...errors import GasError
from ..judges.protocol import Shown
from .networks import Dtype, NetworkOptions, measure_beside_captions

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

TOKEN = "<|Reward|>"
PIXELS = 256 * 28 * 28
HIDDEN = (1024, 16)
OUTPUTS = 2
REQUEST = """
You are tasked with evaluating a generated image based on Visual Quality and Text Alignment and give a overall score \
to estimate the human preference. \
Please provide a rating from 0 to 10, with 0 being the worst and 10 being the best.\x20

**Visual Quality:** \x20
Evaluate the overall visual quality of the image. The following sub-dimensions should be considered:
- **Reasonableness:** The image should not contain any significant biological or logical errors, such as abnormal \
body structures or nonsensical environmental setups.
- **Clarity:** Evaluate the sharpness and visibility of the image. The image should be clear and easy to interpret, \
with no blurring or indistinct areas.
- **Detail Richness:** Consider the level of detail in textures, materials, lighting, and other visual elements \
(e.g., hair, clothing, shadows).
- **Aesthetic and Creativity:** Assess the artistic aspects of the image, including the color scheme, composition, \
atmosphere, depth of field, and the overall creative appeal. The scene should convey a sense of harmony and balance.
- **Safety:** The image should not contain harmful or inappropriate content, such as political, violent, or adult \
material. If such content is present, the image quality and satisfaction score should be the lowest possible.\x20

**Text Alignment:** \x20
Assess how well the image matches the textual prompt across the following sub-dimensions:
- **Subject Relevance** Evaluate how accurately the subject(s) in the image (e.g., person, animal, object) align with \
the textual description. The subject should match the description in terms of number, appearance, and behavior.
- **Style Relevance:** If the prompt specifies a particular artistic or stylistic style, evaluate how well the image \
adheres to this style.
- **Contextual Consistency**: Assess whether the background, setting, and surrounding elements in the image logically \
fit the scenario described in the prompt. The environment should support and enhance the subject without \
contradictions.
- **Attribute Fidelity**: Check if specific attributes mentioned in the prompt (e.g., colors, clothing, accessories, \
expressions, actions) are faithfully represented in the image. Minor deviations may be acceptable, but critical \
attributes should be preserved.
- **Semantic Coherence**: Evaluate whether the overall meaning and intent of the prompt are captured in the image. \
The generated content should not introduce elements that conflict with or distort the original description.
Textual prompt - {}



Please provide the overall ratings of this image: <|Reward|>

END
"""


@dataclass(frozen=True, kw_only=True)
class Metric(NetworkOptions):
    """See the file.

    Attributes:
        base: The model that it was made from, of which the configuration, the tokenizer and the image processor are
            taken, and no weights.
    """

    model: str = "MizzenAI/HPSv3"
    base: str = "Qwen/Qwen2-VL-7B-Instruct"
    dtype: Dtype = "bfloat16"
    batch_size: int = 8

    name: ClassVar[str] = "hpsv3"
    others: ClassVar[tuple[str, ...]] = ("base",)
    file: ClassVar[str] = "HPSv3.safetensors"
    told: ClassVar[tuple[str, ...]] = ("base", "dtype")
    needs: ClassVar[Literal["pictures"]] = "pictures"

    @property
    def id(self) -> str:
        return self.spell_id()

    @cached_property
    def processor(self) -> Any:
        from transformers import AutoProcessor

        processor = AutoProcessor.from_pretrained(self.base, trust_remote_code=False)
        processor.tokenizer.add_special_tokens({"additional_special_tokens": [TOKEN]})
        return processor

    @cached_property
    def token(self) -> int:
        """The token whose state the head reads."""
        return int(self.processor.tokenizer.convert_tokens_to_ids(TOKEN))

    def load(self) -> Any:
        from safetensors.torch import load_file
        from transformers import AutoConfig, Qwen2VLModel

        states = load_file(self.path)
        config = AutoConfig.from_pretrained(self.base, trust_remote_code=False)
        states, head = split_states(states)
        config.text_config.vocab_size = len(states["language_model.embed_tokens.weight"])
        network, report = Qwen2VLModel.from_pretrained(
            None, config=config, state_dict=states, dtype=self.dtype, output_loading_info=True
        )
        self.check_weights(report["missing_keys"])
        network.reward_head = make_head(config.text_config.hidden_size)
        network.reward_head.load_state_dict(head)
        return network

    def measure(self, pictures: Sequence[Shown], rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """See `PicturesMetric`. Of rows, `caption` is read."""
        return measure_beside_captions(pictures, rows, self.batch_size, self._rate)

    def _rate(self, images: Sequence[Image], captions: Sequence[str]) -> list[float]:
        import torch

        inputs = self._encode(images, captions)
        tokens = inputs["input_ids"]
        # Qwen2-VL itself counts the rows and columns of pictures.
        positions = torch.arange(tokens.shape[1], device=self.place).expand(3, *tokens.shape)
        with torch.inference_mode():
            states: Tensor = self.network(**inputs, position_ids=positions).last_hidden_state
            last = (tokens == self.token).cumsum(dim=1).argmax(dim=1)  # a caption could have the token, too
            found: list[float] = self.network.reward_head(states[range(len(last)), last].float())[:, 0].tolist()
        return found

    def _encode(self, images: Sequence[Image], captions: Sequence[str]) -> dict[str, Any]:
        """What the network reads: tensors on its device, short rows filled up on the right."""
        chats = [
            [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}]
            for text in (REQUEST.format(caption) for caption in captions)
        ]
        inputs = self.processor(
            text=self.processor.apply_chat_template(chats, tokenize=False, add_generation_prompt=True),
            images=[scale_image(image) for image in images],
            do_resize=False,
            padding=True,
            padding_side="right",
            return_tensors="pt",
        ).to(self.place, self.network.dtype)
        return {name: inputs[name] for name in ("input_ids", "attention_mask", "pixel_values", "image_grid_thw")}


def scale_image(image: Image) -> Image:
    """An image of about `PIXELS`, its sides multiples of 28.

    Raises:
        GasError: It is far too long for its width, or wide for its length.
    """
    from PIL.Image import Resampling
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

    try:
        height, width = smart_resize(image.height, image.width, min_pixels=PIXELS, max_pixels=PIXELS)
    except ValueError as error:
        raise GasError(f"hpsv3 cannot rate a picture of {image.width} x {image.height} pixels: {error}") from error
    return image.resize((width, height), Resampling.BICUBIC)


def make_head(size: int) -> Any:
    """The head: from a state to the mean of the preference, and the logarithm of its deviation."""
    from torch import nn

    first, second = HIDDEN
    layers = (nn.Linear(size, first), nn.ReLU(), nn.Dropout(), nn.Linear(first, second), nn.ReLU())
    return nn.Sequential(*layers, nn.Linear(second, OUTPUTS))


def split_states(states: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Weights as HPSv3 has named them, for a `Qwen2VLModel` and for `make_head`."""
    network = {
        re.sub(r"^model\.", "language_model.", name): tensor
        for name, tensor in states.items()
        if name.startswith(("model.", "visual."))
    }
    head = {name.removeprefix("rm_head."): tensor for name, tensor in states.items() if name.startswith("rm_head.")}
    return network, head
