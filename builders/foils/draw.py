"""Foils of objects, attributes and scene attributes: what a false statement puts in the place of the truth.

The rule that makes it false is a closed world: the scene graph is all that the picture is about. An object that is not
in it, nor shown by what is (`kinship.py`), is absent; an attribute is not an object's if one that it has excludes it.
Relations have rules of their own, in `relations.py`.

All are drawn alike, by rejection: `draw_until_fit` draws for all questions at once, and again for those whose foil
does not fit, a few times. A question that has none after that (-1) is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ...taxonomy import Taxonomy
from ..content.given import join_lists
from ..content.plan import Plan
from ..content.scenes import Scenes
from ..foundation.counter_rng import derive_key, draw_below
from ..foundation.ragged import Bits, Ragged, expand_ranges, offsets_of, pad_lists
from .kinship import find_kinship, list_shown, tabulate_implied, tabulate_kinship
from .tables import (
    find_near_attributes,
    find_near_scene_attributes,
    list_foil_attributes,
    list_foil_objects,
    list_foil_scene_attributes,
    number_texts,
    tabulate_shown,
)

Fits = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Whether questions (numbers) can have foils (rows of the taxonomy), bool, element by element."""

TURNS = 4
"""Draws before foils are compared with each other, and again as many for those that another question has."""


@dataclass(frozen=True)
class SceneKin:
    """What the scenes of a block show, or may, by what is in them: `kinship.py` says what shows what."""

    plan: Plan
    scenes: Scenes

    @cached_property
    def tables(self) -> tuple[np.ndarray, Bits, Bits] | None:
        """A place for each object of the taxonomy; which places each scene shows, and which by two things or more.

        None where there are too many objects for that.
        """
        if not (tables := tabulate_kinship(self.plan)):
            return None
        place, shows = tables
        once, twice = (table.words for table in shows.unite_twice(_replace_values(self.present, place)))
        # Most scene attributes show nothing.
        attributes = self.scenes.scene_attributes
        shows_some = list_shown(self.plan.taxonomy).lengths.take(attributes.values) > 0
        if shows_some.any():
            attributes = Ragged(attributes.values.compress(shows_some), offsets_of(shows_some)[attributes.offsets])
            implied, implied_twice = tabulate_implied(self.plan)
            more, several = (table.words for table in implied.unite_twice(attributes))
            twice |= several
            twice |= implied_twice.unite(attributes).words
            twice |= once & more
            once |= more
        return place, Bits(once), Bits(twice)

    @cached_property
    def present(self) -> Ragged:
        """Rows of what each scene has and, of somebody's own graphs, what words show that nobody reviewed."""
        given = self.plan.given
        return join_lists(self.scenes.objects, given.list_shown(self.scenes)) if given else self.scenes.objects

    def show(self, scene: np.ndarray, objects: np.ndarray) -> np.ndarray:
        """Whether anything in scenes shows objects (rows of the taxonomy), bool, element by element."""
        if not self.tables:
            return self.count(scene, objects) > 0
        place, once, _ = self.tables
        return once.have(scene, place.take(objects))

    def show_more(self, scene: np.ndarray, objects: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Whether more objects of scenes than these counts show objects (rows of the taxonomy), bool."""
        if not self.tables:
            return self.count(scene, objects) > counts
        place, once, twice = self.tables
        places = place.take(objects)
        more = np.where(counts == 0, once.have(scene, places), twice.have(scene, places))
        # Few objects of a scene have one name.
        some = np.flatnonzero(more & (counts > 1))
        more[some] = self.count(scene[some], objects[some]) > counts[some]
        return more

    def count(self, scene: np.ndarray, objects: np.ndarray) -> np.ndarray:
        """Counts objects in scenes that show objects (rows of the taxonomy), and scene attributes that do."""
        shows, count = find_kinship(self.plan), np.zeros(len(scene), dtype=np.int64)
        for lists in (self.present, list_shown_by_scenes(self.plan, self.scenes)):
            # One column after the other: one object of each scene, -1 beyond its last.
            for present in pad_lists(lists)[scene].T:
                count += shows(present, objects) & (present >= 0)
        return count


def _replace_values(lists: Ragged, by: np.ndarray) -> Ragged:
    return Ragged(by.take(lists.values), lists.offsets)


def list_shown_by_scenes(plan: Plan, scenes: Scenes) -> Ragged:
    """Rows of the objects that the scene attributes of each scene show."""
    every = list_shown(plan.taxonomy).take(scenes.scene_attributes.values)
    return Ragged(every.values, every.offsets[scenes.scene_attributes.offsets])


def sample_foil_objects(
    keys: Sequence[int],
    plan: Plan,
    scenes: Scenes,
    kin: SceneKin,
    scene_of: np.ndarray,
    asked: np.ndarray,
    countable: np.ndarray | bool = False,
    alike: bool = False,
) -> list[np.ndarray]:
    """Objects for each question to which nothing in its scene is kin: no picture of the scene shows them.

    `kinship.py` says what is kin. Where there are such, the foil is of the same kinds as what is asked about, so that
    it is neither easy to tell nor more frequent than the truth. Where the recipe's own objects are too few, any serve
    that it would deal if it were less narrow. No two questions of a scene have the same first foil.

    Args:
        keys: Keys of the choice, one for each foil that a question gets; they differ in name.
        plan: The plan of the recipe.
        scenes: The block.
        kin: What they show.
        scene_of: Scene of each question.
        asked: Object (a row of the taxonomy) that each question is about.
        countable: Whether only what can be counted will do, for all questions or for each.
        alike: Whether only what takes the same attributes and relations will do.

    Returns:
        For each key, rows of the taxonomy's objects, or -1 where chance found none, shape (questions,).
    """
    # (objects of the taxonomy,): a number for each name; (questions,): what chance goes by.
    names, ids = number_texts(plan.taxonomy, "name", "objects"), scenes.identify(scene_of)
    drawn: list[np.ndarray] = []
    names_drawn: list[np.ndarray] = []

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        good = ~kin.show(scene_of.take(rows), foils)
        for others in names_drawn:
            good &= others.take(rows) != names.take(foils)
        return good

    candidates = _list_candidates(plan, asked, countable)[: 1 if alike else None]
    # (questions,): the list that had the first foil. Where those before it had none, they will have no other, either.
    first = np.zeros(len(scene_of), dtype=np.int64)
    for key in keys:
        found = np.full(len(scene_of), -1, dtype=np.int64)
        for turn, (lists, list_of) in enumerate(candidates):
            # A scene may well have the same wrong choice twice.
            owner = None if drawn else scene_of
            found = draw_until_fit(
                derive_key(key, turn), ids, found, lists, list_of, fits, owner, names, first <= turn
            )
            if not drawn:
                first[found < 0] = turn + 1
        drawn.append(found)
        names_drawn.append(np.where(found < 0, -1, names.take(found)))
    return drawn


def _list_candidates(plan: Plan, asked: np.ndarray, countable: np.ndarray | bool) -> list[tuple[Ragged, np.ndarray]]:
    """Candidates for each question, the best first: lists, and which of them serves for each question."""
    if not np.any(countable) or np.all(countable):
        return [(lists, of.take(asked)) for lists, of in list_foil_objects(plan, bool(np.any(countable)))]
    return [
        (every.join(counted), np.where(countable, len(every) + of_counted.take(asked), of.take(asked)))
        for (every, of), (counted, of_counted) in zip(
            list_foil_objects(plan, False), list_foil_objects(plan, True), strict=True
        )
    ]


def sample_foil_attributes(keys: Sequence[int], plan: Plan, scenes: Scenes, seen: bool = False) -> list[np.ndarray]:
    """Attributes for each attribute of the block that its object does not have.

    They are of the same kind, the attribute excludes them, and they are near no attribute of the object, nor have a
    word in common with any. No object is asked about the same foil twice.

    Args:
        keys: Keys of the choice, one for each foil that an attribute gets.
        plan: The plan of the recipe.
        scenes: The block.
        seen: Whether only what anybody sees in a picture will do.

    Returns:
        For each key, rows of the taxonomy's attributes, or -1, shape (attributes of the block,).
    """
    # (attributes of the block,) each: the object that has it, the list of its foils, and what chance goes by, which
    # counts through the attributes of a scene.
    classes = plan.pools.classes
    holders = scenes.attributes.owners
    list_of = scenes.attributes.values * len(classes) + classes.of[scenes.objects.values[holders]]
    ids = scenes.identify(scenes.objects.owners[holders])
    near, texts = _pack_near(find_near_attributes, plan.taxonomy), number_texts(plan.taxonomy)
    # Objects without attributes are left out: then every owner has a question.
    held = scenes.attributes.take(np.flatnonzero(scenes.attributes.lengths))
    return _draw_apart(keys, ids, list_foil_attributes(plan, seen), list_of, near, held, texts)


def sample_foil_scene_attributes(keys: Sequence[int], plan: Plan, scenes: Scenes) -> list[np.ndarray]:
    """Scene attributes of the same kind for each one of the block, without a word in common with any of its scene.

    Nothing that they show is among the objects of the scene: with a rainbow there it may well look like rain.

    Args:
        keys: Keys of the choice, one for each foil that a scene attribute gets.
        plan: The plan of the recipe.
        scenes: The block.

    Returns:
        For each key, rows of the taxonomy's scene attributes, or -1, shape (scene attributes of the block,).
    """
    own, lists = scenes.scene_attributes, list_foil_scene_attributes(plan)
    ids = scenes.identify(own.owners)
    near, labels = _pack_near(find_near_scene_attributes, plan.taxonomy), np.arange(len(lists))
    number, shown = tabulate_shown(plan.taxonomy)
    there = shown.unite(scenes.objects)
    return _draw_apart(
        keys, ids, lists, own.values, near, own, labels, lambda scene, foils: there.have(scene, number.take(foils))
    )


def _draw_apart(
    keys: Sequence[int],
    ids: np.ndarray,
    lists: Ragged,
    list_of: np.ndarray,
    near: Bits,
    owned: Ragged,
    labels: np.ndarray,
    refuse: Fits | None = None,
) -> list[np.ndarray]:
    """Draws foils for all attributes of some owners that are near none of the owner's, nor near each other.

    Args:
        keys: Keys of the choice, one for each foil that an attribute gets.
        ids: What chance goes by, shape (attributes,).
        lists: What to draw from.
        list_of: List of each attribute, shape (attributes,).
        near: What is near what, by rows of the taxonomy.
        owned: The attributes, rows of the taxonomy, one list an owner: objects, or scenes.
        labels: A number for each row of the taxonomy: two foils of one owner never have the same.
        refuse: Tells of owners and foils whether something else makes the foil no certain falsehood.

    Returns: For each key, rows of the taxonomy, or -1, shape (attributes,).
    """
    owner, near_owned = owned.owners, near.unite(owned)
    drawn: list[np.ndarray] = []

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        bad = near_owned.have(owner.take(rows), foils)
        if refuse:
            bad |= refuse(owner.take(rows), foils)
        for others in drawn:
            bad |= near.have(others.take(rows), foils)
        return ~bad

    for key in keys:
        # Where none was found for one choice, none will be for the next, nor where there is but one.
        able = (drawn[-1] >= 0) & lists.varied.take(list_of) if drawn else True
        drawn.append(draw_until_fit(key, ids, np.full(len(ids), -1), lists, list_of, fits, owner, labels, able))
    return drawn


@lru_cache(maxsize=8)
def _pack_near(find: Callable[[Taxonomy], np.ndarray], taxonomy: Taxonomy) -> Bits:
    """A table of what is near what, with a last row for what is near nothing: -1 leads there."""
    return Bits.pack(np.pad(find(taxonomy), ((0, 1), (0, 0))))


def draw_until_fit(
    key: int,
    ids: np.ndarray,
    found: np.ndarray,
    lists: Ragged,
    list_of: np.ndarray,
    fits: Fits,
    owner: np.ndarray | None = None,
    labels: np.ndarray | None = None,
    able: np.ndarray | bool = True,
) -> np.ndarray:
    """Draws for each question without a foil (-1) from its list until the choice fits.

    Args:
        key: Key of the choices.
        ids: What chance goes by, a number for each question, shape (questions,).
        found: Foils, or -1, shape (questions,); it is not changed.
        lists: What to draw from, all of a list alike.
        list_of: List of each question, shape (questions,).
        fits: Tells whether questions (numbers) can have foils.
        owner: What each question is about, ascending: two of one owner never get foils of the same label. All may be
            alike when it is not given.
        labels: A number for each value that `lists` may hold.
        able: Which questions may get one.

    Returns: Foils, or -1, shape (questions,).
    """
    rows = np.flatnonzero((found < 0) & able)
    rows = rows.compress(lists.lengths.take(list_of.take(rows)) > 0)
    if not len(rows):
        return found
    found = found.copy()

    def draw(turn: int, rows: np.ndarray) -> np.ndarray:
        """Draws for these questions; returns those that are still without a foil."""
        # `take` and `compress` instead of brackets: these arrays are long, and indexing with them is slower.
        own = list_of.take(rows)
        chance = draw_below(derive_key(key, turn), ids.take(rows), lists.lengths.take(own))
        chance += lists.offsets.take(own)
        foils = lists.values.take(chance)
        good = fits(rows, foils)
        found[rows] = np.where(good, foils, -1)
        return rows.compress(~good)

    left = rows
    for turn in range(TURNS):
        left = draw(turn, left) if len(left) else left
    if owner is None or labels is None:
        return found
    # Of two alike the first keeps its foil. That is seldom, so it is looked for when the others have theirs.
    for turn in range(TURNS, 2 * TURNS + 1):
        beside = _list_beside(owner, rows)
        beside = beside.compress(found.take(beside) >= 0)
        rows = _drop_repeats(found, owner, labels, beside)
        if turn == 2 * TURNS or not len(rows):
            break
        draw(turn, rows)
    return found


def _list_beside(owner: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """All questions about what these questions (numbers) are about, ascending; `owner` is ascending, too."""
    if len(rows) == len(owner):
        return rows
    owners = owner.take(rows)
    owners = owners.compress(np.diff(owners, prepend=-1) > 0)
    begins, ends = (np.searchsorted(owner, owners, side) for side in ("left", "right"))
    return expand_ranges(begins, ends - begins)


def _drop_repeats(found: np.ndarray, owner: np.ndarray, labels: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Takes away foils whose label another of these questions has already for the same owner; returns whose."""
    # One number for owner and label, so equal neighbours in sorted order are repeats; stable, so the first one stays.
    codes = owner.take(among) * len(labels)
    codes += labels.take(found.take(among))
    order = np.argsort(codes, kind="stable")
    codes = codes.take(order)
    again = 1 + np.flatnonzero(codes[1:] == codes[:-1])
    repeats = np.sort(among.take(order.take(again)))
    found[repeats] = -1
    return repeats
