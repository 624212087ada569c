"""What several commands ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .completion import complete_keys, complete_recipes

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
