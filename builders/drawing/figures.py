"""Histograms as PNG files, by matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import GasError, explain_os_error


def import_figure() -> Any:
    """Imports what pictures are made with.

    Raises:
        GasError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise GasError("drawing needs matplotlib: pip install 'generate-any-scene[plots]'", exit_status=1) from error
    return Figure


def save_picture(figure: Any, path: Path) -> None:
    """Writes a figure into a PNG file.

    Raises:
        GasError: The file cannot be written.
    """
    try:
        figure.savefig(path, format="png", dpi=110)
    except OSError as error:
        status = explain_os_error(error, path).exit_status
        raise GasError(f"{path}: cannot be written: {error.strerror}", exit_status=status) from error
