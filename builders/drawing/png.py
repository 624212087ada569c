"""SVG as PNG files, by resvg."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path

from ...errors import GasError, explain_os_error

ZOOM = 2.0
"""Pixels of a PNG for one of the picture, so that it is sharp on fine screens and on paper."""
MOST_PIXELS = 12_000_000
"""Of a PNG, which takes about two seconds. Larger pictures are less fine."""


def write_png(svg: str, path: Path) -> None:
    """Draws a picture with light colors into a PNG file.

    Raises:
        GasError: The extra `plots` is not installed, or the file cannot be written.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise _name_extra() from error
    width, height = _measure(svg)
    zoom = min(ZOOM, max(1.0, math.sqrt(MOST_PIXELS / (width * height))))
    try:
        path.write_bytes(svg_to_bytes(svg_string=svg, zoom=zoom, font_files=_find_fonts()))
    except OSError as error:
        status = explain_os_error(error, path).exit_status
        raise GasError(f"{path}: cannot be written: {error.strerror}", exit_status=status) from error


def _name_extra() -> GasError:
    return GasError("drawing needs resvg-py: pip install 'generate-any-scene[plots]'", exit_status=1)


def _measure(svg: str) -> tuple[float, float]:
    """Width and height of a picture."""
    from xml.etree import ElementTree

    page = ElementTree.fromstring(svg)
    return float(page.attrib["width"]), float(page.attrib["height"])


def _find_fonts() -> list[str]:
    """Fonts of matplotlib, which the extra brings too: a machine may have none, and then letters are missing."""
    try:
        found = find_spec("matplotlib")
    except ModuleNotFoundError:
        found = None
    if found is None or found.origin is None:
        raise _name_extra()
    return [str(path) for path in sorted(Path(found.origin).parent.glob("mpl-data/fonts/ttf/DejaVuSans*.ttf"))]
