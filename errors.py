"""What the package raises when something is wrong, in words that the person who can mend it understands."""

from __future__ import annotations

import difflib
import errno
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


class GasError(Exception):
    """The base of every error that this package raises on purpose.

    Attributes:
        exit_status: What the command line exits with: 2 when the user's input is wrong, 1 for anything else.
    """

    def __init__(self, message: object = "", *, exit_status: int = 2) -> None:
        super().__init__(message)
        self.exit_status = exit_status


class GasWarning(UserWarning):
    """The class of every warning that this package gives on purpose."""


def escape(text: str) -> str:
    """Spell out what a terminal would not print, or would obey, in the way of JSON."""
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def describe_error(error: BaseException, most: int | None = None) -> str:
    """Put what another library's error says on one line, or its type where it says nothing.

    Args:
        error: What it raised.
        most: Letters after which it is cut.
    """
    return " ".join(str(error).split())[:most] or type(error).__name__


LACKING = {"ENOSPC", "EDQUOT", "EFBIG", "EIO", "EROFS", "EMFILE", "ENFILE", "ENOMEM", "EPIPE"}
"""What the system says when a machine lacks something; all else that a path can fail of is mended by another path."""


def explain_os_error(error: OSError, path: object = None) -> GasError:
    """Turn what the system refuses into one clear message.

    Args:
        error: What it raised.
        path: What it was about; by default the file that the error names, or else the output.
    """
    name = errno.errorcode.get(error.errno or 0, "")
    place = path or error.filename or "the output"
    reason = " ".join(str(error.strerror or error).split())
    what = "cannot be written" if name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS") else "cannot be used"
    is_ours = name in LACKING or not (path or error.filename)
    return GasError(f"{place} {what}: {reason}", exit_status=1 if is_ours else 2)


@dataclass(frozen=True)
class Problem:
    """One mistake in a recipe, with its place. Lines and columns count from 1.

    Attributes:
        others: Further keys that take part in it: to change one of them would mend it as well.
    """

    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    key: str | None = None
    hint: str = ""
    others: tuple[str, ...] = ()

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
    """A recipe cannot be used: all of its problems at once, one a line.

    Attributes:
        problems: What is wrong with it.
        rest: The recipe without its wrong values, where that can be read: for those who look for more mistakes.
    """

    def __init__(self, problems: Iterable[Problem], rest: Any = None) -> None:
        self.problems = tuple(problems)
        self.rest = rest
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
