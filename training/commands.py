"""`gas train`: a recipe in, a trained model out."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ..builders.commands.completion import Proposal, is_value, list_settings
from ..console import NO_VALUES, AsJson, list_examples, remark, say
from ..errors import GasError
from ..recipes import list_recipes

commands = typer.Typer()


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
    as_json: AsJson = False,
) -> None:
    """Train a model on a dataset (needs the extra train); start it again to go on where it was stopped.

    With several processes: accelerate launch -m generate_any_scene train RECIPE, or torchrun in its place.
    """
    try:
        from .run import describe_run, load_checked, run_training

        loaded = load_checked(recipe, overrides)
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
