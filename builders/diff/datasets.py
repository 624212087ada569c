"""What differs between two datasets: their recipes, and their rows, which `splits.py` compares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from ...errors import GasError, advise, describe_error
from ..content.plan import Plan
from .sources import Side, Variant, check_files
from .splits import SIDES, Comparison, Pair, SplitDifference, compare_sizes, compare_split

SAMPLE = 1_000
"""Rows of each split that are compared where one side is a recipe, as they have to be made."""
NO_ROWS = ("description", "license", "splits")
"""Keys of a recipe that no row depends on, but for how many there are."""


@dataclass
class ConfigDifference:
    """What differs between two configs.

    Attributes:
        names: What they are called.
        facts: Version, fingerprint, data version, taxonomy and engine of both.
        recipe: Other keys of the recipe that differ, with both values; None for one that is not there.
        files: The recipe's own templates and tables that differ, with the SHA-256 of both.
        templates: Whether templates of the package must differ, since nothing else does that rows depend on.
        splits: By name.
        notes: What is to be known about the figures.
    """

    names: tuple[str, str]
    facts: dict[str, tuple[Any, Any]]
    recipe: dict[str, tuple[Any, Any]]
    files: dict[str, tuple[str | None, str | None]]
    templates: bool
    splits: dict[str, SplitDifference] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        """Another engine that makes the same rows is no difference."""
        facts = any(one != other for name, (one, other) in self.facts.items() if name != "engine")
        return bool(facts or self.recipe or self.files or any(split.differs for split in self.splits.values()))


@dataclass(frozen=True)
class Difference:
    """What differs between two sides.

    Attributes:
        names: What was asked for.
        commits: Of those on the Hub.
        only: Configs of the first side alone, and of the second.
        configs: Of both, by the name on the first.
    """

    names: tuple[str, str]
    commits: tuple[str, str]
    only: tuple[list[str], list[str]]
    configs: dict[str, ConfigDifference]

    @property
    def differs(self) -> bool:
        return any(self.only) or any(config.differs for config in self.configs.values())


def match_configs(one: Side, other: Side, config: str | None = None) -> list[Pair]:
    """The configs to compare: those of one name; where each side has but one, these.

    Args:
        one: The first side.
        other: The second.
        config: Take this one alone.

    Raises:
        GasError: Neither side has the config that is asked for.
    """
    names = list(dict.fromkeys((*one.variants, *other.variants)))
    if config is not None and config not in names:
        raise GasError(f"neither {one.name} nor {other.name} has a config `{config}`; {advise(config, names)}")
    if config is None and len(one.variants) == len(other.variants) == 1:
        return list(zip(one.variants.values(), other.variants.values(), strict=True))
    both = [name for name in names if name in one.variants and name in other.variants and config in (None, name)]
    return [(one.variants[name], other.variants[name]) for name in both]


def compare_sides(
    one: Side,
    other: Side,
    config: str | None = None,
    rows: int | None = None,
    everything: bool = False,
    report: Callable[[int], None] = lambda rows: None,
) -> Difference:
    """Compares two datasets.

    Where fingerprints and sizes are equal, of files on the disk too, rows are not looked at: they are equal then,
    unless values in a file are damaged, which `verify_folder` finds.

    Args:
        one: The first.
        other: The second.
        config: Compare this one alone.
        rows: Look at no more than so many rows of each split. Without it, at `SAMPLE` of them where one side is a
            recipe, else at all.
        everything: Look at all rows, whatever the manifests say.
        report: Called with the number of rows that were just compared.

    Raises:
        GasError: There is no such config, or a side cannot be read.
    """
    pairs = match_configs(one, other, config)
    known = [{pair[index].name for pair in pairs} for index in (0, 1)]
    only = [
        [name for name in side.variants if name not in names and config in (None, name)]
        for side, names in zip((one, other), known, strict=True)
    ]
    configs = {pair[0].name: compare_configs(pair, rows, everything, report) for pair in pairs}
    return Difference((one.name, other.name), (one.revision, other.revision), (only[0], only[1]), configs)


def count_rows(pairs: list[Pair], rows: int | None = None, everything: bool = False) -> int:
    """How many rows `compare_sides` looks at, at most: for a progress bar."""
    total = 0
    for pair in pairs:
        most = _limit_rows(pair, rows, everything)
        for sizes in _list_splits(pair).values():
            total += max(sizes) if most is None else min(most, max(sizes))
    return total


def _limit_rows(pair: Pair, rows: int | None, everything: bool) -> int | None:
    if everything and rows is not None:
        raise GasError("--all looks at all rows, --rows at the first; leave one of them out")
    drawn = any(variant.place is None for variant in pair)
    return SAMPLE if rows is None and drawn and not everything else rows


def _list_splits(pair: Pair) -> dict[str, tuple[int, int]]:
    """The sizes of all splits, 0 where there is none."""
    one, other = (variant.sizes for variant in pair)
    return {split: (one.get(split, 0), other.get(split, 0)) for split in dict.fromkeys((*one, *other))}


def _are_filtered_alike(pair: Pair, split: str) -> bool:
    """Whether filters dropped as many of a split, by the same models: their weights are not in the fingerprint."""
    one, other = (variant.splits[split].filters for variant in pair)
    return one == other


def compare_configs(
    pair: Pair, rows: int | None = None, everything: bool = False, report: Callable[[int], None] = lambda rows: None
) -> ConfigDifference:
    """Compares two configs; arguments and errors are those of `compare_sides`."""
    difference = compare_recipes(pair)
    sound = [check_files(variant) for variant in pair]  # of both, since a file may be missing
    trusted = all(sound) and not everything
    same = trusted and pair[0].origin.fingerprint == pair[1].origin.fingerprint
    drawn = any(variant.place is None for variant in pair)
    work = None
    for split, sizes in _list_splits(pair).items():
        if same and (drawn or (sizes[0] == sizes[1] and _are_filtered_alike(pair, split))):
            difference.splits[split] = compare_sizes(sizes)
            continue
        if work is None:
            plans = _open_plans(pair, difference.notes)
            work = Comparison(pair, _limit_rows(pair, rows, everything), trusted, plans, difference.notes, report)
        difference.splits[split] = compare_split(work, split)
    return difference


def compare_recipes(pair: Pair) -> ConfigDifference:
    """Compares all but the rows."""
    one, other = map(_list_facts, pair)
    facts = {name: (one[name], other[name]) for name in one}
    recipe = _find_changed(*(flatten_keys(side.recipe) for side in pair))
    recipe.pop("version", None)  # which is a fact
    own = [{path: sha for path, sha in side.origin.sources.items() if path != side.origin.recipe} for side in pair]
    files = _find_changed(*own)
    explained = bool(files) or any(key.partition(".")[0] not in NO_ROWS for key in recipe)
    explained |= any(facts[name][0] != facts[name][1] for name in ("data_version", "taxonomy"))
    templates = not explained and facts["fingerprint"][0] != facts["fingerprint"][1]
    return ConfigDifference((pair[0].name, pair[1].name), facts, recipe, files, templates)


def _list_facts(variant: Variant) -> dict[str, Any]:
    origin = variant.origin
    return {
        "version": origin.version,
        "fingerprint": origin.fingerprint,
        "data_version": origin.engine.data_version,
        "taxonomy": origin.taxonomy,
        "engine": origin.engine.version,
    }


def _find_changed(one: dict[str, Any], other: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    pairs = {key: (one.get(key), other.get(key)) for key in dict.fromkeys((*one, *other))}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def flatten_keys(value: Any, key: str = "") -> dict[str, Any]:
    """Nested mappings as dotted keys; of lists only those of mappings are taken apart."""
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        value = dict(enumerate(value))
    if not isinstance(value, dict) or not value:
        return {key: value} if key else {}
    flat: dict[str, Any] = {}
    for name, item in value.items():
        flat |= flatten_keys(item, f"{key}.{name}" if key else str(name))
    return flat


def _open_plans(pair: Pair, notes: list[str]) -> tuple[Plan | None, Plan | None]:
    """The plans of two recipes, as far as they can be used here."""
    one, other = (_open_plan(side, variant, notes) for side, variant in zip(SIDES, pair, strict=True))
    return one, other


def _open_plan(side: str, variant: Variant, notes: list[str]) -> Plan | None:
    try:
        plan = variant.open_writer().plan
    except GasError as error:
        reason = describe_error(error)
        notes.append(f"{side}: what its scenes could use is unknown, since its recipe cannot be used here: {reason}")
        return None
    built, here = variant.origin.taxonomy, plan.taxonomy.version
    if built != here:
        notes.append(
            f"{side}: built with taxonomy {built[:12]}; what its scenes could use is counted in {here[:12]}, which is "
            "installed"
        )
    return plan


def describe_difference(difference: Difference) -> dict[str, Any]:
    """All that differs as JSON can hold it."""
    described = asdict(difference)
    described["differs"] = difference.differs
    for name, config in difference.configs.items():
        described["configs"][name]["differs"] = config.differs
    return described
