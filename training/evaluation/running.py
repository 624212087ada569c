"""`gas evaluate`: pictures of all scenes, answers and scores, the report; what was stopped goes on."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from ...builders.folder.files import write_text
from ...builders.recipe.fields import show
from ...builders.rows.loading import drop_consequences
from ...builders.rows.schema import QUESTION
from ...console import show_progress
from ...errors import GasError, Problem, RecipeError, gather_problems
from ...version import __version__
from ..data import describe_data, load_rows
from ..exam.baselines import BASELINES, Rows, measure_baselines
from ..judges.marking import read_questions
from ..judges.protocol import Judge
from ..judges.trust import FILE, read_weights
from ..metrics.loading import check_options, find_metric, list_models, open_metric, takes_judge
from ..recipes.evaluation import Evaluation
from ..recipes.loading import LoadedTraining, dump_training
from ..sources import check_sources, find_problems
from ..upstream import is_first, list_versions, require
from .backends.loading import check_backend
from .captions import check_scores, score_captions
from .files import Found
from .making import make_pictures, open_maker
from .opening import open_file
from .prompts import Prompts, write_prompts
from .scoring import Picture, Scorer, open_scorer, score_pictures
from .tables import SCORES, Run, write_run

COLUMNS = ("id", "caption", "questions")
MORE = ("scene_graph", "scene_attributes", "structure")
"""Of scenes that have them: reports group by what is in them."""
BASELINE_SCENES = 200
"""So many scenes tell what needs no picture; more would cost as much as the evaluation."""
ELSEWHERE = "give another folder with --set output=..., or remove this one"

Progress: TypeAlias = Callable[..., AbstractContextManager[Callable[[int], None]]]
"""Shows how far it is, as `console.show_progress` does."""


@dataclass(frozen=True)
class Checked:
    """What is needed to evaluate, none of it with weights.

    Attributes:
        recipe: What to do.
        rows: The scenes, a `datasets.Dataset`.
    """

    recipe: Evaluation
    rows: Any


def check_evaluation(loaded: LoadedTraining, judge: Judge | None = None) -> Checked:
    """Finds all that is wrong with a recipe, its keys for other packages, its folder and its scenes.

    Args:
        loaded: The recipe.
        judge: Who answers, instead of whom it names.

    Raises:
        RecipeError: With all of it.
        GasError: The Hub has to be asked and cannot be reached, a package is missing, or the folder for results holds
            another evaluation.
    """
    recipe, problems, rows = loaded.recipe, list[Problem](), None
    require("PIL", "torch", user="an evaluation", extra="eval")
    if is_first():
        _check_folder(recipe)
    with gather_problems(problems):
        check_sources(recipe)
    with gather_problems(problems):
        rows = load_rows(recipe.data, COLUMNS, also=MORE)
        _check_ids(rows)
    problems += check_backend(recipe.pictures)
    with gather_problems(problems, "caption_scores"):
        check_scores(recipe.caption_scores)
    _check_metrics(recipe, judge is None and recipe.judge is None, problems)
    if problems:
        raise RecipeError(list(loaded.document.locate(problems).problems))
    return Checked(recipe, rows)


def find_further(error: RecipeError) -> list[Problem]:
    """Of a recipe that could not be read in whole, what is wrong with the rest of it, so that all is told at once."""
    further: list[Problem] = []
    with gather_problems(further):
        if error.rest:
            check_evaluation(error.rest)
    return drop_consequences(further, error.problems)


def _check_folder(recipe: Evaluation) -> None:
    """Refuses a folder that holds something else."""
    folder, written = recipe.folder, recipe.folder / "recipe.yaml"
    if folder.exists() and not folder.is_dir():
        raise GasError(f"{folder} is a file; give a folder with --set output=...")
    if not written.is_file():
        if folder.is_dir() and any(folder.iterdir()):
            raise GasError(f"{folder} holds something else; give another folder with --set output=...")
    elif written.read_text(encoding="utf-8") != dump_training(recipe):
        raise GasError(f"{folder} holds another evaluation: its recipe.yaml differs; {ELSEWHERE}")


def _check_ids(rows: Any) -> None:
    """Refuses scenes of which two have one name, or that have numbers for names."""
    if not str(rows.features["id"].dtype).endswith("string"):
        what, hint = f"the column `id` holds {rows.features['id'].dtype}, and no texts", "write ids as texts"
        raise RecipeError([Problem(what, key="data", hint=hint)])
    ((scene, times),) = Counter(rows["id"][:]).most_common(1)
    if times > 1:
        what = f"{times:,} scenes are called {show(scene)}"
        raise RecipeError([Problem(what, key="data", hint="give each an id of its own")])


def _check_metrics(recipe: Evaluation, alone: bool, problems: list[Problem]) -> None:
    """Finds what is wrong with metrics; those of answers, and a score by the judge, need somebody who answers."""
    lost = []
    for name, options in recipe.metrics.items():
        with gather_problems(problems, f"metrics.{name}"):
            metric = find_metric(name)
            asks = metric.needs == "answers" or takes_judge(name)
            lost += [name] if asks and alone else []
            check_options(name, metric, {**options, **({"judge": None} if takes_judge(name) else {})})
            if metric.needs == "answers":
                open_metric(name, **options)
            if (way := getattr(metric, "by", recipe.by)) != recipe.by:
                what, hint = f"{name} needs answers by {way}", f"write `by: {way}`, or leave it out"
                raise RecipeError([Problem(what, key=f"metrics.{name}", hint=hint)])
            for source in list_models(name, options):
                problems += find_problems(replace(source, key=f"metrics.{name}.{source.key}"))
    if lost:
        hint = "give `judge`, such as --judge Qwen/Qwen3-VL-8B-Instruct, or other metrics, such as --metric clip_score"
        problems.append(Problem(f"nobody answers, whom {', '.join(lost)} would ask", key="judge", hint=hint))


def describe_checked(checked: Checked) -> str:
    """A line for people: what can begin."""
    recipe, scenes = checked.recipe, checked.rows.num_rows
    return f"{recipe.name} can begin: {scenes:,} scenes, results into {recipe.folder}"


def run_evaluation(
    loaded: LoadedTraining, judge: Judge | None = None, progress: Progress = show_progress
) -> Run | None:
    """Evaluates, as a recipe says. What was made, answered and measured before is not done again.

    Args:
        loaded: The recipe.
        judge: Who answers, instead of whom the recipe names.
        progress: Shows how far it is.

    Returns: The run, which is written into the recipe's folder; nothing on other processes than the first.

    Raises:
        RecipeError: Something is wrong with the recipe; see `check_evaluation`.
        GasError: A model cannot be loaded, a server does not answer, or the judge gives no answers.
    """
    checked = check_evaluation(loaded, judge)
    if judge is not None and checked.recipe.engine == "ray":
        raise GasError("a judge that is open cannot go to a cluster; name it, as judge= or in the recipe takes it")
    recipe, folder = checked.recipe, checked.recipe.folder
    if is_first():
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "recipe.yaml", dump_training(recipe))
    scenes = _read_scenes(checked.rows)
    backend = open_maker(recipe)
    count = getattr(recipe.pictures, "count", 1)
    prompts = write_prompts(recipe, scenes["caption"].to_pylist(), folder) if recipe.pictures.makes else Prompts([])
    with progress(scenes.num_rows * count, "making pictures", unit="pictures") as advance:
        found = make_pictures(backend, scenes, recipe, folder, advance, prompts.sent or None)
    if not found.pictures:
        raise GasError("there is no picture to evaluate: none could be made, or read", exit_status=1)
    rows = scenes.to_pylist()
    pictures = [Picture(row, name) for row in rows for name in found.pictures.get(row["id"], ())]
    scorer = open_scorer(recipe, recipe.model or backend.id, judge)
    score = partial(scorer.score, root=found.root)
    if recipe.engine == "ray":
        from .cluster import score_on_cluster

        score = partial(score_on_cluster, recipe, scorer.model, root=found.root)
    with progress(len(pictures), "asking and measuring", unit="pictures") as advance:
        scored = score_pictures(scorer.identify(), score, pictures, found.root, folder / "parts", advance)
    if scored is None:
        return None
    own = score_captions(recipe.caption_scores, [row["caption"] for row in rows])
    record = {
        **_describe_inputs(checked, scorer, found),
        "prompts": prompts.record,
        "backend": {"id": backend.id, **backend.record, **backend.notes},
        "cost": asdict(scored.cost),
        "baselines": _measure_baselines(scorer, pictures, found.root) if recipe.baselines else None,
    }
    scores = pa.concat_tables([scored.scores, _list_caption_scores(rows, own)])
    run = Run(folder, scored.answers, scores, scenes, record)
    write_run(run)
    return run


def _read_scenes(rows: Any) -> pa.Table:
    """Rows as Arrow, with the types that reports read: no scene may have questions; graphs in JSON are left out."""
    scenes: pa.Table = rows.with_format("arrow")[:].combine_chunks()
    kind = scenes.schema.field("questions").type
    if not pa.types.is_string(kind) and pa.types.is_null(kind.value_type):
        none: list[list[Any]] = [[] for _ in range(scenes.num_rows)]
        place = scenes.schema.get_field_index("questions")
        scenes = scenes.set_column(place, "questions", pa.array(none, pa.list_(QUESTION)))
    texts = [
        name for name in MORE if name in scenes.column_names and pa.types.is_string(scenes.schema.field(name).type)
    ]
    return scenes.drop_columns(texts)


def _describe_inputs(checked: Checked, scorer: Scorer, found: Found) -> dict[str, Any]:
    """What was evaluated by whom, as run.json has it."""
    recipe = checked.recipe
    return {
        "recipe": recipe.name,
        "kind": recipe.kind,
        "model": scorer.model,
        "generate_any_scene": __version__,
        "python": platform.python_version(),
        "packages": list_versions(),
        "data": describe_data(recipe.data, checked.rows),
        "pictures": _name_root(found.root, recipe.folder),
        "found": found.record,
        "left_out": _count_left_out(found),
        "judge": scorer.judge and scorer.judge.id,
        "judge_record": getattr(scorer.judge, "record", None),
        "by": recipe.by,
        "metrics": scorer.ids,
        "exam": _read_exam(recipe, scorer.judge),
    }


def write_report(folder: Path, report: Mapping[str, Any]) -> None:
    """Writes what a report says, for programs."""
    write_text(folder / "report.json", json.dumps(report, indent=2, ensure_ascii=False) + "\n")


def _count_left_out(found: Found) -> dict[str, Any]:
    """What was not looked at, as reports take it."""
    unreadable = {**found.unreadable, **found.not_made}
    return {"without": len(found.without), "unknown": len(found.unknown), "unreadable": unreadable}


def _name_root(root: Path, folder: Path) -> str:
    """Where pictures are, seen from the results, which may move together with them."""
    root, folder = root.absolute(), folder.absolute()
    return str(root.relative_to(folder)) if root.is_relative_to(folder) else str(root)


def _list_caption_scores(rows: Sequence[Mapping[str, Any]], scores: Mapping[str, Sequence[float | None]]) -> pa.Table:
    values = [
        {"scene": row["id"], "model": None, "image": None, "metric": metric, "value": value}
        for metric, of_each in scores.items()
        for row, value in zip(rows, of_each, strict=True)
    ]
    return pa.Table.from_pylist(values, SCORES)


def _measure_baselines(scorer: Scorer, pictures: Sequence[Picture], root: Path) -> dict[str, Any] | None:
    """What needs no picture, of the first scenes, by all metrics of answers."""
    if scorer.judge is None:
        return None
    first = {picture.scene["id"]: picture for picture in reversed(pictures) if picture.scene["questions"]}
    chosen = [first[scene] for scene in sorted(first)[:BASELINE_SCENES]]
    if not chosen:
        return None
    questions = [list(read_questions(picture.scene["questions"])) for picture in chosen]
    rows = Rows(questions, [open_file(root / picture.name) for picture in chosen], 0)
    of_answers = [metric for metric in scorer.metrics if metric.needs == "answers"]
    names = [name for name in BASELINES if name != "pictures"]
    measured = measure_baselines(scorer.judge, rows, scorer.by, 1.0, of_answers, names)
    return {"scenes": len(chosen), **measured["baselines"]}


def _read_exam(recipe: Evaluation, judge: Judge | None) -> dict[str, Any] | None:
    """The record of the judge's exam, which must be its own."""
    if recipe.exam is None or judge is None:
        return None
    read_weights(recipe.exam, judge.id, recipe.by)
    path = Path(recipe.exam)
    found: dict[str, Any] = json.loads((path / FILE if path.is_dir() else path).read_text(encoding="utf-8"))
    return found
