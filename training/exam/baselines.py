"""What a judge's questions earn that nobody has to look at a picture for, which every reader needs beside a score."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from ...builders.recipe.fields import show
from ...errors import GasError, suggest
from ...recipes import SUFFIXES, list_recipes
from ..data import load_rows
from ..fields import Data
from ..judges.asking import Judged, Way, check_refusals, judge_questions
from ..judges.marking import Question, mark_reply
from ..judges.protocol import Judge, NoPicture, Shown
from ..metrics.intervals import estimate_mean, estimate_ratio
from ..metrics.loading import name_score
from ..metrics.protocol import AnswersMetric
from ..pictures import open_picture
from .shapes import SIDE
from .sitting import MOST_REFUSED

if TYPE_CHECKING:
    from rich.table import Table

PICTURES = 32
"""Pictures that are asked about at once."""
FULL_NAME = re.compile(r"\w[\w.-]*/[\w.-]+", re.ASCII)
"""Of a dataset on the Hub."""
BASELINES: Mapping[str, str] = {
    "pictures": "the pictures themselves",
    "other_picture": "the picture of another scene",
    "blank": "a white picture",
    "no_picture": "the questions without a picture, by a judge that takes none",
    "always_yes": "yes where that is an answer, else the answer that is right most often",
}
"""What is asked about, in the order in which it is shown."""


@dataclass(frozen=True)
class Rows:
    """Scenes with questions, and perhaps a picture of each.

    Attributes:
        questions: Of each scene.
        pictures: Of each scene; empty where there are none.
        left_out: Scenes that have no picture that can be read, though others have, or no questions.
    """

    questions: list[list[Question]]
    pictures: Sequence[Shown]
    left_out: int


Find = Callable[[Sequence[str]], Mapping[str, Shown]]
"""Finds a picture of each of some scenes, by their ids."""


def read_rows(dataset: str, find: Find | None, split: str, limit: int) -> Rows:
    """Reads the scenes of a dataset, with their pictures where there are any.

    Args:
        dataset: A dataset recipe, by its name or path, or else what `load_dataset` opens: a folder, a name on the Hub.
        find: What finds pictures; when left out they are the column `image`, if the dataset has one. The scenes of the
            sandbox are drawn.
        split: Of the dataset.
        limit: Take only so many scenes.

    Raises:
        GasError: The dataset cannot be opened, there is no picture in the folder, or one of the dataset is none.
    """
    is_recipe = dataset in list_recipes() or dataset.endswith(SUFFIXES)
    if not (is_recipe or Path(dataset).exists() or FULL_NAME.fullmatch(dataset)):
        what = f"there is no recipe {show(dataset)}, nor a folder of that name"
        folder = Path(dataset).parent
        beside = [str(folder / one.name) for one in folder.iterdir() if one.is_dir()] if folder.is_dir() else []
        raise GasError(f"{what}; {suggest(dataset, [*list_recipes(), *beside]) or 'gas list shows all recipes'}")
    draw = "sandbox" if dataset == "sandbox" and find is None else None
    source = {"recipe": dataset, "draw": draw} if is_recipe else {"path": dataset}
    columns = ["id", "questions", *(["caption", "image"] if draw else [])]
    rows = load_rows(Data(**source, split=split, limit=limit), columns, "dataset", also=["image"])
    asked = [row for row in rows if row["questions"]]
    if find is not None:
        by_id = {row["id"]: row for row in asked}
        found = find(list(by_id))
        questions = [by_id[scene]["questions"] for scene in found]
        return Rows(questions, list(found.values()), rows.num_rows - len(found))
    if not asked:
        raise GasError(f"no scene of {dataset} has questions")
    images = [_open(row["image"], row["id"]) for row in asked] if "image" in rows.column_names else []
    return Rows([row["questions"] for row in asked], images, rows.num_rows - len(asked))


def _open(value: Any, scene: str) -> Image.Image:
    try:
        return open_picture(value)
    except GasError as error:
        raise GasError(f"the picture of {scene} cannot be used: {error}") from error


def measure_baselines(
    judge: Judge,
    rows: Rows,
    by: Way = "words",
    most_refused: float = MOST_REFUSED,
    metrics: Sequence[AnswersMetric] = (),
    names: Collection[str] = BASELINES,
) -> dict[str, Any]:
    """What pictures earn, and what needs none, as JSON can hold it.

    A judge whose `takes_no_picture` is true is asked without pictures, too: shown `NoPicture`.

    Args:
        judge: Who is asked.
        rows: About what.
        by: How, as `judge_questions` takes it.
        most_refused: The share of the questions about the first pictures that may be left without an answer; about a
            white one, or one of another scene, all may.
        metrics: What is measured of the answers besides, under `metrics` by id.
        names: Those of `BASELINES` to measure.

    Returns: None for each of `BASELINES` that is not possible, and for the others
        `accuracy`: the mean over scenes of the share of right answers, in which a refusal is not right;
        `answers`: right answers of those that were given, all questions together, and None if none was; this is how
        reports count right answers of a model;
        `kinds`: the same of each kind of question, a share or None;
        `questions`, `refused` and `kinds_refused`: how many were asked, and how many of them were given no answer.
    """
    shown = {name: pictures for name, pictures in _show(judge, rows).items() if name in names}
    judged = {
        name: _ask(judge, pictures, rows.questions, by, most_refused if name == "pictures" else 1.0)
        for name, pictures in shown.items()
    }
    if "always_yes" in names:
        judged["always_yes"] = _answer_alike(rows.questions)
    found: dict[str, Any] = dict.fromkeys(BASELINES)
    for name, one in judged.items():
        found[name] = _describe(rows.questions, one)
        if metrics:
            measured = {name_score(metric, judge, by): metric.measure(rows.questions, one) for metric in metrics}
            found[name]["metrics"] = {
                key: estimate_mean(values).describe() for key, values in measured.items() if set(values) != {None}
            }
    return {"judge": judge.id, "scenes": len(rows.questions), "left_out": rows.left_out, "baselines": found}


def _show(judge: Judge, rows: Rows) -> dict[str, Sequence[Shown]]:
    """What a judge is shown for each of `BASELINES` that is possible."""
    blank = Image.new("RGB", _measure_size(rows.pictures), "white")
    shown: dict[str, Sequence[Shown]] = {"pictures": rows.pictures} if rows.pictures else {}
    shown["blank"] = [blank] * len(rows.questions)
    if len(rows.pictures) > 1:
        shown["other_picture"] = [*rows.pictures[1:], rows.pictures[0]]
    if getattr(judge, "takes_no_picture", False):
        shown["no_picture"] = [NoPicture()] * len(rows.questions)
    return shown


def _measure_size(pictures: Sequence[Shown]) -> tuple[int, int]:
    """Width and height of the first picture, or of its first frame."""
    if not pictures:
        return SIDE, SIDE
    first = pictures[0]
    return first.size if isinstance(first, Image.Image) else first[0].size


def _ask(
    judge: Judge, pictures: Sequence[Shown], questions: Sequence[Sequence[Question]], by: Way, most_refused: float
) -> Judged:
    every = Judged([], [], [])
    for start in range(0, len(pictures), PICTURES):
        end = start + PICTURES
        judged = judge_questions(judge, pictures[start:end], questions[start:end], by)
        if not start:
            check_refusals(judged, most_refused)
        every.replies.extend(judged.replies)
        every.marks.extend(judged.marks)
        every.probabilities.extend(judged.probabilities)
    return every


def _answer_alike(questions: Sequence[Sequence[Question]]) -> Judged:
    """What a judge makes of them that says yes, and elsewhere what is right most often in a question's form."""
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    for one in (one for asked in questions for one in asked):
        answers[one["form"]][one["answer"]] += 1
    replies = {form: counts.most_common(1)[0][0] for form, counts in answers.items()} | {"yes_no": "yes"}
    # Whoever answers alike refuses nothing: what is no answer to a question is wrong.
    marks: list[list[bool | None]] = [
        [mark_reply(replies[one["form"]], one) is True for one in asked] for asked in questions
    ]
    said = [[replies[one["form"]] for one in asked] for asked in questions]
    return Judged(said, marks, [[float(mark is True) for mark in some] for some in marks])


def _describe(questions: Sequence[Sequence[Question]], judged: Judged) -> dict[str, Any]:
    kinds: dict[str, Counter[bool | None]] = defaultdict(Counter)
    for asked, some in zip(questions, judged.marks, strict=True):
        for one, mark in zip(asked, some, strict=True):
            kinds[one["kind"]][mark] += 1
    counts = {kind: kinds[kind] for kind in sorted(kinds)}
    answered = [len(some) - some.count(None) for some in judged.marks]
    right = [some.count(True) for some in judged.marks]
    return {
        "accuracy": estimate_mean(judged.shares).describe(),
        "answers": estimate_ratio(right, answered).describe() if any(answered) else None,
        "refused": judged.refused,
        "questions": judged.asked,
        "kinds": {kind: _share_right(marks) for kind, marks in counts.items()},
        "kinds_refused": {kind: marks[None] for kind, marks in counts.items()},
    }


def _share_right(marks: Counter[bool | None]) -> float | None:
    answered = marks[True] + marks[False]
    return marks[True] / answered if answered else None


def make_table(record: Mapping[str, Any]) -> Table:
    """A row for each baseline: its accuracy, right ones of the answers given, and these for each kind of question."""
    from rich.table import Table

    measured = {name: one for name, one in record["baselines"].items() if one}
    kinds = sorted({kind for one in measured.values() for kind in one["kinds"]})
    table = Table(box=None, padding=(0, 1, 0, 0))
    for heading in ("", "accuracy", "none", "of answers", *kinds):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for name, one in measured.items():
        mean = one["accuracy"]
        accuracy = f"{mean['value']:.3f} ({mean['low']:.3f}-{mean['high']:.3f})"
        shares = [one["answers"] and one["answers"]["value"], *(one["kinds"][kind] for kind in kinds)]
        cells = ("-" if share is None else f"{share:.3f}" for share in shares)
        table.add_row(name, accuracy, f"{one['refused']:,}", *cells)
    return table
