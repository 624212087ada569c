"""Cards by which it is known whether people changed them."""

from __future__ import annotations

import hashlib
import re

SEAL = re.compile(r"<!-- written by gas push: ([0-9a-f]{16}) -->\n\Z")
"""The last line of a card: a digest of what is above, by which it is known whether people changed it."""


def seal(text: str) -> str:
    """A card with the line by which it is known whether people changed it."""
    return f"{text}<!-- written by gas push: {_digest(text)} -->\n"


def is_sealed(text: str) -> bool:
    """Whether a card is as a push wrote it."""
    found = SEAL.search(text)
    return found is not None and found[1] == _digest(text[: found.start()])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
