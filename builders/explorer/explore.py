"""`gas.explore` and `gas explore`: the page in the browser, until it is stopped."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .contents import open_contents
from .server import open_server


@contextmanager
def serve_page(
    *names: str | Path, config: str | None = None, split: str | None = None, port: int | None = None
) -> Iterator[str]:
    """Serves the page beside, and gives its address; it is closed at the end.

    Args:
        names: A built folder or a dataset on the Hub (`org/name`), or the folders of one or several evaluations.
        config: Show this config alone.
        split: Show this split alone.
        port: On 127.0.0.1; 8421 or, where that is taken, a free one when left out.

    Raises:
        GasError: There is nothing to show by such names, or the port is taken.
    """
    with open_server(open_contents([str(name) for name in names], config, split), port) as server:
        beside = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        beside.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            beside.join()


def explore(
    *names: str | Path,
    config: str | None = None,
    split: str | None = None,
    port: int | None = None,
    open_browser: bool = True,
    tell: Callable[[str], None] = print,
) -> None:
    """Shows datasets or evaluations in the browser until Ctrl-C; see `serve_page`.

    Args:
        names: As `serve_page` has it.
        config: The same.
        split: The same.
        port: The same.
        open_browser: Open the browser.
        tell: Says the address.

    Raises:
        GasError: As `serve_page` has it.
    """
    with serve_page(*(names or ("gas",)), config=config, split=split, port=port) as url:
        tell(url)
        if open_browser:
            webbrowser.open(url)
        _wait()


def _wait() -> None:
    """Waits for Ctrl-C, in steps, as Windows hears it only between them."""
    try:
        while True:
            threading.Event().wait(1.0)
    except KeyboardInterrupt:
        return
