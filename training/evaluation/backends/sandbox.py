"""Pictures of the sandbox: scenes drawn as they are, or tokens of its small model. torch is imported for a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....console import remark
from ....errors import GasError, Problem
from ...data import load_rows
from ...recipes.pictures import SandboxPictures
from ...sandbox.pictures import CODES, TOKENS, draw_scene
from ...upstream import is_first, wait_for_all
from .protocol import Made, NotMade, PictureRequest

if TYPE_CHECKING:
    from ...recipes.evaluation import Evaluation


COLUMNS = ("caption", "scene_graph")
"""What the small model is trained on."""


class Drawing:
    """Draws what scene graphs say; a seed decides what they leave open."""

    id = "sandbox"
    record: Mapping[str, Any] = {"model": "drawn"}
    notes: Mapping[str, Any] = {}

    def make(self, requests: Sequence[PictureRequest]) -> Sequence[Made]:
        """Draws each scene.

        Raises:
            GasError: The dataset has no scene graphs.
        """
        return [_draw(request) for request in requests]


def _draw(request: PictureRequest) -> Made:
    if request.graph is None:
        raise GasError("the sandbox draws scene graphs, and the data has none: take `data: {recipe: sandbox}`")
    try:
        return draw_scene(request.graph, request.seed)
    except GasError as error:
        return NotMade(str(error))


@dataclass
class SandboxModel:
    """Samples tokens of pictures by a model that `gas train` has left.

    Attributes:
        folder: Of the model and its tokenizer.
        temperature: Logits are divided by it.
        device: Where it computes.
    """

    folder: Path
    temperature: float
    device: str | None = None
    _shares: list[float] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        from ...models import choose_device, explain_loading, look_up
        from ...upstream import identify_files

        where = choose_device("the sandbox's model", self.device)
        with explain_loading("the sandbox", str(self.folder), find="give what gas train sandbox_grpo has left"):
            look_up(str(self.folder))
            self._tokenizer = AutoTokenizer.from_pretrained(self.folder, padding_side="left")
            self._model = AutoModelForCausalLM.from_pretrained(self.folder, dtype="float32").to(where).eval()
            self._files = identify_files(str(self.folder))
        if self._model.config.vocab_size != len(self._tokenizer) + CODES:
            raise GasError(f"{self.folder} is no model of the sandbox: it has no {CODES} tokens of pictures")

    @property
    def id(self) -> str:
        return self.folder.absolute().name

    @property
    def record(self) -> Mapping[str, Any]:
        return {"model": self._files, "temperature": self.temperature}

    @property
    def notes(self) -> Mapping[str, Any]:
        """The share of tokens that were no code of a picture; the nearest code was drawn in their place."""
        return {"out_of_range": sum(self._shares) / max(len(self._shares), 1)}

    def make(self, requests: Sequence[PictureRequest]) -> Sequence[Made]:
        """Samples the pictures of prompts; each depends on its own prompt and seed."""
        from ...decoders import SandboxDecoder, split_ids
        from ...generate import sample_tokens
        from ...models import limit_threads

        prompts, seeds = [one.prompt for one in requests], [one.seed for one in requests]
        with limit_threads(1):
            rows = sample_tokens(self._model, self._tokenizer, prompts, TOKENS, self.temperature, seeds)
        decoder = SandboxDecoder()
        codes, share = split_ids(rows, len(self._tokenizer), decoder)
        self._shares += [share] * len(rows)
        return decoder.decode(codes)


def check_settings(settings: SandboxPictures) -> list[Problem]:
    """Says that there is no such model."""
    if settings.model and settings.sandbox_model:
        return [Problem("give either `model` or `sandbox_model`", key="pictures.model", hint="leave one out")]
    if settings.model is None or Path(settings.model).is_dir():
        return []
    hint = "give the folder that gas train sandbox_grpo has left"
    return [Problem(f"{settings.model} is no folder of a model", key="pictures.model", hint=hint)]


def open_backend(settings: SandboxPictures, recipe: Evaluation) -> Drawing | SandboxModel:
    """Opens what makes pictures of the sandbox.

    Raises:
        GasError: Its model cannot be loaded.
    """
    folder = Path(settings.model) if settings.model else None
    if settings.sandbox_model:
        from ...models import limit_threads
        from ...sandbox.model import find_or_make_model

        folder = recipe.folder / "model"
        if is_first():
            with limit_threads(1):
                load = partial(load_rows, settings.sandbox_model.data, COLUMNS, "pictures.sandbox_model.data")
                find_or_make_model(settings.sandbox_model, recipe.prompt, load, folder, recipe.seed, remark)
        wait_for_all()
    return SandboxModel(folder, settings.temperature) if folder else Drawing()
