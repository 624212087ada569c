"""The `gas` command. Only what a command needs is imported, when it runs: `gas --help` is quick."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Annotated, Any, Literal

import typer

from .builders.commands import build, cache, describe, explore, look, recipes, share
from .console import AsJson, complain, create_console, list_examples, open_outputs, say
from .errors import GasError, explain_os_error
from .recipes import list_recipes
from .taxonomy import commands as taxonomy
from .training import commands as training
from .training.evaluation import commands as evaluation
from .training.serving import commands as serving
from .version import __version__

app = typer.Typer(
    name="gas",
    help="Build datasets of scene graphs, captions and questions from YAML recipes.\n\n"
    "Start with gas list, look at a few scenes with gas preview multi_object, then gas build multi_object.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
listing = typer.Typer()
INTERRUPTED = 130
"""What Typer returns after Ctrl-C."""


@app.callback(invoke_without_command=True)
def show_version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        say(__version__)
        raise typer.Exit


@listing.command("list", epilog=list_examples("gas list", "gas list training", "gas list evaluation"))
def list_command(
    kind: Annotated[
        Literal["datasets", "evaluation", "training"], typer.Argument(help="Recipes of what.")
    ] = "datasets",
    as_json: AsJson = False,
) -> None:
    """List the recipes that come with the package: of datasets, trainings or evaluations (gas list evaluation)."""
    from .builders.recipe.loading import load_recipe

    if kind != "datasets":
        from .training.recipes.loading import load_evaluation, load_training

        load = load_training if kind == "training" else load_evaluation
        rows = [vars(load(name).recipe) for name in list_recipes(kind)]
        _print_recipes([{key: row[key] for key in ("name", "kind", "description")} for row in rows], as_json)
        return
    recipes = [load_recipe(name).recipe for name in list_recipes()]
    keys = ("name", "version", "modality", "description")
    _print_recipes([{key: getattr(recipe, key) for key in keys} for recipe in recipes], as_json)


def _print_recipes(recipes: list[dict[str, str]], as_json: bool) -> None:
    if as_json:
        say(json.dumps(recipes, indent=2))
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for key in recipes[0]:
        column = {"name": "recipe", "description": "what it is for"}.get(key, key)
        table.add_column(column, no_wrap=key != "description")
    for recipe in recipes:
        table.add_row(*map(escape, recipe.values()))
    create_console().print(table)


PANELS = {
    "Make": (build.commands, describe.commands, listing, recipes.commands),
    "Look": (explore.commands, look.commands),
    "Share": (share.commands,),
    "Use": (evaluation.commands, training.commands, serving.commands),
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
    """Runs the command: 0 done, 2 the user's input is wrong, 1 the machine lacks something, or Ctrl-C."""
    open_outputs()
    try:
        status = run_command()
        sys.stdout.flush()
    except GasError as error:
        status = error.exit_status
        complain(error)
    except BrokenPipeError:
        status = 1  # the reader of our output has gone, as `head` does
    except OSError as error:
        told = explain_os_error(error)
        status = told.exit_status
        complain(told)
    with suppress(OSError):
        sys.stdout.flush()
        sys.exit(status)
    # Python would try once more when it closes stdout, and complain.
    sys.stdout = None
    sys.exit(status or 1)


def run_command() -> int:
    """Runs what the arguments ask for, and returns the exit status.

    Raises:
        GasError: The arguments are wrong, or what they name.
    """
    if "" in sys.argv[1:]:
        raise GasError("an argument is empty; is a variable of the shell not set?")
    try:
        status = app(prog_name="gas", standalone_mode=False)
    except Exception as error:
        # Of Typer, which has taken its parser's errors in and does not give them names.
        if not hasattr(error, "format_message"):
            raise
        return explain_usage(error)
    if status == INTERRUPTED:
        raise GasError("stopped", exit_status=1)
    return int(status or 0)


def explain_usage(error: Any) -> int:
    """Says what is wrong with the arguments in one line, or shows the help if there are none."""
    context = error.ctx
    command = context.command_path if context else "gas"
    if type(error).__name__ == "NoArgsIsHelpError":
        print(context.get_help())
    else:
        complain(f"{error.format_message()} (see {command} --help)")
    return int(error.exit_code)


if __name__ == "__main__":
    main()
