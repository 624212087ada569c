"""The pictures of the card: which bars and which scenes they show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ...taxonomy import TABLES
from ..content.filter_report import FilterReport
from ..drawing.bar_charts import Bar, Panel, draw_charts
from ..drawing.scene_graphs import draw_graph
from ..folder.manifest import Config, Split
from ..recipe.questions import QUESTION_KINDS
from .sample import Sample, rank

Pictures = dict[str, tuple[str, str]]
"""By the name of a file: what a picture shows, in words, and the picture."""
MOST_BARS = 12
"""Bars of a panel; of numbers beyond that, steps are made."""
FORMS = {"yes_no": "yes/no", "multiple_choice": "multiple choice", "open": "open", "count": "count"}


def draw_assets(
    name: str, config: Config, sample: Sample, filtered: FilterReport | None, object_kinds: Mapping[str, int]
) -> Pictures:
    """Draws the pictures of one config.

    Args:
        name: Of the config.
        config: What the manifest says of it.
        sample: Counts over its first rows.
        filtered: What its filters leave, if that is known.
        object_kinds: Uses of objects by their kinds, if they are known.
    """
    panels = {
        "scenes": [*_show_complexity(sample), *_show_structures(config.splits[sample.split], sample.split)],
        "kinds": _show_kinds(sample, object_kinds),
        "concepts": _show_concepts(sample, filtered),
        "questions": _show_questions(sample),
    }
    pictures: Pictures = {}
    for topic, some in panels.items():
        if some:
            title = f"{name}: {', '.join(panel.title for panel in some)}"
            pictures[f"{name}-{topic}.svg"] = (title, draw_charts(title, some))
    for number, row in enumerate(sample.scenes, start=1):
        title = f"Scene graph of {row['id']}: {row['caption']}"
        pictures[f"{name}-graph-{number}.svg"] = (f"Scene graph of {row['id']}", draw_graph(row, title))
    return pictures


def _show_complexity(sample: Sample) -> list[Panel]:
    counts = sample.complexity
    bars = [
        _make_bar(label, sum(counts[number] for number in numbers), sample.rows)
        for label, numbers in _cut_range(min(counts), max(counts))
    ]
    return [Panel("scenes by complexity", bars, "complexity = objects + attributes + relations")]


def _show_structures(split: Split, name: str) -> list[Panel]:
    """Of the whole split: the manifest has counted them."""
    counts = {int(key): pair for key, pair in split.structures.items()}
    bars = []
    for label, numbers in _cut_range(min(counts), max(counts)):
        some = [counts[number] for number in numbers if number in counts]
        occurring, possible = sum(pair[0] for pair in some), sum(pair[1] for pair in some)
        if possible:
            bars.append(Bar(label, {"": occurring / possible}, f"{occurring:,} of {possible:,}", ground=1.0))
    note = f"by complexity; all {split.rows:,} rows of {name}"
    return [Panel("structures that occur, of all that are possible", bars, note)]


def _cut_range(low: int, high: int) -> Iterator[tuple[str, range]]:
    """Yields parts of a range of numbers, of equal size and no more than fit, with what to call them."""
    step = -(-(high - low + 1) // MOST_BARS)
    for start in range(low, high + 1, step):
        last = min(start + step - 1, high)
        yield str(start) if start == last else f"{start} to {last}", range(start, last + 1)


def _show_kinds(sample: Sample, object_kinds: Mapping[str, int]) -> list[Panel]:
    titles = {
        "attributes": "attributes by kind",
        "relations": "relations by category",
        "scene_attributes": "scene attributes by kind",
    }
    panels = []
    if object_kinds:
        total = sample.concepts["objects"].total()
        bars = [_make_bar(kind, count, total) for kind, count in rank(object_kinds, MOST_BARS)]
        more = len(object_kinds) - len(bars)
        note = "an object may be of several kinds" + (f"; {more} more are rarer" if more else "")
        panels.append(Panel("objects by kind", bars, note))
    for sort, title in titles.items():
        if sample.kinds[sort]:
            total = sample.kinds[sort].total()
            bars = [_make_bar(kind, count, total) for kind, count in rank(sample.kinds[sort], MOST_BARS)]
            more = len(sample.kinds[sort]) - len(bars)
            panels.append(Panel(title, bars, f"{more} more are rarer" if more else ""))
    return panels


def _show_concepts(sample: Sample, filtered: FilterReport | None) -> list[Panel]:
    panels = []
    for sort in TABLES:
        uses = sample.concepts[sort]
        if not uses:
            continue
        even = uses.total() / len(filtered.left[sort]) if filtered and len(filtered.left[sort]) else 0.0
        labels = [sample.names[key[-1]] if sort == "objects" else key[-1] for key, _ in rank(uses, 10)]
        bars = [
            Bar(label, {"": count}, f"{count:,}") for label, (_, count) in zip(labels, rank(uses, 10), strict=True)
        ]
        note = f"dashed: an even share, {even:,.1f} uses" if even >= 1 else f"an even share is {even:.2g} uses"
        panels.append(Panel(f"most frequent {sort.replace('_', ' ')}", bars, note if even else "", even))
    return panels


def _show_questions(sample: Sample) -> list[Panel]:
    if not sample.forms:
        return []
    bars = []
    for kind in (kind for kind in QUESTION_KINDS if kind in sample.forms):
        forms = {name: sample.forms[kind][form] for form, name in FORMS.items() if sample.forms[kind][form]}
        bars.append(Bar(kind, forms, f"{sum(forms.values()):,}"))
    panels = [Panel("questions by kind and form", bars)]
    answers = sample.answers
    if "yes_no" in answers:
        bars = [
            _make_share(kind, {word: answers["yes_no"][kind][word] for word in ("yes", "no")})
            for kind in QUESTION_KINDS
            if kind in answers["yes_no"]
        ]
        panels.append(Panel("answers of yes/no questions", bars, full=True))
    if "multiple_choice" in answers:
        bars = [
            _make_share(f"{size} choices", {f"place {place}": places[place] for place in range(1, int(size) + 1)})
            for size, places in sorted(answers["multiple_choice"].items(), key=lambda pair: int(pair[0]))
        ]
        panels.append(Panel("place of the right choice", bars, full=True))
    if "count" in answers:
        total = sum(answers["count"].values(), Counter[Any]())
        bars = [_make_bar(word, count, total.total()) for word, count in rank(total, MOST_BARS)]
        panels.append(Panel("answers of counting questions", bars))
    return panels


def _make_bar(label: Any, count: int, total: int) -> Bar:
    return Bar(str(label).replace("_", " "), {"": count}, f"{count:,} ({count / total:.1%})")


def _make_share(label: str, parts: Mapping[str, int]) -> Bar:
    return Bar(label, parts, f"{sum(parts.values()):,}")
