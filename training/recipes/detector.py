"""A detector of generated pictures: its recipe."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ...builders.recipe.fields import Part, Text, expand, read_number, refuse, show
from ..fields import Data, Positive, Rows, Seeds, Verbatim, Whole
from ..sandbox.settings import Remake
from .common import Training

Share = Annotated[float, Field(gt=0, lt=1)]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""Names of generators and mixtures become those of folders."""


class Made(Data):
    """Pictures that a generator has made."""

    remake: Remake | None = Field(
        default=None, description="With `draw`: the generator of the sandbox that the pictures go through."
    )

    @model_validator(mode="after")
    def check_remake(self) -> Made:
        """Generators of the sandbox know the pictures of the sandbox alone."""
        if self.remake and not self.draw:
            raise refuse("`remake` needs pictures of the sandbox", "add `draw: camera`")
        return self


class Unseen(Made):
    """Pictures of a generator that is only tested on."""

    real: Rows | None = Field(
        default=None, description="Real pictures to test beside; the test's part of `data` when left out."
    )


class Preparation(Part):
    """What is done to every picture, real or made, so that no head can learn sizes and formats of files."""

    size: Whole | None = Field(
        default=None,
        description="Width and height, in pixels; those that the backbone was trained with when left out.",
    )
    format: Literal["jpeg", "png"] = Field(
        default="jpeg", description="How it is stored once more; png loses nothing."
    )
    quality: tuple[Whole, Whole] = Field(
        default=(60, 95), description="Of the JPEG, from and to; which one follows from the picture's content."
    )

    @field_validator("quality")
    @classmethod
    def check_quality(cls, quality: tuple[int, int]) -> tuple[int, int]:
        """From low to high, as JPEG counts it."""
        if not quality[0] <= quality[1] <= 100:
            raise refuse(f"{show(quality)} is not from low to high, up to 100", "such as [60, 95]")
        return quality


class Head(Part):
    """The linear layer, and how it is trained; the defaults are those of the paper's Appendix F."""

    learning_rate: Positive = Field(default=2e-3, description="Of AdamW.")
    weight_decay: Annotated[float, Field(ge=0)] = Field(default=1e-2, description="Of AdamW.")
    batch_size: Whole = Field(default=256, description="Pictures of an update.")
    epochs: Whole = Field(default=50, description="Times that all pictures are seen, at most.")
    patience: Whole = Field(default=6, description="Epochs without a lower loss on validation after which it stops.")
    scale_features: bool = Field(
        default=True,
        description="Train on features of mean 0 and deviation 1; the saved layer takes them as they are.",
    )


class Detector(Training):
    """A linear head on a frozen backbone of timm that tells generated pictures from real ones."""

    kind: Literal["detector"]
    backbone: Text = Field(
        default="vit_base_patch16_dinov3.lvd1689m", description="A model of timm by its name, or a folder of one."
    )
    pretrained: bool = Field(default=True, description="Load its weights; otherwise they are random, drawn by `seed`.")
    options: Verbatim = Field(default={}, description="Keys of `timm.create_model`, as they are, such as img_size.")
    data: Rows = Field(description="Real pictures: rows with the column `image`, and `caption` if there is one.")
    made: dict[Text, Annotated[Made, expand("recipe", str | Made)]] = Field(
        description="Pictures by generators to train on, by name: rows as in `data`."
    )
    unseen: dict[Text, Annotated[Unseen, expand("recipe", str | Unseen)]] = Field(
        default={}, description="Pictures by generators that are only tested on, by name."
    )
    mixtures: dict[Text, dict[Text, Positive]] = Field(
        default={},
        description="Names of mixtures with the shares of `made`; the first is what others are compared to.",
    )
    scales: tuple[Whole, ...] = Field(
        default=(), description="Pictures to train on, half of them real; as many as there are when left out."
    )
    seeds: Whole = Field(default=1, description="Heads of each mixture and scale: other pictures, another start.")
    runs: Seeds = Field(
        default=(),
        description="All of it once for each of these seeds, for intervals over them; `seed` when left out.",
    )
    validation: Share = Field(default=0.1, description="The share of captions for early stopping and the threshold.")
    test: Share = Field(default=0.2, description="The share of captions to test on.")
    prepare: Preparation = Field(default=Preparation(), description="What is done to every picture first.")
    head: Head = Field(default=Head(), description="The head, and how it is trained.")
    batch_size: Whole = Field(default=32, description="Pictures that the backbone looks at together.")
    cache: Text | None = Field(
        default=None, description="A folder for features, which runs may share; `features` in `output` when left out."
    )
    false_positive_rate: Share = Field(
        default=0.05, description="The share of real pictures taken for made at which the share found is told."
    )

    @field_validator("validation", "test", "false_positive_rate", mode="before")
    @classmethod
    def read_share(cls, value: object) -> float:
        """A number, also one that YAML 1.1 reads as text."""
        return read_number(value)

    @model_validator(mode="after")
    def check_names(self) -> Detector:
        """There is something to train on, names mean one thing each, and so do numbers of several runs."""
        if not self.made:
            raise refuse("`made` names no generator", "such as `made: {sd15: {path: ./made}}`")
        for name in (*self.made, *self.unseen, *self.mixtures):
            if name == "real":
                raise refuse("`real` is what the pictures of `data` are called", "give the generator its own name")
            if not NAME.fullmatch(name):
                raise refuse(f"{show(name)} cannot name a folder", "take letters, digits, `_`, `-` and `.`")
        if twice := self.made.keys() & self.unseen.keys():
            raise refuse(f"`{min(twice)}` stands in `made` and in `unseen`", "leave one out")
        if self.runs and not self.scales:
            what = "`runs` without `scales` would train on another number of pictures each time"
            raise refuse(what, "such as `scales: [1000]`")
        if self.validation + self.test >= 1:
            raise refuse("`validation` and `test` leave nothing to train on", "their sum must be below 1")
        return self

    def list_mixtures(self) -> dict[str, dict[str, float]]:
        """The mixtures; one of all generators alike if the recipe names none."""
        return self.mixtures or {"all": dict.fromkeys(self.made, 1.0)}

    @property
    def leaves_one_model(self) -> bool:
        """Whether there is a `model/` at the end."""
        return not self.runs

    def list_runs(self, folder: Path) -> list[tuple[Path, Detector]]:
        """All that is done: folders, each with its recipe; features are kept in one place."""
        if not self.runs:
            return [(folder, self)]
        cache = self.cache or str(folder / "features")
        update = {"runs": (), "cache": cache}
        return [(folder / f"seed_{seed}", self.model_copy(update={**update, "seed": seed})) for seed in self.runs]
