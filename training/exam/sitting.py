"""A judge sits an exam: it is asked as in an evaluation, and what it answers is counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from ..judges.asking import Way, check_refusals, judge_questions
from ..judges.protocol import Judge
from .figures import Answered, Figures, measure
from .papers import Item, Sheet

PICTURES = 28
"""Pictures that are asked about at once: all of four scenes."""
MOST_REFUSED = 0.8
"""A judge that leaves more of its first questions without an answer was asked the wrong way: `judge.most_refused`."""


@dataclass(frozen=True)
class Sat:
    """A judge's answers to an exam, one a question of the sheets' items, in their order.

    Attributes:
        sheets: What was asked.
        replies: What it said.
        marks: Whether that was right; None for no answer.
        seconds: What its answers took.
        tokens: What it read and wrote for them, where it says that.
    """

    sheets: Sequence[Sheet]
    replies: Sequence[str]
    marks: Sequence[bool | None]
    seconds: float = 0.0
    tokens: int | None = None


def sit_exam(
    judge: Judge,
    sheets: Sequence[Sheet],
    by: Way = "words",
    advance: Callable[[int], None] = lambda pictures: None,
    most_refused: float = MOST_REFUSED,
) -> Sat:
    """Asks a judge all questions of an exam.

    Args:
        judge: Who sits it.
        sheets: The exam.
        by: How questions are asked, as `judge_questions` takes it.
        advance: Is told how many pictures were asked about each time.
        most_refused: The share of the first questions that may be left without an answer.

    Raises:
        GasError: The judge gives no answer to more of the first questions, or cannot be asked.
    """
    replies: list[str] = []
    marks: list[bool | None] = []
    before, seconds = count_tokens(judge), 0.0
    for start in range(0, len(sheets), PICTURES):
        part = sheets[start : start + PICTURES]
        pictures, questions = (
            [sheet.draw() for sheet in part],
            [[one.question for one in sheet.items] for sheet in part],
        )
        begin = perf_counter()
        judged = judge_questions(judge, pictures, questions, by)
        seconds += perf_counter() - begin
        if not start:
            check_refusals(judged, most_refused)
        replies += [reply for some in judged.replies for reply in some]
        marks += [mark for some in judged.marks for mark in some]
        advance(len(part))
    after = count_tokens(judge)
    return Sat(sheets, replies, marks, seconds, after - before if after is not None and before is not None else None)


def count_tokens(judge: object) -> int | None:
    """What a judge has read and written so far, where its record counts that, as that of a server's does."""
    record = getattr(judge, "record", {})
    return record["tokens_read"] + record["tokens_written"] if "tokens_read" in record else None


@dataclass(frozen=True)
class Result:
    """What an exam shows of a judge.

    Attributes:
        kinds: Of each kind of question.
        details: Of each form of it, and of what is asked in it: `attribute, color`; `attribute, yes_no`.
        errors: Of each planted error: how often the answers to the questions that it changes were right before, and
            how often they are after.
        levels: Of easy and hard pictures.
    """

    kinds: dict[str, Figures]
    details: dict[str, Figures]
    errors: dict[str, Figures]
    levels: dict[str, Figures]


def count_answers(sat: Sat) -> Result:
    """Counts a judge's answers by kind of question, error and level."""
    asked = [(sheet, item) for sheet in sat.sheets for item in sheet.items]
    scenes = {sheet.scene.id: number for number, sheet in enumerate(sat.sheets)}
    pairs = list(zip(asked, sat.marks, strict=True))
    answered = Answered(
        scenes=np.array([scenes[sheet.scene.id] for sheet, _ in asked]),
        is_true=np.array([item.is_true for _, item in asked]),
        marks=np.array([-1 if mark is None else int(mark) for mark in sat.marks]),
        said=np.array([_read_said(item, mark) for (_, item), mark in pairs]),
    )

    def group(name: Callable[[Sheet, Item], Hashable]) -> dict[Any, Figures]:
        places: dict[Any, list[int]] = defaultdict(list)
        for place, (sheet, item) in enumerate(asked):
            places[name(sheet, item)].append(place)
        return {one: measure(answered.take(places[one])) for one in sorted(places) if one}

    kinds = group(lambda sheet, item: item.question["kind"])
    forms = group(lambda sheet, item: f"{item.question['kind']}, {item.question['form']}")
    details = group(lambda sheet, item: item.detail and f"{item.question['kind']}, {item.detail}")
    levels = group(lambda sheet, item: f"level {sheet.scene.level}")
    return Result(kinds, dict(sorted({**forms, **details}.items())), _count_errors(asked, answered), levels)


def _read_said(item: Item, mark: bool | None) -> int:
    if mark is None or item.question["form"] != "yes_no":
        return -1
    return int(mark == (item.question["answer"] == "yes"))


def _count_errors(asked: Sequence[tuple[Sheet, Item]], answered: Answered) -> dict[str, Figures]:
    """Of each error, the same questions about the picture that is right and about the spoiled one."""
    right = {(sheet.scene.id, item.place): number for number, (sheet, item) in enumerate(asked) if not sheet.error}
    spoiled: dict[str, list[int]] = defaultdict(list)
    for number, (sheet, _) in enumerate(asked):
        if sheet.error:
            spoiled[sheet.error].append(number)
    found = {}
    for error, places in spoiled.items():
        before = [right[asked[place][0].scene.id, asked[place][1].place] for place in places]
        both = answered.take([*before, *places])
        is_before = np.arange(len(both.marks)) < len(before)
        found[error] = measure(Answered(both.scenes, is_before, both.marks, np.full(len(both.marks), -1)))
    return found
