"""Numbers as people read them: with as many digits as their intervals allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil, floor, isfinite, log10

from ...metrics.intervals import Estimate

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
LEAST_DIGITS, MOST_DIGITS = 2, 4
SIGNIFICANT = 3
"""Digits of numbers that have no interval."""


def read_estimate(value: Mapping[str, float] | None) -> Estimate | None:
    """A number with its interval as the report holds it; None where there is none, or it is not finite."""
    if value is None or any(value.get(key) is None for key in ("value", "low", "high")):
        return None
    found = Estimate(float(value["value"]), float(value["low"]), float(value["high"]))
    return found if all(map(isfinite, (found.value, found.low, found.high))) else None


def count_digits(estimate: Estimate, signed: bool = False) -> int:
    """Digits after the point, so that the last one counts about a tenth of the interval, or up to half of it.

    Shares have two, which readers compare at a glance. Differences are small, so they have the finer of both.
    """
    width = (estimate.high - estimate.low) * (0.5 if signed else 1.0)
    if width <= 0:
        return max(LEAST_DIGITS, _count_significant(estimate.value))
    least = LEAST_DIGITS if max(abs(estimate.low), abs(estimate.high)) <= 1 else 0
    return max(least, min(MOST_DIGITS, ceil(-log10(width))))


def _count_significant(value: float) -> int:
    return max(0, min(MOST_DIGITS, SIGNIFICANT - 1 - floor(log10(abs(value))))) if value else 0


def write_estimate(estimate: Estimate | None, signed: bool = False) -> tuple[str, str]:
    """A number and its interval, such as `0.73` and its ends with a dash; two empty texts where there is none."""
    if estimate is None:
        return "", ""
    digits = count_digits(estimate, signed)
    sign = "+" if signed else ""
    between = " to " if signed or estimate.low < 0 else DASH
    ends = between.join(write_fixed(end, digits, sign) for end in (estimate.low, estimate.high))
    return write_fixed(estimate.value, digits, sign), ends


def write_fixed(value: float, digits: int = 2, sign: str = "") -> str:
    """A number with so many digits after the point; what rounds to 0 has no sign."""
    text = f"{value:{sign},.{digits}f}"
    if not float(text.replace(",", "")):
        return text.lstrip("+-")
    return text.replace("-", MINUS)


def write_number(value: float | None) -> str:
    """A number without an interval, in three digits; whole numbers as they are."""
    if value is None or not isfinite(value):
        return ""
    return f"{int(value):,}" if value == int(value) else write_fixed(value, _count_significant(value))


def write_share(part: float, whole: float) -> str:
    """A share in percent, which is 0 % and 100 % only if it is exactly that."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "<0.1 %"
    if 99.9 < percent < 100:
        return ">99.9 %"
    return f"{percent:.0f} %" if 10 <= percent <= 90 or percent in (0, 100) else f"{percent:.1f} %"


def list_ticks(low: float, high: float, most: int = 5) -> Iterator[float]:
    """Round numbers from low to high."""
    rough = (high - low) / most
    power = 10 ** floor(log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * (1 - 1e-9))
    for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1):
        yield number * step
