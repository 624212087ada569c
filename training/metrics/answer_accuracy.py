"""Answer accuracy: the share of a scene's questions that a judge answers right about its picture.

Source: TIFA (Hu et al. 2023), with questions that follow from a scene graph instead of those that a language model
asks; the reward of the paper's reinforcement learning (section 5).

Formula: of a picture, right answers / answers. A reply that is no answer is apart: it is counted by itself, and a
picture without any answer has no number. With `refused="wrong"` it is right answers / questions, as the rewards and
held-out figures of `gas train` have it; with `weights` each answer counts as much as the judge is trusted with its
kind. Of a model, the mean over pictures: a scene counts once, however many questions it has.

Range: 0 to 1, higher is better. Guessing gets more than 0: yes/no questions have two answers.

Blind to: what no question asks about (style, realism, what else is in the picture), how wrong an answer is, and the
judge's own mistakes, which count as the picture's. A judge that says yes to all is right about all true statements;
`break_down_answers` has those and the false ones apart.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from ..judges.asking import Judged
from ..judges.marking import Question
from ..judges.trust import read_weights, weigh_shares
from .intervals import estimate_ratio
from .protocol import Asked, check_option, pair_answers

STATEMENTS = {"yes": "true", "no": "false"}


@dataclass(frozen=True)
class Metric:
    """See the file.

    Attributes:
        refused: What replies are that are no answer: `apart` or `wrong`.
        weights: How much each kind of question counts, or the judge.json of an exam of the judge that answers; by
            default all count alike.
    """

    refused: Literal["apart", "wrong"] = "apart"
    weights: Mapping[str, float] | str | Path = field(default_factory=dict)

    needs: ClassVar[Literal["answers"]] = "answers"

    def __post_init__(self) -> None:
        check_option("answer_accuracy", "refused", self.refused, ("apart", "wrong"))
        self.counts  # noqa: B018

    @cached_property
    def counts(self) -> Mapping[str, float]:
        """How much each kind of question counts."""
        return self.weights if isinstance(self.weights, Mapping) else read_weights(self.weights)

    @property
    def id(self) -> str:
        options = ["refused-wrong"] if self.refused == "wrong" else []
        if self.counts:
            told = ",".join(f"{kind}={weight:g}" for kind, weight in sorted(self.counts.items()))
            options.append(f"weights({told})")
        return "@".join(["answer_accuracy", ",".join(options)] if options else ["answer_accuracy"])

    def measure(self, questions: Sequence[Asked], judged: Judged) -> list[float | None]:
        """See `AnswersMetric`.

        Raises:
            GasError: The weights are those of another judge, or of another way to ask.
        """
        if not isinstance(self.weights, Mapping):
            read_weights(self.weights, judged.judge, judged.by)
        return weigh_shares(judged, [asked for asked, _ in pair_answers(questions, judged)], self.counts, self.refused)


def break_down_answers(
    questions: Sequence[Asked], judged: Judged, scenes: Sequence[Hashable] | None = None
) -> dict[str, Any]:
    """Accuracy by kind and form of questions, and on true and false statements apart, as JSON can hold it.

    Args:
        questions: Of each picture, all that were asked, as `judge_questions` takes them.
        judged: What the judge made of them.
        scenes: Of which scene each picture is, for the intervals; each of its own when left out.

    Returns: `all`, `by_kind`, `by_form` and `by_statement` (yes/no questions of which yes is right, or no), for each
        name the number of `questions`, of `refused` ones, and of the others the `accuracy` with its `interval`; and
        `yes_rate`, the share of the answers to yes/no questions that are yes. What has no answer is None.
    """
    pictures = [list(zip(asked, marks, strict=True)) for asked, marks in pair_answers(questions, judged)]
    labels: dict[str, Callable[[Question], str | None]] = {
        "by_kind": lambda one: one["kind"],
        "by_form": lambda one: one["form"],
        "by_statement": lambda one: STATEMENTS[one["answer"]] if one["form"] == "yes_no" else None,
    }
    found: dict[str, Any] = {"all": _count_answers([[mark for _, mark in some] for some in pictures], scenes)}
    for name, label in labels.items():
        names = sorted({text for some in pictures for one, _ in some if (text := label(one))})
        groups = {text: [[mark for one, mark in some if label(one) == text] for some in pictures] for text in names}
        found[name] = {text: _count_answers(marks, scenes) for text, marks in groups.items()}
    said = [
        mark == (one["answer"] == "yes")
        for some in pictures
        for one, mark in some
        if one["form"] == "yes_no" and mark is not None
    ]
    return {**found, "yes_rate": sum(said) / len(said) if said else None}


def _count_answers(marks: Sequence[Sequence[bool | None]], scenes: Sequence[Hashable] | None) -> dict[str, Any]:
    right = [some.count(True) for some in marks]
    answered = [len(some) - some.count(None) for some in marks]
    asked = sum(map(len, marks))
    counts = {"questions": asked, "refused": asked - sum(answered)}
    if not any(answered):
        return {**counts, "accuracy": None, "interval": None}
    share = estimate_ratio(right, answered, scenes)
    return {**counts, "accuracy": share.value, "interval": [share.low, share.high]}
