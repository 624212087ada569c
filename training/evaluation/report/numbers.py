"""Numbers as people read them: with as many digits as their intervals allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil, floor, isfinite, log10

from ...metrics.intervals import Estimate

MOST_DIGITS = 4
SIGNIFICANT = 3
"""Digits of numbers that have no interval."""


def read_estimate(value: Mapping[str, float] | None) -> Estimate | None:
    """A number with its interval as the report holds it; None where there is none, or it is not finite."""
    if value is None or any(value.get(key) is None for key in ("value", "low", "high")):
        return None
    found = Estimate(float(value["value"]), float(value["low"]), float(value["high"]))
    return found if all(map(isfinite, (found.value, found.low, found.high))) else None


def count_digits(estimate: Estimate) -> int:
    """Digits after the point that the interval does not make meaningless: the first of its half that is not 0."""
    half = (estimate.high - estimate.low) / 2
    if half <= 0:
        return max(2, _count_significant(estimate.value))
    return max(0, min(MOST_DIGITS, ceil(-log10(half))))


def _count_significant(value: float) -> int:
    return max(0, min(MOST_DIGITS, SIGNIFICANT - 1 - floor(log10(abs(value))))) if value else 0


def write_estimate(estimate: Estimate | None, dash: str = "–", signed: bool = False) -> tuple[str, str]:
    """A number and its interval, such as `0.73` and `0.71–0.76`; two empty texts where there is none."""
    if estimate is None:
        return "", ""
    digits = count_digits(estimate)
    sign = "+" if signed else ""
    between = " to " if signed or estimate.low < 0 else dash
    ends = between.join(_write(end, digits, sign) for end in (estimate.low, estimate.high))
    return _write(estimate.value, digits, sign), ends


def _write(value: float, digits: int, sign: str = "") -> str:
    text = f"{value:{sign},.{digits}f}"
    return text.lstrip("+-") if not float(text.replace(",", "")) else text


def write_number(value: float | None) -> str:
    """A number without an interval, in three digits; whole numbers as they are."""
    if value is None or not isfinite(value):
        return ""
    return f"{int(value):,}" if value == int(value) else _write(value, _count_significant(value))


def write_share(part: float, whole: float) -> str:
    """A share in percent, which is 0 % and 100 % only if it is exactly that."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "<0.1 %"
    if 99.9 < percent < 100:
        return ">99.9 %"
    return f"{percent:.1f}".removesuffix(".0") + " %" if percent < 10 or percent > 90 else f"{percent:.0f} %"


def list_ticks(low: float, high: float, most: int = 6) -> Iterator[float]:
    """Round numbers from low to high."""
    rough = (high - low) / most
    power = 10 ** floor(log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough * (1 - 1e-9))
    for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1):
        yield number * step
