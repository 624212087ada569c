"""Lexicon: the words of a taxonomy, numbered; what English makes of each concept, whatever scene it stands in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import choose_texts, join_texts, make_texts, match_texts, read_truths, view_numbers
from ...errors import GasError
from ...taxonomy import Taxonomy
from ...taxonomy.english.numerals import write_number, write_ordinal
from ...taxonomy.english.scene_phrases import fill_pattern
from ...taxonomy.wordings import Wordings, list_wordings
from ..foundation.ragged import Ragged, join_codes, number_rows, offsets_of
from ..recipe.fields import LARGEST_COUNT
from .assembly import WordPool
from .columns import LAST
from .views import COUNTED, ELEMENT_FIELDS, WORDS

ORDINALS = tuple(write_ordinal(number) for number in range(1, LARGEST_COUNT + 1))
NUMBERS = tuple(map(write_number, range(LARGEST_COUNT + 1)))
FIXED = (
    "",
    "a",
    "an",
    "the",
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

DOMAINS = {
    "object": "objects",
    "attribute": "attributes",
    "relation": "relations",
    "scene": "scene_attributes",
}
"""Tables of the taxonomy, as columns of words name them."""
NAMES = {
    "object": "object.name",
    "attribute": "attribute.name",
    "relation": "relation.predicate",
    "scene": "scene.name",
}
"""The columns that say what a concept of each domain is called in answers."""


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Every word that the taxonomy can put into a text.

    Attributes:
        words: All words, each once, then all of them with a capital first letter, in the same order. A token is a
            place in it.
        tokens: For each `table.word`, the token of each row of the taxonomy's table, int32, shape (rows,).
        fixed: Tokens of `FIXED`, `ORDINALS` and `NUMBERS`, the latter two also with a space after them.
        aliases: For each of `DOMAINS`, tokens of other wordings that are as right as the name of each row of the
            taxonomy's table; and, as `number`, of each of `NUMBERS`. One list a row, and last an empty one: row -1
            has none.
    """

    words: pa.StringArray
    tokens: dict[str, np.ndarray]
    fixed: dict[str, int]
    aliases: dict[str, Ragged]
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
    is_plural = match_texts(objects["countability"], "plural")
    before, finite = match_texts(attributes["position"], "before"), ~match_texts(relations["finite"], "")
    # What cannot follow a noun as it is: "a boy that is a friend of ...", "a box that contains ...".
    nominal = read_truths(pc.match_substring_regex(relations["predicate"], "^(a|an|the) "))
    singular = choose_texts(finite, relations["finite"], join_texts("is ", relations["predicate"]))
    plural = choose_texts(finite, relations["finite_plural"], join_texts("are ", relations["predicate"]))
    sentences = scenes["phrase"]
    for kind, pattern in taxonomy.declared.say("scene_attributes", "sentence").items():
        own = make_texts(map(fill_pattern, [pattern] * len(scenes), scenes["name"].to_pylist()))
        sentences = choose_texts(match_texts(scenes["kind"], kind), own, sentences)
    columns = {
        "object.name": objects["name"],
        "object.plural": objects["plural"],
        "object.article": objects["article"],
        "object.any": choose_texts(match_texts(objects["article"], "some"), "any", objects["article"]),
        "object.be": choose_texts(is_plural, "are", "is"),
        "object.do": choose_texts(is_plural, "do", "does"),
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
        "scene.sentence": sentences,
    }
    columns |= {name: getattr(taxonomy, table)[word] for name, table, word in _list_own_columns(taxonomy)}
    fixed = [*FIXED, *(f"{word} " for word in (*ORDINALS, *NUMBERS)), *ORDINALS, *NUMBERS]
    wordings = {domain: list_wordings(taxonomy, table) for domain, table in DOMAINS.items()}
    wordings["number"] = _list_numerals()
    columns |= {f"{domain}.alias": texts for domain, (_, texts) in wordings.items()}
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
        pa.concat_arrays([words, capital]),
        tokens,
        dict(zip(fixed, numbers[: len(fixed)].tolist(), strict=True)),
        _list_aliases(tokens, {domain: rows for domain, (rows, _) in wordings.items()}),
    )


def list_own_words(taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    """Lists the words that tables have of their own, by domain.

    Raises:
        GasError: One of them is what all elements have.
    """
    own = {domain: taxonomy.declared.columns.get(table, ()) for domain, table in DOMAINS.items()}
    taken = [
        f"[columns] {DOMAINS[domain]}: {word!r} is a word or field that templates have already; choose another name"
        for domain, words in own.items()
        for word in words
        if word in WORDS[domain] or word in COUNTED or word in ELEMENT_FIELDS
    ]
    if taken:
        raise GasError("\n".join(taken))
    return own


def _list_own_columns(taxonomy: Taxonomy) -> Iterator[tuple[str, str, str]]:
    """Lists the columns that tables have of their own, as columns of words: the name, the table, and its column."""
    for domain, table in DOMAINS.items():
        for word in taxonomy.declared.columns.get(table, ()):
            yield f"{domain}.{word}", table, word


def _list_aliases(tokens: dict[str, np.ndarray], rows: dict[str, np.ndarray]) -> dict[str, Ragged]:
    """Takes the columns `<domain>.alias` out of `tokens`, which have a token a wording, and lists them by rows."""
    spoken = {domain: tokens.pop(f"{domain}.alias") for domain in rows}
    aliases = {"number": _list_by_row(rows["number"], spoken["number"], np.arange(len(NUMBERS)))}
    for domain, name in NAMES.items():
        # Rows of one kind and one name have each other's wordings: an answer is a word, whatever sense it has.
        kinds = tokens.get(f"{domain}.kind", np.zeros(len(tokens[name]), dtype=np.int32))
        aliases[domain] = _list_by_row(rows[domain], spoken[domain], number_rows(kinds, tokens[name])[1])
    return aliases


def _list_numerals() -> Wordings:
    """Digits of the numbers that `NUMBERS` spells, and "none"."""
    digits = [(number, str(number)) for number, word in enumerate(NUMBERS) if word != str(number)]
    pairs = [*digits[:1], (0, "none"), *digits[1:]]
    return np.array([number for number, _ in pairs]), make_texts(text for _, text in pairs)


def _list_by_row(rows: np.ndarray, tokens: np.ndarray, group_of: np.ndarray) -> Ragged:
    """For each row the tokens of all rows of its group, each once, in the order in which they come; last, none."""
    groups = group_of[rows]
    first = np.sort(np.unique(join_codes(groups, tokens), return_index=True)[1])
    first = first[np.argsort(groups[first], kind="stable")]
    counts = np.bincount(groups[first], minlength=int(group_of.max(initial=-1)) + 1)
    lists = Ragged(tokens[first], offsets_of(counts)).take(group_of)
    return Ragged(lists.values, np.append(lists.offsets, lists.offsets[-1]))
