"""Words in pictures that answer questions about them: a way to please a judge without showing the scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from PIL.Image import Image

from ...builders.text.quoted import find_quoted
from ...errors import GasError
from ...taxonomy.english.numerals import SPELLED_NUMBERS
from ..judges.marking import Question
from ..judges.protocol import Shown
from ..metrics.ocr_accuracy import clean_text, load_reader
from ..pictures import open_picture
from ..vqa import has_questions, read_row

Reader: TypeAlias = Callable[[Image], str]
"""What stands in a picture."""


def find_reader() -> Reader | None:
    """What reads pictures; None where no OCR is installed."""
    try:
        engine = load_reader()
    except GasError:
        return None
    return lambda image: " ".join(engine(image).txts or ())


def measure_words(
    read: Reader, images: Sequence[Shown], rows: Sequence[Mapping[str, Any]], most: int
) -> dict[str, float]:
    """The share of pictures in which a word that answers one of its questions can be read, as `words_that_answer`.

    What a caption quotes belongs into its picture, and does not count.

    Args:
        read: Reads a picture.
        images: The pictures; of frames, the one in the middle is read.
        rows: Their rows.
        most: How many pictures are read; they are spread evenly over all.
    """
    asked = [place for place, row in enumerate(rows) if has_questions(row)]
    places = sorted({asked[int(one)] for one in np.linspace(0, len(asked) - 1, min(most, len(asked)))})
    found = [_is_answered(read(_open_middle(images[place])), rows[place]) for place in places]
    return {"words_that_answer": sum(found) / len(found)} if found else {}


def _open_middle(shown: Shown) -> Image:
    return open_picture(shown[len(shown) // 2] if isinstance(shown, Sequence) else shown)


def _is_answered(text: str, row: Mapping[str, Any]) -> bool:
    said = f" {clean_text(text)} "
    for quoted in find_quoted(str(row.get("caption") or "")):
        said = said.replace(f" {clean_text(quoted)} ", " ")
    return any(f" {answer} " in said for one in read_row(row) for answer in _spell_answers(one))


def _spell_answers(question: Question) -> list[str]:
    """How a right answer may be written."""
    answers = [clean_text(one) for one in (question["answer"], *(question.get("aliases") or ()))]
    numbers = {word: str(number) for number, word in enumerate(SPELLED_NUMBERS)}
    if question["form"] == "count":
        answers += [numbers[answer] for answer in answers if answer in numbers]
    return [answer for answer in answers if answer]
