"""What a judge answers about pictures and what metrics measure of them, part by part; what was stopped goes on.

Parts are the same whatever process does them, so that the tables are, too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from ...builders.folder.files import remove_tree
from ...errors import GasError, describe_error, explain_os_error
from ..exam.sitting import count_tokens
from ..judges.asking import Judged, Way, check_refusals, judge_questions
from ..judges.marking import Question, read_questions
from ..judges.protocol import Judge, Shown
from ..judges.settings import open_judge
from ..metrics.loading import name_score, open_metric, takes_judge
from ..metrics.protocol import AnyMetric
from ..recipes.evaluation import Evaluation
from ..upstream import count_processes, find_rank, is_first, wait_for_all
from .bias import BIAS_QUESTIONS, ask_gender, read_person
from .opening import open_file
from .tables import ANSWERS, SCORES

SCENES = 32
"""Scenes of a part: what is lost when an evaluation is stopped, and what a judge is asked about at once."""


@dataclass(frozen=True)
class Scorer:
    """Who answers, and what is measured.

    Attributes:
        model: What the model is called that made the pictures.
        metrics: What is measured.
        judge: Who answers; nobody, perhaps.
        by: How it is asked.
        most_refused: The share of the first questions that may be left without an answer.
        bias: Whether it is asked what gender people in pictures seem to have.
    """

    model: str
    metrics: Sequence[AnyMetric]
    judge: Judge | None = None
    by: Way = "words"
    most_refused: float = 0.8
    bias: bool = False

    @property
    def ids(self) -> list[str]:
        """Of the metrics' numbers."""
        return [name_score(metric, self.judge, self.by) if self.judge else metric.id for metric in self.metrics]

    def identify(self) -> str:
        """What answers and scores depend on, besides the pictures."""
        return json.dumps([self.model, self.judge and self.judge.id, self.by, self.ids, self.bias])

    def score(self, parts: Sequence[Sequence[Picture]], root: Path) -> Iterator[tuple[int, Scored]]:
        """Scores parts here, one after the other."""
        for place, part in enumerate(parts):
            # A judge that cannot be used shows at once.
            yield place, score_part(self, part, [open_file(root / one.name) for one in part], check=place == 0)


@dataclass(frozen=True)
class Picture:
    """A picture of a scene: its path below the folder of pictures."""

    scene: Mapping[str, Any]
    name: str


@dataclass(frozen=True)
class Cost:
    """What scoring took."""

    seconds: float = 0.0
    pictures: int = 0
    questions: int = 0
    tokens: int | None = None


@dataclass(frozen=True)
class Scored:
    """What was answered and measured."""

    answers: pa.Table = field(default_factory=ANSWERS.empty_table)
    scores: pa.Table = field(default_factory=SCORES.empty_table)
    cost: Cost = field(default_factory=Cost)


def open_scorer(recipe: Evaluation, model: str, judge: Judge | None = None) -> Scorer:
    """Opens whom a recipe names, and what is measured; `judge` takes the place of the recipe's."""
    asked = judge or (open_judge(recipe.judge) if recipe.judge else None)
    most = recipe.judge.most_refused if recipe.judge else Scorer.most_refused
    metrics = [
        open_metric(name, **options, **({"judge": asked} if takes_judge(name) else {}))
        for name, options in recipe.metrics.items()
    ]
    return Scorer(model, metrics, asked, recipe.by, most, recipe.bias)


Score: TypeAlias = Callable[[Sequence[Sequence[Picture]]], Iterator[tuple[int, Scored]]]
"""Scores parts, each by itself: gives the place of each among them, and what it holds, in any order."""


def score_pictures(
    identity: str,
    score: Score,
    pictures: Sequence[Picture],
    root: Path,
    folder: Path,
    advance: Callable[[int], None] = lambda pictures: None,
) -> Scored | None:
    """Has all pictures asked about and measured, those of a scene in one part; every process does its share of parts.

    Args:
        identity: What answers and scores depend on, besides the pictures: `Scorer.identify()`.
        score: Who does it: `Scorer.score` with the root, or a cluster.
        pictures: Those of one scene side by side.
        root: The folder that their names are below.
        folder: Where parts are kept. Those of the same pictures, questions, judge and metrics are not done again.
        advance: Is told how many pictures were done each time.

    Returns: What the parts hold, one after the other; nothing on other processes than the first.

    Raises:
        GasError: The judge gives no answers, or a picture cannot be measured; what is done is kept.
    """
    parts = list(cut_parts(pictures))
    places = [folder / _identify(identity, part, root) for part in parts]
    own = range(find_rank(), len(parts), count_processes())
    left = [number for number in own if not places[number].exists()]
    advance(sum(len(parts[number]) for number in own) - sum(len(parts[number]) for number in left))
    for place, scored in score([parts[number] for number in left]):
        number = left[place]
        _write_part(places[number], scored)
        advance(len(parts[number]))
    wait_for_all()
    return merge_parts(places) if is_first() else None


def cut_parts(pictures: Sequence[Picture]) -> Iterator[list[Picture]]:
    """Pictures of so many scenes each, and those of a scene together."""
    part: list[Picture] = []
    seen: set[str] = set()
    for picture in pictures:
        scene = picture.scene["id"]
        if scene not in seen and len(seen) == SCENES:
            yield part
            part, seen = [], set()
        seen.add(scene)
        part.append(picture)
    if part:
        yield part


def score_part(scorer: Scorer, part: Sequence[Picture], shown: Sequence[Shown], check: bool = True) -> Scored:
    """Has the pictures of a part, which are shown, asked about and measured.

    Raises:
        GasError: As `score_pictures` has it. With `check` a judge is refused that answers too few questions.
    """
    questions = [read_questions(picture.scene["questions"] or []) for picture in part]
    started, before = perf_counter(), count_tokens(scorer.judge)
    judged = judge_questions(scorer.judge, shown, questions, scorer.by) if scorer.judge else None
    if judged and check:
        check_refusals(judged, scorer.most_refused)
    values = [_measure(metric, part, shown, questions, judged) for metric in scorer.metrics]
    after = count_tokens(scorer.judge)
    tokens = None if before is None or after is None else after - before
    cost = Cost(perf_counter() - started, len(part), judged.asked if judged else 0, tokens)
    rows = list(_list_answers(scorer.model, part, questions, judged)) if judged else []
    if scorer.bias and scorer.judge:
        rows += _ask_gender(scorer, part, shown)
    answers = _make_table(rows, ANSWERS)
    return Scored(answers, _list_scores(scorer, values), cost)


Measured = list[tuple[str, str | None, float | None]]
"""Of each picture, or each set: its scene, its name, and the number."""


def _measure(
    metric: AnyMetric,
    part: Sequence[Picture],
    shown: Sequence[Shown],
    questions: Sequence[Sequence[Question]],
    judged: Judged | None,
) -> Measured:
    places = [(picture.scene["id"], picture.name) for picture in part]
    if metric.needs == "answers":
        assert judged
        values = metric.measure(questions, judged)
    elif metric.needs == "pictures":
        values = metric.measure(shown, [picture.scene for picture in part])
    else:
        sets: dict[str, list[Any]] = {}
        for (scene, _), one in zip(places, shown, strict=True):
            sets.setdefault(scene, []).append(one)
        several = {scene: some for scene, some in sets.items() if len(some) > 1}
        numbers = metric.measure(list(several.values())) if several else []
        return [(scene, None, value) for scene, value in zip(several, numbers, strict=True)]
    return [(*place, value) for place, value in zip(places, values, strict=True)]


def _list_answers(
    model: str, part: Sequence[Picture], questions: Sequence[Sequence[Question]], judged: Judged
) -> Iterator[tuple[Any, ...]]:
    of_each = zip(judged.replies, judged.probabilities, judged.marks, strict=True)
    for picture, asked, said in zip(part, questions, of_each, strict=True):
        for number, (one, answer) in enumerate(zip(asked, zip(*said, strict=True), strict=True)):
            place = (picture.scene["id"], model, picture.name, number)
            yield (*place, one["kind"], one["form"], one["answer"], *answer)


def _ask_gender(scorer: Scorer, part: Sequence[Picture], shown: Sequence[Shown]) -> list[tuple[Any, ...]]:
    """Rows of answers about the people in pictures, behind those to the questions of their scenes."""
    assert scorer.judge
    places = [place for place, one in enumerate(part) if one.scene.get("scene_graph") and read_person(one.scene)]
    said = ask_gender(scorer.judge, [shown[place] for place in places], scorer.by) if places else []
    rows: list[tuple[Any, ...]] = []
    for place, replies in zip(places, said, strict=True):
        scene = part[place].scene
        asked = len(read_questions(scene["questions"] or []))
        for number, (one, reply) in enumerate(zip(BIAS_QUESTIONS, replies, strict=True), asked):
            of_it = (scene["id"], scorer.model, part[place].name, number)
            rows.append((*of_it, one["kind"], one["form"], None, reply, None, None))
    return rows


def _list_scores(scorer: Scorer, values: Sequence[Measured]) -> pa.Table:
    rows = [
        (scene, scorer.model, name, metric, value)
        for metric, measured in zip(scorer.ids, values, strict=True)
        for scene, name, value in measured
    ]
    return _make_table(rows, SCORES)


def _make_table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema)


def merge_parts(places: Sequence[Path]) -> Scored:
    """All parts, one after the other, in this order."""
    parts = [_read_part(place) for place in places]
    costs = [part.cost for part in parts]
    tokens = [cost.tokens for cost in costs if cost.tokens is not None]
    cost = Cost(
        sum(one.seconds for one in costs),
        sum(one.pictures for one in costs),
        sum(one.questions for one in costs),
        sum(tokens) if tokens else None,
    )
    answers = pa.concat_tables([ANSWERS.empty_table(), *(part.answers for part in parts)])
    return Scored(answers, pa.concat_tables([SCORES.empty_table(), *(part.scores for part in parts)]), cost)


def _identify(identity: str, part: Sequence[Picture], root: Path) -> str:
    """The name of a part's folder: other pictures, questions, metrics or judges have another one."""
    digest = sha256(identity.encode())
    for picture in part:
        digest.update(json.dumps([picture.name, dict(picture.scene)], sort_keys=True, default=str).encode())
        digest.update(_identify_file(root / picture.name))
    return digest.hexdigest()[:32]


def _identify_file(path: Path) -> bytes:
    """Of a picture what is in it; of a folder, of its frames."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return b"".join(sha256(file.read_bytes()).digest() for file in files)


def _write_part(place: Path, scored: Scored) -> None:
    """Writes a part so that it is there whole or not at all."""
    beside = place.with_name(f"{place.name}.{os.getpid()}.part")
    try:
        remove_tree(beside)
        beside.mkdir(parents=True)
        pq.write_table(scored.answers, beside / "answers.parquet")
        pq.write_table(scored.scores, beside / "scores.parquet")
        (beside / "cost.json").write_text(json.dumps(asdict(scored.cost)), encoding="utf-8")
        beside.rename(place)
    except OSError as error:
        if not place.exists():  # or another evaluation of the same pictures was quicker
            raise explain_os_error(error, place) from error
    finally:
        remove_tree(beside)


def _read_part(place: Path) -> Scored:
    try:
        answers, scores = (pq.read_table(place / f"{name}.parquet") for name in ("answers", "scores"))
        return Scored(answers, scores, Cost(**json.loads((place / "cost.json").read_text(encoding="utf-8"))))
    except (OSError, ValueError, TypeError) as error:
        raise GasError(f"{place} is damaged: {describe_error(error)}; remove it, and begin again") from error
