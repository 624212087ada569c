"""The content of report.json as the parts of a report look it up, and what things in it are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

Groups: TypeAlias = Sequence[Mapping[str, Any]]
"""Rows of a table of report.json."""
LONGEST_ID = 34
"""Letters of a metric's id that are shown."""
ANSWERS, REFUSED = "answers", "refused"
TABLES = {
    "kind": "Kind of question",
    "form": "Form of question",
    "kind_form": "Kind and form",
    "statement": "True and false statements",
}
"""Tables of `by` that are forests of answers; all others are curves along their groups."""
ALONG = {
    "elements": "elements (objects + attributes + relations)",
    "objects": "objects",
    "attributes": "attributes",
    "relations": "relations",
    "copies": "copies of an object",
}
BASELINES = {
    "blank": "a white picture",
    "other_picture": "the picture of another scene",
    "always_yes": "always yes; where that is no answer, what is right most often",
    "no_picture": "no picture",
}
MARKS = {**BASELINES, "exam": "the judge's exam"}
"""What the marks on an axis stand for."""


@dataclass(frozen=True)
class Reading:
    """The content of report.json, with what is looked up in it again and again."""

    report: Mapping[str, Any]

    @cached_property
    def runs(self) -> Sequence[Mapping[str, Any]]:
        return self.report.get("runs") or []

    @cached_property
    def models(self) -> list[str]:
        return [str(run.get("name") or run.get("model") or number) for number, run in enumerate(self.runs, 1)]

    @cached_property
    def metrics(self) -> list[str]:
        """Ids in the order of `overall`; shares of right answers first."""
        found = list(dict.fromkeys(group["metric"] for group in self.report.get("overall") or []))
        return sorted(found, key=lambda name: name != ANSWERS)

    @property
    def main(self) -> str | None:
        """The metric that is shown where there is room for one."""
        return self.metrics[0] if self.metrics else None

    def shorten(self, metric: str) -> str:
        """What a metric is called: its id without the judge, where that is enough to tell it apart."""
        if metric == ANSWERS:
            return "right answers"
        short = metric.partition(":")[0]
        alike = [one for one in self.metrics if one.partition(":")[0] == short]
        return cut_name(short if len(alike) < 2 else metric)

    @cached_property
    def measured(self) -> tuple[int, Mapping[str, Mapping[str, Any]]]:
        """The first run that has baselines, and those that were measured."""
        for number, run in enumerate(self.runs):
            measured = {name: one for name, one in (run.get("baselines") or {}).items() if one and name in BASELINES}
            if measured:
                return number, measured
        return 0, {}

    @property
    def baselines(self) -> Mapping[str, Mapping[str, Any]]:
        """Those of the first run that has any."""
        return self.measured[1]

    @cached_property
    def exam(self) -> Mapping[str, Any] | None:
        return next((run["exam"] for run in self.runs if run.get("exam")), None)

    def find_exam(self, name: str, group: str) -> Mapping[str, Any] | None:
        """What the exam found of a kind, or of a kind in a form."""
        table = {"kind": "kinds", "kind_form": "details"}.get(name)
        return ((self.exam or {}).get(table) or {}).get(group) if table else None


def cut_name(text: str) -> str:
    """A name that a column has room for."""
    return text if len(text) <= LONGEST_ID else f"{text[: LONGEST_ID - 1]}…"


def name_group(group: str) -> str:
    """What a group is called."""
    return group.replace("yes_no", "yes/no").replace("_", " ")


def name_table(name: str) -> str:
    """What a table of `by` tells apart."""
    return TABLES.get(name, "").lower() or ALONG.get(name) or f"captions by {cut_name(name.partition(':')[0])}"
