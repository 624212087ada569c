"""What a report says in sentences: what was found, what was left out, how it was done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...metrics.intervals import Estimate
from .numbers import read_estimate, write_estimate, write_share
from .reading import ANSWERS, Reading

FEW = 20
"""With fewer scenes intervals are rough; see `metrics/intervals.py`."""
MOST_NAMES = 5
MOST_APART = 0.02
"""Models of which the judge refuses shares further apart than that are not measured by the same questions."""


def write_lead(reading: Reading) -> Iterator[str]:
    """What was found, in a sentence or two."""
    overall = [group for group in reading.report.get("overall") or [] if group["metric"] == ANSWERS]
    means = [(one["run"], mean) for one in overall if (mean := read_estimate(one))]
    if len(reading.models) == 1:
        for run, mean in means:
            yield f"{_write(mean)} of the answers about its pictures are right. {_name_ends(reading, run)}".strip()
    elif means:
        listed = ", ".join(f"{reading.models[run]} {_write(mean)}" for run, mean in means[:MOST_NAMES])
        yield f"Right answers: {listed}."
    gaps = (reading.report.get("differences") or {}).get("overall") or []
    compared = [
        _compare(reading.models[one["run"]], reading.models[one["other"]], gap, one.get("p_adjusted"))
        for one in gaps
        if one["metric"] == ANSWERS and (gap := read_estimate(one))
    ]
    if compared:
        yield " ".join(compared[:MOST_NAMES])


def _write(estimate: Estimate) -> str:
    value, ends = write_estimate(estimate)
    return f"{value} ({ends})" if ends else value


def _name_ends(reading: Reading, run: int) -> str:
    """The kinds that it is best and worst at, if their intervals lie apart."""
    kinds = [
        (estimate, str(group["group"]).replace("_", " "))
        for group in (reading.report.get("by") or {}).get("kind") or []
        if group["run"] == run and group["metric"] == ANSWERS and (estimate := read_estimate(group))
    ]
    if len(kinds) < 2:
        return ""
    kinds.sort(key=lambda pair: pair[0].value)
    (worst, low), (best, high) = kinds[0], kinds[-1]
    if worst.high >= best.low:
        return ""
    value, other = write_estimate(best)[0], write_estimate(worst)[0]
    return f"Its best kind of question is {high} ({value}), its worst {low} ({other})."


def _compare(model: str, other: str, gap: Estimate, chance: float | None) -> str:
    value, ends = write_estimate(gap, signed=True)
    if chance is None or chance >= 0.05:
        return f"Between {model} and {other} no difference is shown: {value} ({ends})."
    return (
        f"{model} gets {'more' if gap.value > 0 else 'fewer'} right than {other} on the same scenes: {value} ({ends})."
    )


def write_warnings(reading: Reading) -> Iterator[str]:
    """What was left out or refused, and what is not known."""
    yield from write_losses(reading)
    yield from _write_doubts(reading)


def write_losses(reading: Reading) -> Iterator[str]:
    """What was left out or refused."""
    losses: dict[str, list[str]] = {}
    for run, model in zip(reading.runs, reading.models, strict=True):
        for line in _list_losses(run):
            losses.setdefault(line, []).append(model)
    for line, models in losses.items():
        who = "each model" if len(models) == len(reading.models) else ", ".join(models)
        yield line if len(reading.models) == 1 else f"{line.removesuffix('.')} ({who})."
    shares = [
        ((run.get("refused") or 0) / run["questions"], model)
        for run, model in zip(reading.runs, reading.models, strict=True)
        if run.get("questions")
    ]
    yield from reading.report.get("notes") or []
    (least, one), (most, other) = min(shares, default=(0, "")), max(shares, default=(0, ""))
    if most - least > MOST_APART:
        yield (
            f"The judge gave no answer to {write_share(most, 1)} of the questions about {other}, but to "
            f"{write_share(least, 1)} about {one}: their right answers are not of the same questions."
        )


def _write_doubts(reading: Reading) -> Iterator[str]:
    judges = dict.fromkeys(str(run["judge"]) for run in reading.runs if run.get("judge"))
    if len(judges) > 1:
        yield f"Models were judged by different judges ({', '.join(judges)}), so differences may be those of judges."
    if reading.exam:
        kinds = [kind for kind, one in (reading.exam.get("kinds") or {}).items() if not one.get("trusted")]
        if kinds:
            listed = ", ".join(kind.replace("_", " ") for kind in kinds)
            yield f"In its exam the judge could not be trusted with questions of these kinds: {listed}."
    elif ANSWERS in reading.metrics:
        yield "The judge has sat no exam (gas calibrate), so its own errors are not known."
    if ANSWERS in reading.metrics and not reading.baselines:
        yield "No baselines were measured, so it is not known what the questions earn without the pictures."


def _list_losses(run: Mapping[str, Any]) -> Iterator[str]:
    left_out = run.get("left_out") or {}
    if number := _count(left_out.get("without")):
        have = _say("scene has", "scenes have", number)
        yield f"{number:,} {have} no picture and {_say('is', 'are', number)} in no number."
    if number := _count(left_out.get("unknown")):
        yield f"{number:,} {_say('picture belongs', 'pictures belong', number)} to no scene."
    if number := _count(left_out.get("unreadable")):
        names = left_out["unreadable"]
        first = f", such as {next(iter(names))}" if isinstance(names, Mapping | Sequence) else ""
        yield f"{number:,} {_say('picture', 'pictures', number)} could not be made or read{first}."
    asked, refused = run.get("questions") or 0, run.get("refused") or 0
    if refused:
        share = write_share(refused, asked)
        what = f"{refused:,} of {asked:,} questions ({share})"
        yield f"The judge gave no answer to {what}; they are counted neither right nor wrong."
    if 0 < (run.get("scenes") or 0) < FEW:
        yield f"There are only {run['scenes']} scenes, too few for intervals that one can rely on."


def _count(value: Any) -> int:
    return len(value) if isinstance(value, Mapping | list | tuple) else int(value or 0)


def _say(one: str, many: str, number: int) -> str:
    return one if number == 1 else many


def write_method(reading: Reading) -> str:
    """How numbers were made, in two sentences."""
    judged = (
        "The judge was asked every question about a scene while it looked at each of its pictures; "
        "shares are of the answers that it gave"
    )
    is_judged = ANSWERS in reading.metrics
    parts = [judged] if is_judged else []
    parts += ["numbers of metrics are means over pictures"] if len(reading.metrics) > is_judged else []
    text = ", and ".join(parts) or "nothing was measured"
    errors = "not about the judge's errors, nor about" if is_judged else "not about"
    return (
        f"{text[0].upper()}{text[1:]}. Intervals are of 95 %, by resampling whole scenes: "
        f"they are about the choice of scenes, {errors} another training of the model."
    )
