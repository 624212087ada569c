"""What people and programs read of an exam that a judge has sat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...version import __version__
from ..judges.asking import Way
from ..judges.protocol import Judge
from .figures import TRUSTED
from .papers import VERSION
from .sitting import Sat, count_answers

if TYPE_CHECKING:
    from rich.table import Table


def describe_exam(judge: Judge, sat: Sat, seed: int, by: Way) -> dict[str, Any]:
    """All that `judge.json` holds."""
    result = count_answers(sat)
    cost = {"seconds": sat.seconds, "pictures": len(sat.sheets), "questions": len(sat.marks), "tokens": sat.tokens}
    exam = {"version": VERSION, "scenes": len({sheet.scene.id for sheet in sat.sheets}), "seed": seed, "asked_by": by}
    parts = {name: {key: one.describe() for key, one in figures.items()} for name, figures in vars(result).items()}
    record = getattr(judge, "record", None)
    return {
        "judge": judge.id,
        "record": record,
        "exam": exam,
        **parts,
        "cost": cost,
        "generate_any_scene": __version__,
    }


def describe_verdict(record: dict[str, Any]) -> str:
    """One sentence: what the judge can be trusted with."""
    kinds = record["kinds"]
    trusted = [kind for kind in kinds if kinds[kind]["trusted"]]
    others = [kind for kind in kinds if not kinds[kind]["trusted"]]
    if not trusted:
        return "It can be trusted with no kind of question."
    return f"It can be trusted with {', '.join(trusted)}" + (f"; not with {', '.join(others)}." if others else ".")


def describe_cost(record: dict[str, Any]) -> str:
    """What the exam took."""
    cost = record["cost"]
    tokens = f", {cost['tokens']:,} tokens" if cost["tokens"] is not None else ""
    what = f"{cost['questions']:,} questions about {cost['pictures']:,} pictures"
    return f"{what}: {cost['seconds']:.1f} seconds ({cost['seconds'] / cost['questions']:.3f} each){tokens}"


def make_table(record: dict[str, Any]) -> Table:
    """A table of kinds of questions with what is asked in each, of planted errors and of levels, in percent."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0))
    for heading in ("", "asked", "none", "sensitivity", "specificity", "balanced", "yes", "trusted"):
        table.add_column(heading, justify="left" if heading in ("", "trusted") else "right", no_wrap=True)
    for kind, figures in record["kinds"].items():
        table.add_row(kind, *_show_figures(figures))
        for name, one in record["details"].items():
            of, _, what = name.partition(", ")
            if of == kind:
                table.add_row(f"  {what.replace('_', ' ')}", *_show_figures(one))
    for title, name in (("planted errors", "errors"), ("pictures", "levels")):
        table.add_section()
        table.add_row(title)
        for key, one in record[name].items():
            table.add_row(f"  {key.replace('_', ' ')}", *_show_figures(one))
    return table


def _show_figures(figures: dict[str, Any]) -> list[str]:
    shares = [_show(figures[name]) for name in ("sensitivity", "specificity", "balanced_accuracy")]
    yes = figures["yes_rate"]
    trusted = "yes" if figures["trusted"] else "no"
    return [
        f"{figures['asked']:,}",
        f"{figures['refused']:,}",
        *shares,
        _percent(yes["value"]) if yes else "",
        trusted,
    ]


def _show(share: dict[str, float] | None) -> str:
    if not share:
        return ""
    return f"{_percent(share['value'])} ({_percent(share['low'])}-{_percent(share['high'])})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


NOTE = f"""
Percent, with 95 % confidence intervals. Sensitivity: true statements that are confirmed; of planted errors, right
answers before the error. Specificity: false statements that are denied; of planted errors, right answers after it.
Balanced: the mean of both; trusted where its interval lies above {_percent(TRUSTED)}. None: not answered."""
