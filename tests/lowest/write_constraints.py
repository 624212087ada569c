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
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return sorted({f"{wanted.name}=={_find_bound(wanted)}" for wanted in map(Requirement, lines)})


def _find_bound(wanted: Requirement) -> str:
    (bound,) = [one.version for one in wanted.specifier if one.operator == ">="]
    return bound


if __name__ == "__main__":
    print(*list_lowest(sys.argv[1:]), sep="\n")
