"""Rewrites the golden rows beside this file: `python tests/golden/update.py`, or `make golden`.

A change that changes them changes everybody's data; CONTRIBUTING.md says what goes with it.
"""

import json
from pathlib import Path
from typing import Any

from generate_any_scene.builders.recipe_files import list_recipes, load_recipe
from generate_any_scene.builders.rows import create_writer
from generate_any_scene.builders.templates import list_templates

FOLDER = Path(__file__).parent
ROWS = 3
CAPTIONS = 12


def list_golden() -> list[str]:
    """Names of the files: every shipped recipe, and every caption template."""
    return [*list_recipes(), *(f"captions_{name}" for name in list_templates("captions"))]


def make_golden(name: str) -> list[Any]:
    """What the file of a name should hold: rows of a recipe, or captions by a template."""
    if name.startswith("captions_"):
        writer = create_writer(load_recipe("general", {"captions": name.removeprefix("captions_")}))
        return writer.write_block("train", 0, CAPTIONS)["caption"].to_pylist()
    return create_writer(load_recipe(name)).write_block("train", 0, ROWS).to_pylist()


def read_golden(name: str) -> list[Any]:
    """What the file of a name holds."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def main() -> None:
    """Writes all of them, and removes those that are no longer made."""
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name in list_golden():
        text = json.dumps(make_golden(name), indent=1, ensure_ascii=False)
        (FOLDER / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
