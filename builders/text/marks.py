"""Marks: rendered text with places in it, and the placeholders and words that print them.

A template is rendered with placeholders (`Slot`) instead of words: what depends on the structure is evaluated, what
depends on words is left open. Printing a placeholder leaves a mark; anything that would look at the word raises
`WordInspected`, and such a template is rendered again for every row, with the words themselves. Both ways yield
pieces, so everything after this file treats them alike.

A mark is three lone surrogates, which no text can have, around a place and, where it is known, the word:

    OPEN object.name,object,0,object/0 MIDDLE CLOSE           word, role, number, element; `^` in front for a capital
    OPEN object/0 MIDDLE dog CLOSE                            a word that is known: its element alone

Text that a template keeps, as of a macro or `{% set %}`, is a placeholder, too, if it has a mark of one
(`keep_text`), and else its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from ...errors import escape
from .columns import CAPITAL, ENDS_IN_COMMA, name_column

OPEN, MIDDLE, CLOSE = "\ud800", "\ud801", "\ud802"
START = "\ud803"
"""What `starting` sets before its text."""
MARK = re.compile(f"{OPEN}([^{MIDDLE}]*){MIDDLE}([^{CLOSE}]*){CLOSE}")
CLOSING = re.compile(r"\s*[.,;:?!]")
JOINERS = "\u200c\u200d"
"""Signs without a width that scripts and emoji need within words; Python calls them unprintable."""


class WordInspected(Exception):  # noqa: N818 - it tells what a template does; nothing went wrong
    """The template branched on a word, changed or counted it: it must be rendered per row, where the word is known."""


class Unprintable(Exception):  # noqa: N818 - what it holds, as of `WordInspected`
    """The template prints a character that is none of a text: a control character, or one that turns others around."""

    def __init__(self, character: str) -> None:
        super().__init__(f"it prints `{escape(character)}`, which is no character of a text")
        self.character = character


class Piece(NamedTuple):
    """A piece of rendered text: literal `text`, or the word in a `slot`, which is (column, role, number).

    The word of a slot is entry `start + number` of the column, where `start` is where the row's own words of the role
    begin. `element` names the part of the scene that the piece mentions, or is empty.
    """

    text: str
    slot: tuple[str, str, int] | None = None
    element: str = ""


class Placeholder:
    """Text of which words are not known yet. Whatever would look at it raises `WordInspected`; `mark` is printed."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def refuse(self, *_: object) -> NoReturn:
        """Says that the text is looked at."""
        raise WordInspected(self.mark)

    # Every way in which Jinja or a filter could learn something about a word; `finalize` alone prints the mark.
    __str__ = __repr__ = __format__ = __html__ = __eq__ = __ne__ = __hash__ = __lt__ = __le__ = __gt__ = __ge__ = (
        refuse
    )
    __len__ = __iter__ = __getitem__ = __contains__ = __int__ = __float__ = __index__ = __neg__ = __pos__ = refuse
    __add__ = __radd__ = __mul__ = __rmul__ = __mod__ = __rmod__ = refuse

    def __bool__(self) -> bool:
        if not MARK.sub("", self.mark).replace(START, ""):
            self.refuse()  # words may be empty
        return True


class Slot(Placeholder):
    """Placeholder for a word that is not known yet: an entry of a column, `role` and `number` say which."""

    def __init__(self, column: str, role: str, number: int, element: str) -> None:
        super().__init__(f"{OPEN}{column},{role},{number},{element}{MIDDLE}{CLOSE}")


class Known(str):
    """Text of which all words are known; `mark` is printed, and says what parts of the scene they mention."""

    mark: str

    def __new__(cls, text: str, mark: str) -> Known:
        known = super().__new__(cls, text)
        known.mark = mark
        return known


def make_word(text: str, element: str) -> Known:
    """A word that is known, with the part of the scene that it mentions."""
    return Known(text, f"{OPEN}{element}{MIDDLE}{text}{CLOSE}")


Leaf = Callable[[str, str, int, str], Placeholder | Known]
"""Makes the placeholder or the word for (column, role, number, element)."""


def mark(value: Any) -> Any:
    """What is printed of a value."""
    if isinstance(value, Placeholder):
        return value.mark
    return value.mark if isinstance(value, Known) else value


def keep_text(text: str) -> str | Placeholder:
    """Rendered text that a template goes on with, as what it says: its words if they are known."""
    if OPEN not in text and START not in text:
        return text
    if any(_is_slot(*place) for place in MARK.findall(text)):
        return Placeholder(text)
    return Known(MARK.sub(_say_word, text).replace(START, ""), text)


def _is_slot(where: str, word: str) -> bool:
    # The place of a known word is its element alone, without commas; the word itself may be empty.
    return not word and "," in where


def _say_word(place: re.Match[str]) -> str:
    where, word = place.groups()
    return _close_word(where, word, CLOSING.match(place.string, place.end()) is not None)


def _close_word(where: str, word: str, ends: bool) -> str:
    return word.removesuffix(",") if ends and not where else word


def list_phrases(values: Any) -> str:
    """Filter `listing`: "a", "a and b", "a, b, and c"."""
    parts = [str(mark(value)) for value in values]
    if len(parts) < 3:
        return " and ".join(parts)
    return ", ".join(parts[:-1]) + ", and " + parts[-1]


def capitalize(value: Any) -> str:
    """Filter `capitalized`: the first letter large, the others as they are."""
    # Text that begins with a mark begins with a word: its capital is made now if it is known, or asked of its column.
    text = str(mark(value)).lstrip()
    if not text.startswith(OPEN):
        return text[:1].upper() + text[1:]
    where, word = text[1:].split(CLOSE)[0].split(MIDDLE)
    rest = text[text.index(CLOSE) + 1 :]
    if word:
        return f"{OPEN}{where}{MIDDLE}{word[0].upper()}{word[1:]}{CLOSE}{rest}"
    return f"{OPEN}{CAPITAL}{where}{MIDDLE}{CLOSE}{rest}"


def start(value: Any) -> str:
    """Filter `starting`: first in a block, with a capital unless an earlier block leaves off within a sentence."""
    return f"{START}{mark(value)}"


def start_sentence(pieces: list[Piece], begins: bool) -> list[Piece]:
    """Pieces of a block that may be `starting`: with a capital if a sentence begins there."""
    if not pieces or not pieces[0].text.startswith(START):
        return pieces
    first, rest = pieces[0].text.removeprefix(START), pieces[1:]
    if first or not begins or not rest:
        text = first[:1].upper() + first[1:] if begins else first
        return [Piece(text), *rest] if text else rest
    word = rest[0]
    if word.slot is None:
        return [word._replace(text=word.text[:1].upper() + word.text[1:]), *rest[1:]]
    column, role, number = word.slot
    return [word._replace(slot=(column.removesuffix(CAPITAL) + CAPITAL, role, number)), *rest[1:]]


def split_marks(text: str) -> list[Piece]:
    """Splits rendered text at its marks. White space in fixed text becomes one space, and none at either end.

    A word that ends in a comma (`a plane, the tool,`) loses it before other punctuation and at the end.

    Raises:
        Unprintable: A fixed text has a character that cannot be printed.
    """
    text = text.strip()
    # Only what a block begins with may be `starting`.
    text = text[:1] + text[1:].replace(START, "")
    # `split` with two groups gives text, then (place, word, text) for each mark.
    fixed, *marked = MARK.split(text)
    pieces = [_make_piece(fixed)]
    # The end of the text closes it as punctuation does.
    follows = [*marked[2:-1:3], marked[-1] or "."] if marked else []
    for where, word, after, following in zip(marked[::3], marked[1::3], marked[2::3], follows, strict=True):
        ends = CLOSING.match(following) is not None
        if _is_slot(where, word):
            pieces.append(_read_slot(where, ends))
        else:
            pieces.append(Piece(_close_word(where, word, ends), element=where))
        pieces.append(_make_piece(after))
    return [piece for piece in pieces if piece.text or piece.slot]


@lru_cache(maxsize=1 << 14)
def _make_piece(fixed: str) -> Piece:
    text = re.sub(r"\s+", " ", fixed)
    for character in text.removeprefix(START):
        if not character.isprintable() and character not in JOINERS:
            raise Unprintable(character)
    return Piece(text)


@lru_cache(maxsize=1 << 14)
def _read_slot(where: str, ends: bool) -> Piece:
    word, role, number, element = where.removeprefix(CAPITAL).split(",")
    column = name_column(word, where.startswith(CAPITAL), ends and word in ENDS_IN_COMMA)
    return Piece("", (column, role, int(number)), element)
