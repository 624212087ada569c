"""What all questions of a block share, and the columns that questions of one kind and form are kept in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import jinja2
import numpy as np

from ..content.plan import Plan
from ..foils.draw import AreKin, find_kin
from ..foundation.counter_rng import WINDOW, derive_key
from ..foundation.ragged import Ragged, number_rows, offsets_of
from ..text.surface_forms import BlockWords
from ..text.templates import Leaf, Piece, render_macro
from ..text.tracing import Tracer
from ..text.views import ATTRIBUTE_WORDS, MEDIUMS, OBJECT_WORDS, RELATION_WORDS, SCENE_WORDS, ElementView, view_element

VIEWS = {
    "object": ("object", OBJECT_WORDS),
    "attribute": ("attribute", ATTRIBUTE_WORDS),
    "relation": ("relation", RELATION_WORDS),
    "subject": ("object", OBJECT_WORDS),
    "target": ("object", OBJECT_WORDS),
    "scene": ("scene", SCENE_WORDS),
    "foil_object": ("foil_object", ("name", "plural", "any", "be", "bare_article", "what")),
    "foil_attribute": ("foil_attribute", ("name", "kind", "text")),
    "foil_relation": ("foil_relation", ("ask", "base")),
    "foil_scene": ("foil_scene", SCENE_WORDS),
}
"""Domain and words of what a macro of a question template can be given."""

NAMES = {
    "object": "object.name",
    "attribute": "attribute.name",
    "relation": "relation.predicate",
    "scene": "scene.name",
}
"""What a choice is called."""


@dataclass(frozen=True)
class Batch:
    """Questions of one kind and form, in columns. Tokens are numbers of words in the pool.

    Attributes:
        kind, form: As in a row.
        macro: The macro of the template that asks.
        scene: Scene of each question, counted within the context, in ascending order.
        programs: Program of each question's text.
        starts: For each role, in the order of the macro's arguments, where its words begin.
        answers: Tokens.
        foils: Tokens, or -1.
        elements: Tokens of the elements that each answer rests on.
        depends_on: Indices of questions in the same scene.
        choices: Tokens.
        asked: Rows of the taxonomy's table of the kind that each question names: one, or its choices.
    """

    kind: str
    form: str
    macro: str
    scene: np.ndarray
    programs: np.ndarray
    starts: dict[str, np.ndarray]
    answers: np.ndarray
    foils: np.ndarray
    elements: Ragged
    depends_on: Ragged
    choices: Ragged
    asked: Ragged


@dataclass
class QuestionContext:
    """What the questions of one block share."""

    plan: Plan
    templates: Mapping[str, jinja2.Template]
    tracer: Tracer
    words: BlockWords
    key: int

    def __post_init__(self) -> None:
        scenes = self.scenes = self.words.scenes
        self.pool = self.tracer.program_table.pool
        self.fixed = self.words.lexicon.fixed
        self.tokens = self.words.lexicon.tokens
        self.scene_of_object = scenes.objects.owners
        self.object_number = np.arange(len(self.scene_of_object)) - scenes.objects.offsets[:-1][self.scene_of_object]
        self.object_elements = self.name_elements("object", self.object_number)
        first, _, self.twin_count = self.words.twins
        self.is_first = first == np.arange(len(first))
        # Questions whether an object is there come first in a scene, one for each name.
        before = np.cumsum(self.is_first) - self.is_first
        self.question_of_object = (before - before[scenes.objects.offsets[:-1]][self.scene_of_object])[first]

    @cached_property
    def are_kin(self) -> AreKin:
        """Tells whether objects are kin to anything in scenes of the context."""
        return find_kin(self.plan, self.scenes)

    def derive_keys(self, purpose: str, count: int) -> list[int]:
        """So many keys of the block for one purpose."""
        return [derive_key(self.key, purpose, number) for number in range(count)]

    def find_windows(self, scene: np.ndarray) -> np.ndarray:
        """The window of scenes within which questions of these scenes are balanced."""
        return (self.scenes.start + scene) // WINDOW

    def name_elements(self, domain: str, numbers: np.ndarray) -> np.ndarray:
        """Tokens such as that of `relation/2`."""
        names = [self.pool.add(f"{domain}/{number}") for number in range(int(numbers.max(initial=-1)) + 1)]
        return np.array(names, dtype=np.int32)[numbers]

    def name_attributes(self) -> np.ndarray:
        """Tokens such as that of `attribute/0/1`, one an attribute."""
        holder, counts = self.holders, self.scenes.attributes
        place = np.arange(len(holder)) - counts.offsets[:-1][holder]
        numbers = self.object_number[holder]
        examples, which = number_rows(numbers, place)
        names = [self.pool.add(f"attribute/{numbers[one]}/{place[one]}") for one in examples]
        return np.array(names, dtype=np.int32)[which]

    @property
    def holders(self) -> np.ndarray:
        """Object (in the context) of each attribute."""
        return self.scenes.attributes.owners

    def depend_on(self, *objects: np.ndarray) -> Ragged:
        """The questions whether these objects are there, one list a question."""
        if "object" not in self.templates:
            return make_empty_lists(len(objects[0]) if objects else 0)
        found = np.sort(np.stack([self.question_of_object[one] for one in objects], axis=1), axis=1)
        keep = np.ones(found.shape, dtype=bool)
        keep[:, 1:] = found[:, 1:] != found[:, :-1]
        return Ragged(found[keep], offsets_of(keep.sum(axis=1)))

    def add_foils(self, table: str, foils: np.ndarray, plural: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Gives foils words, and where each question's begin, as `starts` has it. See `BlockWords.add_foils`."""
        return {f"foil_{table}": self.words.add_foils(table, foils, plural)}

    def ask(
        self,
        kind: str,
        form: str,
        macro: str,
        scene: np.ndarray,
        starts: dict[str, np.ndarray],
        answers: np.ndarray | int,
        elements: Ragged,
        depends_on: Ragged | None = None,
        foils: np.ndarray | None = None,
        asked: np.ndarray | None = None,
        choices: Ragged | None = None,
    ) -> Batch:
        """Makes a batch of questions with one macro, whose arguments are the roles of `starts` in their order.

        What a question names is a row of the taxonomy's table of this kind, and so are its choices.
        """
        template, roles = self.templates[kind], list(starts)
        medium = {"medium": MEDIUMS[self.plan.recipe.modality]}

        def render(leaf: Leaf, _: tuple[int, ...]) -> list[Piece]:
            views: list[ElementView] = [
                view_element(leaf, VIEWS[role][0], str(place), 0, "", VIEWS[role][1])
                for place, role in enumerate(roles)
            ]
            return render_macro(template, macro, views, medium)

        size = len(scene)
        call = f"{kind}.{macro}({', '.join(roles)})"
        places = {str(place): at for place, at in enumerate(starts.values())}
        programs = self.tracer.find_programs(call, np.zeros((size, 0), dtype=np.int64), render, self.words, places)
        none = np.full(size, -1, dtype=np.int32)
        return Batch(
            kind,
            form,
            macro,
            scene,
            programs,
            starts,
            np.full(size, answers, dtype=np.int32) if isinstance(answers, int) else answers,
            none if foils is None else foils,
            elements,
            depends_on or make_empty_lists(size),
            Ragged(self.tokens[NAMES[kind]][choices.values], choices.offsets) if choices else make_empty_lists(size),
            choices or (make_empty_lists(size) if asked is None else make_single_lists(asked)),
        )


def make_empty_lists(size: int) -> Ragged:
    return Ragged(np.zeros(0, dtype=np.int32), np.zeros(size + 1, dtype=np.int64))


def make_single_lists(values: np.ndarray) -> Ragged:
    return Ragged(values, np.arange(len(values) + 1))
