"""The pictures of the card: which bars and which scenes they show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any

from ...taxonomy import TABLES
from ..content.filter_report import FilterReport
from ..drawing.bar_charts import Bar, Panel, draw_chart
from ..drawing.colors import BOX_EDGE, RELATION, SCENE_TEXT, VALUE
from ..drawing.scenes import draw_tile, measure_tile
from ..folder.manifest import Config, Split
from ..recipe.questions import QUESTION_KINDS
from .sample import Row, Sample, rank

LEAST_HEIGHT, STEP = 360.0, 60.0
"""Of tiles, in pixels, and what the height of higher ones is a multiple of."""
MOST_BARS = 12
"""Bars of a panel; of numbers beyond that, steps are made."""
UNEVEN = 1.25
"""How many times as long as the shortest bar the longest is, at least, where bars say something."""
COLORS = {"objects": BOX_EDGE, "attributes": VALUE, "relations": RELATION, "scene_attributes": SCENE_TEXT}
FORMS = {"yes_no": "yes/no", "multiple_choice": "multiple choice", "open": "open", "count": "count"}


@dataclass(frozen=True)
class Assets:
    """Charts of one config.

    Attributes:
        pictures: By the name of a file: what it shows, in words, and the picture.
        even: Of what is so even that bars would say nothing, a sentence each.
    """

    pictures: Mapping[str, tuple[str, str]]
    even: Sequence[str] = ()


def draw_assets(
    name: str, config: Config, sample: Sample, filtered: FilterReport | None, object_kinds: Mapping[str, int]
) -> Assets:
    """Draws the charts of one config.

    Args:
        name: Of the config.
        config: What the manifest says of it.
        sample: Counts over its first rows.
        filtered: What its filters leave, if that is known.
        object_kinds: Uses of objects by their kinds, if they are known.
    """
    shown = [
        _show_complexity(sample),
        # Of graphs that somebody had, those are possible that occur.
        *([] if config.described else [_show_structures(config.splits[sample.split], sample.split)]),
        *_show_questions(sample),
        *_show_kinds(sample, object_kinds),
        *_show_concepts(sample, filtered),
    ]
    pictures = {
        f"{name}-chart-{re.sub('[^a-z]+', '-', panel.title)}.svg": (f"{name}: {panel.title}", draw_chart(panel))
        for panel in shown
        if isinstance(panel, Panel)
    }
    return Assets(pictures, [line for line in shown if isinstance(line, str)])


def draw_tiles(name: str, rows: Sequence[Row]) -> dict[str, str]:
    """Draws scenes of a config on tiles of one height, which is that of other configs, too, where the scenes let it.

    Args:
        name: Of the config.
        rows: What to draw.

    Returns:
        Pictures by the name of their file, in the order of the rows.
    """
    highest = max((measure_tile(row)[1] for row in rows), default=0.0)
    height = max(LEAST_HEIGHT, STEP * -(-highest // STEP))
    return {f"{name}-graph-{number}.svg": draw_tile(row, height) for number, row in enumerate(rows, start=1)}


def _show_complexity(sample: Sample) -> Panel | str:
    counts = sample.complexity
    if _is_even(counts.values()) and len(counts) > 1:
        return (
            f"Complexity (objects + attributes + relations): {_write_range(counts)}, each in "
            f"{_write_range(counts.values())} scenes."
        )
    bars = [
        _make_bar(label, sum(counts[number] for number in numbers), sample.rows)
        for label, numbers in _cut_range(min(counts), max(counts))
    ]
    return Panel("scenes by complexity", bars, "complexity = objects + attributes + relations")


def _show_structures(split: Split, name: str) -> Panel | str:
    """Of the whole split: the manifest has counted them."""
    counts = {int(key): pair for key, pair in split.structures.items()}
    occurring, possible = (sum(pair[place] for pair in counts.values()) for place in (0, 1))
    if occurring == possible:
        return f"Structures: all {possible:,} that are possible occur in `{name}`."
    bars = []
    for label, numbers in _cut_range(min(counts), max(counts)):
        some = [counts[number] for number in numbers if number in counts]
        occurring, possible = sum(pair[0] for pair in some), sum(pair[1] for pair in some)
        if possible:
            bars.append(Bar(label, {"": occurring / possible}, f"{occurring:,} of {possible:,}", ground=1.0))
    return Panel("structures that occur, of all", bars, f"by complexity; all {split.rows:,} rows of {name}")


def _cut_range(low: int, high: int) -> Iterator[tuple[str, range]]:
    """Yields parts of a range of numbers, of equal size and no more than fit, with what to call them."""
    step = -(-(high - low + 1) // MOST_BARS)
    for start in range(low, high + 1, step):
        last = min(start + step - 1, high)
        yield str(start) if start == last else f"{start} to {last}", range(start, last + 1)


def _show_kinds(sample: Sample, object_kinds: Mapping[str, int]) -> Iterator[Panel | str]:
    titles = {
        "attributes": "attributes by kind",
        "relations": "relations by category",
        "scene_attributes": "scene attributes by kind",
    }
    if object_kinds:
        bars = [
            _make_bar(kind, count, sample.concepts["objects"].total()) for kind, count in rank(object_kinds, MOST_BARS)
        ]
        more = len(object_kinds) - len(bars)
        note = "an object may be of several kinds" + (f"; {more} more are rarer" if more else "")
        yield Panel("objects by kind", bars, note, color=COLORS["objects"])
    for sort, title in titles.items():
        counts = sample.kinds[sort]
        if len(counts) > 1 and _is_even(counts.values()):
            yield f"{title.capitalize()}: {_write_range(counts.values())} of each of {len(counts)}."
        elif counts:
            bars = [_make_bar(kind, count, counts.total()) for kind, count in rank(counts, MOST_BARS)]
            more = len(counts) - len(bars)
            yield Panel(title, bars, f"{more} more are rarer" if more else "", color=COLORS[sort])


def _show_concepts(sample: Sample, filtered: FilterReport | None) -> Iterator[Panel | str]:
    """The most frequent concepts of each sort; how many are how frequent, if the first are about as frequent."""
    for sort in TABLES:
        uses, name = sample.concepts[sort], sort.replace("_", " ")
        if not uses:
            continue
        first = rank(uses, 10)
        even = uses.total() / len(filtered.left[sort]) if filtered and len(filtered.left[sort]) else 0.0
        if _is_even(uses.values()):
            yield f"{name.capitalize()}: {len(uses):,} different ones, used {_write_range(uses.values())} times each."
        elif _is_even([count for _, count in first]):
            low, high = min(uses.values()), max(uses.values())
            bars = [
                Bar(label, {"": some}, f"{some:,}")
                for label, numbers in _cut_range(low, high)
                if (some := sum(count in numbers for count in uses.values()))
            ]
            note = f"so many {name} are used so often; none stands out"
            yield Panel(f"{name} by number of uses", bars, note, color=COLORS[sort])
        else:
            labels = [sample.names[key[-1]] if sort == "objects" else key[-1] for key, _ in first]
            bars = [Bar(label, {"": count}, f"{count:,}") for label, (_, count) in zip(labels, first, strict=True)]
            note = f"dashed: an even share, {even:,.1f} uses" if even >= 1 else f"an even share is {even:.2g} uses"
            yield Panel(f"most frequent {name}", bars, note if even else "", even, color=COLORS[sort])


def _show_questions(sample: Sample) -> Iterator[Panel | str]:
    if not sample.forms:
        return
    bars = []
    for kind in (kind for kind in QUESTION_KINDS if kind in sample.forms):
        forms = {name: sample.forms[kind][form] for form, name in FORMS.items() if sample.forms[kind][form]}
        bars.append(Bar(kind, forms, f"{sum(forms.values()):,}"))
    yield Panel("questions by kind and form", bars)
    answers = sample.answers
    if "yes_no" in answers:
        kinds = {kind: answers["yes_no"][kind] for kind in QUESTION_KINDS if kind in answers["yes_no"]}
        words = {kind: {word: some[word] for word in ("yes", "no")} for kind, some in kinds.items()}
        if all(_is_even(some.values()) for some in words.values()):
            shares = [some["yes"] / sum(some.values()) for some in words.values()]
            yield f"Yes/no questions: {_write_shares(shares)} are answered by yes, whatever they ask about."
        else:
            yield Panel("answers of yes/no questions", list(starmap(_make_share, words.items())), full=True)
    if "multiple_choice" in answers:
        sizes = {
            int(size): {f"place {place}": places[place] for place in range(1, int(size) + 1)}
            for size, places in answers["multiple_choice"].items()
        }
        if all(_is_even(places.values()) for places in sizes.values()):
            said = [
                f"{_write_shares([count / sum(places.values()) for count in places.values()])} of {size} choices"
                for size, places in sorted(sizes.items())
            ]
            yield f"The right choice stands about as often at every place: {', '.join(said)}."
        else:
            bars = [_make_share(f"{size} choices", places) for size, places in sorted(sizes.items())]
            yield Panel("place of the right choice", bars, full=True)
    if "count" in answers:
        total = sum(answers["count"].values(), Counter[Any]())
        bars = [_make_bar(word, count, total.total()) for word, count in rank(total, MOST_BARS)]
        yield Panel("answers of counting questions", bars)


def _is_even(numbers: Collection[int]) -> bool:
    """Whether bars of these lengths would look alike."""
    return max(numbers) < UNEVEN * min(numbers)


def _write_range(numbers: Collection[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _write_shares(shares: Collection[float]) -> str:
    low, high = f"{min(shares):.1%}", f"{max(shares):.1%}"
    return low if low == high else f"{low} to {high}"


def _make_bar(label: Any, count: int, total: int) -> Bar:
    return Bar(str(label).replace("_", " "), {"": count}, f"{count:,} ({count / total:.1%})")


def _make_share(label: str, parts: Mapping[str, int]) -> Bar:
    return Bar(label, parts, f"{sum(parts.values()):,}")
