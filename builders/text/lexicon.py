"""Lexicon: the words of a taxonomy, numbered; what English makes of each concept, whatever scene it stands in."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import choose_texts, join_texts, make_texts, match_texts, read_truths, view_numbers
from ...taxonomy import Taxonomy
from ...taxonomy.english.numerals import write_number, write_ordinal
from ..recipe.fields import LARGEST_COUNT
from .assembly import WordPool
from .columns import LAST

ORDINALS = tuple(write_ordinal(number) for number in range(1, LARGEST_COUNT + 1))
NUMBERS = tuple(map(write_number, range(LARGEST_COUNT + 1)))
FIXED = (
    "",
    "a",
    "an",
    "some",
    "any",
    "another",
    "more",
    "another ",
    "more ",
    "other ",
    "is",
    "are",
    "does",
    "do",
    "yes",
    "no",
)
"""Words that are in no table."""
SENSES = {"sense": (", the ", ","), f"sense{LAST}": (", the ", ""), "sense_tag": (" (", ")")}
"""Ways to tell objects of one name apart by what they are, with the text before and after it."""


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Every word that the taxonomy can put into a text.

    Attributes:
        words: All words, each once, then all of them with a capital first letter, in the same order. A token is a
            place in it.
        tokens: For each `table.word`, the token of each row of the taxonomy's table, int32, shape (rows,).
        fixed: Tokens of `FIXED`, `ORDINALS` (also with a space after them) and `NUMBERS`.
    """

    words: pa.StringArray
    tokens: dict[str, np.ndarray]
    fixed: dict[str, int]
    _found: dict[str, int] = field(default_factory=dict)

    def capital(self, tokens: np.ndarray) -> np.ndarray:
        """Tokens of the same words with a capital first letter."""
        return tokens + len(self.words) // 2

    def find(self, word: str) -> int:
        """The token of a word, or -1."""
        if word not in self._found:
            place = pc.index(self.words.slice(0, len(self.words) // 2), make_texts([word])[0])
            self._found[word] = place.as_py()
        return self._found[word]

    def create_pool(self) -> WordPool:
        return WordPool(self.words)


@lru_cache(maxsize=4)
def build_lexicon(taxonomy: Taxonomy) -> Lexicon:
    """Numbers all words of a taxonomy."""
    objects, attributes, relations, scenes = (
        taxonomy.objects,
        taxonomy.attributes,
        taxonomy.relations,
        taxonomy.scene_attributes,
    )
    is_parent = read_truths(pc.is_in(objects["id"], objects["parent"].combine_chunks()))
    is_person = read_truths(pc.match_substring_regex(objects["kinds"], r"\bperson\b"))
    before, finite = match_texts(attributes["position"], "before"), ~match_texts(relations["finite"], "")
    # What cannot follow a noun as it is: "a boy that is a friend of ...", "a box that contains ...".
    nominal = read_truths(pc.match_substring_regex(relations["predicate"], "^(a|an|the) "))
    singular = choose_texts(finite, relations["finite"], join_texts("is ", relations["predicate"]))
    plural = choose_texts(finite, relations["finite_plural"], join_texts("are ", relations["predicate"]))
    columns = {
        "object.name": objects["name"],
        "object.plural": objects["plural"],
        "object.article": objects["article"],
        "object.any": choose_texts(match_texts(objects["countability"], "count"), objects["article"], "any"),
        "object.be": choose_texts(match_texts(objects["countability"], "plural"), "are", "is"),
        "object.what": choose_texts(is_person, "who", "what"),
        "object.that": choose_texts(is_person, "who", "that"),
        "object.id": objects["id"],
        # What tells objects of one name apart, by the name of what they are: ", the tool,", or " (tool)" among tags.
        **{
            f"object.{name}": choose_texts(is_parent, join_texts(opening, objects["name"], closing), "")
            for name, (opening, closing) in SENSES.items()
        },
        "attribute.name": attributes["name"],
        "attribute.kind": attributes["kind"],
        "attribute.text": attributes["adjective"],
        "attribute.article": attributes["article"],
        "attribute.before": choose_texts(before, join_texts(attributes["adjective"], " "), ""),
        "attribute.after": choose_texts(before, "", join_texts(" ", attributes["adjective"])),
        "relation.predicate": relations["predicate"],
        "relation.category": relations["category"],
        "relation.is": singular,
        "relation.are": plural,
        "relation.link": choose_texts(finite | nominal, "that ", ""),
        "relation.aside_link": choose_texts(finite, "that ", ""),
        "relation.singular": singular,
        "relation.base": choose_texts(finite, relations["finite_plural"], relations["predicate"]),
        "scene.name": scenes["name"],
        "scene.kind": scenes["kind"],
        "scene.phrase": scenes["phrase"],
    }
    fixed = [*FIXED, *(f"{word} " for word in ORDINALS), *ORDINALS, *NUMBERS]
    chunks = [
        column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column for column in columns.values()
    ]
    # One dictionary over all columns, side by side: equal words have one token, whichever table they are from.
    encoded = pa.concat_arrays([make_texts(fixed), *chunks]).dictionary_encode()
    words = encoded.dictionary
    capital = join_texts(pc.utf8_upper(pc.utf8_slice_codeunits(words, 0, 1)), pc.utf8_slice_codeunits(words, 1))
    numbers = view_numbers(encoded.indices, np.int32)
    ends = np.cumsum([len(fixed), *map(len, chunks)])
    tokens = {name: numbers[start:end] for name, start, end in zip(columns, ends[:-1], ends[1:], strict=True)}
    return Lexicon(
        pa.concat_arrays([words, capital]), tokens, dict(zip(fixed, numbers[: len(fixed)].tolist(), strict=True))
    )
