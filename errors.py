"""What the package raises when something is wrong, in words that the person who can mend it understands."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class GasError(Exception):
    """The base of every error that this package raises on purpose.

    Attributes:
        exit_status: What the command line exits with: 2 when the user's input is wrong, 1 for anything else.
    """

    def __init__(self, message: object = "", *, exit_status: int = 2) -> None:
        super().__init__(message)
        self.exit_status = exit_status


@dataclass(frozen=True)
class Problem:
    """One mistake in a recipe, with its place. Lines and columns count from 1."""

    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    key: str | None = None
    hint: str = ""

    def __str__(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        elif self.file and self.key:
            # Without a line the key is the place: `--set structure.complexity: ...`.
            place = f"{self.file} {self.key}"
        key = self.key if self.line is not None or not self.file else ""
        what = f"{self.message}; {self.hint}" if self.hint else self.message
        return ": ".join(part for part in (place, key, what) if part)


class RecipeError(GasError):
    """A recipe cannot be used: all of its problems at once, one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


@contextmanager
def gather_problems(problems: list[Problem], key: str | None = None) -> Iterator[None]:
    """Keep what a step raises in `problems`, so that later steps can add theirs; `key` is the step's place."""
    try:
        yield
    except RecipeError as error:
        problems.extend(error.problems)
    except GasError as error:
        problems.append(Problem(str(error), key=key))


MOST_CHOICES = 40
"""More than this many are not listed."""


def advise(word: str, choices: Iterable[str]) -> str:
    """Name the closest of `choices`, or all of them when none is close and they are not too many to read."""
    choices = list(choices)
    if close := suggest(word, choices):
        return close
    return (
        f"choose from {', '.join(choices)}" if len(choices) <= MOST_CHOICES else f"none of {len(choices):,} is close"
    )


def suggest(word: str, choices: Iterable[str]) -> str:
    """Ask whether the closest of `choices` was meant: ``did you mean `complexity`?``, or "" when none is close."""
    by_folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1)
    return f"did you mean `{by_folded[close[0]]}`?" if close else ""
