"""`gas mine`: where a model is weak, or behind another, and a dataset recipe that leans on it.

What is weak: a concept, predicate, kind of question or number of elements whose gap to what was to be expected stays
below 0 after shrinkage, with all of its interval (see `hardness.py` and `metrics/shrinkage.py`), and that is no chance
find among so many names: of those that are kept, about 5 % are (Benjamini and Hochberg 1995), and of names with two or
three scenes each up to 12 % in simulations.

What the recipe does about it, as far as recipes can say it: weak concepts get so many cards that they are about half
of the deck of objects; weak categories of relations and kinds of attributes are the only ones; where a kind of
question is weak, all scenes have what it asks about; else structures have as many elements as are weak, and half of
the range that there was at least. Whatever would leave a recipe that cannot be built is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from ...builders.folder.files import write_text
from ...builders.recipe.content import MOST_CARDS
from ...builders.recipe.loading import Dumper, LoadedRecipe, dump_recipe, load_recipe
from ...builders.rows.writer import create_writer
from ...errors import GasError, explain_os_error
from ...recipes import list_recipes
from ..metrics.intervals import adjust_discoveries
from .arrays import Labels, Sample, read_evaluations
from .hardness import Gaps, find_gaps, list_entries
from .scene_facts import Rests, count_elements, read_attribute_kinds, read_concepts, read_predicates
from .tables import Run

SHARE = 0.5
"""So much of the deck of objects is to be weak concepts, in the recipe."""
LARGEST_SHARE = 0.05
"""But no more of one of them, or scenes would be of little else."""
MOST = 100
"""So many weak names of each sort are taken, the weakest first."""
ROWS = 10_000
"""Rows of the recipe's split `train`."""
KEYS = {"elements": "complexity", "objects": "objects", "attributes": "attributes", "relations": "relations"}
"""The key of `structure` that bounds each number."""
NEEDED = {"attribute": "attributes", "relation": "relations"}
"""Kinds of questions that need elements of a sort, with the key of `structure` that bounds these."""
SORTS = {
    "concepts": "concept",
    "predicates": "predicate",
    "categories": "relations of the category",
    "attribute_kinds": "attributes of the kind",
    "kinds": "questions of the kind",
    **{name: f"{name} in a scene:" for name in KEYS},
}
"""What is weak, in words."""


@dataclass(frozen=True)
class Weak:
    """Something that a model is weak at.

    Attributes:
        name: What it is; of a concept its id.
        title: The same for people.
        value: The share of right answers, of the mean scene.
        expected: What the same kinds of questions get elsewhere, or from the other model.
        shrunken: How much less, once few scenes are trusted less.
        low: Where the interval of that begins.
        high: Where it ends, below 0.
        scenes: Of how many scenes.
    """

    name: str
    title: str
    value: float
    expected: float
    shrunken: float
    low: float
    high: float
    scenes: int


@dataclass(frozen=True)
class Mined:
    """What was found.

    Attributes:
        run: The evaluation.
        other: The one it was compared with; None where kinds of questions were compared among themselves.
        weak: What is weak, by sort, the weakest first: `concepts`, `predicates`, `categories` (of relations),
            `attribute_kinds`, `kinds` (of questions) and those of `KEYS`.
    """

    run: Run
    other: Run | None
    weak: Mapping[str, list[Weak]]


def mine_runs(run: Run, other: Run | None = None) -> Mined:
    """Finds what a model is weak at, or where it is behind another.

    Args:
        run: Its evaluation.
        other: One of another model, on the same scenes.

    Raises:
        GasError: There are no answers, or the two have no scene in common.
    """
    found = read_evaluations([run, other] if other else [run])
    sample, others = found.samples[0], found.samples[1:]
    if not len(sample.answers.scene):
        raise GasError(f"{run.folder} has no answers, which tell what a model is weak at; evaluate with a judge")
    if others and not len(np.intersect1d(sample.answers.scene, others[0].answers.scene)):
        raise GasError(f"{run.folder} and {others[0].run.folder} have no scene in common; evaluate both on the same")
    against = others[0] if others else None
    weak = {name: _choose(gaps, titles) for name, gaps, titles in _find_all(sample, against)}
    return Mined(run, other, weak)


Found = tuple[str, Gaps, Mapping[str, str]]
READERS: Mapping[str, Callable[[pa.Table], Rests | None]] = {
    "concepts": read_concepts,
    "predicates": read_predicates,
    "categories": lambda scenes: read_predicates(scenes, "category"),
    "attribute_kinds": read_attribute_kinds,
}


def _find_all(sample: Sample, other: Sample | None) -> Iterator[Found]:
    """Gaps of each sort, with names for people."""
    scenes, every = sample.run.scenes, np.arange(len(sample.row))
    for name, read in READERS.items():
        if (rests := read(scenes)) is not None:
            entries, labels = list_entries(sample, rests)
            yield name, find_gaps(sample, labels, entries, other), rests.titles
    yield "kinds", find_gaps(sample, sample.kinds, every, other, np.zeros(len(every), dtype=np.int64)), {}
    for name in KEYS:
        if (counts := count_elements(scenes, name)) is not None:
            values, codes = np.unique(counts[sample.row], return_inverse=True)
            names = [str(value) for value in values.tolist()]
            yield name, find_gaps(sample, Labels(names, codes), every, other), {}


def _choose(gaps: Gaps, titles: Mapping[str, str]) -> list[Weak]:
    """What is below 0 with all of its interval, and not by chance, the weakest first."""
    is_weak = (gaps.high < 0) & (np.array(adjust_discoveries(gaps.chance.tolist())) < 0.05)
    order = np.argsort(gaps.shrunken, kind="stable")
    return [
        Weak(
            gaps.names[place],
            titles.get(gaps.names[place], gaps.names[place]),
            float(gaps.value[place]),
            float(gaps.expected[place]),
            float(gaps.shrunken[place]),
            float(gaps.low[place]),
            float(gaps.high[place]),
            int(gaps.scenes[place]),
        )
        for place in order[is_weak[order]][:MOST].tolist()
    ]


def describe_mined(mined: Mined) -> dict[str, Any]:
    """What was found, as JSON can hold it."""
    return {
        "run": str(mined.run.folder),
        "other": mined.other and str(mined.other.folder),
        "weak": {name: [asdict(one) for one in some] for name, some in mined.weak.items()},
    }


def write_recipe(mined: Mined, path: Path) -> Path:
    """Writes a dataset recipe that leans on what is weak; comments in it say what was found.

    Raises:
        GasError: Nothing is weak that a recipe can lean on, the dataset's recipe is not known, or the file cannot be
            written.
    """
    path = Path(path)
    base = _find_base(mined.run)
    changes: dict[str, Any] = {}
    notes = []
    for note, change in _list_changes(mined, base.load({})):
        changed = merge_mappings(changes, change)
        if change and _can_build(base, changed):
            changes = changed
            notes.append(note)
    if not notes:
        raise GasError(f"{mined.run.folder} shows nothing weak that a recipe can lean on; more scenes tell more")
    comments = [f"gas build {path}", *_list_comments(mined), "Scenes lean on it like this:", *notes]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, "".join(f"# {line}\n" for line in comments) + base.dump(changes, mined.run.model))
    except OSError as error:
        raise explain_os_error(error, path) from error
    return path


@dataclass(frozen=True)
class _Base:
    """What scenes were made by: the name or path of a recipe, and what was changed in it."""

    source: str
    overrides: Mapping[str, Any]

    def load(self, changes: Mapping[str, Any]) -> LoadedRecipe:
        return load_recipe(self.source, merge_mappings(dict(self.overrides), changes))

    def dump(self, changes: dict[str, Any], model: str) -> str:
        """The recipe with changes, as its file states it: by what it extends, if that is a shipped one as it is."""
        name = f"{self.load({}).recipe.name}_mined"
        own = {"name": name, "description": f"Scenes that lean on what {' '.join(model.split())} is weak at."}
        if self.source in list_recipes() and not self.overrides:
            fields = {**own, "extends": self.source, **changes, "splits": {"train": ROWS}}
            return yaml.dump(fields, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=119)
        splits = {"train": ROWS, "validation": 0, "test": 0}
        return dump_recipe(self.load({**changes, **own, "splits": splits}).recipe).partition("\n")[2]


def _find_base(run: Run) -> _Base:
    """Finds what scenes were made by: the recipe that a run names, or the one in the folder that they are from."""
    data = run.record.get("data") or {}
    config = str(run.scenes["id"][0].as_py()).partition("/")[0] if run.scenes.num_rows else ""
    if data.get("recipe"):
        overrides = {key: one for key, one in (data.get("overrides") or {}).items() if key not in ("splits", "name")}
        return _Base(str(data["recipe"]), overrides)
    file = Path(str(data.get("path", ""))) / "recipes" / f"{config}.yaml"
    if file.is_file():
        return _Base(str(file.absolute()), {})
    if config in list_recipes():
        return _Base(config, {})
    raise GasError(
        f"{run.folder} does not say by which recipe its scenes were made, and there is no {file}; evaluate on a "
        "dataset recipe, or on a folder that `gas build` wrote"
    )


def merge_mappings(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings merged, as recipes are."""
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge_mappings(merged[key], value) if both else value
    return merged


def _can_build(base: _Base, changes: Mapping[str, Any]) -> bool:
    try:
        create_writer(base.load(changes))
    except GasError:
        return False
    return True


Change = tuple[str, dict[str, Any]]
"""What to say of a change, and the keys of the recipe that it sets; none where nothing is to be done."""


def _list_changes(mined: Mined, base: LoadedRecipe) -> Iterator[Change]:
    """What a recipe can do about what is weak."""
    yield _weigh_concepts(mined.weak.get("concepts", ()), base)
    for sort, table, key, only in (
        ("categories", "relations", "categories", {}),
        ("attribute_kinds", "attributes", "kinds", {"max_per_object": 1}),  # of one kind there is one of each object
    ):
        names = sorted(one.name for one in mined.weak.get(sort, ()))
        yield f"content.{table}.{key}: these alone", {"content": {table: only | {key: names}}} if names else {}
    kinds = [one.name for one in mined.weak.get("kinds", ())]
    copies = base.recipe.content.objects.copies
    if copies and "count" in kinds:
        several = {"count": [max(2, copies.count.low), max(2, copies.count.high)], "share": 0.5}
        yield "content.objects.copies: of every other object", {"content": {"objects": {"copies": several}}}
    yield from _bound_structures(mined, kinds, base)


def _bound_structures(mined: Mined, kinds: Sequence[str], base: LoadedRecipe) -> Iterator[Change]:
    """Scenes that have what weak kinds of questions ask about, or else as many elements as are weak."""
    structure, needed = base.recipe.structure, {NEEDED[kind]: kind for kind in kinds if kind in NEEDED}
    for key, kind in needed.items():
        low, high = getattr(structure, key) or (0, structure.complexity.high)
        yield f"structure.{key}: one at least, for questions of the kind {kind}", _bound(key, max(1, low), high)
    for sort, key in KEYS.items():
        numbers = [int(one.name) for one in mined.weak.get(sort, ())]
        if numbers and key not in needed:
            low, high = _widen(min(numbers), max(numbers), *(getattr(structure, key) or structure.complexity))
            yield f"structure.{key}: what is weak, and half of what there was at least", _bound(key, low, high)


def _widen(low: int, high: int, least: int, most: int) -> tuple[int, int]:
    """A range that has half of another one at least, or scenes would be all alike."""
    need = (most - least + 2) // 2
    low = max(least, min(low, high - need + 1))
    return low, min(most, max(high, low + need - 1))


def _bound(key: str, low: int, high: int) -> dict[str, Any]:
    return {"structure": {key: [low, high]}}


def _weigh_concepts(concepts: Sequence[Weak], base: LoadedRecipe) -> Change:
    """Cards for weak concepts, by how weak they are, against those of all others."""
    plan = create_writer(base).plan
    deck: list[str] = plan.taxonomy.objects["id"].take(pa.array(plan.pools.objects)).to_pylist()
    known = [one for one in concepts if one.name in set(deck)]
    if not known:
        return "", {}
    names = {one.name for one in known}
    others = sum(name not in names for name in deck)
    total = sum(-one.shrunken for one in known)
    most = min(MOST_CARDS, LARGEST_SHARE * others / (1 - SHARE))
    cards = {one.name: max(2, round(min(most, -one.shrunken / total * others * SHARE / (1 - SHARE)))) for one in known}
    share = sum(cards.values()) / (sum(cards.values()) + others)
    note = f"content.objects.weights: {len(cards)} weak concepts are {100 * share:.0f} % of the deck of objects"
    return note, {"content": {"objects": {"weights": cards}}}


def _list_comments(mined: Mined) -> Iterator[str]:
    """What was found, for people."""
    against = f", behind {mined.other.model}" if mined.other else ""
    yield f"What {' '.join(mined.run.model.split())} is weak at{against}: the share of right answers, what was to be"
    yield "expected, and the gap that is left once few scenes are trusted less, with its interval of 95 %"
    for sort, some in mined.weak.items():
        for one in some:
            gap = f"{one.shrunken:+.3f} ({one.low:+.3f} to {one.high:+.3f})"
            yield f"  {SORTS[sort]} {one.title}: {one.value:.3f}, not {one.expected:.3f}: {gap}, {one.scenes:,} scenes"
