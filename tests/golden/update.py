"""Rewrites the golden rows beside this file: `python tests/golden/update.py`, or `make golden`.

A change that changes them changes everybody's data; CONTRIBUTING.md says what goes with it. Rows that changed under a
version are refused, and nothing is written: raise the version. `--unreleased` records them anew all the same, for
versions that no release has. `--release` notes that the next release has the versions as they are, from when on their
rows are what they are for good.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from generate_any_scene.builders.recipe.loading import list_recipes, load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.text.templates import list_templates
from versions import FILE, describe_rows, find_conflict, find_problem, read_records, write_records

FOLDER = Path(__file__).parent
ROWS = 3
CAPTIONS = 12


def list_golden() -> list[str]:
    """Names of the files: every shipped recipe, and every caption template."""
    return [*list_recipes(), *(f"captions_{name}" for name in list_templates("captions"))]


def list_files() -> list[Path]:
    """The files with golden rows."""
    return [path for path in FOLDER.glob("*.json") if path != FILE]


def make_golden(name: str) -> list[Any]:
    """What the file of a name should hold: rows of a recipe, or captions by a template."""
    if name.startswith("captions_"):
        writer = create_writer(load_recipe("general", {"captions": name.removeprefix("captions_")}))
        return writer.write_block("train", 0, CAPTIONS)["caption"].to_pylist()
    return create_writer(load_recipe(name)).write_block("train", 0, ROWS).to_pylist()


def read_golden(name: str) -> list[Any]:
    """What the file of a name holds."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def write_golden() -> None:
    """Writes all files with golden rows, and removes those that are no longer made."""
    for path in list_files():
        path.unlink()
    for name in list_golden():
        text = json.dumps(make_golden(name), indent=1, ensure_ascii=False)
        (FOLDER / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


def record_versions(unreleased: bool = False) -> list[str]:
    """Records what the recipes' versions stand for, or says why not and writes nothing.

    Args:
        unreleased: Whether the record of a version that no release has may be another one.
    """
    records, problems = read_records(), []
    for name in list_recipes():
        loaded = load_recipe(name)
        version, now, known = loaded.recipe.version, describe_rows(loaded), records.setdefault(name, {})
        if unreleased and version in known and not known[version]["released"]:
            del known[version]
        if problem := find_conflict(name, version, now, known):
            problems.append(problem)
        else:
            known.setdefault(version, now)
    if not problems:
        write_records(records)
    return problems


def release_versions() -> list[str]:
    """Notes that the recipes' versions are released, or says why not; others that never were are dropped."""
    records, problems = read_records(), []
    for name in list_recipes():
        loaded = load_recipe(name)
        version, known = loaded.recipe.version, records.setdefault(name, {})
        if problem := find_problem(name, version, describe_rows(loaded), known):
            problems.append(problem)
        else:
            known[version]["released"] = True
            records[name] = {one: record for one, record in known.items() if record["released"]}
    if not problems:
        write_records(records)
    return problems


def main() -> None:
    """Writes rows and records, or only records for a release."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--unreleased", action="store_true", help="record versions anew that no release has")
    choice.add_argument("--release", action="store_true", help="note that the next release has these versions")
    options = parser.parse_args()
    problems = release_versions() if options.release else record_versions(options.unreleased)
    if problems:
        sys.exit("\n".join(problems))
    if not options.release:
        write_golden()


if __name__ == "__main__":
    main()
