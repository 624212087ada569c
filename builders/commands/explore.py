"""`gas explore`: built folders and evaluations in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from ...console import list_examples, remark, say
from .completion import complete_configs, complete_splits

commands = typer.Typer()


@commands.command(
    epilog=list_examples(
        "gas explore",
        "gas explore gas --config multi_object --no-open",
        "gas explore me/scenes@v1.0.0",
        "gas explore runs/smoke runs/other",
    )
)
def explore(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DIR|OWNER/NAME|RUN",
            help="A folder that gas build wrote, or a dataset on the Hub; or folders of gas evaluate, side by side.",
            show_default="gas",
        ),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(help="Show this config alone.", show_default="all", autocompletion=complete_configs),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Show this split alone.", show_default="all", autocompletion=complete_splits)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="The port on 127.0.0.1.", show_default="8421, or a free one where that is taken"
        ),
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the address, but open no browser.")] = False,
) -> None:
    """Look at scenes in the browser: filter, search, graphs, questions, minimal pairs; pictures and replies of models.

    The page runs on this machine and needs no network; only a dataset on the Hub is fetched, when it is looked at.
    Ctrl-C ends it. The address of the page says what it shows, so that it can be shared, or opened again.
    """
    from ..explorer.explore import explore as show

    def tell(url: str) -> None:
        say(url)
        remark("gas: press Ctrl-C to end")

    show(*(sources or ["gas"]), config=config, split=split, port=port, open_browser=not no_open, tell=tell)
