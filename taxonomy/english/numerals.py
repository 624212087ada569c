"""Numbers in words."""

from __future__ import annotations

SPELLED_ORDINALS = tuple(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()  # noqa: SIM905
)
SPELLED_NUMBERS = tuple("zero one two three four five six seven eight nine ten eleven twelve".split())  # noqa: SIM905


def write_ordinal(number: int) -> str:
    """`first`, ..., `twelfth`, `13th`, ..."""
    if number <= len(SPELLED_ORDINALS):
        return SPELLED_ORDINALS[number - 1]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def write_number(number: int) -> str:
    """`no`, `one`, ..., `twelve`, `13`, ..."""
    return SPELLED_NUMBERS[number] if number < len(SPELLED_NUMBERS) else str(number)
