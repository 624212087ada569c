"""Instructions of edits: what to do to the picture of a scene to get that of its minimal pair.

Each edit has a template in `templates/edits`, whose macros are ways to put it. The first word of a macro's name says
for which edits it is: `any`, or one of the cases that `_find_cases` tells. Chance chooses the macro of a scene.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from ...arrow import make_array, make_texts, match_texts
from ..content.plan import Plan
from ..content.scenes import Scenes
from ..foundation.counter_rng import derive_key, hash_numbers
from ..text.lexicon import NUMBERS, build_lexicon, list_own_words
from ..text.marks import Leaf, Piece
from ..text.surface_forms import BlockWords
from ..text.templates import list_macros, load_template, render_macro
from ..text.tracing import Render, Tracer
from ..text.views import MEDIUMS, WORDS, ElementView, view_element
from .minimal_pairs import Pairs

NEW = "new_"
"""Domains of what an edited scene says begin so."""
ARGUMENTS = {
    "attribute": ("object", "attribute", "new"),
    "attributes_swapped": ("object", "attribute", "other", "other_attribute"),
    "object": ("object", "new"),
    "count": ("object", "new", "one", "number"),
    "relation_reversed": ("subject", "relation", "target", "new"),
    "predicate": ("subject", "relation", "target", "new"),
}
"""What the macros of each edit are given."""
DOMAINS = {
    **dict.fromkeys(("object", "other", "subject", "target"), "object"),
    **dict.fromkeys(("attribute", "other_attribute"), "attribute"),
    "relation": "relation",
}
"""Whose words each argument has."""
NEW_DOMAINS = {
    "attribute": f"{NEW}attribute",
    **dict.fromkeys(("object", "count"), f"{NEW}object"),
    **dict.fromkeys(("relation_reversed", "predicate"), f"{NEW}relation"),
}
"""Whose words `new` has, by the edit."""
FURTHER = {"one": ("name",), "number": ("before", "after")}
"""Arguments that are no elements, and their words."""
ANY = "any"
"""What names of macros begin with that are for every edit."""
MADE = ("color", "material", "pattern", "shape", "size", "texture")
"""Kinds of attributes that follow "make the cup"."""
MOVES = (
    *("above", "behind", "below", "beside", "in front of", "near", "next to", "on top of", "to the left of"),
    *("to the right of", "under", "underneath"),
)
"""Predicates that say where something can be moved."""


class EditWords(BlockWords):
    """The words of a block and of its edited scenes (`new_object.name`); of one thing of several (`one.name`)."""

    def __init__(self, before: BlockWords, after: BlockWords) -> None:
        super().__init__(before.scenes, before.taxonomy)
        self.after = after

    def find_column(self, name: str) -> np.ndarray:
        if name.startswith(NEW):
            return self.after.find_column(name.removeprefix(NEW))
        return super().find_column(name)

    def _make_column(self, name: str) -> np.ndarray:
        if name == "one.name":
            return self.names
        if name.startswith("number."):
            scenes = self.after.scenes if name.endswith("after") else self.scenes
            return np.array([self.lexicon.fixed[one] for one in NUMBERS], dtype=np.int32)[scenes.copies]
        return super()._make_column(name)


class Case(NamedTuple):
    """What instructions by one macro differ in besides their words.

    Attributes:
        attributes: How many attributes are said of an object that is introduced.
        by_relation: Whether a relation tells the object.
    """

    attributes: int = 0
    by_relation: int = 0


@dataclass
class InstructionWriter:
    """Writes instructions with the shipped templates. Keeps what these yielded, so use one for many blocks.

    Attributes:
        plan: The plan of the recipe.
        tracer: What the templates have yielded so far.
    """

    plan: Plan
    tracer: Tracer = field(init=False)

    def __post_init__(self) -> None:
        self.tracer = Tracer(build_lexicon(self.plan.taxonomy))
        self.edits = self.plan.recipe.pairs or ()
        self.templates = {str(edit): load_template("edits", edit, None) for edit in self.edits}
        self._own = list_own_words(self.plan.taxonomy)

    def write(self, pairs: Pairs, before: BlockWords, after: BlockWords, key: int) -> pa.StringArray:
        """The instruction of each scene; null where nothing is edited.

        Args:
            pairs: What is edited in each scene.
            before: The words of the scenes.
            after: The words of the edited scenes.
            key: Key of the split.
        """
        words, texts = EditWords(before, after), [make_texts([])]
        places = np.full(len(pairs.edits), -1, dtype=np.int64)
        for number, edit in enumerate(self.edits):
            rows = np.flatnonzero(pairs.edits == number)
            places[rows] = sum(map(len, texts)) + np.arange(len(rows))
            texts.append(self._write_edit(edit, rows, pairs, words, key))
        return pa.concat_arrays(texts).take(make_array(places, places >= 0))

    def _write_edit(self, edit: str, rows: np.ndarray, pairs: Pairs, words: EditWords, key: int) -> pa.StringArray:
        """The instructions of scenes (`rows`) in which the same sort of edit is made."""
        starts, attributes = _find_places(edit, words.scenes, pairs.places[rows], pairs.others[rows])
        by_relation = np.zeros_like(rows)
        if "object" in starts and pairs.told is not None:
            relations = pairs.told.relations[starts["object"]]
            by_relation = np.where(relations >= 0, 1, 0)
            starts["told"] = np.maximum(relations, 0)
            starts["told_target"] = _find_ends(words.scenes, words.scenes.targets.values, starts["told"])
        keys = np.stack([attributes, by_relation], axis=1)
        macros = sorted(list_macros(self.templates[edit]))
        chance = hash_numbers(derive_key(key, "instructions"), words.scenes.start + rows)
        chosen = _choose(macros, self._find_cases(edit, words, starts), chance)
        programs = np.zeros(len(rows), dtype=np.int64)
        for number, macro in enumerate(macros):
            some = np.flatnonzero(chosen == number)
            if len(some):
                render = self._create_render(edit, macro)
                at = {name: one[some] for name, one in starts.items()}
                programs[some] = self.tracer.find_programs(f"{edit}.{macro}", keys[some], render, words, at)
        return self.tracer.assemble_texts(programs, words, starts).write(self.tracer.program_table.pool)

    def _find_cases(self, edit: str, words: EditWords, starts: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """For which of the edits each case holds that macros are for, bool; `starts` is where their words are."""
        taxonomy, scenes, after = self.plan.taxonomy, words.scenes, words.after.scenes
        cases = {ANY: np.ones(len(next(iter(starts.values()))), dtype=bool)}
        if "attribute" in starts:
            kinds, concepts = taxonomy.attributes["kind"], scenes.attributes.values[starts["attribute"]]
            cases |= {"color": match_texts(kinds, "color")[concepts], "made": match_texts(kinds, *MADE)[concepts]}
        elif edit == "count":
            step = (after.copies - scenes.copies)[starts["object"]]
            cases |= {"fewer": step < 0, "more": (step > 0) & ~_find_joined(scenes)[starts["object"]]}
        elif edit == "predicate":
            predicates = taxonomy.relations["predicate"].take(make_array(after.relations.values[starts["new"]]))
            cases["place"] = np.array([one in MOVES for one in predicates.to_pylist()], dtype=bool)
        return cases

    def _create_render(self, edit: str, macro: str) -> Render:
        medium = {"medium": MEDIUMS[self.plan.recipe.modality]}

        def render(leaf: Leaf, key: tuple[int, ...]) -> list[Piece]:
            views = [self._view(leaf, edit, argument, Case(*key)) for argument in ARGUMENTS[edit]]
            return render_macro(self.templates[edit], macro, views, medium)

        return render

    def _view(self, leaf: Leaf, edit: str, argument: str, case: Case) -> ElementView:
        """What a macro is given for one of its arguments."""
        if argument in FURTHER:
            view = view_element(leaf, argument, argument, 0, "", FURTHER[argument])
        else:
            view = self._view_element(leaf, NEW_DOMAINS[edit] if argument == "new" else DOMAINS[argument], argument)
        if argument in ("new", "one"):
            domain = f"{NEW if argument == 'new' else ''}attribute"
            view.attributes = [self._view_element(leaf, domain, "held", number) for number in range(case.attributes)]
        if argument == "object" and case.by_relation:
            relation = self._view_element(leaf, "relation", "told")
            relation.target = self._view_element(leaf, "object", "told_target")
            view.relations = [relation]
        return view

    def _view_element(self, leaf: Leaf, domain: str, role: str, number: int = 0) -> ElementView:
        table = domain.removeprefix(NEW)
        return view_element(leaf, domain, role, number, "", WORDS[table] + self._own[table])


def _find_places(
    edit: str, scenes: Scenes, places: np.ndarray, others: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Where the words of each argument are that macros of an edit are given, and how many attributes are introduced.

    Args:
        edit: The edit.
        scenes: The block.
        places: The number in the block of what is edited, one an instruction.
        others: The same of the other one, where there are two.
    """
    none, holders = np.zeros_like(places), scenes.attributes.owners
    if edit == "attribute":
        return {"object": holders[places], "attribute": places, "new": places}, none
    if edit == "attributes_swapped":
        both = {"other": holders[others], "other_attribute": others}
        return {"object": holders[places], "attribute": places, **both}, none
    if edit in ("object", "count"):
        first, last = scenes.attributes.offsets[places], scenes.attributes.offsets[places + 1]
        starts = dict.fromkeys(ARGUMENTS[edit], places)
        return starts | {"held": first}, last - first
    ends = (_find_ends(scenes, one.values, places) for one in (scenes.subjects, scenes.targets))
    return dict(zip(ARGUMENTS[edit], (next(ends), places, next(ends), places), strict=True)), none


def _find_ends(scenes: Scenes, ends: np.ndarray, relations: np.ndarray) -> np.ndarray:
    """The object of the block at an end of each of some relations; 0 where the block has none."""
    if not len(ends):
        return np.zeros_like(relations)
    return ends[relations] + scenes.objects.offsets[scenes.relations.owners[relations]]


def _find_joined(scenes: Scenes) -> np.ndarray:
    """Which objects of a block have relations, bool."""
    joined, every = np.zeros(len(scenes.objects.values), dtype=bool), np.arange(len(scenes.relations.values))
    for ends in (scenes.subjects.values, scenes.targets.values):
        joined[_find_ends(scenes, ends, every)] = True
    return joined


def _choose(macros: list[str], cases: Mapping[str, np.ndarray], chance: np.ndarray) -> np.ndarray:
    """One of the macros that are for each edit, by its place in the list, int64, shape (edits,)."""
    fits = np.stack([cases[macro.partition("_")[0]] for macro in macros], axis=1)
    wanted = (chance % np.maximum(fits.sum(axis=1), 1).astype(np.uint64)).astype(np.int64)
    return (np.cumsum(fits, axis=1) > wanted[:, None]).argmax(axis=1)
