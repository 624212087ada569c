"""Surface realization: the words of a block's scenes as columns of tokens.

`Lexicon` has what English makes of a concept alone; here is what depends on its place in a scene, too: agreement of
verbs, articles, ordinals and "another" (which objects of one name come first), senses of namesakes, and the plurals
and numerals of objects that stand for several. A column has a token for each object, attribute, relation or scene
attribute of the block.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np

from ...arrow import match_texts
from ...taxonomy import Taxonomy
from ...taxonomy.schema import ATTRIBUTE_KINDS
from ..content.scenes import Scenes
from ..foundation.ragged import expand_ranges, join_codes, number_rows, offsets_of, pad_lists
from ..recipe.fields import LARGEST_COUNT
from .columns import CAPITAL
from .lexicon import NUMBERS, ORDINALS, SENSES, build_lexicon

PLURALS = {"name": "", "any": "any", "be": "are", "do": "do", "bare_article": "some"}
"""Words of an object that are others where it stands for several; its name is its plural then."""
NUMERALS = {"article": "", "name_article": "", "again": " "}
"""Words that say how many it is then, and what follows the numeral."""


@lru_cache(maxsize=1 << 16)
def _find_sense(taxonomy: Taxonomy, concept: int, others: frozenset[int]) -> int:
    """The nearest concept above one that is above none of the others and has another name, or -1."""
    shared = {one for other in others for one in _list_above(taxonomy, other)}
    names = taxonomy.objects["name"]
    for one in _list_above(taxonomy, concept)[1:]:
        if one not in shared and names[one] != names[concept]:
            return one
    return -1


def _list_above(taxonomy: Taxonomy, concept: int) -> list[int]:
    """A concept and all that it lies under."""
    above = [concept]
    while (parent := int(taxonomy.parent_index[above[-1]])) >= 0:
        above.append(parent)
    return above


@lru_cache(maxsize=4)
def _rank_distinctive(taxonomy: Taxonomy) -> tuple[np.ndarray, list[frozenset[int]]]:
    """How well each attribute tells an object from others of its name, and the attributes that are near each.

    Returns: Ranks, the best first and -1 for what does not, int64, and rows of the taxonomy, one an attribute.
    """
    table = taxonomy.attributes
    kinds = (*ATTRIBUTE_KINDS, "")
    ranks = np.array([kinds.index(kind if kind in kinds else "") for kind in table["kind"].to_pylist()])
    ranks[~(match_texts(table["position"], "before") & match_texts(table["visible"], "yes"))] = -1
    row_of = {name: row for row, name in enumerate(table["id"].to_pylist())}
    near = [frozenset(row_of[one] for one in some.split("|") if one in row_of) for some in table["near"].to_pylist()]
    return ranks, near


class BlockWords:
    """Columns of tokens for the scenes of a block, each made when it is first asked for.

    Attributes:
        scenes: The scenes.
        taxonomy: The taxonomy of their concepts.
        lexicon: Its words.
        names: The name of each object's concept, in the singular, tokens, shape (objects of the block,).
        several: Whether each object stands for several things, bool.
    """

    def __init__(self, scenes: Scenes, taxonomy: Taxonomy) -> None:
        self.scenes = scenes
        self.taxonomy = taxonomy
        self.lexicon = build_lexicon(taxonomy)
        self.names = self.lexicon.tokens["object.name"][scenes.objects.values]
        self.several = scenes.copies > 1
        self._columns: dict[str, np.ndarray] = {}
        self._foils: dict[str, list[np.ndarray]] = {}

    def find_column(self, name: str) -> np.ndarray:
        """Tokens of a column such as `object.name`, one an object, shape (objects of the block,).

        `columns.py` has the suffixes that names may have. Names that begin with `foil_` are those of `add_foils`.
        """
        if name not in self._columns:
            if name.endswith(CAPITAL):
                self._columns[name] = self.lexicon.capital(self.find_column(name.removesuffix(CAPITAL)))
            else:
                self._columns[name] = self._make_column(name)
        return self._columns[name]

    def add_foils(self, table: str, rows: np.ndarray, plural: np.ndarray | None = None) -> np.ndarray:
        """Adds concepts that the scenes do not have to the columns `foil_<table>.<word>`; returns their places there.

        Args:
            table: `object`, `attribute`, `relation` or `scene`.
            rows: Rows of the taxonomy's table.
            plural: Of relations, whether the subject of each is plural, bool; of objects, whether they are said to be
                several.
        """
        parts = self._foils.setdefault(table, [])
        # Parts are (2, foils): rows, and whether they, or their subjects, are plural. Columns that were made before
        # lack these.
        first = sum(part.shape[1] for part in parts)
        parts.append(np.stack([rows, np.zeros_like(rows) if plural is None else plural]))
        self._columns = {name: one for name, one in self._columns.items() if not name.startswith(f"foil_{table}.")}
        return first + np.arange(len(rows))

    def _find_foil_words(self, table: str, word: str) -> np.ndarray:
        # A program of an earlier block may have such words when this block has none.
        rows, plural = np.concatenate(self._foils.get(table, [np.zeros((2, 0), dtype=np.int64)]), axis=1)
        if table == "relation":
            return self.inflect(f"relation.{word}", rows, plural != 0)
        if table == "object" and word in PLURALS:
            own = self.lexicon.tokens[f"object.{'article' if word == 'bare_article' else word}"][rows]
            return np.where(plural != 0, self._pluralize(word, rows), own)
        return self.lexicon.tokens[f"{table}.{word}"][rows]

    def _make_column(self, name: str) -> np.ndarray:
        """A column of words, in the plural or with a numeral where objects stand for several things."""
        words, several, word = self._make_words(name), self.several, name.removeprefix("object.")
        if word == name or not several.any():
            return words
        if word in PLURALS:
            return np.where(several, self._pluralize(word, self.scenes.objects.values), words)
        if word in NUMERALS:
            numerals = [self.lexicon.fixed[f"{number}{NUMERALS[word]}"] for number in NUMBERS]
            return np.where(several, np.array(numerals, dtype=np.int32)[self.scenes.copies], words)
        return words

    def _pluralize(self, word: str, rows: np.ndarray) -> np.ndarray:
        """What a word of objects (rows of the taxonomy) is for several of them."""
        if word == "name":
            return self.lexicon.tokens["object.plural"][rows]
        return np.full(len(rows), self.lexicon.fixed[PLURALS[word]], dtype=np.int32)

    def _make_words(self, name: str) -> np.ndarray:
        scenes, tokens = self.scenes, self.lexicon.tokens
        domain, word = name.split(".")
        if domain.startswith("foil_"):
            return self._find_foil_words(domain.removeprefix("foil_"), word)
        if name == "object.ordinal":
            return self._number_objects()
        if name == "object.apart":
            texts = tokens["attribute.before"][self.distinctive]
            return np.where(self.distinctive >= 0, texts, self.lexicon.fixed[""])
        if name == "object.which":
            apart = self.find_column("object.apart")
            return np.where(apart != self.lexicon.fixed[""], apart, self.find_column("object.ordinal"))
        if name.removeprefix("object.") in SENSES:
            return np.where(self._senses >= 0, tokens[name][self._senses], self.lexicon.fixed[""])
        if name in ("object.article", "object.name_article"):
            return self._introduce_objects(name == "object.article")
        if name == "object.again":
            repeated = np.where(self._countable, self.lexicon.fixed["another "], self.lexicon.fixed["more "])
            return np.where(self._is_repeated, repeated, self.lexicon.fixed[""])
        if name == "object.bare_article":
            return tokens["object.article"][scenes.objects.values]
        if name in ("relation.verb", "relation.ask"):
            return self._agree(name)
        if name == "object.other":
            return np.where(self._alike[1] > 0, self.lexicon.fixed["other "], self.lexicon.fixed[""])
        if name in ("relation.joined", "relation.aside"):
            link = "relation.link" if name == "relation.joined" else "relation.aside_link"
            linked = self.find_column(link) != self.lexicon.fixed[""]
            return np.where(linked, self.find_column("relation.verb"), self.find_column("relation.predicate"))
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
        return self._rank_objects(self.names)

    @cached_property
    def _alike(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same of objects that a text does not tell apart by their senses."""
        if not np.any(self._senses >= 0):
            return self.twins
        return self._rank_objects(self.names, self._senses)

    @cached_property
    def distinctive(self) -> np.ndarray:
        """For each object of several of one name, an attribute that tells it from the others; -1 where none does.

        It stands before the noun, anybody sees it, and the others have neither it nor what is near it.
        """
        concepts, attributes = self.scenes.objects.values, self.scenes.attributes
        first, _, number = self._alike
        found = np.full(len(concepts), -1, dtype=np.int64)
        several = np.flatnonzero(number > 1)
        if not len(several):
            return found
        ranks, near = _rank_distinctive(self.taxonomy)
        texts = self.lexicon.tokens["attribute.before"]
        # A loop over groups of objects of one name, and there are few.
        for group in np.unique(first[several]):
            places = several[first[several] == group].tolist()
            held = [attributes[place].tolist() for place in places]
            for i, place in enumerate(places):
                others = {one for some in (*held[:i], *held[i + 1 :]) for one in some}
                said = {texts[one] for one in others}
                good = [
                    one for one in held[i] if ranks[one] >= 0 and texts[one] not in said and not near[one] & others
                ]
                found[place] = min(good, key=lambda one: ranks[one], default=-1)
        return found

    def list_alike(self) -> dict[int, list[tuple[int, ...]]]:
        """For each scene, the groups of objects without relations that are equal in concept and attributes.

        Only what can be counted, and only groups of two or more.
        """
        # (objects of the block,): the scene of each, and a number that is equal where concept and attributes are.
        scenes = self.scenes
        scene = scenes.objects.owners
        content = scenes.objects.values.astype(np.int64)
        for column in pad_lists(scenes.attributes).T:
            content = number_rows(content, column)[1]
        joined = self.several.copy()
        for ends in (scenes.subjects, scenes.targets):
            joined[ends.values + np.repeat(scenes.objects.offsets[:-1], ends.lengths)] = True
        own = self.lexicon.tokens["object.any"][scenes.objects.values]
        countable = np.isin(own, [self.lexicon.fixed["a"], self.lexicon.fixed["an"]])
        places = np.flatnonzero(~joined & countable & (self._senses < 0))
        _, group_of = number_rows(scene[places], content[places])
        order = np.argsort(group_of, kind="stable")
        found: dict[int, list[tuple[int, ...]]] = {}
        for group in np.split(places[order], np.flatnonzero(np.diff(group_of[order])) + 1):
            if len(group) > 1:
                numbers = group - scenes.objects.offsets[scene[group[0]]]
                found.setdefault(int(scene[group[0]]), []).append(tuple(numbers.tolist()))
        return found

    def _rank_objects(self, *columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each object: the first one of its scene that is equal in some columns, its rank, and their number.

        Three arrays, int64, shape (objects of the block,).
        """
        objects = self.scenes.objects
        alike = join_codes(objects.owners, *columns)
        order = np.argsort(alike, kind="stable")
        # A group is a run of equal codes in `order`: it begins at `starts` and has `sizes` objects.
        starts = np.flatnonzero(np.diff(alike.take(order), prepend=-1))
        sizes = np.diff(starts, append=len(order))
        first, rank, number = np.arange(len(order)), np.zeros_like(order), np.ones_like(order)
        # Few have others like them.
        several = np.flatnonzero(sizes > 1)
        starts, sizes = starts.take(several), sizes.take(several)
        group, places = np.repeat(several, sizes), order.take(expand_ranges(starts, sizes))
        if len(places):
            places = places.take(np.lexsort((self._find_mention_order().take(places), group)))
        begins = offsets_of(sizes)[:-1]
        first[places] = np.repeat(places.take(begins), sizes)
        rank[places] = np.arange(len(places)) - np.repeat(begins, sizes)
        number[places] = np.repeat(sizes, sizes)
        return first, rank, number

    @cached_property
    def _senses(self) -> np.ndarray:
        """For each object of which its scene has a namesake of another concept: the concept that tells them apart.

        That is the nearest above it that is above none of the others; -1 where there is none or no need.
        """
        concepts = self.scenes.objects.values
        first, _, number = self.twins
        # A loop over groups of namesakes, and there are few with more than one concept.
        senses = np.full(len(concepts), -1, dtype=np.int64)
        for group in np.unique(first[(number > 1) & (concepts != concepts[first])]):
            places = np.flatnonzero(first == group)
            for place in places:
                others = set(concepts[places].tolist()) - {int(concepts[place])}
                senses[place] = _find_sense(self.taxonomy, int(concepts[place]), frozenset(others))
        return senses

    def _find_mention_order(self) -> np.ndarray:
        """Numbers that grow, within a scene, in the order in which texts first mention its objects.

        Texts go through the objects that relations start from, each followed by the objects of its relations; objects
        without relations come last.
        """
        scenes = self.scenes
        scene = scenes.relations.owners
        shift = scenes.objects.offsets[:-1][scene]
        subjects, targets = scenes.subjects.values + shift, scenes.targets.values + shift
        # An object has `step` numbers of its own: the first for itself, the others for the objects of its relations.
        every, step = np.arange(len(scenes.objects.values)), LARGEST_COUNT + 1
        order = (every + len(every)) * step
        # What relations only end at has no turn of its own.
        order[targets] = 2 * len(every) * step
        order[subjects] = subjects * step
        place = scenes.relations.places
        np.minimum.at(order, targets, subjects * step + place + 1)
        return order

    def _number_objects(self) -> np.ndarray:
        """Ordinals of objects that have others like them ("second "), empty for all others."""
        _, rank, number = self._alike
        words = np.array([self.lexicon.fixed[f"{word} "] for word in ORDINALS])
        return np.where(number > 1, words[rank], self.lexicon.fixed[""])

    @property
    def _countable(self) -> np.ndarray:
        """Which objects have another article than "some", bool: what is countable, and not a plural."""
        return self.several | (self.find_column("object.bare_article") != self.lexicon.fixed["some"])

    def _introduce_objects(self, with_attributes: bool) -> np.ndarray:
        """The article before an object, and its attributes, by the sound of the first word; or `another`."""
        fixed, attributes = self.lexicon.fixed, self.scenes.attributes
        own, countable = self.find_column("object.bare_article"), self._countable
        repeated = np.where(countable, fixed["another"], fixed["more"])
        if not with_attributes:
            return np.where(self._alike[1] > 0, repeated, own)
        has_before = np.zeros(len(own), dtype=bool)
        has_any = attributes.lengths > 0
        first = attributes.values[attributes.offsets[:-1][has_any]]
        # Attributes that stand after the noun come last, so the first one tells.
        has_before[has_any] = self.lexicon.tokens["attribute.before"][first] != fixed[""]
        by_attribute = np.full(len(own), fixed["a"])
        by_attribute[has_any] = self.lexicon.tokens["attribute.article"][first]
        article = np.where(has_before & countable & (own != fixed["the"]), by_attribute, own)
        # "A bridge is near a cork bridge": "another cork bridge" would say that the first is of cork, too.
        return np.where(self._is_repeated, repeated, article)

    @property
    def _is_repeated(self) -> np.ndarray:
        """Which objects, named with their attributes, read like one before them, bool."""
        return (self._alike[1] > 0) & (self.distinctive < 0)

    def _agree(self, name: str) -> np.ndarray:
        """Verbs in the number of their subject."""
        scenes = self.scenes
        subjects = scenes.subjects.values + np.repeat(scenes.objects.offsets[:-1], scenes.relations.lengths)
        plural = self.find_column("object.be")[subjects] == self.lexicon.fixed["are"]
        return self.inflect(name, scenes.relations.values, plural)

    def inflect(self, name: str, relations: np.ndarray, plural: np.ndarray) -> np.ndarray:
        """Tokens of a word of relations (rows of the taxonomy) whose subjects are plural or not."""
        tokens, fixed = self.lexicon.tokens, self.lexicon.fixed
        if name == "relation.verb":
            return np.where(plural, tokens["relation.are"][relations], tokens["relation.is"][relations])
        if name != "relation.ask":
            return tokens[name][relations]
        finite = tokens["relation.aside_link"][relations] != fixed[""]
        return np.where(
            finite, np.where(plural, fixed["do"], fixed["does"]), np.where(plural, fixed["are"], fixed["is"])
        )
