"""The `gas` command. Only what a command needs is imported, when it runs: `gas --help` is quick."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Literal

import typer

from .builders.commands import build, cache, look, recipes, share
from .console import AsJson, create_console, list_examples
from .errors import GasError
from .recipes import list_recipes
from .taxonomy import commands as taxonomy
from .training import commands as training
from .version import __version__

app = typer.Typer(
    name="gas",
    help="Build datasets of scene graphs, captions and questions from YAML recipes.\n\n"
    "Start with `gas list`, look at a few scenes with `gas preview multi_object`, then `gas build multi_object`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
listing = typer.Typer()
INTERRUPTED = 130
"""What typer exits with after Ctrl-C, without a word."""


@app.callback(invoke_without_command=True)
def show_version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@listing.command("list", epilog=list_examples("gas list", "gas list training"))
def list_command(
    kind: Annotated[Literal["datasets", "training"], typer.Argument(help="Recipes of what.")] = "datasets",
    as_json: AsJson = False,
) -> None:
    """List the recipes that come with the package: of datasets, or of trainings (`gas list training`)."""
    from .builders.recipe.loading import load_recipe

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
    create_console().print(table)


PANELS = {
    "Make": (build.commands, listing, recipes.commands),
    "Look": (look.commands,),
    "Share": (share.commands,),
    "Use": (training.commands,),
}
"""What `gas --help` shows in which order."""

for panel, groups in PANELS.items():
    for group in groups:
        for command in group.registered_commands:
            command.rich_help_panel = panel
        app.add_typer(group)
app.add_typer(taxonomy.commands, name="taxonomy", rich_help_panel="Manage")
app.add_typer(cache.commands, name="cache", rich_help_panel="Manage")


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
