"""What rewards, as recipes say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ...builders.recipe.fields import Part, Text, expand, refuse
from ..fields import Verbatim, Whole, WholeOrZero
from ..judges.settings import RewardJudge

PAPER: Mapping[str, Any] = {"of": "answers", "by": "words", "dependencies": False, "mean": "questions"}
"""What `reward: paper` stands for: the plain share of right answers."""
OF_ANSWERS = ("questions", "split", "judges")
"""What a metric cannot do; how answers count may stand in a recipe that another takes over."""


class RewardSettings(Part):
    """What pictures are rewarded by."""

    of: Text = Field(
        default="answers",
        description="answers: of `judge`; paper: the plain share of right answers, as in the paper; or a metric of "
        "pictures, such as clip_score, to compare answers with.",
    )
    by: Literal["probability", "words"] = Field(
        default="probability",
        description="A question is worth how probable the judge finds its answer; or, by words, 1 if it is right.",
    )
    dependencies: bool = Field(default=True, description="A question is worth no more than those that it depends on.")
    mean: Literal["kinds", "questions"] = Field(
        default="kinds", description="Over kinds of questions, of the mean in each; or over questions."
    )
    questions: Whole | None = Field(
        default=None,
        description="How many of a scene's questions are asked in a step, the same for all of its pictures; all when "
        "left out.",
    )
    split: bool = Field(
        default=False,
        description="Give the trainer a reward a kind, which it aggregates: `trainer.multi_objective_aggregation`.",
    )
    judges: tuple[RewardJudge, ...] = Field(default=(), description="Who answers besides `judge`.")
    combine: Literal["mean", "least"] = Field(
        default="mean", description="Of several judges, the mean or the least of what a question is worth counts."
    )
    read_words: WholeOrZero = Field(
        default=4,
        description="In how many pictures of a step words are read, where rapidocr is installed, to log in how many a "
        "word that answers a question stands.",
    )
    options: Verbatim = Field(default={}, description="Of the metric, such as {model: openai/clip-vit-base-patch32}.")

    @model_validator(mode="before")
    @classmethod
    def read_paper(cls, value: Any) -> Any:
        """Writes out what the paper's reward is, so that what is kept of a run says it."""
        return {**value, **PAPER} if isinstance(value, dict) and value.get("of") == "paper" else value

    @model_validator(mode="after")
    def check_keys(self) -> RewardSettings:
        """Nothing that belongs to the other kind of reward."""
        wrong = ["options"] if self.of == "answers" else list(OF_ANSWERS)
        if given := [key for key in wrong if getattr(self, key) != type(self).model_fields[key].default]:
            raise refuse(f"`{given[0]}` does not go with `of: {self.of}`", "leave it out")
        return self


RewardField = Annotated[RewardSettings, expand("of", str | RewardSettings)]
