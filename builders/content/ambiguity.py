"""Lexical and segmentation ambiguity: which concepts to leave out, and which not to put together.

A red fox may be a fox that is red. A reader who knows the words of a recipe, and neither its types nor its decks, has
one reading of a caption if no word has two meanings and what an object is called can be segmented into adjectives and
a name in one way (unique decipherability, as of a code). Texts are tuples of words here: `("dark", "red")`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import make_array, match_texts, view_numbers
from ...taxonomy import Taxonomy
from ...taxonomy.english.numerals import SPELLED_ORDINALS
from ...taxonomy.nearness import find_excluding_attributes

Tokens = tuple[str, ...]

TOPICS = {("scene",), ("picture",), ("video",), ("3D", "model")}
"""What captions call the whole scene: `The picture is ...` is not about an object."""


@dataclass(frozen=True)
class Words:
    """Concepts that a recipe uses: rows of the taxonomy's tables, int64, in order of priority: earlier ones win."""

    objects: np.ndarray
    attributes: np.ndarray
    relations: np.ndarray
    scene_attributes: np.ndarray


def find_repeated_words(taxonomy: Taxonomy, words: Words) -> tuple[np.ndarray, np.ndarray]:
    """Pairs that would say a word twice: `a paper paper bag`, `bright red red wine`, `a dark dark red scarf`.

    Returns: Attributes and objects, and two attributes one after the other: int64, shape (pairs, 2) each.
    """
    adjectives = _split(pc.utf8_lower(taxonomy.attributes["adjective"]), words.attributes)
    names = _split(pc.utf8_lower(taxonomy.objects["name"]), words.objects)
    rows = _group(adjectives)
    # The last and the first word of each adjective, without what a hyphen joins to it: "dark-red red wine".
    by_last, by_first = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for adjective, some in rows.items():
        by_last[adjective[-1].split("-")[-1]] += some
        by_first[adjective[0].split("-")[0]] += some
    longest = max(map(len, rows), default=0)
    on_objects = []
    for item, name in names.items():
        on_objects += [(row, item) for row in by_last[name[0].split("-")[0]]]
        # Every adjective that stands anywhere in the name.
        for start in range(len(name)):
            for end in range(start + 1, min(len(name), start + longest) + 1):
                on_objects += [(row, item) for row in rows.get(name[start:end], ())]
    in_turn = ((row, other) for word, some in by_last.items() for row in some for other in by_first[word])
    return _list_pairs(on_objects), _list_pairs((row, other) for row, other in in_turn if row != other)


def find_contradicted_names(taxonomy: Taxonomy, words: Words) -> np.ndarray:
    """Pairs of an attribute and an object whose name says what the attribute excludes: a green red carpet.

    Returns: Attributes and objects, int64, shape (pairs, 2).
    """
    table = taxonomy.attributes
    said = _group(_split(pc.utf8_lower(table["adjective"]), np.arange(table.num_rows)))
    longest = max(map(len, said), default=0)
    of_material = match_texts(table["kind"], "material")
    excludes = find_excluding_attributes(taxonomy)[:, words.attributes]
    pairs = []
    for item, name in _split(pc.utf8_lower(taxonomy.objects["name"]), words.objects).items():
        for start in range(len(name)):
            for end in range(start + 1, min(len(name), start + longest) + 1):
                for row in said.get(name[start:end], ()):
                    # Last comes what the object is: a wine glass is of glass, but a rose of any color.
                    if end < len(name) or of_material[row]:
                        pairs += [(other, item) for other in words.attributes[excludes[row]].tolist()]
    return _list_pairs(pairs)


def find_stacked_colors(taxonomy: Taxonomy, words: Words) -> tuple[np.ndarray, np.ndarray]:
    """Pairs in which a color stands before what may be read as another one: `turquoise green bean`, `beige gold ring`.

    Returns: Attributes and objects, and two attributes one after the other: int64, shape (pairs, 2) each.
    """
    table = taxonomy.attributes
    is_color = match_texts(table["kind"], "color")
    everyday = np.flatnonzero(is_color & match_texts(table["tier"], "common"))
    colors = {text[0] for text in _split(table["adjective"], everyday).values() if len(text) == 1}
    names, adjectives = (
        _split(pc.utf8_lower(column), rows)
        for column, rows in ((taxonomy.objects["name"], words.objects), (table["adjective"], words.attributes))
    )
    first = [row for row in adjectives if is_color[row]]
    things = [item for item, name in names.items() if name[0] in colors]
    second = [row for row, text in adjectives.items() if text[0] in colors and not is_color[row]]
    return _list_pairs(product(first, things)), _list_pairs(product(first, second))


def keep_unambiguous(taxonomy: Taxonomy, words: Words) -> Words:
    """Leaves out concepts until no word has two meanings and no name or adjective is made of others.

    Of concepts that share a word the first is kept; an adjective that also names an object (`rose`, `brick`) is not.
    An adjective made of others (`dark red`) is left out, or one of those that it is made of if more are made of that.
    """
    table = taxonomy.attributes
    adjectives, ranks = _split(table["adjective"], words.attributes), _rank(taxonomy)
    names = _split(taxonomy.objects["name"], words.objects)
    things = set(names.values())
    attributes = _keep_first(words.attributes, adjectives)
    attributes = attributes[np.array([adjectives[row] not in things for row in attributes.tolist()], dtype=bool)]
    # A greedy hitting set: the adjective in most compounds goes, of those the longest, of those the first, until no
    # compound is left.
    while blame := Counter(
        row for part in _list_compounds(attributes, adjectives, ranks) for row in dict.fromkeys(part)
    ):
        worst, _ = max(blame.items(), key=lambda pair: (pair[1], len(adjectives[pair[0]]), -pair[0]))
        attributes = attributes[attributes != worst]
    objects = _keep_first(words.objects, names)
    known = {names[row] for row in objects}
    cut = Segmenter({adjectives[row] for row in attributes})
    # A name must not be what texts call the scene ("picture"), an ordinal and a name ("second dog"), or adjectives and
    # a name ("red fox").
    good = [
        names[row] not in TOPICS
        and not (names[row][0] in SPELLED_ORDINALS and names[row][1:] in known)
        and not any(end and name in known for end, name in cut.list_cuts(names[row]))
        for row in objects
    ]
    relations, phrases = taxonomy.relations, taxonomy.scene_attributes
    verbs = [
        finite or f"is {predicate}"
        for finite, predicate in zip(relations["finite"].to_pylist(), relations["predicate"].to_pylist(), strict=True)
    ]
    return Words(
        objects[np.array(good, dtype=bool)],
        attributes,
        _keep_first(words.relations, verbs),
        _keep_first(words.scene_attributes, phrases["phrase"].to_pylist()),
    )


def find_ambiguous_pairs(taxonomy: Taxonomy, words: Words) -> tuple[np.ndarray, np.ndarray]:
    """Pairs that can be read in two ways where they stand together, though each has one meaning.

    With `dark`, `dark red`, `red` and `red wine`, `dark | red wine` is also `dark red | wine` if there is a name
    `wine`. As in the test of Sardinas and Patterson, two readings must differ somewhere in where a word ends: one text
    ends inside `one` below, at `tail | head`, where the other goes on. Between the two ends there may be more
    adjectives, all of which `one` spans: `dark | red | wine bottle` beside `dark red wine | bottle`.

    Returns: Attributes and objects, and two attributes of one object: int64, shape (pairs, 2) each. Pairs around
        others are among them, and are not told from those that stand side by side.
    """
    by_adjective = _group(_split(taxonomy.attributes["adjective"], words.attributes))
    by_name = _group(_split(taxonomy.objects["name"], words.objects))
    cut = Segmenter(set(by_adjective))
    # Adjectives by each of their ends, adjectives and names by each of their beginnings, the whole among them.
    by_end, by_start, names_by_start = (defaultdict[Tokens, set[Tokens]](set) for _ in range(3))
    for adjective in by_adjective:
        for place in range(1, len(adjective) + 1):
            by_start[adjective[:place]].add(adjective)
            by_end[adjective[-place:]].add(adjective)
    for name in by_name:
        for place in range(1, len(name) + 1):
            names_by_start[name[:place]].add(name)
    on_objects: set[tuple[Tokens, Tokens]] = set()
    in_turn: set[tuple[Tokens, Tokens]] = set()
    for one in (*by_adjective, *by_name):
        for place, after in combinations_with_replacement(range(1, len(one)), 2):
            tail, head = one[:place], one[after:]
            if not cut.is_list(one[place:after]):
                continue
            # An adjective that ends in `tail`, and before it nothing but adjectives: then `one` may begin there.
            for adjective in by_end.get(tail, ()):
                # The other reading ends with the name `one`; this one with the shorter name `head`.
                if one in by_name and head in by_name and cut.is_list(adjective[: -len(tail)]):
                    on_objects.add((adjective, head))
                # The other reading has the adjective `one` in the middle; what follows begins with `head`.
                if one in by_adjective and cut.is_list(adjective[: -len(tail)]):
                    in_turn |= {(adjective, other) for other in by_start.get(head, ())}
                    on_objects |= {(adjective, name) for name in names_by_start.get(head, ()) if name != head}
    return (
        _list_pairs((row, item) for some, name in on_objects for row in by_adjective[some] for item in by_name[name]),
        _list_pairs(
            (row, other) for some, more in in_turn for row in by_adjective[some] for other in by_adjective[more]
        ),
    )


class Segmenter:
    """Segments words into adjectives and what is left of them."""

    def __init__(self, adjectives: set[Tokens]) -> None:
        self.adjectives = adjectives
        self.longest = max(map(len, adjectives), default=0)

    def list_cuts(self, words: Tokens) -> Iterator[tuple[int, Tokens]]:
        """Yields the end of each list of adjectives that these words begin with, an empty one first, and the rest."""
        # Ends that are reached from the left: a dynamic program over places between words.
        ends = [0]
        for start in range(len(words)):
            if start in ends:
                yield start, words[start:]
                for end in range(start + 1, min(len(words), start + self.longest) + 1):
                    if words[start:end] in self.adjectives:
                        ends.append(end)

    def is_list(self, words: Tokens) -> bool:
        """Whether these words are adjectives, or none."""
        return not words or any(rest in self.adjectives for _, rest in self.list_cuts(words))


def _split(column: pa.ChunkedArray, rows: np.ndarray) -> dict[int, Tokens]:
    """The words in these rows of a column."""
    texts = column.take(make_array(rows)).to_pylist()
    return {row: tuple(text.split()) for row, text in zip(rows.tolist(), texts, strict=True)}


def _group(texts: dict[int, Tokens]) -> dict[Tokens, list[int]]:
    """Rows by their words."""
    groups: dict[Tokens, list[int]] = {}
    for row, words in texts.items():
        groups.setdefault(words, []).append(row)
    return groups


def _keep_first(rows: np.ndarray, texts: Sequence | Mapping) -> np.ndarray:
    """The first of the rows that share a text; `texts` has the text of each row."""
    first: dict = {}
    for row in rows.tolist():
        first.setdefault(texts[row], row)
    return np.array(list(first.values()), dtype=np.int64)


def _rank(taxonomy: Taxonomy) -> np.ndarray:
    return view_numbers(taxonomy.attributes["order"], np.int8)


def _list_compounds(rows: np.ndarray, adjectives: dict[int, Tokens], ranks: np.ndarray) -> Iterator[list[int]]:
    """Yields each adjective that is made of others in the order in which English puts them, with those.

    `ranks` has the place that English gives each row: "small red" can be two adjectives, "red small" cannot.
    """
    by_words = {adjectives[row]: row for row in rows.tolist()}

    def cut(words: Tokens, least: int) -> Iterator[list[int]]:
        if not words:
            yield []
        for end in range(1, len(words) + 1):
            row = by_words.get(words[:end])
            if row is not None and ranks[row] >= least:
                yield from ([row, *rest] for rest in cut(words[end:], ranks[row]))

    for words, row in by_words.items():
        yield from ([row, *parts] for parts in cut(words, 0) if len(parts) > 1)


def _list_pairs(pairs: Iterable[tuple[int, int]]) -> np.ndarray:
    return np.array(sorted(set(pairs)), dtype=np.int64).reshape(-1, 2)
