"""`gas evaluate`: pictures in, a report out. `gas mine`: where a model is weak, as a dataset recipe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ...builders.commands.completion import Proposal, is_value, list_settings
from ...builders.commands.share import BENCHMARK_READERS, OTHER_PUSHES
from ...console import NO_VALUES, AsJson, create_console, list_examples, remark, say, show_progress
from ...errors import GasError
from ...recipes import list_recipes

if TYPE_CHECKING:
    from ...builders.hub.benchmark import Baseline
    from ...builders.hub.push import Push
    from .results import Report
    from .tables import Run

commands = typer.Typer()


def push_evaluation(folder: Path, *options: Any) -> Push:
    """`gas push` of the folder of an evaluation; see `push_run`."""
    from ..upstream import require

    require("PIL", user="an evaluation", extra="eval")
    from .publishing import push_run
    from .tables import open_run

    return push_run(open_run(folder), *options)


def read_baseline(folder: Path) -> Baseline:
    """`gas push --baseline`; see `make_baseline`."""
    from .eval_results import make_baseline
    from .tables import open_run

    return make_baseline(open_run(folder))


OTHER_PUSHES["answers.parquet"] = push_evaluation
BENCHMARK_READERS["baseline"] = read_baseline


def complete_evaluations(ctx: typer.Context) -> list[str]:
    return [] if is_value(ctx) else list_recipes("evaluation")


def complete_keys() -> list[Proposal]:
    from ..recipes.evaluation import Evaluation

    return list(dict(list_settings(Evaluation.model_json_schema())).items())


Folder = Annotated[Path, typer.Option(show_default=False)]


@commands.command(
    epilog=list_examples(
        "gas evaluate smoke",
        "gas evaluate --images out --dataset multi_object --judge Qwen/Qwen3-VL-8B-Instruct",
        "gas evaluate qwen_image --judge http://localhost:8000/v1 --set data.limit=500",
        "gas evaluate runs/qwen_image --against runs/sd35_medium",
        "gas evaluate --plan --difference 0.02",
    )
)
def evaluate(
    recipe: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE",
            help="A shipped evaluation's name (see gas list evaluation), the path of a .yaml file, or the folder of "
            "one that is done, to report anew. Left out: what --images and --dataset say.",
            show_default=False,
            autocompletion=complete_evaluations,
        ),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(help="The folder of pictures, named by their scenes: <id>.png.", show_default=False),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="Scenes: a dataset recipe, a folder or a name on the Hub.", show_default=False),
    ] = None,
    config: Annotated[str | None, typer.Option(help="The config of --dataset.", show_default=False)] = None,
    split: Annotated[str | None, typer.Option(help="The split of --dataset; test.", show_default=False)] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            help="Who answers: a model's name on the Hub or folder, the address of an OpenAI-compatible server, a "
            ".yaml file, or sandbox.",
            show_default=False,
        ),
    ] = None,
    by: Annotated[
        Literal["words", "probability"] | None,
        typer.Option(help="Ask for words, or for the likeliest answer; probability.", show_default=False),
    ] = None,
    metrics: Annotated[
        list[str],
        typer.Option("--metric", help="What is measured. Can be given many times.", show_default=False),
    ] = NO_VALUES,
    model: Annotated[
        str | None, typer.Option(help="What the model is called in the report.", show_default=False)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder for results; runs/NAME.", show_default=False)] = None,
    overrides: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override a key of the recipe, e.g. --set data.limit=500. Can be given many times.",
            show_default=False,
            autocompletion=complete_keys,
        ),
    ] = NO_VALUES,
    against: Annotated[
        list[str],
        typer.Option(
            metavar="RUN",
            help="The folder of another evaluation to compare with. Can be given many times.",
            show_default=False,
        ),
    ] = NO_VALUES,
    ratings: Annotated[
        Path | None,
        typer.Option(help="People's ratings, as CSV: scene and model, or image, and rating.", show_default=False),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say how many scenes and pictures show --difference.")
    ] = False,
    difference: Annotated[
        float, typer.Option(help="With --plan: a difference of two models' shares of right answers.")
    ] = 0.02,
    eval_results: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Write the entry of a model on the Hub, too.", show_default=False),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check recipe, scenes and names; load no weights.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find out what a model is good and bad at: make or take its pictures, ask a judge about them, and report.

    Start it again to go on where it was stopped (needs the extra eval).

    With several processes: accelerate launch -m generate_any_scene evaluate RECIPE, or torchrun in its place.
    """
    from .tables import RECORD, open_run

    if plan:
        _plan(difference, recipe, as_json)
        return
    from ..upstream import require

    require("PIL", user="an evaluation", extra="eval")
    from .orders import read_rating_table
    from .results import Report, save_report

    # What stands beside the evaluation is looked at before it, which may take hours.
    others = [open_run(folder) for folder in against]
    if ratings:
        read_rating_table(ratings)
    if recipe is not None and (Path(recipe) / RECORD).exists():
        given = {"--images": images, "--dataset": dataset, "--judge": judge, "--metric": metrics, "--set": overrides}
        if wrong := next((name for name, value in given.items() if value), None):
            raise GasError(f"{recipe} is an evaluation that is done; {wrong} would need another one: name its recipe")
        run = open_run(recipe)
    else:
        from .requests import read_request

        loaded = read_request(
            recipe,
            overrides,
            images=images,
            dataset=dataset,
            config=config,
            split=split,
            judge=judge,
            by=by,
            metrics=metrics,
            model=model,
            out=out,
        )
        done = _run(loaded, dry_run)
        if done is None:
            return
        run = done
    report = save_report(Report([run, *others], ratings=ratings))
    if eval_results:
        _write_eval_results(run, eval_results)
    if as_json:
        say(report.to_json())
        return
    _print(report)


def _run(loaded: Any, dry_run: bool) -> Run | None:
    from ..run import quiet_others
    from .running import check_evaluation, describe_checked, run_evaluation

    quiet_others()
    try:
        if dry_run:
            say(describe_checked(check_evaluation(loaded)))
            return None
        return run_evaluation(loaded, progress=show_progress)
    except KeyboardInterrupt as stop:
        raise GasError("stopped; the same command goes on", exit_status=1) from stop


def _print(report: Report) -> None:
    from .report.page import list_gone
    from .report.terminal import make_notes, make_tables

    console = create_console()
    for note in make_notes(report.figures):
        say(note)
    for table in make_tables(report.figures):
        console.print(table)
    for line in list_gone(report.figures, report.runs):
        say(line)
    say(f"{report.folder / 'report.html'}: the report")


def _plan(difference: float, pilot: str | None, as_json: bool) -> None:
    from .planning import describe_plan, plan_difference
    from .tables import open_run

    plan = plan_difference(difference, pilot=open_run(pilot) if pilot else None)
    say(json.dumps(plan, indent=2) if as_json else describe_plan(plan))


def _write_eval_results(run: Run, model: str) -> None:
    from .eval_results import write_eval_results

    for line in write_eval_results(run, model):
        remark(line)  # stdout is the report's


@commands.command(epilog=list_examples("gas mine runs/sd35_medium", "gas mine runs/mine runs/theirs --out weak.yaml"))
def mine(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of an evaluation.", show_default=False)],
    other: Annotated[
        Path | None,
        typer.Argument(metavar="OTHER", help="One of another model, on the same scenes.", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option(help="The dataset recipe to write.")] = Path("mined.yaml"),
    as_json: AsJson = False,
) -> None:
    """Find the concepts and kinds of questions that a model is weak at, or behind another, and write a dataset recipe.

    The recipe leans on them: gas build takes it as it is.
    """
    from .mining import describe_mined, mine_runs, write_recipe
    from .tables import open_run

    mined = mine_runs(open_run(run), open_run(other) if other else None)
    path = write_recipe(mined, out)
    say(json.dumps(describe_mined(mined), indent=2, ensure_ascii=False) if as_json else f"Written: {path}")
