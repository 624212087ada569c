"""Training on the best of a model's own pictures, of a teacher's or of real ones: its recipe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ...builders.recipe.fields import Part, Text, refuse
from ..fields import Data, Positive, Rows, Seeds, Verbatim, Whole
from ..judges.asking import Way
from ..judges.settings import JudgeSettings
from ..sandbox.settings import SandboxModel
from .common import Training
from .pictures import AnyPictures, DiffusersPictures, SandboxPictures


class Arm(Part):
    """One way to come by pictures to train on; a recipe may compare several."""

    select: Literal["top", "random", "threshold"] = Field(
        default="top",
        description="`top`: the best picture of each caption, and the best `share` of these; `random`: any picture of "
        "each, and any `share` of these; `threshold`: the best picture of each whose score is at least that.",
    )
    share: float = Field(default=0.25, gt=0, le=1, description="The share of captions that are kept.")
    threshold: float | None = Field(default=None, description="The least score, of `select: threshold`.")
    data: Rows | None = Field(default=None, description="Captions of its own, in place of the recipe's.")
    real: bool = Field(default=False, description="The `image` of each row takes the place of pictures that are made.")
    mined: bool = Field(default=False, description="Captions lean on what the base is weak at: see `mine`.")

    @model_validator(mode="after")
    def check_threshold(self) -> Arm:
        """A threshold is given where it is needed."""
        if (self.select == "threshold") != (self.threshold is not None):
            raise refuse("`threshold` and `select: threshold` go together", "give both, or neither")
        if self.real and self.data is None:
            raise refuse("`real: true` needs `data` with images", "such as `data: {path: ./cc3m}`")
        if self.mined and self.data is not None:
            raise refuse("`mined: true` changes the recipe's own data, so `data` does not go with it", "leave one out")
        return self


class Mine(Part):
    """Where the base is weak, and how much captions lean on it."""

    data: Rows = Field(description="Scenes to find it out on: rows of a dataset recipe, which have questions.")
    share: float = Field(
        default=0.5, gt=0, lt=1, description="How much of the deck of objects the weak concepts become."
    )


class StageTraining(Part):
    """A recipe of the kind `finetune`, run on each selection."""

    recipe: Text = Field(description="Its name, or the path of a .yaml file.")
    overrides: Verbatim = Field(
        default={}, description="Keys of it to override, such as {max_steps: 1000}; rows and model are the stage's."
    )


class SandboxTraining(Part):
    """The sandbox's small model: how it is made, and what it is trained further by."""

    model: SandboxModel = Field(description="The base.")
    steps: Whole = Field(default=40, description="Updates on each selection.")
    batch_size: Whole = Field(default=64, description="Pictures of an update.")
    learning_rate: Positive = Field(default=1e-3, description="The highest learning rate.")


class Selection(Training):
    """Captions, some pictures of each, their scores, the best of them, a training on these; several times over."""

    kind: Literal["selection"]
    data: Rows = Field(description="Rows with `caption`, and what else the score needs, such as `questions`.")
    iterations: Whole = Field(default=1, description="Times that all of it is done, each on further captions.")
    captions: Whole = Field(default=10_000, description="Captions of an iteration.")
    prompt: Text = Field(default="{caption}", description="What a model is asked for, with the caption.")
    pictures: Annotated[DiffusersPictures | SandboxPictures, Field(discriminator="backend")] = Field(
        description="How the model that learns makes pictures, `count` of each caption."
    )
    teacher: Annotated[AnyPictures, Field(discriminator="backend")] | None = Field(
        default=None, description="Who makes the pictures to train on; the model that learns when left out."
    )
    judge: JudgeSettings | None = Field(
        default=None, description="Who answers questions about pictures; nobody, perhaps."
    )
    by: Way = Field(default="probability", description="How it is asked: for words, or for the likeliest answer.")
    score: dict[Text, Verbatim] = Field(
        default={"vqascore": {}}, description="The metric that pictures are chosen by, with options."
    )
    arms: dict[Text, Arm] = Field(
        default={"top": Arm()}, description="What is compared: {top: {select: top}, random: {select: random}}."
    )
    mine: Mine | None = Field(default=None, description="Where the base is weak, for arms that are `mined`.")
    training: StageTraining | None = Field(default=None, description="How a pipeline of diffusers is trained.")
    sandbox: SandboxTraining | None = Field(default=None, description="The sandbox's model in its place.")
    held_out: dict[Text, Rows] = Field(
        default={}, description="Scenes to judge the base and every iteration on, by name: {test: {recipe: ...}}."
    )
    seeds: Seeds = Field(
        default=(), description="All of it once for each of these, for a table with intervals; `seed` when left out."
    )

    @model_validator(mode="after")
    def check_parts(self) -> Selection:
        """One model learns, one metric decides, and what is mined is said."""
        pairs = (("sandbox", self.sandbox), ("diffusers", self.training))
        for backend, part in pairs:
            key = "training" if backend == "diffusers" else backend
            if (self.pictures.backend == backend) != (part is not None):
                raise refuse(f"`{key}` and `pictures: {{backend: {backend}}}` go together", "give both, or neither")
        if isinstance(self.pictures, SandboxPictures) and (self.pictures.model or self.pictures.sandbox_model):
            raise refuse("`pictures` names a model, which `sandbox.model` makes", "leave it out of `pictures`")
        if len(self.score) != 1:
            others = ", ".join(f"{name}: null" for name in list(self.score)[:-1]) or "vqascore: {}"
            raise refuse(f"`score` has {len(self.score)} metrics; one decides", f"such as `score: {{{others}}}`")
        if not self.arms:
            raise refuse("`arms` are none", "such as `arms: {top: {select: top}}`")
        if wrong := next((name for name in (*self.arms, *self.held_out) if not name.isidentifier()), None):
            raise refuse(f"`{wrong}` names a folder; take letters, digits and underscores")
        if (self.mine is None) == any(arm.mined for arm in self.arms.values()):
            raise refuse("`mine` and an arm with `mined: true` go together", "give both, or neither")
        if self.mine and self.mine.data.recipe is None:
            raise refuse("`mine.data` needs `recipe`: what is weak tells how its scenes should lean")
        return self

    def find_seeds(self) -> tuple[int, ...]:
        """The seeds that all of it is done with."""
        return self.seeds or (self.seed,)

    def find_data(self, arm: Arm) -> Data:
        """Where the captions of an arm are from."""
        return arm.data or self.data
