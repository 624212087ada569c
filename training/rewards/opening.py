"""A reward by its settings in a recipe, and who is asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..judges.protocol import Judge
from ..judges.settings import RewardJudge, open_judge
from ..judges.trust import read_weights
from .by_answers import AnswersReward
from .by_similarity import SimilarityReward, open_picture_metric
from .protocol import Decode, Reward
from .settings import RewardSettings
from .valuing import Rule


class Rewarded(Protocol):
    """What a recipe says of rewards, and of the questions that they are about."""

    @property
    def seed(self) -> int:
        """Draws questions."""

    @property
    def judge(self) -> RewardJudge:
        """Who answers."""

    @property
    def question_kinds(self) -> Sequence[str] | None:
        """Which are asked; all when None."""

    def list_rewards(self) -> Mapping[str, RewardSettings]:
        """All that pictures are rewarded by, with the key of each."""


def list_judges(recipe: Rewarded) -> dict[str, RewardJudge]:
    """Who is asked, by the key where it stands."""
    others = {
        f"{key}.judges.{place}": one
        for key, reward in recipe.list_rewards().items()
        for place, one in enumerate(reward.judges)
    }
    return {"judge": recipe.judge, **others}


def list_judge_models(recipe: Rewarded) -> dict[str, tuple[str, str | None]]:
    """The models of judges that are loaded, with their revisions, by the key where they stand."""
    return {
        f"{key}.model": (judge.model, judge.revision)
        for key, judge in list_judges(recipe).items()
        if judge.kind == "model" and judge.model
    }


def open_reward(
    recipe: Rewarded,
    judge: Judge,
    device: str,
    settings: RewardSettings,
    decode: Decode | None = None,
    has_words: bool = True,
) -> Reward:
    """Makes a reward by its settings.

    Args:
        recipe: Whose `judge` answers, and whose seed draws questions.
        judge: That of held-out pictures, who answers besides those of the settings.
        device: Of what is opened.
        settings: One of the recipe's rewards.
        decode: Makes pictures of completions' token ids; only `reward.images` needs none.
        has_words: Whether pictures may have words in them.

    Raises:
        GasError: Weights, a judge or a metric cannot be opened.
    """
    read_words = settings.read_words if has_words else 0
    if settings.of != "answers":
        metric = open_picture_metric(settings.of, settings.options, device, recipe.seed)
        return SimilarityReward(metric, decode=decode, read_words=read_words)
    asked = (recipe.judge, *settings.judges)
    judges = (judge, *(open_judge(one, device) for one in settings.judges))
    weights = tuple(
        read_weights(one.weights, who.id, settings.by) if one.weights else {}
        for one, who in zip(asked, judges, strict=True)
    )
    rule = Rule(settings.by, settings.dependencies, settings.mean, settings.questions, settings.combine)
    most = recipe.judge.most_refused
    return AnswersReward(judges, rule, weights, most, recipe.seed, decode=decode, read_words=read_words)
