"""Scenes as pictures of their caption and, below it, their scene graph: several on one sheet, or one on a tile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .captions import draw_caption
from .colors import LINE, PALE
from .scene_graphs import lay_out_graph
from .svg import draw, place, write_page, write_text_at

Row = dict[str, Any]
WIDTH, EDGE, SPACE, CAPTION = 900.0, 28.0, 18.0, 17
TILE, TILE_EDGE, TILE_SPACE, TILE_CAPTION = 290.0, 14.0, 8.0, 15
HIGHEST = 460.0
"""Of tiles, three of which stand side by side on a page: width, what is left free inside, size of letters, and up to
which height a scene graph goes."""


def draw_scenes(rows: Sequence[Row]) -> str:
    """Draws scenes below each other, each with its id."""
    parts, y, inner = list[str](), EDGE, WIDTH - 2 * EDGE
    for number, row in enumerate(rows):
        if number:
            parts.append(draw("path", d=f"M{EDGE:.1f} {y:.1f}h{inner:.1f}", stroke=LINE))
            y += SPACE + 8
        parts.append(write_text_at(EDGE, y + 4, row["id"], 12, fill=PALE))
        caption, y = draw_caption(row, EDGE, y + 14, inner, CAPTION)
        graph, wide, high = lay_out_graph(row, widest=inner)
        scale = min(1.0, inner / wide)
        parts += [*caption, place(graph, (WIDTH - scale * wide) / 2, y, scale)]
        y += scale * high + SPACE / 2
    return write_page(WIDTH, y + EDGE / 2, f"{len(rows)} scenes", parts)


def measure_tile(row: Row) -> tuple[float, float]:
    """How much smaller the scene graph of a row is on a tile than alone, and the height that the tile needs."""
    _, top = _caption_tile(row)
    _, _, high, scale = _fit_graph(row)
    return scale, top + high + TILE_SPACE


def draw_tile(row: Row, height: float) -> str:
    """Draws a scene on a tile of a height, the scene graph in the middle of what the caption leaves."""
    caption, top = _caption_tile(row)
    graph, wide, high, scale = _fit_graph(row)
    drawn = place(graph, (TILE - wide) / 2, top + (height - TILE_SPACE - top - high) / 2, scale)
    return write_page(TILE, height, f"{row['id']}: {row['caption']}", [*caption, drawn])


def _caption_tile(row: Row) -> tuple[list[str], float]:
    return draw_caption(row, TILE_EDGE, TILE_EDGE + 2, TILE - 2 * TILE_EDGE, TILE_CAPTION)


def _fit_graph(row: Row) -> tuple[list[str], float, float, float]:
    """Elements of the scene graph, its width and height when it is made smaller by the scale, and the scale."""
    room = TILE - 2 * TILE_SPACE
    graph, wide, high = lay_out_graph(row, widest=room - 36)
    scale = min(1.0, room / wide, HIGHEST / high)
    return graph, scale * wide, scale * high, scale
