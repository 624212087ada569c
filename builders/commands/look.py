"""Looks into scenes and built folders: stats, structures, diff, verify."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...console import NO_VALUES, AsJson, create_console, list_examples, remark, say, show_progress
from ...errors import GasError
from ..structures.bounds import BOUNDS, bound_limits
from .cache import clear
from .completion import complete_configs, complete_recipes, complete_splits
from .options import Folder, Overrides

if TYPE_CHECKING:
    from ..folder.reading import Source
    from ..recipe.loading import LoadedRecipe

commands = typer.Typer()


@commands.command(epilog=list_examples("gas stats general", "gas stats gas --config video --by category"))
def stats(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE|DIR|FILE",
            help="A recipe, a folder that gas build wrote, or a .json or .jsonl file of scene graphs made elsewhere.",
            show_default=False,
            autocompletion=complete_recipes,
        ),
    ],
    rows: Annotated[
        int | None, typer.Option(min=1, help="How many scenes of a recipe.", show_default="10,000")
    ] = None,
    start: Annotated[
        int | None, typer.Option(min=0, help="The first of them, by its row in the split.", show_default="0")
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(help="Which config of a folder.", show_default="the only one", autocompletion=complete_configs),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="Which split.", show_default="train, or a folder's only one", autocompletion=complete_splits
        ),
    ] = None,
    by: Annotated[
        list[str],
        typer.Option(
            metavar="node|kind|category|structure", help="Split up, too. Can be given many times.", show_default=False
        ),
    ] = NO_VALUES,
    under: Annotated[
        str | None,
        typer.Option(metavar="NODE", help="With --by node: the children of this object.", show_default="the roots"),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPE",
            help="With a FILE, or what gas describe wrote: the recipe whose concepts it may use, and whose scenes "
            "stand beside its graphs.",
            show_default="general",
            autocompletion=complete_recipes,
        ),
    ] = None,
    overrides: Overrides = NO_VALUES,
    png: Annotated[
        Path | None,
        typer.Option(help="Draw histograms into this PNG file, too (needs the extra plots).", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how evenly concepts and structures are used: Gini, entropy, share of the most used tenth.

    What the recipe leaves but no scene has counts, too. Perfectly even use has Gini 0, entropy 100 %, a share of 10 %.

    Of graphs that others made (gas stats graphs.jsonl --like general, or of what gas describe wrote) it also says how
    many are sound, and what is wrong with the others.
    """
    from ..folder.reading import (
        find_split,
        is_built,
    )
    from ..inspection.evenness import (
        GRAPH_FILES,
        ROWS,
        check_groups,
        describe_usage,
        draw_usage,
        print_usage,
        refuse_options,
    )
    from ..inspection.usage import count_built, count_drawn
    from ..rows.loading import load_source

    check_groups(by, under)
    if source.endswith(GRAPH_FILES):
        refuse_options(source, {"--by": by, "--png": png, "--start": start, "--rows": rows, "--config": config})
        _show_graphs(Path(source), load_source(like or "general", overrides), split or "train", as_json)
        return
    found = find_split(Path(source), config, split, default="train") if is_built(source) else None
    if found and found.entry.described:
        refuse_options(source, {"--by": by, "--png": png, "--start": start, "--rows": rows})
        _show_graphs(found, load_source(like or "general", overrides), "train", as_json)
        return
    if like:
        raise GasError(f"{source} is no file of scene graphs, nor a folder that describes some; leave --like out")
    if found:
        refuse_options(source, {"--set": overrides, "--start": start, "--rows": rows})
        with show_progress(found.rows, "reading") as report:
            usage = count_built(found, report)
    else:
        refuse_options(source, {"--config": config})
        loaded, count = load_source(source, overrides), rows or ROWS
        with show_progress(count, "drawing") as report:
            usage = count_drawn(loaded, split or "train", start or 0, count, report)
    described = describe_usage(usage, by, under)
    if png:
        draw_usage(usage, png)
        remark(f"drew histograms into {png}")
    if as_json:
        say(json.dumps(described, indent=2, ensure_ascii=False))
        return
    print_usage(described, create_console())


def _show_graphs(file: Path | Source, loaded: LoadedRecipe, split: str, as_json: bool) -> None:
    from ..inspection.foreign_graphs import describe_graphs, examine_graphs, print_graphs, read_graphs
    from ..inspection.usage import count_drawn

    graphs = sum(1 for _ in read_graphs(file))
    with show_progress(2 * graphs, "reading") as report:
        usage = count_drawn(loaded, split, 0, graphs, report)
        described = describe_graphs(examine_graphs(file, usage, report), usage)
    if as_json:
        say(json.dumps(described, indent=2, ensure_ascii=False))
        return
    print_graphs(described, create_console())


def _offer_bounds(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command an option for each bound on structures, in the place of its `**bounds`."""
    signature = inspect.signature(command, eval_str=True)
    first, *others = [one for one in signature.parameters.values() if one.kind is not one.VAR_KEYWORD]
    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[str | None, typer.Option(metavar="N|N-M", help=bound.help, show_default=False)],
        )
        for name, bound in BOUNDS.items()
    ]
    signature = signature.replace(parameters=[first, *options, *others])
    command.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()}
    command.__signature__ = signature  # type: ignore[attr-defined]
    return command


@commands.command(epilog=list_examples("gas structures multi_object", "gas structures --complexity 7 --count"))
@_offer_bounds
def structures(
    recipe: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECIPE]",
            help="Take the constraints of this recipe.",
            show_default=False,
            autocompletion=complete_recipes,
        ),
    ] = None,
    *,
    overrides: Overrides = NO_VALUES,
    count: Annotated[bool, typer.Option("--count", help="Print only how many there are.")] = False,
    png: Annotated[
        Path | None,
        typer.Option(help="Draw them all into this PNG file (needs the extra plots).", show_default=False),
    ] = None,
    old_clear: Annotated[bool, typer.Option("--clear", hidden=True, help="The old name of gas cache clear.")] = False,
    **bounds: str | None,
) -> None:
    """List, count or draw all structures: scene graphs without content, each once.

    A bound is a number or a range, such as 7, 3-9 or [3,9]; with a recipe it replaces the recipe's.

    gas structures --complexity 7 --count prints 83; gas structures multi_object lists those of a recipe, each on a
    line: in 1.0.2:0>1,0>2 three objects have 1, 0 and 2 attributes; relations go from the first to the others.
    """
    from ..rows.loading import load_checked
    from ..structures.cache import find_structures
    from ..structures.limits import read_bounds

    if old_clear:
        clear()
        return
    given = {name: _read_bound(name, text, BOUNDS[name].is_whole) for name, text in bounds.items() if text is not None}
    if not recipe and "complexity" not in given:
        raise GasError("which structures? give a recipe or --complexity, such as --complexity 7")
    of_recipe = read_bounds(load_checked(recipe, overrides).recipe) if recipe else {}
    table = find_structures(bound_limits(**{**of_recipe, **given}))
    if png:
        from ..drawing.png import write_png
        from ..drawing.structures import draw_structures

        write_png(draw_structures(table), png)
        remark(f"drew {len(table):,} structures into {png}")
    elif count:
        say(len(table))
    else:
        for topology in table.topologies.to_pylist():
            say(topology)


def _read_bound(name: str, text: str, is_whole: bool) -> tuple[float, float]:
    """Reads a bound as a recipe states it: `7`, `3-9` or `[3, 9]`."""
    from pydantic_core import PydanticCustomError

    from ..recipe.fields import read_number, read_range, read_whole
    from ..recipe.yaml_document import read_value

    option = f"--{name.replace('_', '-')}"
    value: Any = read_value(text, (), option).value
    try:
        return read_range(value, read_whole if is_whole else read_number)
    except PydanticCustomError as error:
        hint = (error.context or {}).get("hint", "")
        raise GasError(f"{option} {text}: {error.message()}; {hint}") from error


@commands.command(epilog=list_examples("gas diff old gas", "gas diff gas me/scenes@v1.0.0"))
def diff(
    one: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="A folder that gas build wrote, a recipe, or a dataset on the Hub: org/name or org/name@revision.",
            show_default=False,
            autocompletion=complete_recipes,
        ),
    ],
    other: Annotated[
        str,
        typer.Argument(
            metavar="B", help="What to compare it with.", show_default=False, autocompletion=complete_recipes
        ),
    ],
    config: Annotated[
        str | None,
        typer.Option(help="Compare this config alone.", show_default="all", autocompletion=complete_configs),
    ] = None,
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

    from ..diff.datasets import compare_sides, count_rows, describe_difference, match_configs
    from ..diff.sources import open_side

    with ExitStack() as stack:
        first, second = (stack.enter_context(open_side(name)) for name in (one, other))
        total = count_rows(match_configs(first, second, config), rows, everything)
        report = stack.enter_context(show_progress(total, "comparing"))
        difference = compare_sides(first, second, config, rows, everything, report)
    if as_json:
        say(json.dumps(describe_difference(difference), indent=2, ensure_ascii=False))
    else:
        from ..diff.tables import print_difference

        print_difference(difference, create_console())
    if exit_code and difference.differs:
        raise typer.Exit(1)


@commands.command(epilog=list_examples("gas verify gas", "gas verify gas --all"))
def verify(
    folder: Folder,
    sample: Annotated[int, typer.Option(min=0, help="Blocks of 8,192 rows of each split to make again.")] = 2,
    everything: Annotated[bool, typer.Option("--all", help="Make all rows again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a built folder: files by their SHA-256, and a sample of rows by making them again from the recipe.

    Exits with 0 when all is well, with 1 when anything is not.
    """
    from ..folder.manifest import read_built_manifest
    from ..inspection.verification import describe_verification, verify_folder

    rows = sum(sum(config.sizes.values()) for config in read_built_manifest(folder).configs.values())
    with show_progress(rows, "verifying") as report:
        result = verify_folder(folder, None if everything else sample, report)
    if as_json:
        findings = [vars(finding) for finding in result.findings]
        say(json.dumps({"folder": str(folder), **vars(result), "findings": findings}, indent=2, ensure_ascii=False))
    else:
        for finding in result.findings:
            say(finding)
        say(describe_verification(folder, result))
    if result.findings:
        raise typer.Exit(1)
