"""What several commands ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import GasError, RecipeError
from .completion import complete_keys, complete_recipes

if TYPE_CHECKING:
    from ..recipe.loading import LoadedRecipe

Recipe = Annotated[
    str,
    typer.Argument(
        metavar="RECIPE",
        help="A shipped recipe's name (see gas list) or the path of a .yaml file.",
        show_default=False,
        autocompletion=complete_recipes,
    ),
]
Recipes = Annotated[
    list[str],
    typer.Argument(
        metavar="RECIPE",
        help="Shipped recipes' names (see gas list) or paths of .yaml files.",
        show_default=False,
        autocompletion=complete_recipes,
    ),
]
Overrides = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a key of the recipe, e.g. --set structure.complexity=[3,5]. Can be given many times.",
        show_default=False,
        autocompletion=complete_keys,
    ),
]
Source = Annotated[
    str,
    typer.Argument(
        metavar="RECIPE|DIR",
        help="A recipe, or a folder that gas build wrote.",
        show_default=False,
        autocompletion=complete_recipes,
    ),
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A folder that gas build wrote.", show_default=False)]


def load_source(source: str, overrides: list[str]) -> LoadedRecipe:
    """Loads the recipe of a `Source` that is no built folder.

    Raises:
        RecipeError: With all of its mistakes.
        GasError: It is neither.
    """
    from ..rows.loading import load_checked

    try:
        return load_checked(source, overrides)
    except RecipeError:
        raise
    except GasError as error:
        message = f"{error}; or give a folder that `gas build` wrote"
        raise GasError(message, exit_status=error.exit_status) from error
