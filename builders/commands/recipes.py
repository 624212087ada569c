"""What a recipe says, and what it makes: init, show, validate, schema, preview."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ...console import NO_VALUES, AsJson, create_console, list_examples, remark, say, show_progress
from .completion import complete_configs, complete_recipes, complete_splits
from .options import Overrides, Recipe, Recipes, Source

commands = typer.Typer()


@commands.command(epilog=list_examples("gas init kitchen", "gas init city --extends video"))
def init(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="The new recipe's name: small letters, digits and underscores.", show_default=False
        ),
    ],
    extends: Annotated[
        str,
        typer.Option(
            metavar="RECIPE", help="The recipe to begin with: a name or a path.", autocompletion=complete_recipes
        ),
    ] = "multi_object",
) -> None:
    """Write NAME.yaml, a recipe to edit with comments, beside its JSON Schema for editors."""
    from ..authoring.draft import SCHEMA, write_draft

    path = write_draft(name, extends, Path())
    say(f"wrote {path} and {SCHEMA}; edit it, then: gas preview ./{path}")


@commands.command(epilog=list_examples("gas show video", "gas show general --set seed=7 > mine.yaml"))
def show(recipe: Recipe, overrides: Overrides = NO_VALUES, as_json: AsJson = False) -> None:
    """Print a recipe with everything that it extends, and with your overrides."""
    from ..recipe.loading import dump_recipe
    from ..rows.loading import load_checked

    loaded = load_checked(recipe, overrides).recipe
    say(
        json.dumps(loaded.model_dump(mode="json", exclude_none=True), indent=2) if as_json else dump_recipe(loaded),
        end="\n" if as_json else "",
    )


@commands.command(
    epilog=list_examples("gas validate multi_object", "gas validate mine.yaml --set structure.complexity=5")
)
def validate(recipes: Recipes, overrides: Overrides = NO_VALUES, as_json: AsJson = False) -> None:
    """Check recipes without building anything: keys, constraints, concepts and templates."""
    from ...taxonomy import TABLES
    from ..inspection.recipe_check import validate_recipe
    from ..rows.loading import load_checked

    reports = []
    with show_progress(len(recipes), "checking", unit="recipes") as report_checked:
        for recipe in recipes:
            reports.append(validate_recipe(load_checked(recipe, overrides)))
            report_checked(1)
    for warning in (line for report in reports for line in report.warnings):
        remark(f"warning: {warning}")
    if as_json:
        say(json.dumps([vars(report) for report in reports], indent=2))
        return
    for report in reports:
        counts = ("structures", *TABLES)
        left = ", ".join(f"{getattr(report, count):,} {count.replace('_', ' ')}" for count in counts)
        say(f"{report.name} {report.version} is valid: {left}")
        for part in report.row_by_row:
            say(f"  slower: {part} looks at words, so it is rendered row by row")
        for line in report.excluded:
            say(f"  excluded: {line}")
        for line in report.guessed:
            say(f"  guessed: {line}")


@commands.command(epilog=list_examples("gas schema > recipe.schema.json"))
def schema() -> None:
    """Print the JSON Schema of recipes, for editors that complete and check YAML."""
    from ..authoring.schema import write_schema

    say(json.dumps(write_schema(), indent=2))


@commands.command(epilog=list_examples("gas preview multi_object", "gas preview general --count 1 --seed 7"))
def preview(
    source: Source,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=1000, help="How many scenes.")] = 3,
    questions: Annotated[
        int | None, typer.Option(min=0, help="How many questions of a scene.", show_default="all")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Another seed shows other scenes.", show_default="the recipe's")
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(help="Which config of a folder.", show_default="the only one", autocompletion=complete_configs),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="Which split to look into.",
            show_default="train, or a folder's only one",
            autocompletion=complete_splits,
        ),
    ] = None,
    overrides: Overrides = NO_VALUES,
    png: Annotated[
        Path | None,
        typer.Option(
            help="Draw the scene graphs into this PNG file, too (needs the extra plots).", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a few scenes: caption, scene graph, and questions with their answers."""
    from ...taxonomy.guesses import describe_guesses
    from ..folder.reading import find_split, is_built
    from ..inspection.evenness import refuse_options
    from ..inspection.preview import preview_rows, print_scene, read_rows
    from ..rows.loading import load_source

    heading, guessed = "", []
    if is_built(source):
        refuse_options(source, {"--set": overrides, "--seed": seed})
        rows = read_rows(find_split(Path(source), config, split, default="train"), count)
    else:
        refuse_options(source, {"--config": config})
        loaded = load_source(source, [*overrides, *([f"seed={seed}"] if seed is not None else [])])
        rows = preview_rows(loaded, split or next(iter(loaded.recipe.splits)), count)
        heading = f"questions: {loaded.recipe.questions.describe()}"
        guessed = describe_guesses(loaded.recipe.taxonomy, loaded.folder)
    for line in guessed:
        remark(f"guessed: {line}")
    if png:
        from ..drawing.png import write_png
        from ..drawing.scenes import draw_scenes

        write_png(draw_scenes(rows), png)
        remark(f"drew {len(rows)} scene graphs into {png}")
    if as_json:
        for row in rows:
            say(json.dumps({**row, "questions": row["questions"][:questions]}, ensure_ascii=False))
        return
    console = create_console()
    if heading:
        console.print(heading)
    for row in rows:
        print_scene(row, console, questions)
