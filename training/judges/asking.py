"""Asks a judge all questions about images, by words or by probabilities, and marks what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal, TypeAlias, get_args

from ...builders.recipe.fields import show
from ...errors import GasError
from ...taxonomy.english.numerals import SPELLED_NUMBERS
from .marking import Question, mark_reply, read_questions, word_question
from .protocol import Judge, Shown

Way: TypeAlias = Literal["words", "probability"]
"""How questions are asked: every reply in words; or the likeliest answer, and words only where a question is open."""

INSTRUCTIONS = {
    "yes_no": "Answer with yes or no.",
    "count": "Answer with a number.",
    "multiple_choice": "Answer with one of these, in its words.",
}
"""Follows a question of each form, on a line of its own, where the probabilities of its answers are read."""

LEAST_SAID = 0.1
"""Where the answers to a question are less probable than that together, the judge would say something else."""


@dataclass(frozen=True)
class Judged:
    """What a judge made of questions about images, one list an image.

    Attributes:
        replies: What it said; of probabilities, the likeliest answer, or "" where none is likely.
        marks: Whether each reply is right; None where the judge gave no answer to the question.
        probabilities: How probable the right answer is, from 0 to 1; None where only words were asked for, or where
            the judge could not be asked.
        judge: The id of the judge; None where it is not known.
        by: How it was asked; None where that is not known.
    """

    replies: list[list[str]]
    marks: list[list[bool | None]]
    probabilities: list[list[float | None]]
    judge: str | None = field(default=None, compare=False)
    by: Way | None = field(default=None, compare=False)

    @property
    def shares(self) -> list[float | None]:
        """The share of each image's questions that were answered right, refused ones being not; None without any."""
        return [marks.count(True) / len(marks) if marks else None for marks in self.marks]

    @property
    def asked(self) -> int:
        return sum(map(len, self.marks))

    @property
    def right(self) -> int:
        return sum(marks.count(True) for marks in self.marks)

    @property
    def refused(self) -> int:
        return sum(marks.count(None) for marks in self.marks)


Said: TypeAlias = tuple[str, bool | None, float | None]
"""Of one question: the reply, its mark and the probability of the right answer."""

UNASKED: Said = ("", None, None)


def judge_questions(
    judge: Judge,
    images: Sequence[Shown],
    questions_of_each: Sequence[str | Sequence[Question]],
    by: Way = "words",
) -> Judged:
    """Asks a judge all questions about all images.

    Args:
        judge: Whom to ask.
        images: The images.
        questions_of_each: The questions about each image, as `questions` of a row has them, or that in JSON; none,
            perhaps.
        by: `words` for replies in words to all of them; `probability` for the likeliest of the answers that there are
            to yes/no questions, counts and choices, and words for open questions.

    Returns: Replies, marks and probabilities, one list an image.

    Raises:
        ValueError: There are not as many lists of questions as images, or there is no such way to ask.
        GasError: The judge has not given one reply a question, or the questions are none.
    """
    if len(images) != len(questions_of_each):
        raise ValueError(f"{len(images)} images, but questions about {len(questions_of_each)}")
    if by not in get_args(Way):
        raise ValueError(f"questions cannot be asked by {by!r}; choose from {', '.join(get_args(Way))}")
    chosen = [read_questions(some) for some in questions_of_each]
    asked = [(image, one) for image, some in zip(images, chosen, strict=True) for one in some]
    ways = [_choose_way(one, by) for _, one in asked]
    pairs = {way: [one for one, own in zip(asked, ways, strict=True) if own == way] for way in set(ways)}
    weighed = iter(_ask_probabilities(judge, pairs.get("probability", [])))
    worded = iter(_ask_words(judge, pairs.get("words", [])))
    said = iter([UNASKED if way is None else next(weighed if way == "probability" else worded) for way in ways])
    of_each = [[next(said) for _ in some] for some in chosen]
    return Judged(
        [[reply for reply, _, _ in some] for some in of_each],
        [[mark for _, mark, _ in some] for some in of_each],
        [[probability for _, _, probability in some] for some in of_each],
        getattr(judge, "id", None),
        by,
    )


def _choose_way(question: Question, by: Way) -> Way | None:
    """How to ask a question; one without words not at all."""
    if not question["question"].strip():
        return None
    return "probability" if by == "probability" and question["form"] in INSTRUCTIONS else "words"


def _ask_words(judge: Judge, asked: Sequence[tuple[Shown, Question]]) -> list[Said]:
    replies = judge.answer([image for image, _ in asked], [word_question(one) for _, one in asked]) if asked else []
    if len(replies) != len(asked):
        raise GasError(f"the judge gave {len(replies)} replies to {len(asked)} questions", exit_status=1)
    if (odd := next((reply for reply in replies if not isinstance(reply, str)), "")) != "":
        raise GasError(f"the judge gave {odd!r} as a reply, which is no text", exit_status=1)
    return [(reply, mark_reply(reply, one), None) for reply, (_, one) in zip(replies, asked, strict=True)]


def _ask_probabilities(judge: Judge, asked: Sequence[tuple[Shown, Question]]) -> list[Said]:
    answers = [list_answers(one) for _, one in asked]
    every = [
        (image, f"{word_question(one)}\n{INSTRUCTIONS[one['form']]}", answer)
        for (image, one), some in zip(asked, answers, strict=True)
        for answer in some
    ]
    found = judge.probability(*map(list, zip(*every, strict=True))) if every else []
    if len(found) != len(every):
        raise GasError(f"the judge gave {len(found)} probabilities of {len(every)} answers", exit_status=1)
    if (odd := next((share for share in found if share is not None and not isfinite(share)), None)) is not None:
        raise GasError(f"the judge gave {odd} as a probability", exit_status=1)
    rest = iter(found)
    return [_choose(one, some, [next(rest) for _ in some]) for (_, one), some in zip(asked, answers, strict=True)]


def list_answers(question: Question) -> list[str]:
    """The answers that a question can have, of which its own is one."""
    match question["form"]:
        case "yes_no":
            return ["yes", "no"]
        case "count":
            return list(dict.fromkeys([*SPELLED_NUMBERS, question["answer"]]))
        case _:
            return list(dict.fromkeys(choice for choice in question["choices"] if choice.strip()))


def _choose(question: Question, answers: Sequence[str], beginnings: Sequence[float | None]) -> Said:
    """The likeliest answer; `beginnings` are the probabilities that the reply begins with each."""
    found = {answer: share for answer, share in zip(answers, beginnings, strict=True) if share is not None}
    if len(found) < len(answers):
        return "", None, None
    # What begins with a longer answer (`red brick`) is not the shorter one (`red`); that of `red brick wall` is in it.
    longer = {answer: {other for other in found if other.startswith(f"{answer} ")} for answer in found}
    alone = {}
    for answer, share in found.items():
        next_ones = longer[answer].difference(*(longer[other] for other in longer[answer]))
        alone[answer] = max(0.0, share - sum(found[other] for other in next_ones))
    right = alone.get(question["answer"], 0.0)
    if sum(alone.values()) < LEAST_SAID:
        return "", None, right
    likeliest = max(alone, key=lambda answer: alone[answer])
    return likeliest, likeliest == question["answer"], right


def check_refusals(judged: Judged, most: float) -> None:
    """Refuses a judge that answers too few questions for a reward or a score to mean anything.

    Raises:
        GasError: It says how many are left without an answer, and shows a reply.
    """
    if judged.refused <= most * judged.asked:
        return
    pairs = zip(judged.replies, judged.marks, strict=True)
    reply = next(said for some, marks in pairs for said, mark in zip(some, marks, strict=True) if mark is None)
    said = show(reply) if reply else "it says nothing, or something else"
    what = f"the judge gives no answer to {judged.refused:,} of its first {judged.asked:,} questions: {said}"
    hint = (
        "if it thinks first, set `judge.chat_template: {enable_thinking: false}`; if it is cut short, raise "
        "`judge.max_new_tokens`; if neither, take another judge, or raise `judge.most_refused`"
    )
    raise GasError(f"{what}; {hint}", exit_status=1)
