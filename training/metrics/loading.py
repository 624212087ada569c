"""Finds metrics by their files. Importing one loads no torch, nor any other package that only some metrics need."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from ...errors import GasError, advise
from ..judges.asking import Way
from ..judges.protocol import Judge
from ..sources import Source
from .protocol import AnyMetric

FOLDER = Path(__file__).parent
PARTS = ("Source", "Formula", "Range", "Blind to")
"""What begins the paragraphs of a metric's docstring."""

MODELS = ("model", "base", "vision", "tokenizer", "prepared")
"""Options that name models."""

_CLASS = re.compile(r"^class Metric\b", re.MULTILINE)


@cache
def list_metrics() -> tuple[str, ...]:
    """The names of all metrics: the files beside this one that have a `Metric`."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.py") if _CLASS.search(file.read_text(encoding="utf-8"))))


def find_metric(name: str) -> type[Any]:
    """Finds the class of a metric.

    Raises:
        GasError: There is no such metric.
    """
    if name not in list_metrics():
        raise GasError(f"there is no metric {name}; {advise(name, list_metrics())}")
    found: type[Any] = import_module(f".{name}", __package__).Metric
    return found


def find_evaluate_module(name: str) -> Path:
    """Finds the folder that `evaluate.load` takes for a metric.

    Raises:
        GasError: There is no such metric.
    """
    find_metric(name)
    return FOLDER / "modules" / name


def open_metric(name: str, **options: Any) -> AnyMetric:
    """Opens a metric, with its options.

    Raises:
        GasError: There is no such metric, it has no such option, lacks one, or an option cannot be what it is.
    """
    metric = find_metric(name)
    check_options(name, metric, options)
    opened: AnyMetric = metric(**options)
    return opened


def takes_judge(name: str) -> bool:
    """Whether a metric asks a judge by itself, whom it is opened with.

    Raises:
        GasError: There is no such metric.
    """
    return any(one.name == "judge" for one in fields(find_metric(name)))


def check_options(name: str, metric: type[Any], options: Mapping[str, Any]) -> None:
    """Refuses options that a metric has not, and those that it needs and are not given.

    Raises:
        GasError: It names one.
    """
    known = {one.name: one.default is MISSING and one.default_factory is MISSING for one in fields(metric)}
    if unknown := [key for key in options if key not in known]:
        hint = advise(unknown[0], known) if known else "it has none"
        raise GasError(f"{name} has no option {unknown[0]}; {hint}")
    if missing := [key for key, is_needed in known.items() if is_needed and key not in options]:
        raise GasError(f"{name} needs the option {missing[0]}")


def list_models(name: str, options: Mapping[str, Any]) -> list[Source]:
    """The models that a metric would load with these options, each with the option that names it.

    Raises:
        GasError: There is no such metric.
    """
    given = {one.name: options.get(one.name, one.default) for one in fields(find_metric(name)) if one.name in MODELS}
    return [Source(model, "model", option) for option, model in given.items() if isinstance(model, str)]


def name_score(metric: AnyMetric, judge: Judge, by: Way = "words") -> str:
    """The id of a metric's number: `dsg@transitive,words:sandbox`; of what asks no judge, that of the metric."""
    if metric.needs != "answers":
        return metric.id
    name, _, options = metric.id.partition("@")
    return f"{name}@{','.join(filter(None, (options, by)))}:{judge.id}"


def describe_metric(name: str) -> dict[str, str]:
    """What the docstring of a metric's file says, by `PARTS`; each on one line.

    Raises:
        GasError: There is no such metric.
    """
    text = import_module(find_metric(name).__module__).__doc__ or ""
    found = {}
    for paragraph in text.split("\n\n"):
        head, _, rest = paragraph.partition(":")
        if head in PARTS:
            found[head] = " ".join(rest.split())
    return found
