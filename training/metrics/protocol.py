"""What metrics are, by what they measure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias

from ...builders.recipe.fields import show
from ...errors import GasError, advise
from ..judges.asking import Judged
from ..judges.marking import Question, read_questions
from ..judges.protocol import Shown

if TYPE_CHECKING:
    from PIL.Image import Image


class AnswersMetric(Protocol):
    """Measures what a judge answered about pictures."""

    needs: ClassVar[Literal["answers"]]

    @property
    def id(self) -> str: ...

    def measure(self, questions: Sequence[Asked], judged: Judged) -> list[float | None]:
        """One number a picture.

        Args:
            questions: Of each picture, all that were asked, as `judge_questions` takes them; `depends_on` counts
                among these.
            judged: What the judge made of them.

        Raises:
            ValueError: There are not as many as the judge was asked.
            GasError: One of them is no question.
        """
        ...


class PicturesMetric(Protocol):
    """Measures pictures, each beside the row that it was made for."""

    needs: ClassVar[Literal["pictures"]]

    @property
    def id(self) -> str: ...

    def measure(self, pictures: Sequence[Shown], rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """One number a picture.

        Args:
            pictures: Images, or the frames or views of each.
            rows: Of each picture, what datasets have: `caption`, `questions` and more.
        """
        ...


class SetsMetric(Protocol):
    """Measures how pictures of one scene are among each other."""

    needs: ClassVar[Literal["sets"]]

    @property
    def id(self) -> str: ...

    def measure(self, sets: Sequence[Sequence[Image]]) -> list[float | None]:
        """One number a set.

        Args:
            sets: The pictures of each scene.
        """
        ...


Asked: TypeAlias = str | Sequence[Question]
"""The questions about a picture, as a row has them, or those in JSON."""

AnyMetric: TypeAlias = AnswersMetric | PicturesMetric | SetsMetric


def check_option(metric: str, option: str, value: object, choices: Collection[str]) -> None:
    """Refuses an option that has none of its values.

    Raises:
        GasError: It says which there are.
    """
    if value not in choices:
        raise GasError(f"{metric}: {option} cannot be {show(value)}; {advise(str(value), choices)}")


def check_judge(metric: str, judge: object) -> None:
    """Refuses what is no judge.

    Raises:
        GasError: It says how to get one.
    """
    if not (hasattr(judge, "answer") or hasattr(judge, "probability")):
        given = show(judge) if isinstance(judge, str) else f"a {type(judge).__name__}"
        raise GasError(f"{metric}: {given} is no judge; give judges.load(...) or a VisionLanguageJudge")


def pair_answers(questions: Sequence[Asked], judged: Judged) -> list[tuple[list[Question], list[bool | None]]]:
    """Reads the questions of each picture, and puts the marks of what a judge answered beside them.

    Raises:
        ValueError: There are not as many questions as answers.
        GasError: One of them is no question.
    """
    if len(questions) != len(judged.marks):
        raise ValueError(f"questions about {len(questions)} pictures, but answers about {len(judged.marks)}")
    pairs = [(read_questions(some), marks) for some, marks in zip(questions, judged.marks, strict=True)]
    for place, (asked, marks) in enumerate(pairs, 1):
        if len(asked) != len(marks):
            raise ValueError(f"{len(asked)} questions about picture {place}, but {len(marks)} answers")
    return pairs


def read_captions(rows: Sequence[Mapping[str, Any]], places: Iterable[int] | None = None) -> list[str]:
    """The captions of rows; of all, or of those at some places. See `read_texts`."""
    return read_texts(rows, "caption", places)


def read_texts(rows: Sequence[Mapping[str, Any]], column: str, places: Iterable[int] | None = None) -> list[str]:
    """A column of texts; of all rows, or of those at some places.

    Raises:
        ValueError: There are not as many rows.
        GasError: One has no such text; it says which.
    """
    texts = []
    for place in range(len(rows)) if places is None else places:
        if place >= len(rows):
            raise ValueError(f"{len(rows)} rows, but more pictures")
        text = rows[place].get(column)
        if not isinstance(text, str):
            raise GasError(f"row {place + 1} of those to be measured has no `{column}`; leave it and its picture out")
        texts.append(text)
    return texts
