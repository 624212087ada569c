"""The `gas` command. Only what a command needs is imported, when it runs: `gas --help` is quick."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from .errors import GasError
from .taxonomy.commands import taxonomy_app
from .version import __version__

app = typer.Typer(
    name="gas",
    help="Build datasets of scene graphs, captions and questions from YAML recipes.\n\n"
    "Start with `gas list`, look at a few scenes with `gas preview multi_object`, then `gas build multi_object`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(taxonomy_app, name="taxonomy")

Recipe = Annotated[
    str,
    typer.Argument(
        metavar="RECIPE",
        help="A shipped recipe's name (see `gas list`) or the path of a .yaml file.",
        show_default=False,
    ),
]
Recipes = Annotated[
    list[str],
    typer.Argument(
        metavar="RECIPE...",
        help="Shipped recipes' names (see `gas list`) or paths of .yaml files.",
        show_default=False,
    ),
]
Overrides = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a key of the recipe, e.g. --set structure.complexity=[3,5]. Can be given many times.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
NONE: list[str] = []
INTERRUPTED = 130
"""What typer exits with after Ctrl-C, without a word."""


@app.callback(invoke_without_command=True)
def show_version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command("list")
def list_command(
    kind: Annotated[Literal["datasets", "training"], typer.Argument(help="Recipes of what.")] = "datasets",
    as_json: AsJson = False,
) -> None:
    """List the recipes that come with the package: of datasets, or of trainings (`gas list training`)."""
    from .builders.recipe.loading import list_recipes, load_recipe

    if kind == "training":
        from .training.recipes.loading import load_training

        rows = [vars(load_training(name).recipe) for name in list_recipes("training")]
        _print_recipes([{key: row[key] for key in ("name", "kind", "description")} for row in rows], as_json)
        return
    recipes = [load_recipe(name).recipe for name in list_recipes()]
    keys = ("name", "version", "modality", "description")
    _print_recipes([{key: getattr(recipe, key) for key in keys} for recipe in recipes], as_json)


def _print_recipes(recipes: list[dict[str, str]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(recipes, indent=2))
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for key in recipes[0]:
        column = {"name": "recipe", "description": "what it is for"}.get(key, key)
        table.add_column(column, no_wrap=key != "description")
    for recipe in recipes:
        table.add_row(*recipe.values())
    _create_console().print(table)


@app.command()
def show(recipe: Recipe, overrides: Overrides = NONE, as_json: AsJson = False) -> None:
    """Print a recipe with everything that it extends, and with your overrides."""
    from .builders.recipe.loading import dump_recipe, load_recipe

    loaded = load_recipe(recipe, overrides).recipe
    print(
        json.dumps(loaded.model_dump(mode="json", exclude_none=True), indent=2) if as_json else dump_recipe(loaded),
        end="\n" if as_json else "",
    )


@app.command()
def validate(recipes: Recipes, overrides: Overrides = NONE, as_json: AsJson = False) -> None:
    """Check recipes without building anything: keys, constraints, concepts and templates."""
    from .builders.inspection.recipe_check import validate_recipe
    from .builders.recipe.loading import load_recipe
    from .taxonomy import TABLES

    reports = [validate_recipe(load_recipe(recipe, overrides)) for recipe in recipes]
    if as_json:
        print(json.dumps([vars(report) for report in reports], indent=2))
        return
    for report in reports:
        counts = ("structures", *TABLES)
        left = ", ".join(f"{getattr(report, count):,} {count.replace('_', ' ')}" for count in counts)
        print(f"{report.name} {report.version} is valid: {left}")
        for part in report.row_by_row:
            print(f"  slower: {part} looks at words, so it is rendered row by row")


@app.command()
def schema() -> None:
    """Print the JSON Schema of recipes, for editors that complete and check YAML."""
    from .builders.recipe.model import json_schema

    print(json.dumps(json_schema(), indent=2))


@app.command()
def preview(
    recipe: Recipe,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=1000, help="How many scenes.")] = 3,
    seed: Annotated[
        int | None, typer.Option(help="Another seed shows other scenes.", show_default="the recipe's")
    ] = None,
    split: Annotated[str, typer.Option(help="Which split to look into.")] = "train",
    overrides: Overrides = NONE,
    png: Annotated[
        Path | None,
        typer.Option(
            help="Draw the scene graphs into this PNG file, too (needs the extra `plots`).", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a few scenes: caption, scene graph, and questions with their answers."""
    from .builders.drawing.figures import draw_scenes
    from .builders.inspection.preview import preview_rows, print_scene
    from .builders.recipe.loading import load_recipe

    settings = [*overrides, *([f"seed={seed}"] if seed is not None else [])]
    rows = preview_rows(load_recipe(recipe, settings), split, count)
    if png:
        draw_scenes(rows, png)
        print(f"drew {len(rows)} scene graphs into {png}", file=sys.stderr)
    if as_json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    console = _create_console()
    for row in rows:
        print_scene(row, console)


@app.command()
def stats(
    source: Annotated[
        str,
        typer.Argument(metavar="RECIPE|DIR", help="A recipe, or a folder that `gas build` wrote.", show_default=False),
    ],
    rows: Annotated[
        int | None, typer.Option(min=1, help="How many scenes of a recipe.", show_default="10,000")
    ] = None,
    start: Annotated[
        int | None, typer.Option(min=0, help="The first of them, by its row in the split.", show_default="0")
    ] = None,
    config: Annotated[str | None, typer.Option(help="Which config of a folder.", show_default="the only one")] = None,
    split: Annotated[
        str | None, typer.Option(help="Which split.", show_default="train, or a folder's only one")
    ] = None,
    by: Annotated[
        list[str],
        typer.Option(
            metavar="node|kind|category|structure", help="Split up, too. Can be given many times.", show_default=False
        ),
    ] = NONE,
    under: Annotated[
        str | None,
        typer.Option(metavar="NODE", help="With --by node: the children of this object.", show_default="the roots"),
    ] = None,
    overrides: Overrides = NONE,
    png: Annotated[
        Path | None,
        typer.Option(help="Draw histograms into this PNG file, too (needs the extra `plots`).", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how evenly concepts and structures are used: Gini, entropy, share of the most used tenth.

    What the recipe leaves but no scene has counts, too. Perfectly even use has Gini 0, entropy 100 %, a share of 10 %.
    """
    from .builders.folder.reading import (
        find_split,
        is_built,
    )
    from .builders.inspection.evenness import (
        ROWS,
        check_groups,
        describe_usage,
        draw_usage,
        print_usage,
        refuse_options,
    )
    from .builders.inspection.usage import count_built, count_drawn
    from .builders.recipe.loading import load_recipe

    check_groups(by, under)
    if is_built(source):
        refuse_options(source, {"--set": overrides, "--start": start, "--rows": rows})
        found = find_split(Path(source), config, split, default="train")
        with _show_progress(found.rows, "reading") as report:
            usage = count_built(found, report)
    else:
        refuse_options(source, {"--config": config})
        loaded, count = load_recipe(source, overrides), rows or ROWS
        with _show_progress(count, "drawing") as report:
            usage = count_drawn(loaded, split or "train", start or 0, count, report)
    described = describe_usage(usage, by, under)
    if png:
        draw_usage(usage, png)
        print(f"drew histograms into {png}", file=sys.stderr)
    if as_json:
        print(json.dumps(described, indent=2, ensure_ascii=False))
        return
    print_usage(described, _create_console())


@app.command()
def diff(
    one: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="A folder that `gas build` wrote, a recipe, or a dataset on the Hub: org/name or org/name@revision.",
            show_default=False,
        ),
    ],
    other: Annotated[str, typer.Argument(metavar="B", help="What to compare it with.", show_default=False)],
    config: Annotated[str | None, typer.Option(help="Compare this config alone.", show_default="all")] = None,
    rows: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Look at the first rows of each split alone.",
            show_default="all; 1,000 where one of the two is a recipe",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Look at all rows, even if the fingerprints say that they are equal.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 when they differ, as git diff does.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare two datasets: versions, recipes, rows, and how evenly they use concepts and structures.

    Rows are matched by their ids; captions are also counted wherever they occur. Where fingerprints and sizes are
    equal, rows are not read.
    """
    from contextlib import ExitStack

    from .builders.diff.datasets import compare_sides, count_rows, describe_difference, match_configs
    from .builders.diff.sources import open_side

    if everything and rows is not None:
        raise GasError("--all looks at all rows, --rows at the first; leave one of them out")
    with ExitStack() as stack:
        first, second = (stack.enter_context(open_side(name)) for name in (one, other))
        total = count_rows(match_configs(first, second, config), rows, everything)
        report = stack.enter_context(_show_progress(total, "comparing"))
        difference = compare_sides(first, second, config, rows, everything, report)
    if as_json:
        print(json.dumps(describe_difference(difference), indent=2, ensure_ascii=False))
    else:
        from .builders.diff.tables import print_difference

        print_difference(difference, _create_console())
    if exit_code and difference.differs:
        raise typer.Exit(1)


@app.command()
def build(
    recipes: Recipes,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR|URL",
            help="The folder to write: a dataset repository as the Hub has them. On a disk, or in a store, such as "
            "s3://bucket/gas or hf://buckets/me/gas.",
        ),
    ] = "gas",
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65536,
            help="Processes, or tasks of Ray at once. The bytes do not depend on it.",
            show_default="one for every 131,072 rows, at most one a core; with Ray all CPUs of the cluster",
        ),
    ] = None,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(help="What makes the files: processes of this machine, or a Ray cluster."),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            help="Of a Ray cluster: auto, host:port or ray://host:port.",
            show_default="RAY_ADDRESS, or one on this machine",
        ),
    ] = None,
    overrides: Overrides = NONE,
    as_json: AsJson = False,
) -> None:
    """Build datasets: Parquet files, card and manifest, ready for `load_dataset`."""
    try:
        from .builders.build.build import build_datasets
        from .builders.folder.files import find_place
        from .builders.recipe.loading import load_recipe

        if address and engine != "ray":
            raise GasError("--address names a Ray cluster; add --engine ray")
        place = find_place(out)
        loaded = [load_recipe(recipe, overrides) for recipe in recipes]
        rows = sum(split.size for one in loaded for split in one.recipe.splits.values())
        with _show_progress(rows) as report:
            manifest = build_datasets(loaded, place, workers, report, engine, address)
    except KeyboardInterrupt as stop:
        raise GasError("stopped; the same command goes on where it was", exit_status=1) from stop
    built = {one.recipe.name: manifest.configs[one.recipe.name] for one in loaded}
    if as_json:
        described = {name: config.describe() for name, config in built.items()}
        print(json.dumps({"folder": out, "configs": described}, indent=2))
        return
    _print_built(out, built)


@app.command()
def verify(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder that `gas build` wrote.", show_default=False)
    ],
    sample: Annotated[int, typer.Option(min=0, help="Blocks of 8,192 rows of each split to make again.")] = 2,
    everything: Annotated[bool, typer.Option("--all", help="Make all rows again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a built folder: files by their SHA-256, and a sample of rows by making them again from the recipe.

    Exits with 0 when all is well, with 1 when anything is not.
    """
    from .builders.folder.manifest import read_built_manifest
    from .builders.inspection.verification import describe_verification, verify_folder

    rows = sum(sum(config.sizes.values()) for config in read_built_manifest(folder).configs.values())
    with _show_progress(rows, "verifying") as report:
        result = verify_folder(folder, None if everything else sample, report)
    if as_json:
        findings = [vars(finding) for finding in result.findings]
        print(json.dumps({"folder": str(folder), **vars(result), "findings": findings}, indent=2, ensure_ascii=False))
    else:
        for finding in result.findings:
            print(finding)
        print(describe_verification(folder, result))
    if result.findings:
        raise typer.Exit(1)


@app.command()
def push(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder that `gas build` wrote.", show_default=False)
    ],
    repo: Annotated[
        str,
        typer.Option(
            metavar="OWNER/NAME", help="The dataset repository; made if it is not there.", show_default=False
        ),
    ],
    private: Annotated[bool, typer.Option("--private", help="Make the repository private.")] = False,
    create_pr: Annotated[
        bool, typer.Option("--create-pr", help="Open a pull request instead; push again to tag it when it is merged.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    tag: Annotated[
        str | None, typer.Option(help="Another tag.", show_default="v and the version of the recipes")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Push a built folder to the Hub: one commit, tagged by its version. What is there already is not pushed again.

    Configs that others pushed to the repository stay. A tag never moves: other rows need another version.
    """
    from .builders.hub.push import describe_push, push_folder

    with _show_progress(None, "pushing", unit="files") as report:
        pushed = push_folder(folder, repo, private, create_pr, dry_run, tag, report)
    if as_json:
        print(json.dumps({**vars(pushed), "added": sorted(pushed.added), "dry_run": dry_run}, indent=2))
        return
    print(describe_push(pushed, dry_run))


@app.command()
def export(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder that `gas build` wrote.", show_default=False)
    ],
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="tifa, dsg, geneval2, prompts, trl, trl_chat, flow_grpo, t2i_r1, simplear or gas.",
            show_default=False,
        ),
    ],
    config: Annotated[str | None, typer.Option(help="Which config.", show_default="the only one")] = None,
    split: Annotated[str | None, typer.Option(help="Which split.", show_default="the only one, or test")] = None,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="The file to write, or the folder for flow_grpo's files; - for stdout."),
    ] = Path("-"),
) -> None:
    """Write a split of a built folder in the files of a scorer or a trainer.

    Questions for scorers: TIFA, DSG, GenEval 2. Prompts for trainers: plain JSON lines, TRL (plain or as chats, with
    questions for a reward), Flow-GRPO, T2I-R1, SimpleAR, and the JSON of the paper's own scripts (`gas`).
    """
    from .builders.export.export import check_format, describe_export, export_split
    from .builders.folder.reading import find_split

    check_format(format_)
    source = find_split(folder, config, split)
    file = None if out == Path("-") else out
    with _show_progress(source.rows, "exporting", hidden=file is None and sys.stdout.isatty()) as report:
        tally = export_split(source, format_, file, report)
    print(describe_export(source, format_, tally), file=sys.stderr)


@app.command()
def decontaminate(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder that `gas build` wrote.", show_default=False)
    ],
    against: Annotated[
        list[Path],
        typer.Option(
            "--against",
            "-a",
            metavar="FILE",
            help="Prompts: .txt (one a line), .json, .jsonl, .csv, .tsv, .parquet, or a built folder. Can be given "
            "many times.",
            show_default=False,
        ),
    ],
    config: Annotated[str | None, typer.Option(help="Which config.", show_default="all")] = None,
    split: Annotated[str | None, typer.Option(help="Which split.", show_default="all")] = None,
    threshold: Annotated[
        float, typer.Option(help="The least Jaccard index of word 1- to 3-grams of what is near.")
    ] = 0.8,
    column: Annotated[
        str | None,
        typer.Option(help="The column of the prompts.", show_default="prompt, caption or text, the first there is"),
    ] = None,
    drop: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write the folder again, without these rows, as OUT.", show_default=False),
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="How many matches to show, the most alike first.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Find captions that are those of given prompts, such as a benchmark's, or nearly; report them, or drop the rows.

    Exact is what is the same but for case, punctuation and spaces. Near is what has the n-grams of words in common.
    """
    from contextlib import nullcontext

    from .builders.decontaminate.drop_rows import describe_dropping, drop_rows, open_dropping
    from .builders.decontaminate.report import (
        describe_findings,
        find_contaminated,
        list_findings,
        list_sources,
        load_prompts,
    )

    sources = list_sources(folder, config, split)
    prompts = load_prompts(against, threshold, column, folder)
    with open_dropping(folder, drop) if drop else nullcontext() as dropping:
        with _show_progress(sum(source.rows for source in sources), "comparing") as report:
            note = {"note": dropping.note} if dropping else {}
            findings = find_contaminated(sources, prompts, **note, report=report, examples=examples)
        if dropping:
            drop_rows(folder, dropping, findings)
    if as_json:
        dropped = {"dropped_into": str(drop)} if drop else {}
        print(
            json.dumps({"folder": str(folder), **describe_findings(findings), **dropped}, indent=2, ensure_ascii=False)
        )
        return
    for line in list_findings(findings):
        print(line)
    if drop:
        print(describe_dropping(drop, findings))


@app.command()
def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="A shipped training's name (see `gas list training`) or the path of a .yaml file.",
            show_default=False,
        ),
    ],
    overrides: Overrides = NONE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check recipe, data and names; load no weights.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train a model on a dataset (needs the extra `train`); start it again to go on where it was stopped.

    With several processes: `accelerate launch -m generate_any_scene train RECIPE`, or torchrun in its place.
    """
    try:
        from .training.recipes.loading import load_training
        from .training.run import describe_run, run_training

        loaded = load_training(recipe, overrides)
        record = run_training(loaded, dry_run, report=lambda line: print(line, file=sys.stderr))
    except KeyboardInterrupt as stop:
        raise GasError("stopped; the same command goes on from the last checkpoint", exit_status=1) from stop
    if not record:
        return  # another process than the first
    if as_json:
        print(json.dumps(record, indent=2, ensure_ascii=False))
        return
    for line in describe_run(loaded.recipe, record):
        print(line)


@app.command()
def structures(
    recipe: Annotated[
        str | None, typer.Argument(metavar="[RECIPE]", help="Take the constraints of this recipe.", show_default=False)
    ] = None,
    complexity: Annotated[
        str | None, typer.Option(help="Objects + attributes + relations: 7 or 3-9.", show_default=False)
    ] = None,
    objects: Annotated[str | None, typer.Option(help="Objects: 2 or 2-4.", show_default=False)] = None,
    attributes: Annotated[str | None, typer.Option(help="Attributes: 2 or 0-4.", show_default=False)] = None,
    relations: Annotated[str | None, typer.Option(help="Relations: 2 or 0-4.", show_default=False)] = None,
    components: Annotated[str | None, typer.Option(help="Connected components: 1 or 1-3.", show_default=False)] = None,
    overrides: Overrides = NONE,
    count: Annotated[bool, typer.Option("--count", help="Print only how many there are.")] = False,
    png: Annotated[
        Path | None,
        typer.Option(help="Draw them all into this PNG file (needs the extra `plots`).", show_default=False),
    ] = None,
    clear: Annotated[
        bool, typer.Option("--clear", help="Remove what is kept on disk of structures and their captions.")
    ] = False,
) -> None:
    """List, count or draw all structures: scene graphs without content, each once.

    `gas structures --complexity 7 --count` prints 83; `gas structures multi_object` lists those of a recipe, each on a
    line: in `1.0.2:0>1,0>2` three objects have 1, 0 and 2 attributes; relations go from the first to the others.
    """
    from dataclasses import replace

    from .builders.foundation.disk_cache import clear_folder, find_folder
    from .builders.recipe.loading import load_recipe
    from .builders.structures.cache import KIND, find_structures
    from .builders.structures.limits import bound_limits, read_limits
    from .builders.text.trace_cache import KIND as CAPTIONS

    if clear:
        for kind in (KIND, CAPTIONS):
            print(f"removed {clear_folder(kind)} tables from {find_folder(kind)}", file=sys.stderr)
        return
    given = {
        "complexity": complexity,
        "objects": objects,
        "attributes": attributes,
        "relations": relations,
        "components": components,
    }
    bounds: dict[str, Any] = {name: _read_bounds(name, text) for name, text in given.items() if text is not None}
    if recipe:
        limits = replace(read_limits(load_recipe(recipe, overrides).recipe), **bounds)
    elif "complexity" in bounds:
        limits = bound_limits(**bounds)
    else:
        raise GasError("which structures? give a recipe or --complexity, such as --complexity 7")
    table = find_structures(limits)
    if png:
        from .builders.drawing.figures import draw_structures

        draw_structures(table, png)
        print(f"drew {len(table):,} structures into {png}", file=sys.stderr)
    elif count:
        print(len(table))
    else:
        for topology in table.topologies.to_pylist():
            print(topology)


def _read_bounds(name: str, text: str) -> tuple[int, int]:
    low, dash, high = text.partition("-")
    if not (low.isdecimal() and (high.isdecimal() if dash else True)) or (dash and int(low) > int(high)):
        raise GasError(f"--{name} {text}: write a number or a range, such as 3 or 3-9")
    return int(low), int(high or low)


def _print_built(out: str, built: dict[str, Any]) -> None:
    for name, config in built.items():
        for split, info in config.splits.items():
            size = sum(file.bytes for file in info.files)
            files = f"{len(info.files)} file{'s' if len(info.files) > 1 else ''}"
            print(f"{out.rstrip('/')}/{name}: {split} {info.rows:,} scenes, {size / 1e6:.1f} MB in {files}")
    path = out if "://" in out or len(Path(out).parts) == 1 else str(Path(out).resolve())
    print("\nLoad it with\n\n    from datasets import load_dataset")
    for name, config in built.items():
        if "://" in out:
            places = {split: f"{path.rstrip('/')}/{name}/{split}-*.parquet" for split in config.splits}
            print(f'    {name} = load_dataset("parquet", data_files={json.dumps(places)})')
        else:
            print(f'    {name} = load_dataset("{path}", "{name}")')


def _show_progress(rows: int | None, what: str = "building", hidden: bool = False, unit: str = "scenes") -> Any:
    """A progress bar on stderr, silent when that is not a terminal."""
    from contextlib import contextmanager

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    @contextmanager
    def show():
        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeRemainingColumn(),
        )
        with Progress(
            *columns, console=console, disable=hidden or not console.is_terminal, transient=True
        ) as progress:
            task = progress.add_task(what, total=rows)
            yield lambda done: progress.advance(task, done)

    return show()


def _create_console() -> Any:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def main() -> None:
    """Runs the command: 0 done, 2 the user's input is wrong, 1 anything else."""
    try:
        app()
    except GasError as error:
        print(f"gas: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    except SystemExit as stop:
        if stop.code != INTERRUPTED:
            raise
        print("gas: stopped", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; Python would complain once more when it closes stdout.
        sys.stdout = None
        sys.exit(1)


if __name__ == "__main__":
    main()
