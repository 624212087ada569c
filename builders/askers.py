"""What is asked about each kind of element, and the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jinja2
import numpy as np

from .arrays import Ragged, expand_ranges, number_rows, offsets_of, pad_lists
from .decks import deal, derive_key
from .foils import draw_foil_attributes, draw_foil_objects, draw_foil_scene_attributes, find_kinship
from .scenes import Plan
from .templates import Leaf, Piece, list_macros, render_macro
from .tracing import Tracer
from .views import ATTRIBUTE_WORDS, MEDIUMS, OBJECT_WORDS, RELATION_WORDS, SCENE_WORDS, View, view_element
from .words import NUMBERS, BlockWords

CHOICES = 4
"""Choices of a multiple-choice question, fewer where the taxonomy has not enough that are false."""

VIEWS = {
    "object": ("object", OBJECT_WORDS),
    "attribute": ("attribute", ATTRIBUTE_WORDS),
    "relation": ("relation", RELATION_WORDS),
    "subject": ("object", OBJECT_WORDS),
    "target": ("object", OBJECT_WORDS),
    "scene": ("scene", SCENE_WORDS),
    "foil_object": ("foil_object", ("name", "plural", "any", "be", "bare_article")),
    "foil_attribute": ("foil_attribute", ("name", "kind", "text")),
    "foil_scene": ("foil_scene", SCENE_WORDS),
}
"""Domain and words of what a macro of a question template can be given."""


@dataclass(frozen=True)
class Batch:
    """Questions of one kind and form, in columns. Tokens are numbers of words in the pool.

    Attributes:
        kind, form: As in a row.
        scene: Scene of each question, counted within the block.
        element: What orders the questions of a batch within a scene.
        programs: Program of each question's text.
        starts: For each role, where its words begin.
        answers: Tokens.
        foils: Tokens, or -1.
        elements: Tokens of the elements that each answer rests on.
        depends_on: Indices of questions in the same scene.
        choices: Tokens.
    """

    kind: str
    form: str
    scene: np.ndarray
    element: np.ndarray
    programs: np.ndarray
    starts: dict[str, np.ndarray]
    answers: np.ndarray
    foils: np.ndarray
    elements: Ragged
    depends_on: Ragged
    choices: Ragged


@dataclass
class Block:
    """What the questions of one block share."""

    plan: Plan
    templates: Mapping[str, jinja2.Template]
    tracer: Tracer
    words: BlockWords
    key: int

    def __post_init__(self) -> None:
        scenes = self.scenes = self.words.scenes
        self.pool = self.tracer.book.pool
        self.fixed = self.words.lexicon.fixed
        self.tokens = self.words.lexicon.tokens
        self.scene_of_object = np.repeat(np.arange(len(scenes)), scenes.objects.lengths)
        self.object_number = np.arange(len(self.scene_of_object)) - scenes.objects.offsets[:-1][self.scene_of_object]
        self.object_elements = self.name_elements("object", self.object_number)
        first, _, self.twin_count = self.words.twins
        self.is_first = first == np.arange(len(first))
        # Questions whether an object is there come first in a scene, one for each name.
        before = np.cumsum(self.is_first) - self.is_first
        self.question_of_object = (before - before[scenes.objects.offsets[:-1]][self.scene_of_object])[first]

    def name_elements(self, domain: str, numbers: np.ndarray) -> np.ndarray:
        """Tokens such as that of `relation/2`."""
        names = [self.pool.add(f"{domain}/{number}") for number in range(int(numbers.max(initial=-1)) + 1)]
        return np.array(names, dtype=np.int64)[numbers]

    def name_attributes(self) -> np.ndarray:
        """Tokens such as that of `attribute/0/1`, one an attribute."""
        holder, counts = self.holders, self.scenes.attributes
        place = np.arange(len(holder)) - counts.offsets[:-1][holder]
        numbers = self.object_number[holder]
        examples, which = number_rows(numbers, place)
        names = [self.pool.add(f"attribute/{numbers[one]}/{place[one]}") for one in examples]
        return np.array(names, dtype=np.int64)[which]

    @property
    def holders(self) -> np.ndarray:
        """Object (in the block) of each attribute."""
        return np.repeat(np.arange(len(self.scenes.attributes)), self.scenes.attributes.lengths)

    def depend_on(self, *objects: np.ndarray) -> Ragged:
        """The questions whether these objects are there, one list a question."""
        if "object" not in self.templates:
            return _lists(len(objects[0]) if objects else 0)
        found = np.sort(np.stack([self.question_of_object[one] for one in objects], axis=1), axis=1)
        keep = np.ones(found.shape, dtype=bool)
        keep[:, 1:] = found[:, 1:] != found[:, :-1]
        return Ragged(found[keep], offsets_of(keep.sum(axis=1)))

    def add_foils(self, domain: str, table: str, foils: np.ndarray) -> dict[str, np.ndarray]:
        """Makes columns of the foils' words and returns where each question's begin."""
        before = len(self.words.find_column(f"{domain}.name")) if self.words.has_column(f"{domain}.name") else 0
        for word in VIEWS[domain][1]:
            column = f"{table}.{'article' if word == 'bare_article' else word}"
            self.words.extend_column(f"{domain}.{word}", self.tokens[column][foils])
        return {domain: before + np.arange(len(foils))}

    def ask(
        self,
        kind: str,
        form: str,
        macro: str,
        scene: np.ndarray,
        element: np.ndarray,
        starts: dict[str, np.ndarray],
        answers: np.ndarray | int,
        elements: Ragged,
        depends_on: Ragged | None = None,
        foils: np.ndarray | None = None,
        choices: Ragged | None = None,
    ) -> Batch:
        """Makes a batch of questions with one macro, whose arguments are the roles of `starts` in their order."""
        template, roles = self.templates[kind], list(starts)
        medium = {"medium": MEDIUMS[self.plan.recipe.modality]}

        def render(leaf: Leaf, _: tuple[int, ...]) -> list[Piece]:
            views: list[View] = [view_element(leaf, VIEWS[role][0], role, 0, "", VIEWS[role][1]) for role in roles]
            return render_macro(template, macro, views, medium)

        size = len(scene)
        call = f"{kind}.{macro}({', '.join(roles)})"
        programs = self.tracer.find_programs(call, np.zeros((size, 1), dtype=np.int64), render, self.words, starts)
        none = np.full(size, -1, dtype=np.int64)
        return Batch(
            kind,
            form,
            scene,
            element,
            programs,
            starts,
            np.full(size, answers) if isinstance(answers, int) else answers,
            none if foils is None else foils,
            elements,
            depends_on or _lists(size),
            choices or _lists(size),
        )


def _lists(size: int) -> Ragged:
    return Ragged(np.zeros(0, dtype=np.int64), np.zeros(size + 1, dtype=np.int64))


def _singles(values: np.ndarray) -> Ragged:
    return Ragged(values, np.arange(len(values) + 1))


def _list_twins(block: Block, chosen: np.ndarray) -> Ragged:
    """Elements of all objects that share the name of each chosen object."""
    first = block.words.twins[0]
    order = np.argsort(first, kind="stable")
    starts = np.searchsorted(first[order], chosen)
    counts = block.twin_count[chosen]
    return Ragged(block.object_elements[order[expand_ranges(starts, counts)]], offsets_of(counts))


def ask_objects(block: Block) -> list[Batch]:
    """Whether each object is there, once a name, and whether something is that is not."""
    chosen = np.flatnonzero(block.is_first)
    scene, number = block.scene_of_object[chosen], block.object_number[chosen]
    elements = _list_twins(block, chosen)
    there = block.ask("object", "yes_no", "yes_no", scene, number, {"object": chosen}, block.fixed["yes"], elements)
    foils = draw_foil_objects(derive_key(block.key, "object"), block.plan, block.scenes, scene)
    found = foils >= 0
    starts = block.add_foils("foil_object", "object", foils[found])
    foil_tokens = block.tokens["object.name"][foils[found]]
    absent = block.ask(
        "object",
        "yes_no",
        "yes_no",
        scene[found],
        number[found],
        starts,
        block.fixed["no"],
        elements.take(np.flatnonzero(found)),
        foils=foil_tokens,
    )
    return [there, absent]


def ask_counts(block: Block) -> list[Batch]:
    """How many there are of each name that can be counted; not where another object is one, as a baker is a person."""
    objects = block.scenes.objects
    countable = block.tokens["object.any"][objects.values] != block.fixed["any"]
    chosen = np.flatnonzero(block.is_first & countable)
    present = pad_lists(objects)[block.scene_of_object[chosen]]
    asked = np.broadcast_to(objects.values[chosen][:, None], present.shape)
    is_one = find_kinship(block.plan)(present, asked) & (present >= 0)
    chosen = chosen[is_one.sum(axis=1) == block.twin_count[chosen]]
    numbers = np.array([block.fixed[word] for word in NUMBERS])
    answers = numbers[block.twin_count[chosen]]
    scene, number = block.scene_of_object[chosen], block.object_number[chosen]
    elements, depends = _list_twins(block, chosen), block.depend_on(chosen)
    return [block.ask("count", "count", "count", scene, number, {"object": chosen}, answers, elements, depends)]


def ask_attributes(block: Block) -> list[Batch]:
    """Whether an object has each attribute and whether it has another; what it is, openly and with choices."""
    scenes, kinds = block.scenes, block.tokens["attribute.kind"]
    concepts, holders = scenes.attributes.values, block.holders
    names = block.tokens["attribute.name"]
    every = np.arange(len(concepts))
    scene, elements, depends = (
        block.scene_of_object[holders],
        _singles(block.name_attributes()),
        block.depend_on(holders),
    )
    if not len(every):
        return []
    foils = [draw_foil_attributes(derive_key(block.key, "attribute", 0), block.plan, scenes, every >= 0, [])]
    starts = {"object": holders, "attribute": every}
    batches = [block.ask("attribute", "yes_no", "yes_no", scene, every, starts, block.fixed["yes"], elements, depends)]
    found = np.flatnonzero(foils[0] >= 0)
    starts = {"object": holders[found], **block.add_foils("foil_attribute", "attribute", foils[0][found])}
    batches.append(
        block.ask(
            "attribute",
            "yes_no",
            "yes_no",
            scene[found],
            found,
            starts,
            block.fixed["no"],
            elements.take(found),
            depends.take(found),
            foils=names[foils[0][found]],
        )
    )
    # An open question has one answer only if no other attribute of the object is of the same kind.
    of_kind = number_rows(holders, kinds[concepts])[1]
    alone = np.bincount(of_kind)[of_kind] == 1
    openly = [macro for macro in sorted(list_macros(block.templates["attribute"])) if macro.startswith("open_")]
    open_kinds = [block.words.lexicon.find(macro.removeprefix("open_")) for macro in openly]
    asked = alone & np.isin(kinds[concepts], open_kinds)
    while len(foils) < CHOICES - 1:
        number_key = derive_key(block.key, "attribute", len(foils))
        foils.append(draw_foil_attributes(number_key, block.plan, scenes, asked, foils))

    def ask_openly(form: str, macro: str, chosen: np.ndarray, choices: Ragged | None = None) -> Batch:
        starts, answers = {"object": holders[chosen]}, names[concepts[chosen]]
        places = elements.take(chosen), depends.take(chosen)
        return block.ask("attribute", form, macro, scene[chosen], chosen, starts, answers, *places, choices=choices)

    for macro, kind in zip(openly, open_kinds, strict=True):
        chosen = np.flatnonzero(alone & (kinds[concepts] == kind))
        batches.append(ask_openly("open", macro, chosen))
        chosen = chosen[foils[0][chosen] >= 0]
        others = [np.where(foil[chosen] >= 0, names[foil[chosen]], -1) for foil in foils]
        choices = _shuffle_choices(derive_key(block.key, macro), names[concepts[chosen]], others)
        batches.append(ask_openly("multiple_choice", macro, chosen, choices))
    return batches


def _shuffle_choices(key: int, answers: np.ndarray, foils: list[np.ndarray]) -> Ragged:
    """The answer among its foils, at every place equally often."""
    columns = np.stack([answers, *foils], axis=1)
    place = deal(key, columns.shape[1], 0, len(answers))
    turned = np.take_along_axis(columns, (np.arange(columns.shape[1]) - place[:, None]) % columns.shape[1], axis=1)
    return Ragged(turned[turned >= 0], offsets_of((turned >= 0).sum(axis=1)))


def ask_relations(block: Block) -> list[Batch]:
    """Whether each relation holds, and whether it holds to an object that is not there."""
    scenes = block.scenes
    scene = np.repeat(np.arange(len(scenes)), scenes.relations.lengths)
    shift = scenes.objects.offsets[:-1][scene]
    subjects, targets, every = scenes.subjects.values + shift, scenes.targets.values + shift, np.arange(len(scene))
    numbers = every - scenes.relations.offsets[:-1][scene]
    elements = _singles(block.name_elements("relation", numbers))
    if not len(every):
        return []
    starts = {"subject": subjects, "relation": every, "target": targets}
    holds = block.ask(
        "relation",
        "yes_no",
        "yes_no",
        scene,
        every,
        starts,
        block.fixed["yes"],
        elements,
        block.depend_on(subjects, targets),
    )
    foils = draw_foil_objects(derive_key(block.key, "relation"), block.plan, scenes, scene)
    found = np.flatnonzero(foils >= 0)
    starts = {"subject": subjects[found], "relation": found, **block.add_foils("foil_object", "object", foils[found])}
    names = block.tokens["object.name"][foils[found]]
    fails = block.ask(
        "relation",
        "yes_no",
        "yes_no_foil",
        scene[found],
        found,
        starts,
        block.fixed["no"],
        elements.take(found),
        block.depend_on(subjects[found]),
        foils=names,
    )
    return [holds, fails]


def ask_scenes(block: Block) -> list[Batch]:
    """Whether the scene has each of its attributes and whether it has another; which it has, openly."""
    scenes, table = block.scenes, block.plan.taxonomy.scene_attributes
    concepts = scenes.scene_attributes.values
    scene, every = np.repeat(np.arange(len(scenes)), scenes.scene_attributes.lengths), np.arange(len(concepts))
    elements = _singles(block.name_elements("scene", every - scenes.scene_attributes.offsets[:-1][scene]))
    table_roles = np.array(table["role"].to_pylist())
    roles, kinds = table_roles[concepts], np.array(table["kind"].to_pylist())[concepts]
    foils = draw_foil_scene_attributes(derive_key(block.key, "scene"), block.plan, scenes)
    batches = []
    for role in ("setting", "picture"):
        chosen = np.flatnonzero(roles == role)
        batches.append(
            block.ask(
                "scene",
                "yes_no",
                role,
                scene[chosen],
                chosen,
                {"scene": chosen},
                block.fixed["yes"],
                elements.take(chosen),
            )
        )
        chosen = np.flatnonzero((foils >= 0) & (table_roles[foils] == role))
        starts, names = (
            block.add_foils("foil_scene", "scene", foils[chosen]),
            block.tokens["scene.name"][foils[chosen]],
        )
        batches.append(
            block.ask(
                "scene",
                "yes_no",
                role,
                scene[chosen],
                chosen,
                starts,
                block.fixed["no"],
                elements.take(chosen),
                foils=names,
            )
        )
    for macro in sorted(list_macros(block.templates["scene"])):
        if macro.startswith("open_"):
            chosen = np.flatnonzero(kinds == macro.removeprefix("open_"))
            answers = block.tokens["scene.name"][concepts[chosen]]
            batches.append(
                block.ask("scene", "open", macro, scene[chosen], chosen, {}, answers, elements.take(chosen))
            )
    return batches


ASKERS = {
    "object": ask_objects,
    "count": ask_counts,
    "attribute": ask_attributes,
    "relation": ask_relations,
    "scene": ask_scenes,
}
"""Who asks about each kind, in the order in which a row has its questions: what others depend on comes first."""
