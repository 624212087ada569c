"""What one number hides: held-out answers by kind of question and by predicate, beside what needs no picture.

A question counts as right here where those that it depends on are right, too: a picture without a dog shows nothing
of the dog's color (the dependencies of DSG, Cho et al. 2024). `blank` is a white picture in the place of each;
`constant` is a judge that looks at nothing and replies what is right most often in a question's form.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..judges.marking import Question, mark_reply
from ..metrics.dsg import Scores, list_parents, zero_transitive
from ..metrics.intervals import compare_means

Marks = Sequence[Sequence[bool | None]]
"""Of each picture and each of its questions, as `mark_reply` gives them."""


def break_down(
    questions: Sequence[Sequence[Question]], graphs: Sequence[Mapping[str, Any]] | None, marked: Mapping[str, Marks]
) -> dict[str, Any]:
    """Shares of right answers by kind of question and by predicate, as JSON can hold them.

    Args:
        questions: Of each picture, all that were asked; `depends_on` counts among these.
        graphs: The scene graph of each picture, for predicates; None where rows have none.
        marked: By a name, such as before and after, the marks of the pictures' questions.

    Returns: `with_dependencies`, `by_kind` and `by_predicate`: the share for each name, how many `questions`, and of
        `before` and `after` the `gain`, a mean over pictures with its 95 % confidence interval.
    """
    marked = {**marked, "constant": judge_blindly(questions)}
    groups: dict[str, dict[str, list[tuple[int, int]]]] = {
        "by_kind": defaultdict(list),
        "by_predicate": defaultdict(list),
    }
    for picture, asked in enumerate(questions):
        for place, one in enumerate(asked):
            groups["by_kind"][one["kind"]].append((picture, place))
            for predicate in find_predicates(one, graphs[picture] if graphs else None):
                groups["by_predicate"][predicate].append((picture, place))
    counted = {name: _count_dependencies(questions, marks) for name, marks in marked.items()}

    def measure(places: Sequence[tuple[int, int]]) -> dict[str, Any]:
        shares: dict[str, Any] = {
            name: float(np.mean([marks[one][two] for one, two in places])) for name, marks in counted.items()
        }
        if {"before", "after"} <= counted.keys():
            shares["gain"] = _compare_pictures(places, counted["before"], counted["after"])
        return {"questions": len(places), **shares}

    everything = [place for places in groups["by_kind"].values() for place in places]
    return {
        "with_dependencies": measure(everything) if everything else {},
        **{name: {key: measure(group[key]) for key in sorted(group)} for name, group in groups.items()},
    }


def list_kinds(questions: Sequence[Sequence[Question]], marked: Mapping[str, Marks]) -> list[dict[str, Any]]:
    """Of each picture, by kind of question, the share of right answers for each name; dependencies count as above."""
    counted = {name: _count_dependencies(questions, marks) for name, marks in marked.items()}
    listed = []
    for picture, asked in enumerate(questions):
        places: dict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(asked):
            places[one["kind"]].append(place)
        of_each = {name: marks[picture] for name, marks in counted.items()}
        listed.append(
            {
                kind: {name: float(np.mean([marks[place] for place in own])) for name, marks in of_each.items()}
                for kind, own in sorted(places.items())
            }
        )
    return listed


def _compare_pictures(
    places: Sequence[tuple[int, int]], before: Sequence[Sequence[bool]], after: Sequence[Sequence[bool]]
) -> Any:
    """What the pictures gained, each by the mean of its own questions: those of one picture are alike."""
    of_each: dict[int, list[int]] = defaultdict(list)
    for picture, place in places:
        of_each[picture].append(place)
    shares = [
        [float(np.mean([marks[picture][place] for place in own])) for picture, own in of_each.items()]
        for marks in (before, after)
    ]
    return compare_means(*shares)["gain"]


def judge_blindly(questions: Sequence[Sequence[Question]]) -> Marks:
    """The marks of a judge that replies to each form what is right in it most often, whatever the picture shows."""
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    for one in (one for asked in questions for one in asked):
        answers[one["form"]][one["answer"]] += 1
    replies = {form: counts.most_common(1)[0][0] for form, counts in answers.items()}
    return [[mark_reply(replies[one["form"]], one) for one in asked] for asked in questions]


def _count_dependencies(questions: Sequence[Sequence[Question]], marks: Marks) -> list[list[bool]]:
    """Whether each question is right and so are all that it depends on, and those that these depend on."""
    counted = []
    for asked, some in zip(questions, marks, strict=True):
        scores: Scores = [float(mark is True) for mark in some]
        counted.append([score == 1 for score in zero_transitive(scores, list_parents(asked, [True] * len(asked)))])
    return counted


def find_predicates(question: Question, graph: Mapping[str, Any] | None) -> set[str]:
    """The predicates of the relations that a question is about, by its scene's graph; none without one."""
    places = [element.split("/") for element in question.get("elements") or ()]
    relations = [int(number) for name, number, *_ in places if name == "relation"] if graph else []
    return {graph["relations"][number]["predicate"] for number in relations} if graph else set()
