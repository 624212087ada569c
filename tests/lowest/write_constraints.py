"""Prints constraints for pip that hold what `pyproject.toml` asks for at the lowest release that it allows.

python tests/lowest/write_constraints.py [EXTRA ...]
"""

import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def list_lowest(extras: list[str]) -> list[str]:
    """Lists the dependencies, and those of extras, each with its lower bound as its only release."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    lines, found = [*project["dependencies"], f"{project['name']}[{','.join(extras)}]"], set()
    for wanted in map(Requirement, lines):
        if wanted.name == project["name"]:  # an extra may hold others
            lines += [line for extra in sorted(wanted.extras) for line in project["optional-dependencies"][extra]]
        else:
            found.add(f"{wanted.name}=={_find_bound(wanted)}")
    return sorted(found)


def _find_bound(wanted: Requirement) -> str:
    (bound,) = [one.version for one in wanted.specifier if one.operator == ">="]
    return bound


if __name__ == "__main__":
    print(*list_lowest(sys.argv[1:]), sep="\n")
