"""The words of a block's scenes as columns of tokens: what English makes of a concept and its place in a scene."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..taxonomy import Taxonomy
from .recipe_fields import LARGEST_COUNT
from .scenes import Scenes
from .weaving import Pool

SPELLED_ORDINALS = tuple(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()  # noqa: SIM905
)
SPELLED_NUMBERS = tuple("no one two three four five six seven eight nine ten eleven twelve".split())  # noqa: SIM905


def write_ordinal(number: int) -> str:
    """`first`, ..., `twelfth`, `13th`, ..."""
    if number <= len(SPELLED_ORDINALS):
        return SPELLED_ORDINALS[number - 1]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


ORDINALS = tuple(write_ordinal(number) for number in range(1, LARGEST_COUNT + 1))
NUMBERS = (*SPELLED_NUMBERS, *map(str, range(len(SPELLED_NUMBERS), LARGEST_COUNT + 1)))
FIXED = ("", "a", "an", "some", "any", "another", "more", "is", "are", "does", "do", "yes")


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Every word that the taxonomy can put into a text.

    Attributes:
        words: All words, then all of them with a capital first letter.
        tokens: For each `table.column`, the token of each row.
        fixed: Tokens of words that are in no table.
    """

    words: pa.StringArray
    tokens: dict[str, np.ndarray]
    fixed: dict[str, int]

    def capital(self, tokens: np.ndarray) -> np.ndarray:
        return tokens + len(self.words) // 2

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Tokens of all words."""
        return {word: number for number, word in enumerate(self.words.to_pylist()[: len(self.words) // 2])}

    def find(self, word: str) -> int:
        """The token of a word, or -1."""
        return self.numbers.get(word, -1)

    def create_pool(self) -> Pool:
        return Pool(self.words)


@lru_cache(maxsize=4)
def build_lexicon(taxonomy: Taxonomy) -> Lexicon:
    """Numbers all words of a taxonomy."""
    objects, attributes, relations, scenes = (
        taxonomy.objects,
        taxonomy.attributes,
        taxonomy.relations,
        taxonomy.scene_attributes,
    )
    before, finite = pc.equal(attributes["position"], "before"), pc.not_equal(relations["finite"], "")
    columns = {
        "object.name": objects["name"],
        "object.plural": objects["plural"],
        "object.article": objects["article"],
        "object.any": pc.if_else(pc.equal(objects["countability"], "count"), objects["article"], "any"),
        "object.be": pc.if_else(pc.equal(objects["countability"], "plural"), "are", "is"),
        "object.id": objects["id"],
        "attribute.name": attributes["name"],
        "attribute.kind": attributes["kind"],
        "attribute.text": attributes["adjective"],
        "attribute.article": attributes["article"],
        "attribute.before": pc.if_else(before, pc.binary_join_element_wise(attributes["adjective"], "", " "), ""),
        "attribute.after": pc.if_else(before, "", pc.binary_join_element_wise("", attributes["adjective"], " ")),
        "relation.predicate": relations["predicate"],
        "relation.category": relations["category"],
        "relation.is": pc.if_else(
            finite, relations["finite"], pc.binary_join_element_wise("is", relations["predicate"], " ")
        ),
        "relation.are": pc.if_else(
            finite, relations["finite_plural"], pc.binary_join_element_wise("are", relations["predicate"], " ")
        ),
        "relation.base": pc.if_else(finite, relations["finite_plural"], relations["predicate"]),
        "scene.name": scenes["name"],
        "scene.kind": scenes["kind"],
        "scene.phrase": scenes["phrase"],
    }
    fixed = [*FIXED, *(f"{word} " for word in ORDINALS), *ORDINALS, *NUMBERS]
    chunks = [
        column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column for column in columns.values()
    ]
    encoded = pa.concat_arrays([pa.array(fixed, pa.string()), *chunks]).dictionary_encode()
    words = encoded.dictionary
    capital = pc.binary_join_element_wise(
        pc.utf8_upper(pc.utf8_slice_codeunits(words, 0, 1)), pc.utf8_slice_codeunits(words, 1), ""
    )
    numbers = encoded.indices.to_numpy().astype(np.int64)
    ends = np.cumsum([len(fixed), *map(len, chunks)])
    tokens = {name: numbers[start:end] for name, start, end in zip(columns, ends[:-1], ends[1:], strict=True)}
    return Lexicon(
        pa.concat_arrays([words, capital]), tokens, dict(zip(fixed, numbers[: len(fixed)].tolist(), strict=True))
    )


class BlockWords:
    """Columns of tokens for the scenes of a block, each made when it is first asked for."""

    def __init__(self, scenes: Scenes, taxonomy: Taxonomy) -> None:
        self.scenes = scenes
        self.taxonomy = taxonomy
        self.lexicon = build_lexicon(taxonomy)
        self._columns: dict[str, np.ndarray] = {}

    def find_column(self, name: str) -> np.ndarray:
        """Tokens of a column such as `object.name`, one an object; `object.name^` begins with a capital.

        A name that begins with `foil_` is a column that was added.
        """
        if name not in self._columns:
            if name.endswith("^"):
                self._columns[name] = self.lexicon.capital(self.find_column(name[:-1]))
            else:
                self._columns[name] = self._make_column(name)
        return self._columns[name]

    def has_column(self, name: str) -> bool:
        return name in self._columns

    def extend_column(self, name: str, tokens: np.ndarray) -> None:
        """Adds rows of the caller's own to a column that is not made from the scenes."""
        self._columns.pop(f"{name}^", None)
        self._columns[name] = np.concatenate([self._columns[name], tokens]) if name in self._columns else tokens

    def _make_column(self, name: str) -> np.ndarray:
        scenes, tokens = self.scenes, self.lexicon.tokens
        domain = name.split(".")[0]
        if domain.startswith("foil_"):  # a program of an earlier block has such words, this block has none
            return np.zeros(0, dtype=np.int64)
        if name in ("object.article", "object.ordinal"):
            return self._introduce_objects() if name == "object.article" else self._number_objects()
        if name == "object.bare_article":
            return tokens["object.article"][scenes.objects.values]
        if name in ("relation.verb", "relation.ask"):
            return self._agree(name)
        concepts = {
            "object": scenes.objects,
            "attribute": scenes.attributes,
            "relation": scenes.relations,
            "scene": scenes.scene_attributes,
        }[domain]
        return tokens[name][concepts.values]

    @cached_property
    def twins(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each object: the first one of its scene with the same name, its rank among those, and their number.

        The rank counts in the order in which objects are first mentioned.
        """
        names, objects = self.find_column("object.name"), self.scenes.objects
        scene = np.repeat(np.arange(len(objects)), objects.lengths)
        order = np.lexsort((self._find_mention_order(), names, scene))
        new = np.ones(len(order), dtype=bool)
        new[1:] = (names[order][1:] != names[order][:-1]) | (scene[order][1:] != scene[order][:-1])
        group = np.cumsum(new) - 1
        starts = np.flatnonzero(new)
        first, rank, number = (np.empty(len(order), dtype=np.int64) for _ in range(3))
        first[order] = order[starts[group]]
        rank[order] = np.arange(len(order)) - starts[group]
        number[order] = np.diff(np.append(starts, len(order)))[group]
        return first, rank, number

    def _find_mention_order(self) -> np.ndarray:
        """Numbers that grow, within a scene, in the order in which texts first mention its objects.

        Texts go through the objects that relations start from, each followed by the objects of its relations; objects
        without relations come last.
        """
        scenes = self.scenes
        scene = np.repeat(np.arange(len(scenes)), scenes.relations.lengths)
        shift = scenes.objects.offsets[:-1][scene]
        subjects, targets = scenes.subjects.values + shift, scenes.targets.values + shift
        every = np.arange(len(scenes.objects.values))
        alone = np.ones(len(every), dtype=bool)
        alone[subjects] = alone[targets] = False
        step = LARGEST_COUNT + 1
        order = (every + alone * len(every)) * step
        place = np.arange(len(scene)) - scenes.relations.offsets[:-1][scene]
        np.minimum.at(order, targets, subjects * step + place + 1)
        return order

    def _number_objects(self) -> np.ndarray:
        _, rank, number = self.twins
        words = np.array([self.lexicon.fixed[f"{word} "] for word in ORDINALS])
        return np.where(number > 1, words[rank], self.lexicon.fixed[""])

    def _introduce_objects(self) -> np.ndarray:
        """The article before an object and its attributes, by the sound of the first word; or `another`."""
        fixed, attributes = self.lexicon.fixed, self.scenes.attributes
        own = self.lexicon.tokens["object.article"][self.scenes.objects.values]
        has_before = np.zeros(len(own), dtype=bool)
        has_any = attributes.lengths > 0
        first = attributes.values[attributes.offsets[:-1][has_any]]
        # Attributes that stand after the noun come last, so the first one tells.
        has_before[has_any] = self.lexicon.tokens["attribute.before"][first] != fixed[""]
        by_attribute = np.full(len(own), fixed["a"])
        by_attribute[has_any] = self.lexicon.tokens["attribute.article"][first]
        countable = own != fixed["some"]
        article = np.where(has_before & countable, by_attribute, own)
        return np.where(self.twins[1] > 0, np.where(countable, fixed["another"], fixed["more"]), article)

    def _agree(self, name: str) -> np.ndarray:
        """Verbs in the number of their subject."""
        scenes, tokens, fixed = self.scenes, self.lexicon.tokens, self.lexicon.fixed
        subjects = scenes.subjects.values + np.repeat(scenes.objects.offsets[:-1], scenes.relations.lengths)
        plural = self.find_column("object.be")[subjects] == fixed["are"]
        relations = scenes.relations.values
        if name == "relation.verb":
            return np.where(plural, tokens["relation.are"][relations], tokens["relation.is"][relations])
        finite = tokens["relation.base"][relations] != tokens["relation.predicate"][relations]
        finite |= pc.not_equal(self.taxonomy.relations["finite"], "").to_numpy()[relations]
        return np.where(
            finite, np.where(plural, fixed["do"], fixed["does"]), np.where(plural, fixed["are"], fixed["is"])
        )
