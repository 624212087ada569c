"""What all questions of a block share, and the columns that questions of one kind and form are kept in.

A kind of questions (a file in `kinds/`) describes once what it asks about, as `Topics`, an entry each; every batch of
its questions is then `topics.ask(form, macro, rows, ...)`, where `rows` says which topic each question is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import jinja2
import numpy as np

from ...arrow import match_texts
from ...errors import GasError, advise
from ...taxonomy import Taxonomy
from ..content.facts import find_pictured
from ..content.plan import Plan
from ..foils.draw import SceneKin
from ..foundation.counter_rng import WINDOW, derive_key
from ..foundation.ragged import Ragged, expand_ranges, number_rows, offsets_of
from ..text.lexicon import list_own_words
from ..text.marks import Leaf, Piece
from ..text.surface_forms import BlockWords
from ..text.templates import render_macro
from ..text.tracing import Tracer
from ..text.views import ATTRIBUTE_WORDS, MEDIUMS, OBJECT_WORDS, RELATION_WORDS, SCENE_WORDS, ElementView, view_element

VIEWS = {
    "object": ("object", OBJECT_WORDS),
    "attribute": ("attribute", ATTRIBUTE_WORDS),
    "relation": ("relation", RELATION_WORDS),
    "subject": ("object", OBJECT_WORDS),
    "target": ("object", OBJECT_WORDS),
    "other": ("object", OBJECT_WORDS),
    "scene": ("scene", SCENE_WORDS),
    "foil_object": ("foil_object", ("name", "plural", "any", "be", "bare_article", "what")),
    "foil_attribute": ("foil_attribute", ("name", "kind", "text")),
    "foil_relation": ("foil_relation", ("ask", "base")),
    "foil_scene": ("foil_scene", SCENE_WORDS),
}
"""Domain and words of what a macro of a question template can be given."""

OPEN_MACRO = "open_"
"""Macros that ask openly for an attribute's value begin so; the rest of the name is the kind of attribute."""


@dataclass(frozen=True)
class Batch:
    """Questions of one kind and form, in columns. Tokens are numbers of words in the pool.

    Attributes:
        kind, form: As in a row.
        macro: The macro of the template that asks.
        scene: Scene of each question, counted within the block, in ascending order.
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
    """What the questions of one block share. Objects are numbered through the block, scene after scene.

    Attributes:
        plan: The plan of the recipe.
        macros: For each kind that is asked, the macros that it asks with, by their names, with their templates.
        tracer: Finds the programs of questions' texts.
        words: The words of the block, and of foils that are added to them.
        key: Key of the split.
        scenes: The block.
        pool: The words that tokens are numbers of.
        fixed: Tokens of words such as `yes`.
        tokens: Columns of words of the taxonomy, such as `object.name`: tokens, one a row of the table.
        scene_of_object: Scene of each object, shape (objects,).
        object_number: Number of each object in its scene.
        object_elements: Token of each object's element, such as that of `object/2`.
        is_first: Whether each object is the first of its name in its scene, bool.
        twin_count: How many objects of its scene have each one's name, itself among them.
        thing_count: How many things of its scene have each one's name: those that these objects stand for.
        is_askable: Whether questions may have each object for an answer: all objects of its name in its scene are of
            concepts that questions may be about. Bool.
        is_counted: Whether questions may be whether each object is there, and how many there are: what is seen in an
            image alone, on a sweater or in a mosaic, is neither there nor absent. Bool.
        question_of_object: For each object the question whether there is one of its name, by its number in the scene;
            -1 where that is not asked.
    """

    plan: Plan
    macros: Mapping[str, Mapping[str, jinja2.Template]]
    tracer: Tracer
    words: BlockWords
    key: int

    def __post_init__(self) -> None:
        scenes = self.scenes = self.words.scenes
        self.pool = self.tracer.program_table.pool
        self.fixed = self.words.lexicon.fixed
        self.tokens = self.words.lexicon.tokens
        self._own = list_own_words(self.plan.taxonomy)
        self.scene_of_object = scenes.objects.owners
        self.object_number = scenes.objects.places
        self.object_elements = self.name_elements("object", self.object_number)
        first, _, self.twin_count = self.words.twins
        self.thing_count = np.bincount(first, scenes.copies).astype(np.int64)[first]
        self.is_first = first == np.arange(len(first))
        self.is_askable = self._hold_for_all(self.can_ask("objects", scenes.objects.values))
        self.is_counted = self.is_askable & self._hold_for_all(~find_pictured(self.plan.taxonomy, scenes))
        # Questions whether an object is there come first in a scene, one for each name; `before` counts those in the
        # block before each object, from which those of earlier scenes are taken away.
        is_asked = self.is_first & self.is_counted
        before = np.cumsum(is_asked) - is_asked
        number = (before - before[scenes.objects.offsets[:-1]][self.scene_of_object])[first]
        self.question_of_object = np.where(self.is_counted, number, -1)

    def _hold_for_all(self, holds: np.ndarray) -> np.ndarray:
        """Whether something (bool, one an object) holds for all objects of the name of each one in its scene."""
        first, fails = self.words.twins[0], np.zeros(len(holds), dtype=bool)
        fails[first[~holds]] = True
        return ~fails[first]

    @cached_property
    def kin(self) -> SceneKin:
        """What the scenes of the block show."""
        return SceneKin(self.plan, self.scenes)

    def can_ask(self, table: str, rows: np.ndarray) -> np.ndarray:
        """Whether questions may be about concepts (rows of a table): of visible ones, unless a recipe asks all."""
        if self.plan.recipe.questions.ask == "all":
            return np.ones(len(rows), dtype=bool)
        return _find_visible(self.plan.taxonomy, table)[rows]

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
        holder = self.holders
        place = self.scenes.attributes.places
        numbers = self.object_number[holder]
        examples, which = number_rows(numbers, place)
        names = [self.pool.add(f"attribute/{numbers[one]}/{place[one]}") for one in examples]
        return np.array(names, dtype=np.int32)[which]

    @property
    def holders(self) -> np.ndarray:
        """Object (in the block) of each attribute."""
        return self.scenes.attributes.owners

    def depend_on(self, *objects: np.ndarray) -> Ragged:
        """The questions whether these objects are there, as far as that is asked, one list a question."""
        if "object" not in self.macros or not self.plan.recipe.questions.asks("yes_no"):
            return make_empty_lists(len(objects[0]))
        found = np.sort(np.stack([self.question_of_object[one] for one in objects], axis=1), axis=1)
        keep = found >= 0
        keep[:, 1:] &= found[:, 1:] != found[:, :-1]
        return Ragged(found[keep], offsets_of(keep.sum(axis=1)))

    def add_foils(self, table: str, foils: np.ndarray, plural: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Gives foils words, and where each question's begin, as `starts` has it. See `BlockWords.add_foils`."""
        return {f"foil_{table}": self.words.add_foils(table, foils, plural)}

    def list_twins(self, objects: np.ndarray) -> Ragged:
        """Elements of all objects that share the name of each of some objects, which are the first of their names.

        Args:
            objects: Numbers of objects in the block, ascending.
        """
        # The objects of the block, sorted by the first object of their name: twins are one run of `order`.
        first = self.words.twins[0]
        order = np.argsort(first, kind="stable")
        starts = np.flatnonzero(np.diff(first.take(order), prepend=-1))
        # Runs are in the order of the first objects: a run has as its number how many of these come before its own.
        run = (np.cumsum(self.is_first) - 1).take(objects)
        counts = self.twin_count[objects]
        places = expand_ranges(starts.take(run), counts)
        return Ragged(self.object_elements[order[places]], offsets_of(counts))

    def find_open_macros(self, kind: str) -> list[str]:
        """The macros `open_...` of a kind, which ask for a value."""
        return sorted(name for name in self.macros[kind] if name.startswith(OPEN_MACRO))

    def find_programs(self, kind: str, macro: str, starts: Mapping[str, np.ndarray], size: int) -> np.ndarray:
        """The program of each of `size` questions' texts, which a macro of the kind's template yields.

        Raises:
            GasError: The template has no such macro.
        """
        known, roles = self.macros[kind], list(starts)
        if macro not in known:
            folder = self.plan.recipe.questions.templates or "templates/questions"
            raise GasError(
                f"{folder}/{kind}.jinja has no macro `{macro}({', '.join(roles)})`, which questions of the kind "
                f"`{kind}` are asked with; write it, or leave out the form; {advise(macro, known)}"
            )
        template = known[macro]
        medium = {"medium": MEDIUMS[self.plan.recipe.modality]}

        def render(leaf: Leaf, _: tuple[int, ...]) -> list[Piece]:
            views: list[ElementView] = [
                view_element(leaf, domain, str(place), 0, "", words + self._own[domain.removeprefix("foil_")])
                for place, (domain, words) in enumerate(VIEWS[role] for role in roles)
            ]
            return render_macro(template, macro, views, medium)

        call = f"{kind}.{macro}({', '.join(roles)})"
        places = {str(place): at for place, at in enumerate(starts.values())}
        return self.tracer.find_programs(call, np.zeros((size, 0), dtype=np.int64), render, self.words, places)


@dataclass(frozen=True)
class Topics:
    """What questions of one kind are about, in columns with an entry a topic: an attribute, or the dogs of a scene.

    Attributes:
        context: What the questions of the block share.
        kind: The kind of the questions.
        scene: Scene of each topic, counted within the block, in ascending order.
        elements: Tokens of the elements of the scene graph that answers about each topic rest on, a list a topic.
        names: Tokens of what the concepts are called that questions name, foils, too: one a row of their table in the
            taxonomy.
        depends_on: For each topic the questions of its scene, by their numbers, that must be answered right before;
            none when left out.
    """

    context: QuestionContext
    kind: str
    scene: np.ndarray
    elements: Ragged
    names: np.ndarray
    depends_on: Ragged | None = None

    def __len__(self) -> int:
        return len(self.scene)

    def ask(
        self,
        form: str,
        macro: str,
        rows: np.ndarray,
        starts: dict[str, np.ndarray],
        answers: np.ndarray | int,
        foils: np.ndarray | None = None,
        asked: np.ndarray | None = None,
        choices: Ragged | None = None,
        elements: Ragged | None = None,
        depends_on: Ragged | None = None,
    ) -> Batch:
        """Makes a batch of questions with one macro, whose arguments are the roles of `starts` in their order.

        Args:
            form: As in a row.
            macro: The macro of the kind's template that asks.
            rows: Topic of each question, in ascending order.
            starts: For each role, where the words of each question begin: for an element its number in the block.
            answers: Token of each question's answer, or one for all of them.
            foils: Token of what each question puts in the place of the truth; none when left out.
            asked: The concept that each question names, or whose name is the value that it asks for, a row of the
                taxonomy.
            choices: The concepts that each question offers, the answer among them; these are what is asked, then.
            elements: One list a question, instead of its topic's.
            depends_on: One list a question, instead of its topic's.

        Raises:
            GasError: The template has no such macro.
        """
        size, is_asked = len(rows), self.context.plan.recipe.questions.asks(form)
        if depends_on is None:
            depends_on = make_empty_lists(size) if self.depends_on is None else self.depends_on.take(rows)
        # A form that is not asked needs no macro: such a batch is left out.
        programs = self.context.find_programs(self.kind, macro, starts, size) if is_asked else np.zeros(size, np.int64)
        named = make_empty_lists(size) if asked is None else make_single_lists(asked)
        return Batch(
            kind=self.kind,
            form=form,
            macro=macro,
            scene=self.scene[rows],
            programs=programs,
            starts=starts,
            answers=np.full(size, answers, dtype=np.int32) if isinstance(answers, int) else answers,
            foils=np.full(size, -1, dtype=np.int32) if foils is None else foils,
            elements=self.elements.take(rows) if elements is None else elements,
            depends_on=depends_on,
            choices=Ragged(self.names[choices.values], choices.offsets) if choices else make_empty_lists(size),
            asked=choices or named,
        )


@lru_cache(maxsize=8)
def _find_visible(taxonomy: Taxonomy, table: str) -> np.ndarray:
    """Which rows of a table anybody sees in a picture, bool."""
    return match_texts(getattr(taxonomy, table)["visible"], "yes")


def make_empty_lists(size: int) -> Ragged:
    """So many lists without anything."""
    return Ragged(np.zeros(0, dtype=np.int32), np.zeros(size + 1, dtype=np.int64))


def make_single_lists(values: np.ndarray) -> Ragged:
    """A list of one for each value."""
    return Ragged(values, np.arange(len(values) + 1))
