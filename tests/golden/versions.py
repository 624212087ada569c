"""What each version of a shipped recipe stands for, in `versions.json`, so that rows do not change under a version.

    {recipe: {version: {"released": bool, "fingerprint": hex, "splits": {split: {"rows": size, "columns": {...}}}}}}

`columns` has for each column the SHA-256 of its values in the first rows, as JSON: other than Parquet's bytes they do
not depend on who writes them.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from generate_any_scene.builders.recipe.loading import LoadedRecipe
from generate_any_scene.builders.rows.fingerprint import compute_fingerprint
from generate_any_scene.builders.rows.writer import create_writer

FILE = Path(__file__).with_name("versions.json")
ROWS = 100
"""Rows of each split that are hashed."""
SCENE = ("scene_graph", "scene_attributes", "structure")
RULE = {
    "major": "other scenes, or what was there is gone",
    "minor": "what was there is as it was, and rows, a split or a column are new",
    "patch": "the same scenes in other words, or with other questions",
}
"""When which part of a recipe's version is raised; CONTRIBUTING.md says it, too."""
Record = dict[str, Any]
Records = dict[str, dict[str, Record]]


def read_records() -> Records:
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def write_records(records: Records) -> None:
    FILE.write_text(json.dumps(records, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def describe_rows(loaded: LoadedRecipe) -> Record:
    """What is recorded of a recipe as it is now."""
    writer = create_writer(loaded)
    splits = {}
    for split, wanted in loaded.recipe.splits.items():
        table = writer.write_block(split, 0, min(ROWS, wanted.size))
        columns = {name: hash_values(table[name].to_pylist()) for name in table.column_names}
        splits[split] = {"rows": wanted.size, "columns": columns}
    return {"released": False, "fingerprint": compute_fingerprint(writer), "splits": splits}


def hash_values(values: list[Any]) -> str:
    lines = (json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in values)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def find_problem(name: str, version: str, now: Record, records: dict[str, Record]) -> str:
    """Says what is wrong about a recipe's version; nothing if its rows are those that the version stands for.

    Args:
        name: The recipe's.
        version: The recipe's.
        now: Its rows, by `describe_rows`.
        records: What its versions stand for.
    """
    if problem := find_conflict(name, version, now, records):
        return problem
    if version not in records:
        return f"version {version} of `{name}` is not recorded; run `make golden`"
    return ""


def find_conflict(name: str, version: str, now: Record, records: dict[str, Record]) -> str:
    """The same for what `make golden` cannot mend: a version that stands for other rows, or is raised too little."""
    base = version if version in records else max(list_released(records), key=number_version, default="")
    if not base:
        return ""
    part = choose_part(records[base], now)
    if not part:
        return ""
    needed = raise_version(base, part)
    if base != version and number_version(version) >= number_version(needed):
        return ""
    what = ", ".join(list_changes(records[base], now))
    since = "its version did not" if base == version else f"the version only from {base} to {version}"
    problem = (
        f"rows of `{name}` changed ({what}) and {since}: raise `version` in recipes/datasets/{name}.yaml to {needed} "
        f'or more ({part}: {RULE[part]}), say so under "Data" in CHANGELOG.md, and run `make golden`'
    )
    if not records[base]["released"]:
        problem += f"; no release has {base}, so `python tests/golden/update.py --unreleased` may record it anew"
    return problem


def list_released(records: dict[str, Record]) -> list[str]:
    return [version for version, record in records.items() if record["released"]]


def number_version(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def raise_version(version: str, part: str) -> str:
    """The least version with a part raised."""
    numbers = list(number_version(version))
    place = list(RULE).index(part)
    return ".".join(map(str, [*numbers[:place], numbers[place] + 1, 0, 0][:3]))


def choose_part(old: Record, new: Record) -> str:
    """The part of a version that such a change raises, by `RULE`; empty if there is none.

    Where the first rows are equal and the fingerprints are not, it is the least: one may know better.
    """
    grown = False
    for split, was in old["splits"].items():
        now = new["splits"].get(split, {"rows": 0, "columns": {}})
        lost = now["rows"] < was["rows"] or was["columns"].keys() - now["columns"].keys()
        if lost or any(now["columns"][column] != was["columns"][column] for column in SCENE):
            return "major"
        grown |= now["rows"] > was["rows"] or bool(now["columns"].keys() - was["columns"].keys())
    if grown or new["splits"].keys() - old["splits"].keys():
        return "minor"
    return "patch" if list_changes(old, new) else ""


def list_changes(old: Record, new: Record) -> list[str]:
    """What differs: splits, sizes and columns; the fingerprint only if nothing else does."""
    changes = []
    for split in sorted(old["splits"] | new["splits"]):
        was, now = (record["splits"].get(split, {"rows": 0, "columns": {}}) for record in (old, new))
        if was["rows"] != now["rows"]:
            changes.append(f"{split} has {now['rows']:,} rows, not {was['rows']:,}")
        columns = was["columns"] | now["columns"]
        changed = [name for name in columns if was["columns"].get(name) != now["columns"].get(name)]
        if was["rows"] and now["rows"] and changed:
            changes.append(f"{split}: {', '.join(changed)}")
    if not changes and old["fingerprint"] != new["fingerprint"]:
        changes.append("the fingerprint")
    return changes
