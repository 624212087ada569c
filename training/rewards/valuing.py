"""What answers are worth: of each question a number from 0 to 1, and of a picture their mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..judges.asking import Judged, Way
from ..judges.marking import Question
from ..metrics.dsg import list_parents


@dataclass(frozen=True)
class Rule:
    """How answers become a reward.

    Attributes:
        by: A question is worth how probable its answer is, or, by words, 1 if it is right and else 0.
        dependencies: Whether a question is worth no more than those that it depends on.
        mean: Over kinds of questions, of the mean in each; or over questions.
        questions: How many of a scene's questions are asked in a step.
        combine: Of several judges, the mean or the least counts.
    """

    by: Way = "probability"
    dependencies: bool = True
    mean: Literal["kinds", "questions"] = "kinds"
    questions: int | None = None
    combine: Literal["mean", "least"] = "mean"


def value_answers(
    rule: Rule,
    judged: Sequence[Judged],
    weights: Sequence[Mapping[str, float]],
    asked: Sequence[Sequence[Question]],
) -> list[list[float]]:
    """The worth of each picture's questions, from 0 to 1.

    Args:
        rule: How.
        judged: What each judge made of the questions; what it refused is worth 0.
        weights: How much each kind counts of each judge, in full when it is not there; where a judge's is 0, it is
            left out.
        asked: The questions about each picture.
    """
    values = []
    for picture, some in enumerate(asked):
        of_each = [_read_values(one, picture) for one in judged]
        own = [
            _combine([one[place] for one in of_each], [known.get(question["kind"], 1.0) for known in weights], rule)
            for place, question in enumerate(some)
        ]
        values.append(bound_values(own, some) if rule.dependencies else own)
    return values


def _read_values(judged: Judged, picture: int) -> list[float]:
    pairs = zip(judged.marks[picture], judged.probabilities[picture], strict=True)
    return [0.0 if mark is None else float(mark) if share is None else share for mark, share in pairs]


def _combine(values: Sequence[float], weights: Sequence[float], rule: Rule) -> float:
    trusted = [(value, weight) for value, weight in zip(values, weights, strict=True) if weight]
    if not trusted:
        return 0.0
    if rule.combine == "least":
        return min(value for value, _ in trusted)
    return sum(value * weight for value, weight in trusted) / sum(weight for _, weight in trusted)


def bound_values(values: Sequence[float], asked: Sequence[Question]) -> list[float]:
    """No question is worth more than those that it depends on; of right and wrong, that is DSG's transitive rule."""
    found = list(values)
    for place, above in enumerate(list_parents(asked, [True] * len(asked))):
        found[place] = min([values[place], *(found[parent] for parent in above)])
    return found


def average_kinds(values: Sequence[float], asked: Sequence[Question]) -> dict[str, float]:
    """The mean worth of the questions of each kind."""
    kinds: dict[str, list[float]] = defaultdict(list)
    for value, one in zip(values, asked, strict=True):
        kinds[one["kind"]].append(value)
    return {kind: sum(some) / len(some) for kind, some in kinds.items()}


def average_values(
    rule: Rule, values: Sequence[float], asked: Sequence[Question], weights: Sequence[Mapping[str, float]]
) -> float | None:
    """What a picture is worth; None where nothing counts."""
    if rule.mean == "kinds":
        pairs = [(kind, value) for kind, value in average_kinds(values, asked).items()]
    else:
        pairs = [(one["kind"], value) for one, value in zip(asked, values, strict=True)]
    counted = [(weigh_kind(kind, weights), value) for kind, value in pairs]
    total = sum(weight for weight, _ in counted)
    return sum(weight * value for weight, value in counted) / total if total else None


def weigh_kind(kind: str, weights: Sequence[Mapping[str, float]]) -> float:
    """How much a kind counts: the mean of what the judges are trusted with."""
    return sum(known.get(kind, 1.0) for known in weights) / len(weights)
