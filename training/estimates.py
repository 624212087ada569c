"""What a training takes, computed before it: rows and updates, memory, disk, and how much there is to compute.

Configs and rows are read, no weights. A kind's trainer offers `estimate(recipe, rows) -> Estimate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

PACE = 1e14
"""Operations a second that hours are told for: what a GPU of a data center may keep up in bf16."""


@dataclass(frozen=True)
class Estimate:
    """What a training takes.

    Attributes:
        rows: Rows to train on.
        updates: Updates of weights; None where it has none.
        images_per_update: Pictures of an update, of all processes.
        memory: Bytes that each process holds while it trains, by what they are for.
        before: Bytes that each process holds before it trains, while it encodes.
        disk: Bytes of files, by what they are for.
        operations: Floating-point operations of an update, of all processes; None where they are not counted.
        notes: How it was computed, and what is left out.
    """

    rows: int
    updates: int | None = None
    images_per_update: int | None = None
    memory: Mapping[str, int] = field(default_factory=dict)
    before: Mapping[str, int] = field(default_factory=dict)
    disk: Mapping[str, int] = field(default_factory=dict)
    operations: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def peak(self) -> int:
        """Bytes that each process holds at once, at most."""
        return max(sum(self.memory.values()), sum(self.before.values()))

    def describe(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "peak": self.peak}


def list_estimate(name: str, estimate: Estimate) -> Iterator[str]:
    """Lines for people."""
    updates = f", {estimate.updates:,} updates" if estimate.updates is not None else ""
    size = f" of {estimate.images_per_update:,} pictures" if updates and estimate.images_per_update else ""
    yield f"{name}: {estimate.rows:,} rows{updates}{size}"
    parts = {
        "memory of each process while it trains": estimate.memory,
        "memory of each process before, while it encodes": estimate.before,
        "disk": estimate.disk,
    }
    for title, sizes in parts.items():
        if sizes:
            yield f"{title}: {_show(sum(sizes.values()))}"
            yield from (f"  {_show(size):>9}  {what}" for what, size in sizes.items())
    if estimate.operations and estimate.updates:
        hours = estimate.operations * estimate.updates / PACE / 3600
        each = f"{estimate.operations / 1e12:,.3g} TFLOP an update"
        yield f"to compute: {each}, {hours:,.2g} hours of one device at {PACE / 1e12:.0f} TFLOP/s"
    yield from (f"note: {note}" for note in estimate.notes)


def _show(size: int) -> str:
    return f"{size / 1e9:,.2f} GB" if size >= 1e8 else f"{size / 1e6:,.2f} MB"
