"""OCR accuracy: how much of the text that a caption quotes can be read in the picture.

Source: LongText-Bench (X-Omni, Geng et al. 2025), `textbench`, for `words`; the normalized edit distance of AnyText
(Tuo et al. 2024) for `letters`. LongText-Bench has Qwen2.5-VL-7B-Instruct read: pass that judge as `reader` for its
numbers. It keeps the accents of French alone, where this keeps all letters, and it scores Chinese letter by letter,
which this does within any text.

Formula: the quoted texts of the caption, joined, and what is read, both without case and punctuation. With `words` the
share of the caption's words that are read, each as often as it stands there, in any order; with `letters` 1 - the edit
distance / the length of the longer one. Of several frames or views, the best counts. A caption that quotes nothing has
no number, nor has a picture about which the judge says nothing; a picture in which it finds no text has 0. Of a model,
the mean over pictures.

Range: 0 to 1, higher is better.

Blind to: where and how the text stands, what stands beside it (`words`), and text that the reader spells right
although the picture does not: language models do so more than OCR. `letters` counts all other text as wrong.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...builders.text.quoted import find_quoted
from ...errors import GasError
from ..judges.protocol import Judge, Shown
from ..judges.wrappers import leave_out_thought
from ..pictures import open_picture
from .protocol import check_option, read_captions

if TYPE_CHECKING:
    from PIL.Image import Image

PROMPT = (
    "Recognize the text in the image, only reply with the text content, but avoid repeating previously mentioned "
    "content. If no text is recognized, please reply with 'No text recognized'."
)
"""What a judge is asked: the words of LongText-Bench."""
NOTHING = "no text recognized"

# Each letter of a script without spaces is a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\s\u3040-\u30ff\u3400-\u9fff]+")


@dataclass(frozen=True)
class Metric:
    """See the file.

    Attributes:
        compare: What is compared: `words` or `letters`.
        reader: What reads the pictures: the OCR package `rapidocr`, or a judge.
    """

    compare: Literal["words", "letters"] = "words"
    reader: Judge | Literal["rapidocr"] = "rapidocr"

    needs: ClassVar[Literal["pictures"]] = "pictures"

    def __post_init__(self) -> None:
        check_option("ocr_accuracy", "compare", self.compare, ("words", "letters"))
        if isinstance(self.reader, str):
            check_option("ocr_accuracy", "reader", self.reader, ("rapidocr",))
            load_reader()

    @property
    def id(self) -> str:
        reader = f"rapidocr#{version('rapidocr')}" if isinstance(self.reader, str) else self.reader.id
        return f"ocr_accuracy@{self.compare}:{reader}"

    def measure(self, pictures: Sequence[Shown], rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """See `PicturesMetric`. Of rows, `caption` is read."""
        wanted = [clean_text(" ".join(find_quoted(caption))) for caption in read_captions(rows)]
        frames = [
            [open_picture(frame) for frame in (shown if isinstance(shown, Sequence) else [shown])] if text else []
            for shown, text in zip(pictures, wanted, strict=True)
        ]
        texts = iter(self._read([frame for some in frames for frame in some]))
        found: list[float | None] = []
        for some, text in zip(frames, wanted, strict=True):
            read = [one for one in (next(texts) for _ in some) if one is not None]
            found.append(max((self._compare(text, clean_text(one)) for one in read), default=None))
        return found

    def _read(self, images: Sequence[Image]) -> list[str | None]:
        """What stands in images; None where a judge says nothing."""
        if isinstance(self.reader, str):
            return [" ".join(load_reader()(image).txts or ()) for image in images]
        replies = self.reader.answer(images, [PROMPT] * len(images)) if images else []
        texts = [leave_out_thought(reply).strip() for reply in replies]
        return [("" if clean_text(text) == NOTHING else text) if text else None for text in texts]

    def _compare(self, wanted: str, read: str) -> float:
        if self.compare == "letters":
            return 1 - count_edits(wanted, read) / max(len(wanted), len(read))
        words = Counter(_WORD.findall(wanted))
        return (words & Counter(_WORD.findall(read))).total() / words.total()


def clean_text(text: str) -> str:
    """Letters, digits and single spaces of a text, in lower case.

    >>> clean_text("Don't  PANIC!")
    'dont panic'
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(letter for letter in plain if letter.isalnum() or letter.isspace()).split())


def count_edits(text: str, other: str) -> int:
    """How few letters must be added, taken out or replaced to make one text of another (Levenshtein)."""
    above = list(range(len(other) + 1))
    for row, letter in enumerate(text, start=1):
        line = [row]
        for column, against in enumerate(other, start=1):
            line.append(min(line[-1] + 1, above[column] + 1, above[column - 1] + (letter != against)))
        above = line
    return above[-1]


@cache
def load_reader() -> Any:
    """The engine of `rapidocr`, which brings its models.

    Raises:
        GasError: It is not installed.
    """
    try:
        from rapidocr import RapidOCR

        return RapidOCR(params={"Global.log_level": "critical"})
    except ImportError as error:  # without onnxruntime it is imported, but cannot be made
        hint = "pip install rapidocr onnxruntime, or let a judge read (`reader`)"
        raise GasError(f"ocr_accuracy needs rapidocr: {hint}", exit_status=1) from error
