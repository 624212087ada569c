"""The model that learns: a pipeline of diffusers, by the kind `finetune`, or the sandbox's small model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ....builders.folder.files import remove_tree, write_text
from ....builders.foundation.counter_rng import derive_key
from ...data import load_rows
from ...fields import Data
from ...models import limit_threads
from ...recipes.finetune import Finetune
from ...recipes.loading import LoadedTraining, dump_training, load_training
from ...recipes.pictures import DiffusersPictures, SandboxPictures
from ...recipes.selection import Selection
from ...stages import identify_stage
from ...upstream import is_first

LORA_WEIGHTS = "pytorch_lora_weights.safetensors"
"""What diffusers calls the file of an adapter."""


class Student(Protocol):
    """What learns."""

    def describe(self) -> Mapping[str, Any]:
        """All that a training depends on, besides its pictures and the model that it begins with."""
        ...

    def describe_base(self) -> Mapping[str, Any] | None:
        """All that its base is made from; None where it is there already."""
        ...

    def make_base(self, folder: Path) -> None:
        """Makes the base, as `folder/model`."""
        ...

    def open(self, model: Path | None) -> DiffusersPictures | SandboxPictures:
        """How a model makes pictures, or the base that is there already."""
        ...

    def train(self, selected: Path, model: Path | None, folder: Path) -> None:
        """Trains a model further, or goes on with that; the result is `folder/model`."""
        ...


def open_student(recipe: Selection, seed: int, report: Callable[[str], None]) -> Student:
    """The one that a recipe names."""
    student = SandboxStudent if recipe.sandbox else DiffusersStudent
    return student(recipe, seed, report)


@dataclass(frozen=True)
class SandboxStudent:
    """The sandbox's small model."""

    recipe: Selection
    seed: int
    report: Callable[[str], None]

    def describe(self) -> Mapping[str, Any]:
        assert self.recipe.sandbox
        return {"seed": self.seed, "prompt": self.recipe.prompt, **self.recipe.sandbox.model_dump(exclude={"model"})}

    def describe_base(self) -> Mapping[str, Any]:
        assert self.recipe.sandbox
        settings = self.recipe.sandbox.model.model_dump(mode="json")
        return {"seed": self.seed, "prompt": self.recipe.prompt, "model": settings}

    def make_base(self, folder: Path) -> None:
        from ...sandbox.model import find_or_make_model

        assert self.recipe.sandbox
        folder.mkdir(parents=True, exist_ok=True)
        if is_first():
            with limit_threads(1):
                model = self.recipe.sandbox.model
                load = partial(load_rows, model.data, ("caption", "scene_graph"), "sandbox.model.data")
                find_or_make_model(model, self.recipe.prompt, load, folder / "model", self.seed, self.report)

    def open(self, model: Path | None) -> SandboxPictures:
        assert isinstance(self.recipe.pictures, SandboxPictures)
        return self.recipe.pictures.model_copy(update={"model": str(model)})

    def train(self, selected: Path, model: Path | None, folder: Path) -> None:
        from ...sandbox.model import save_trained_model

        assert self.recipe.sandbox and model
        if not is_first():
            return
        settings, rows = self.recipe.sandbox, load_selected(selected)
        beside = folder / "model.part"
        remove_tree(folder)
        folder.mkdir(parents=True)
        with limit_threads(1):
            save_trained_model(
                model, rows, self.recipe.prompt, settings.steps, settings.batch_size, settings.learning_rate,
                self.seed, beside,
            )  # fmt: skip
        beside.rename(folder / "model")


@dataclass(frozen=True)
class DiffusersStudent:
    """A pipeline of diffusers: an adapter of it is trained, or all of its denoiser."""

    recipe: Selection
    seed: int
    report: Callable[[str], None]

    def describe(self) -> Mapping[str, Any]:
        recipe = load_stage(self.recipe, self.seed).recipe
        return dict(
            recipe.model_dump(mode="json", exclude={"data", "output", "start_from", "checkpoint_every", "push"})
        )

    def describe_base(self) -> None:
        return None

    def make_base(self, folder: Path) -> None:
        raise NotImplementedError("the base is there already")

    def open(self, model: Path | None) -> DiffusersPictures:
        settings = self.recipe.pictures
        assert isinstance(settings, DiffusersPictures)
        if model is None:
            return settings
        if load_stage(self.recipe, self.seed).recipe.method == "full":
            return settings.model_copy(update={"model": str(model), "revision": None})
        return settings.model_copy(update={"lora": str(model), "lora_options": {"weight_name": LORA_WEIGHTS}})

    def train(self, selected: Path, model: Path | None, folder: Path) -> None:
        from ..finetune import COLUMNS, train

        recipe: Finetune = load_stage(self.recipe, self.seed, selected, model, folder).recipe
        if is_first():
            folder.mkdir(parents=True, exist_ok=True)
            write_text(folder / "recipe.yaml", dump_training(recipe))
        train(recipe, load_rows(recipe.data, COLUMNS), folder, self.report)


def load_stage(
    recipe: Selection, seed: int, selected: Path | None = None, model: Path | None = None, folder: Path | None = None
) -> LoadedTraining:
    """The recipe by which a pipeline is trained, on pictures that were selected, from the model of the stage before.

    Raises:
        RecipeError: Something is wrong with it.
        GasError: There is no such recipe.
    """
    assert recipe.training and isinstance(recipe.pictures, DiffusersPictures)
    overrides: dict[str, Any] = {**recipe.training.overrides, "model": recipe.pictures.model, "seed": seed}
    overrides |= {"revision": recipe.pictures.revision, "data": {"path": str(selected or "selected")}}
    loaded = load_training(recipe.training.recipe, overrides)
    if folder:
        overrides["output"] = str(folder)
    if model and loaded.recipe.method == "full":
        overrides |= {"model": str(model), "revision": None}
    elif model:
        overrides["start_from"] = str(model)
    return load_training(recipe.training.recipe, overrides)


def load_selected(folder: Path) -> Any:
    """The rows of a selection, in the order of its metadata: `caption` and `image`."""
    return load_rows(Data(path=str(folder)), ("caption", "image"))


def identify_model(model: Path | None) -> str | None:
    """What tells whether a model is the same; None for the base that is there already."""
    return identify_stage(model) if model else None


def choose_seed(seed: int, *place: object) -> int:
    """The seed of a stage: another one for each seed of the recipe, arm and iteration."""
    return derive_key(seed, "selection", *map(str, place)) % 2**31
