"""Questions of rows; those of other datasets, too, whose rows have `question` and `answers`, as VQAv2's.

An answer is right if at least three people gave it, which is where VQAv2's own accuracy reaches 1, or most of them; by
probability, the answer of most. Kinds are the row's `answer_type` (`yes/no`, `number`, `other`), or the form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ...builders.recipe.fields import show
from ...errors import GasError
from ..judges.marking import Question, is_number, read_questions

ENOUGH = 3
"""People who gave an answer, for it to be right."""


def is_vqa(row: Mapping[str, Any]) -> bool:
    """Whether a row has one question, and answers of people to it."""
    return "questions" not in row and {"question", "answers"} <= row.keys()


def has_questions(row: Mapping[str, Any]) -> bool:
    """Whether there is anything to ask about a row's picture."""
    return "questions" in row or is_vqa(row)


def read_row(row: Mapping[str, Any]) -> list[Question]:
    """The questions of a row, as ours have them or as VQAv2 has them.

    Raises:
        GasError: There are none.
    """
    questions: Any = read_vqa(row) if is_vqa(row) else row.get("questions")
    return read_questions(questions)


def read_vqa(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Reads such a row as a list of questions, which has one.

    Args:
        row: `question`; `answers`, texts or mappings with `answer`; `multiple_choice_answer` and `answer_type` if it
            has them.

    Raises:
        GasError: It is none.
    """
    told: Any = row.get("answers")
    told = told.get("answer") if isinstance(told, Mapping) else told
    texts = [one.get("answer") if isinstance(one, Mapping) else one for one in told] if isinstance(told, list) else []
    if not texts or not all(isinstance(text, str) for text in (row.get("question"), *texts)):
        raise GasError(f"a row with `question` has texts as `answers`, or mappings with `answer`, not {show(told)}")
    votes = Counter(str(text).strip().casefold() for text in texts)
    answer = (row.get("multiple_choice_answer") or votes.most_common(1)[0][0]).strip().casefold()
    form = "yes_no" if answer in ("yes", "no") else "count" if is_number(answer) else "open"
    others = [text for text, count in votes.items() if count >= ENOUGH and text != answer] if form == "open" else []
    kind = row.get("answer_type") or form
    return [
        {"question": row["question"], "answer": answer, "choices": [], "form": form, "kind": kind, "aliases": others}
    ]
