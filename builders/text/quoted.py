"""The texts that a caption quotes: what can be read in its picture."""

from __future__ import annotations

import re

_QUOTED = re.compile(
    r'(?<!\w)"([^"]+)"|“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»|「([^「」]+)」|『([^『』]+)』'
    r"|(?<!\w)'((?:[^']|(?<=\w)'(?=\w))+)'(?!\w)|(?<!\w)‘((?:[^‘’]|(?<=\w)’(?=\w))+)’(?!\w)"
)


def find_quoted(caption: str) -> list[str]:
    """The texts that a caption quotes. Apostrophes and marks of inches quote nothing.

    >>> find_quoted('''A dog's bowl says "Rex", and a 5" plate 'Don't eat'.''')
    ['Rex', "Don't eat"]
    """
    return [next(filter(None, found.groups())) for found in _QUOTED.finditer(caption)]
