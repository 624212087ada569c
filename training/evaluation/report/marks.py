"""Marks on an axis as SVG that is as wide as the page lets it be, with letters and marks of one size.

All places are percentages, so there is no view box to be scaled; looks are classes of the page's style sheet, so they
follow its light and its dark scheme. A mark's shape says what it is, its color only repeats it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ....builders.drawing.svg import draw, escape_text
from ...metrics.intervals import Estimate
from .numbers import MINUS, list_ticks

COLORS = 8
"""Models that have a color and a shape of their own, classes `s0` to `s7` of the page."""


@dataclass(frozen=True)
class Axis:
    """Where numbers stand, from left to right."""

    low: float
    high: float

    @property
    def ticks(self) -> list[float]:
        return list(list_ticks(self.low, self.high))

    def place(self, value: float) -> float:
        """Percent of the width; what is beyond an end is there."""
        return max(0.0, min(100.0, 100 * (value - self.low) / (self.high - self.low)))


def fit_axis(values: Sequence[float], least: float | None = None, most: float | None = None) -> Axis:
    """An axis that all values are on, with some room beside them, but not beyond `least` and `most`."""
    low, high = min(values), max(values)
    room = 0.04 * (high - low) or 0.05 * abs(high) or 0.05
    low, high = low - room, high + room
    return Axis(low if least is None else max(low, least), high if most is None else min(high, most))


def write_percent(value: float) -> str:
    """As an attribute of SVG has it."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"


def write_ticks(ticks: Sequence[float]) -> list[str]:
    """All with as many digits as one of them needs."""
    digits = max((len(f"{tick:.4f}".rstrip("0").partition(".")[2]) for tick in ticks), default=0)
    return [f"{tick + 0.0:.{digits}f}".replace("-", MINUS) for tick in ticks]


def draw_scale(axis: Axis) -> Markup:
    """The numbers of an axis, for the head of a column."""
    parts = []
    for tick, text in zip(axis.ticks, write_ticks(axis.ticks), strict=True):
        at = write_percent(axis.place(tick))
        parts.append(_draw("text", "tick", text, x=at, y="50%", dy="0.35em", text_anchor="middle"))
    return Markup(draw("svg", "".join(parts), width="100%", height="100%", aria_hidden="true"))


def draw_strip(
    axis: Axis, values: Sequence[Estimate | None], marks: Mapping[str, float], label: str, plain: bool = False
) -> Markup:
    """Numbers of models with their intervals, one below the other, and marks to hold them against.

    Args:
        axis: Where they stand.
        values: One a model.
        marks: By names that the page has shapes for.
        label: What it shows, in words.
        plain: Whether they are not of models, so that they have no model's color and shape.
    """
    parts = [_draw_upright(axis.place(tick), "grid") for tick in axis.ticks]
    if axis.low < 0 < axis.high:
        parts.append(_draw_upright(axis.place(0.0), "zero"))
    for name, mark in marks.items():
        parts.append(draw_shape(name, axis.place(mark), 50.0))
    for number, value in enumerate(values):
        if value is not None:
            looks = "plain" if plain else f"s{number % COLORS}"
            parts += _draw_interval(axis, value, looks, 100 * (number + 1) / (len(values) + 1))
    return Markup(draw("svg", "".join(parts), width="100%", height="100%", role="img", aria_label=label))


def _draw_interval(axis: Axis, value: Estimate, looks: str, middle: float) -> list[str]:
    y = write_percent(middle)
    low, high = write_percent(axis.place(value.low)), write_percent(axis.place(value.high))
    line = _draw("line", f"interval {looks}", x1=low, x2=high, y1=y, y2=y)
    return [line, draw_shape(looks, axis.place(value.value), middle)]


def draw_shape(name: str, x: float, y: float) -> str:
    """A mark that the page defines once, `m-<name>`."""
    return _draw("use", f"mark {name}", href=f"#m-{name}", x=write_percent(x), y=write_percent(y))


def _draw_upright(at: float, looks: str) -> str:
    x = write_percent(at)
    return _draw("line", looks, x1=x, x2=x, y1="0", y2="100%")


def _draw(tag: str, looks: str, text: str = "", **attributes: object) -> str:
    return draw(tag, escape_text(text), **{"class": looks}, **attributes)


@dataclass(frozen=True)
class Curve:
    """What a model earns along an axis: its number, places from left to right, and numbers with their intervals."""

    number: int
    places: Sequence[float]
    values: Sequence[Estimate]


MOST_LABELS = 10
HEIGHT = 240
"""Pixels of curves."""


def draw_curves(curves: Sequence[Curve], labels: Mapping[float, str], title: str, description: str) -> Markup:
    """Curves with the bands of their intervals.

    Args:
        curves: One a model.
        labels: What stands below places of the axis; of many only some are written.
        title: What it shows.
        description: The same in more words, for who cannot see it.
    """
    across = fit_axis([place for curve in curves for place in curve.places])
    ends = [end for curve in curves for value in curve.values for end in (value.low, value.high)]
    up = fit_axis(ends)
    parts = [draw("title", escape_text(title)), draw("desc", escape_text(description))]
    grid = []
    for tick, text in zip(up.ticks, write_ticks(up.ticks), strict=True):
        y = write_percent(100 - up.place(tick))
        grid.append(_draw("line", "grid", x1="0", x2="100%", y1=y, y2=y))
        grid.append(_draw("text", "tick", text, x=-8, y=y, dy="0.35em", text_anchor="end"))
    for place, text in list(labels.items())[:: -(-len(labels) // MOST_LABELS)]:
        at = write_percent(across.place(place))
        grid.append(_draw("text", "tick", text, x=at, y="100%", dy="18", text_anchor="middle"))
    shapes, dots = [], []
    for curve in curves:
        xs = [across.place(place) for place in curve.places]
        looks = f"s{curve.number % COLORS}"
        shapes.append(_draw("path", f"band {looks}", d=_trace_band(up, xs, curve.values)))
        line = [(x, 100 - up.place(value.value)) for x, value in zip(xs, curve.values, strict=True)]
        shapes.append(_draw("path", f"curve {looks}", d=_trace(line)))
        dots += [draw_shape(looks, x, y) for x, y in line]
    stretched = draw(
        "svg", "".join(shapes), width="100%", height="100%", viewBox="0 0 100 100", preserveAspectRatio="none"
    )
    parts += [*grid, stretched, *dots]
    return Markup(draw("svg", "".join(parts), **{"class": "plot"}, width="100%", height=HEIGHT, role="img"))


def _trace(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)


def _trace_band(up: Axis, xs: Sequence[float], values: Sequence[Estimate]) -> str:
    above = [(x, 100 - up.place(value.high)) for x, value in zip(xs, values, strict=True)]
    below = [(x, 100 - up.place(value.low)) for x, value in zip(xs, values, strict=True)]
    return _trace([*above, *reversed(below)]) + "z"
