"""Captions clause by clause: for scenes of which hardly two have one structure, so that tracing each is too dear.

The block `objects` of the templates in `BY_CLAUSES` prints clause after clause: one for each relation, those of one
subject together, then one for each object without relations. A clause depends on nothing but whether it is the first,
and of its ends on how many attributes each has, and whether it has been named before. There are a few hundred such
cases. Each is rendered once, as the last clause of a scene that is just large enough for it; what the scene without
that clause prints comes before it, and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ...errors import GasError
from ..content.scenes import Scenes
from ..foundation.counter_rng import derive_key, draw_below
from ..foundation.ragged import Ragged, expand_ranges, offsets_of
from .assembly import NOTHING, OPEN, ProgramTable, Texts, WordPool
from .captions import CaptionWriter, Way, find_long, find_starts, join_block
from .marks import Leaf, Piece
from .surface_forms import BlockWords
from .templates import render_block
from .views import Shape, view_scene

BY_CLAUSES = ("prompt", "short")
"""Shipped templates that print clause after clause."""
SUBJECT, TARGET, RELATION = "clause-subject", "clause-target", "clause-relation"
"""Roles of a clause's words."""
BLOCK = "objects"
"""The block that is printed clause by clause."""


class ClauseCase(NamedTuple):
    """What a clause is rendered for.

    Attributes:
        before: How what stands before it ends; -1 for a clause after another one.
        attributes: Of the subject, or of the object that stands alone; -1 where it has been named before.
        target_attributes: Of the target, or -1; -2 for an object that stands alone.
    """

    before: int
    attributes: int
    target_attributes: int


ALONE = -2


@dataclass(frozen=True)
class Clauses:
    """The clauses of a block of scenes, scene after scene, in the order in which they are said.

    Attributes:
        offsets: Where each scene's begin.
        subjects, targets: Objects (of the block); a clause of an object alone has no target, -1.
        relations: Relation (of the block) of each, -1 of an object alone.
        cases: Columns of `ClauseCase` but `before`, shape (clauses, 2).
    """

    offsets: np.ndarray
    subjects: np.ndarray
    targets: np.ndarray
    relations: np.ndarray
    cases: np.ndarray


def list_clauses(scenes: Scenes) -> Clauses:
    """Puts what scenes say into the order of texts: relations by their subjects, then objects without any."""
    count, shift = len(scenes.objects.values), scenes.objects.offsets[scenes.relations.owners]
    subjects, targets = scenes.subjects.values + shift, scenes.targets.values + shift
    order = np.argsort(subjects, kind="stable")  # objects are numbered scene after scene
    joined = np.zeros(count, dtype=bool)
    joined[subjects] = joined[targets] = True
    alone = np.flatnonzero(~joined)
    scene_of = scenes.objects.owners
    relation_scene, alone_scene = scenes.relations.owners[order], scene_of[alone]
    scene = np.concatenate([relation_scene, alone_scene])
    place = np.argsort(scene, kind="stable")
    none = np.full(len(alone), -1, dtype=np.int64)
    subject, target, relation = (
        np.concatenate(pair)[place] for pair in ((subjects[order], alone), (targets[order], none), (order, none))
    )
    # An object is introduced where it is first named: moments are two a clause, the subject's and the target's.
    moments = 2 * np.arange(len(place))
    first = np.full(count, 2 * len(place), dtype=np.int64)
    has = target >= 0
    np.minimum.at(first, subject, moments)
    np.minimum.at(first, target[has], moments[has] + 1)
    sizes = scenes.attributes.lengths
    of_subject = np.where(first[subject] == moments, sizes[subject], -1)
    of_target = np.where(first[target] == moments + 1, sizes[target], -1)
    return Clauses(
        offsets_of(np.bincount(scene, minlength=len(scenes))),
        subject,
        target,
        relation,
        np.stack([of_subject, np.where(has, of_target, ALONE)], axis=1),
    )


@dataclass(frozen=True)
class ClauseTexts(Texts):
    """Texts whose tokens say themselves what they mention: an element's token, or -1, shape (tokens,)."""

    elements: np.ndarray | None = None

    def find_mentions(self, program_table: ProgramTable) -> tuple[Ragged, np.ndarray, np.ndarray]:
        """As of other texts."""
        assert self.elements is not None
        sizes, *margins = program_table.pool.measures
        lengths = sizes.take(self.tokens)
        bounds = offsets_of(lengths)
        found = np.flatnonzero(self.elements >= 0)
        before, after = (margin.take(self.tokens[found]) for margin in margins)
        there = lengths[found] > before + after
        found, before, after = found[there], before[there], after[there]
        offsets = np.searchsorted(found, self.offsets)
        shift = np.repeat(bounds[self.offsets[:-1]], np.diff(offsets))
        first, last = bounds[found] + before - shift, bounds[found + 1] - after - shift
        return Ragged(self.elements[found], offsets), first.astype(np.int32), last.astype(np.int32)


@dataclass
class ClauseWriter(CaptionWriter):
    """Writes captions of scenes of any structure: clause by clause where the template allows it."""

    def write(self, words: BlockWords, key: int, before_edits: Scenes | None = None) -> Texts:
        """Captions of all scenes of a block; they belong to `tracer.program_table.pool`."""
        if self.goes_by_clauses and before_edits is None:
            self.tracer.begin_block()
            return self._write_clauses(words)
        return super().write(words, key, before_edits)

    @property
    def goes_by_clauses(self) -> bool:
        """Whether captions are written in a template that prints clause after clause."""
        (captions, *others) = self.plan.recipe.captions
        return not others and not captions.count_alike and captions.template in BY_CLAUSES

    def choose_frames(self, number: int, key: int, scenes: Scenes, places: np.ndarray | None = None) -> np.ndarray:
        """As of other scenes; structures beyond the plan's are put in frames by chance."""
        known = scenes.structures < len(self.plan.structures.table)
        places = np.arange(len(scenes)) if places is None else places
        by_scene = draw_below(derive_key(key, "frames"), scenes.start + places, self.frames[number])
        if not known.any():
            return by_scene
        others = replace(scenes, structures=np.where(known, scenes.structures, 0))
        return np.where(known, super().choose_frames(number, key, others, places), by_scene)

    def _write_clauses(self, words: BlockWords) -> Texts:
        scenes = words.scenes
        way = Way(np.arange(len(scenes)), *(np.zeros(len(scenes), dtype=np.int64) for _ in range(2)))
        starts, clauses, long = find_starts(words), list_clauses(scenes), find_long(scenes)
        counts = np.diff(clauses.offsets)
        names = list(self._blocks[0])
        # A caption is its blocks, one part each, but for the block of clauses, which has a part for each of these.
        sizes = np.stack([counts if name == BLOCK else np.ones_like(counts) for name in names], axis=1)
        parts = offsets_of(sizes.reshape(-1))
        programs = np.empty(parts[-1], dtype=np.int64)
        clause_of = np.full(parts[-1], -1, dtype=np.int64)
        before = np.full(len(scenes), NOTHING)
        for place, name in enumerate(names):
            begins = parts[place : len(parts) - 1 : len(names)]
            if name == BLOCK:
                at = expand_ranges(begins, counts)
                clause_of[at] = np.arange(len(at))
                programs[at] = self._find_clauses(words, clauses, before)
                before = np.where(counts > 0, OPEN, before)
                continue
            programs[begins] = found = self.find_block(0, name, words, way, before, starts, long)
            ends = self.tracer.program_table.find_ends(found)
            before = np.where(ends == NOTHING, before, ends)
        scene_of = np.repeat(np.arange(len(scenes)), sizes.sum(axis=1))
        roles = {role: at[scene_of] for role, at in starts.items()}
        some = np.flatnonzero(clause_of >= 0)
        for role, objects in ((SUBJECT, clauses.subjects), (TARGET, clauses.targets)):
            at, attributes = np.zeros((2, len(programs)), dtype=np.int64)
            at[some], attributes[some] = objects, scenes.attributes.offsets[objects]
            roles |= {role: at, f"{role}'s attribute": attributes}
        roles[RELATION] = np.zeros(len(programs), dtype=np.int64)
        roles[RELATION][some] = clauses.relations
        texts = self.tracer.assemble_texts(programs, words, roles)
        elements = self._name_elements(texts, roles, scenes)
        return ClauseTexts(texts.tokens, texts.offsets[parts[:: len(names)]], texts.entries, elements)

    def _find_clauses(self, words: BlockWords, clauses: Clauses, before: np.ndarray) -> np.ndarray:
        """The program of each clause."""
        keys = np.empty((len(clauses.subjects), len(ClauseCase._fields)), dtype=np.int64)
        keys[:, 0], keys[:, 1:] = -1, clauses.cases
        has = np.diff(clauses.offsets) > 0
        keys[clauses.offsets[:-1][has], 0] = before[has]
        return self.tracer.find_programs(f"{self._names[0]}.clause", keys, self._render_clause, words, {})

    def _render_clause(self, leaf: Leaf, key: tuple[int, ...]) -> list[Piece]:
        """Renders the last clause of the smallest scene that has it, without what stands before it."""
        case = ClauseCase(*key)
        shape, clause = build_example(case)
        pieces = self._render_example(leaf, shape)
        if case.before >= 0:
            pieces = join_block(pieces, case.before)
        else:
            printed = self._render_example(leaf, build_example(case, without=True)[0])
            if pieces[: len(printed)] != printed:
                raise GasError(f"the template {self._names[0]} does not print one clause after another")
            pieces = pieces[len(printed) :]
        return [turn_piece(piece, shape, clause) for piece in pieces]

    def _render_example(self, leaf: Leaf, shape: Shape) -> list[Piece]:
        view = view_scene(leaf, shape, (0, 0, 0, 0), self.plan.recipe.modality)
        return render_block(self.templates[0], BLOCK, {"scene": view, "frame": 0})

    def _name_elements(self, texts: Texts, roles: dict[str, np.ndarray], scenes: Scenes) -> np.ndarray:
        """The element that each token mentions, as a token of the pool, or -1."""
        table, pool = self.tracer.program_table, self.tracer.program_table.pool
        mentions = table.table()[0][3].take(texts.entries)
        found = np.full(len(mentions), -1, dtype=np.int64)
        part_of = np.repeat(np.arange(len(texts.offsets) - 1), np.diff(texts.offsets))
        names = list(table.mentions)
        order = np.argsort(mentions, kind="stable")
        bounds = np.searchsorted(mentions[order], np.arange(len(names) + 1))
        for number, name in enumerate(names):
            tokens = order[bounds[number] : bounds[number + 1]]
            if not len(tokens):
                continue
            role, _, place = name.partition("/")
            if role == RELATION:
                found[tokens] = self._name(pool, "relation", scenes.relations.places[roles[role][part_of[tokens]]])
            elif role not in (SUBJECT, TARGET):
                found[tokens] = pool.add(name)
            else:
                objects = scenes.objects.places[roles[role][part_of[tokens]]]
                found[tokens] = self._name(pool, "attribute" if place else "object", objects, place)
        return found

    @staticmethod
    def _name(pool: WordPool, domain: str, numbers: np.ndarray, place: str = "") -> np.ndarray:
        top = int(numbers.max(initial=-1)) + 1
        tokens = [pool.add(f"{domain}/{number}{'/' * bool(place)}{place}") for number in range(top)]
        return np.array(tokens, dtype=np.int64)[numbers]


def build_example(case: ClauseCase, without: bool = False) -> tuple[Shape, tuple[int, int, int]]:
    """The smallest scene whose last clause is of a case; or the same scene without that clause.

    Returns: Its shape, and the numbers in it of the clause's subject, target and relation.
    """
    attributes: list[int] = []
    edges: list[tuple[int, int]] = []

    def add(count: int) -> int:
        attributes.append(count)
        return len(attributes) - 1

    subject, target = 0, 1
    if case.target_attributes == ALONE:
        if case.before < 0:
            add(0)
        if not without:
            subject = add(case.attributes)
        return Shape(tuple(attributes), (), ()), (subject, -1, -1)
    is_known, target_known = case.attributes < 0, case.target_attributes < 0
    if case.before >= 0:
        subject, target = add(case.attributes), add(case.target_attributes)
    elif is_known and target_known:
        subject, target = add(0), add(0)
        edges.append((subject, target))
    elif is_known:
        subject, other = add(0), add(0)
        edges.append((subject, other))
        target = -1 if without else add(case.target_attributes)
    elif target_known:
        other, target = add(0), add(0)
        edges.append((other, target))
        subject = -1 if without else add(case.attributes)
    else:
        edges.append((add(0), add(0)))
        if not without:
            subject, target = add(case.attributes), add(case.target_attributes)
    if not without:
        edges.append((subject, target))
    subjects, targets = zip(*edges, strict=True) if edges else ((), ())
    return Shape(tuple(attributes), subjects, targets), (subject, target, len(edges) - 1)


def turn_piece(piece: Piece, shape: Shape, clause: tuple[int, int, int]) -> Piece:
    """A piece of an example in terms of the clause: its subject, its target, its relation."""
    if piece.slot is None:
        return piece
    column, role, number = piece.slot
    subject, target, _ = clause
    if role == "relation":
        return Piece(piece.text, (column, RELATION, 0), RELATION if piece.element else "")
    begins = offsets_of(np.array(shape.attribute_counts, dtype=np.int64))
    holder = int(np.searchsorted(begins, number, side="right")) - 1 if role == "attribute" else number
    whose = TARGET if holder == target and holder != subject else SUBJECT
    if role == "attribute":
        place = number - int(begins[holder])
        return Piece(piece.text, (column, f"{whose}'s attribute", place), f"{whose}/{place}" if piece.element else "")
    return Piece(piece.text, (column, whose, 0), whose if piece.element else "")
