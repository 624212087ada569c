"""`gas train`: a recipe in, a trained model out. `gas calibrate`: a judge in, what it can be trusted with out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..builders.commands.completion import Proposal, is_value, list_settings
from ..builders.commands.share import BENCHMARK_READERS, OTHER_PUSHES, RUN
from ..console import NO_VALUES, AsJson, create_console, list_examples, remark, say, show_progress
from ..errors import GasError
from ..recipes import list_recipes

if TYPE_CHECKING:
    from ..builders.hub.benchmark import Exam
    from ..builders.hub.push import Push
    from .judges.asking import Way
    from .recipes.loading import LoadedTraining

commands = typer.Typer()


def push_training(folder: Path, *options: Any) -> Push:
    """`gas push` of the folder of a training; see `push_model`."""
    from .publishing import push_model

    return push_model(folder, *options)


def refuse_training(folder: Path, *options: Any) -> Push:
    """`gas push` of the folder of a training that has no model."""
    from .publishing import explain_missing_model

    raise GasError(explain_missing_model(folder))


def read_exam(path: Path) -> Exam:
    """`gas push --exam`; see `trust.read_exam`."""
    from .judges.trust import read_exam

    return read_exam(path)


BENCHMARK_READERS["exam"] = read_exam
OTHER_PUSHES["model/README.md"] = push_training
OTHER_PUSHES[RUN] = refuse_training


def complete_trainings(ctx: typer.Context) -> list[str]:
    return [] if is_value(ctx) else list_recipes("training")


def complete_keys() -> list[Proposal]:
    """The keys of all kinds of trainings."""
    from .recipes.loading import KINDS, find_model

    settings = (list_settings(find_model(kind).model_json_schema()) for kind in KINDS)
    return list(dict(setting for model in settings for setting in model).items())


@commands.command(epilog=list_examples("gas train finetune_sd15 --dry-run", "gas train sandbox_grpo --set seed=7"))
def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="A shipped training's name (see gas list training) or the path of a .yaml file.",
            show_default=False,
            autocompletion=complete_trainings,
        ),
    ],
    overrides: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override a key of the recipe, e.g. --set data.limit=1000. Can be given many times.",
            show_default=False,
            autocompletion=complete_keys,
        ),
    ] = NO_VALUES,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check recipe, data and names; load no weights.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only compute memory, disk, updates and operations; load no weights.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train a model on a dataset (needs the extra train); start it again to go on where it was stopped.

    With several processes: accelerate launch -m generate_any_scene train RECIPE, or torchrun in its place.
    """
    try:
        from .run import describe_run, load_checked, run_training

        loaded = load_checked(recipe, overrides)
        if estimate:
            _tell_estimate(loaded, as_json)
            return
        record = run_training(loaded, dry_run, report=remark)
    except KeyboardInterrupt as stop:
        raise GasError("stopped; the same command goes on from the last checkpoint", exit_status=1) from stop
    if not record:
        return  # another process than the first
    if as_json:
        say(json.dumps(record, indent=2, ensure_ascii=False))
        return
    for line in describe_run(loaded.recipe, record):
        say(line)


def _tell_estimate(loaded: LoadedTraining, as_json: bool) -> None:
    from .estimates import list_estimate
    from .run import estimate_training

    found = estimate_training(loaded)
    if as_json:
        say(json.dumps(found.describe(), indent=2, ensure_ascii=False))
        return
    for line in list_estimate(loaded.recipe.name, found):
        say(line)


@commands.command(
    epilog=list_examples(
        "gas calibrate Qwen/Qwen3-VL-8B-Instruct",
        "gas calibrate http://localhost:8000/v1 --scenes 300",
        "gas calibrate --out exam",
        "gas calibrate sandbox --baselines sandbox",
    )
)
def calibrate(
    judge: Annotated[
        str | None,
        typer.Argument(
            metavar="JUDGE",
            help="Whom to examine: a model's name on the Hub or folder, the address of an OpenAI-compatible server, a "
            ".yaml file, or sandbox. Left out: only write the exam, to --out.",
            show_default=False,
        ),
    ] = None,
    scenes: Annotated[int, typer.Option(min=1, help="Scenes; of each there are up to seven pictures.")] = 60,
    out: Annotated[
        Path | None,
        typer.Option(help="The folder for judge.json, or for the exam; runs/calibrate-JUDGE.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives another exam.")] = 0,
    overrides: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override a key of the judge, e.g. --set max_new_tokens=32. Can be given many times.",
            show_default=False,
        ),
    ] = NO_VALUES,
    by: Annotated[
        Literal["words", "probability"] | None,
        typer.Option(help="Ask for words, or for the likeliest answer.", show_default="words"),
    ] = None,
    baselines: Annotated[
        str | None,
        typer.Option(
            metavar="DATASET",
            help="Measure instead what needs no picture of a dataset: a recipe, a folder or a name on the Hub.",
            show_default=False,
        ),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="With --baselines: the folder of pictures, named by their scenes: <id>.png.", show_default=False
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="With --baselines: the split of the dataset.", show_default="test")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find out what a judge of pictures can be trusted with, by pictures whose truth is known.

    Writes judge.json, which rewards and scores take (weights: judge.json) to leave kinds of questions out, or weigh
    them.
    """
    from .upstream import require

    require("PIL", user="an exam", extra="eval")
    if baselines is None:
        _refuse_options({"--pictures": pictures, "--split": split}, "--baselines; give both")
    if judge is None:
        if out is None or baselines is not None:
            hint = "or only write the exam with gas calibrate --out exam"
            raise GasError(f"name a judge, such as gas calibrate sandbox; {hint}")
        _refuse_options({"--set": overrides, "--by": by}, "a judge; name one, such as gas calibrate sandbox")
        _write_exam(out, scenes, seed, as_json)
        return
    from .run import quiet_others

    quiet_others()
    if baselines is None:
        _examine(judge, overrides, scenes, seed, by or "words", out, as_json)
    else:
        _measure_baselines(judge, overrides, baselines, pictures, split or "test", scenes, by or "words", out, as_json)


def _refuse_options(given: Mapping[str, object], partner: str) -> None:
    """Refuses options that would change nothing."""
    if unused := [name for name, value in given.items() if value]:
        raise GasError(f"{unused[0]} goes with {partner}")


def _write_exam(out: Path, scenes: int, seed: int, as_json: bool) -> None:
    from .exam.dataset import write_exam
    from .exam.papers import make_exam

    rows = write_exam(out, make_exam(scenes, seed), seed)
    if as_json:
        say(json.dumps({"folder": str(out), "questions": rows}, indent=2, ensure_ascii=False))
    else:
        say(f"{out}: {rows:,} questions")


def _examine(
    name: str, overrides: list[str], scenes: int, seed: int, by: Way, out: Path | None, as_json: bool
) -> None:
    from .exam.judge import open_examinee
    from .exam.papers import make_exam
    from .exam.report import NOTE, describe_cost, describe_exam, describe_verdict, make_table
    from .exam.sitting import sit_exam
    from .judges.settings import read_judge
    from .judges.trust import FILE, check_place, write_trust

    settings = read_judge(name, overrides)
    judge = open_examinee(settings)
    folder = out or _name_folder(name)
    earlier = check_place(folder / FILE, {"judge": judge.id})
    sheets = make_exam(scenes, seed)
    with show_progress(len(sheets), "asking", unit="pictures") as advance:
        sat = sit_exam(judge, sheets, by, advance, settings.most_refused)
    record = describe_exam(judge, sat, seed, by)
    path = write_trust(folder, record)
    if as_json:
        say(json.dumps(record, indent=2, ensure_ascii=False))
        return
    create_console().print(make_table(record))
    written = f"Written: {path}" + (", in the place of an earlier exam of this judge" if earlier else "")
    for line in (NOTE, describe_cost(record), describe_verdict(record), written):
        say(line)


def _measure_baselines(
    name: str,
    overrides: list[str],
    dataset: str,
    pictures: Path | None,
    split: str,
    scenes: int,
    by: Way,
    out: Path | None,
    as_json: bool,
) -> None:
    from ..builders.folder.files import write_text
    from .evaluation.files import open_first
    from .exam.baselines import BASELINES, make_table, measure_baselines, read_rows
    from .judges.settings import open_judge, read_judge
    from .judges.trust import check_place

    settings = read_judge(name, overrides)
    rows = read_rows(dataset, partial(open_first, pictures) if pictures else None, split, scenes)
    judge = open_judge(settings)
    folder = out or _name_folder(name)
    said = {"dataset": dataset, "split": split, "judge": judge.id}
    check_place(folder / "baselines.json", said)
    record = {**said, **measure_baselines(judge, rows, by, settings.most_refused)}
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "baselines.json", json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    if as_json:
        say(json.dumps(record, indent=2, ensure_ascii=False))
        return
    create_console().print(make_table(record))
    for key, text in BASELINES.items():
        say(f"{key}: {text}" if record["baselines"][key] else f"{key}: not measured ({text})")
    if record["left_out"]:
        say(f"{record['left_out']:,} scenes were left out: they have no picture that can be read, or no questions")


def _name_folder(judge: str) -> Path:
    return Path("runs") / f"calibrate-{re.sub(r'[^A-Za-z0-9.]+', '-', judge).strip('-.')}"
