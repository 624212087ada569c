"""Edited scenes, about which the questions of a block are answered again.

The rule is that of the questions: the scene graph is all that is in the picture. A question is its words, so "the
second dog" is whatever the edited scene's caption calls so. Where no single answer follows, there is none: nothing is
called so any more, several things fit, or what is asked about may hold without being stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ...taxonomy import Taxonomy
from ..foils.draw import SceneKin
from ..foils.kinship import list_lineages
from ..foils.relation_logic import read_logic
from ..foils.relations import find_single
from ..foundation.ragged import Ragged, number_rows, offsets_of, pad_lists
from ..text.lexicon import build_lexicon
from ..text.surface_forms import BlockWords
from .batches import Batch, QuestionContext

NONE = -1
"""No single answer; also, no object and no name."""


@dataclass
class EditedScenes:
    """The edited scenes of a block, as its questions see them. Objects are numbered through the edited block.

    Attributes:
        context: What the questions share; it is about the scenes as they were.
        words: The words of the edited scenes.
        scenes: The edited scenes.
        taxonomy: The taxonomy of the recipe.
        yes, no: Tokens of these answers.
        names: Token of what each object is called, which is plural for several, shape (objects,).
        scene_of_object: Scene of each object.
        first: First object of each scene, shape (scenes,).
        objects: Objects of each scene, shape (scenes, most objects of a scene), -1 beyond its last.
    """

    context: QuestionContext
    words: BlockWords

    def __post_init__(self) -> None:
        self.scenes = self.words.scenes
        self.taxonomy = self.context.plan.taxonomy
        self.yes, self.no = self.context.fixed["yes"], self.context.fixed["no"]
        self.names = self.words.find_column("object.name")
        self.scene_of_object = self.scenes.objects.owners
        self.first = self.scenes.objects.offsets[:-1]
        self.objects = pad_lists(Ragged(np.arange(len(self.names)), self.scenes.objects.offsets))

    @cached_property
    def meant_in_turn(self) -> np.ndarray:
        """For each object of the block, the object of the edited scene that is called so in turn ("second"), or -1."""
        some, others = (
            (scene, words.find_column("object.name"), words.find_column("object.ordinal"))
            for scene, words in self._both
        )
        return _find_alike(np.arange(len(self.names)), some, others)

    @cached_property
    def meant(self) -> np.ndarray:
        """For each object of the block, the object of the edited scene that the same words refer to, or -1.

        What is called by an attribute is what alone of its name has it.
        """
        (edited_scene, edited), (scene, words) = self._both
        apart, attributes = words.find_column("object.apart"), edited.scenes.attributes
        named, holders = apart != words.lexicon.fixed[""], attributes.owners
        texts = edited.lexicon.tokens["attribute.before"][attributes.values]
        some = edited_scene[holders], self.names[holders], texts
        others = scene, words.find_column("object.name"), apart
        return np.where(named, _find_alike(holders, some, others), self.meant_in_turn)

    @property
    def _both(self) -> tuple[tuple[np.ndarray, BlockWords], tuple[np.ndarray, BlockWords]]:
        """The scene of each object, and the words, of the edited scenes and of those as they were."""
        return (self.scene_of_object, self.words), (self.context.scene_of_object, self.context.words)

    @cached_property
    def called(self) -> np.ndarray:
        """Each object with each name that it can be called, as `object * words + token`, ascending."""
        lineages = _name_lineages(self.taxonomy)[self.scenes.objects.values]
        objects, level = np.nonzero(lineages >= 0)
        return np.unique(objects * len(self.words.lexicon.words) + lineages[objects, level])

    @cached_property
    def called_in_scene(self) -> tuple[np.ndarray, np.ndarray]:
        """The same for each scene: `scene * words + token`, ascending, and running totals of things, from 0."""
        objects, tokens = np.divmod(self.called, len(self.words.lexicon.words))
        codes = self.scene_of_object[objects] * len(self.words.lexicon.words) + tokens
        order = np.argsort(codes, kind="stable")
        return codes[order], offsets_of(self.scenes.copies[objects[order]])

    def count_called(self, scene: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How many objects of scenes can be called by names, and how many things they are: a poodle is a dog."""
        known, totals = self.called_in_scene
        codes = scene * len(self.words.lexicon.words) + tokens
        first, last = (np.searchsorted(known, codes, side) for side in ("left", "right"))
        return last - first, totals[last] - totals[first]

    @cached_property
    def kin(self) -> SceneKin:
        """What the edited scenes show."""
        return SceneKin(self.context.plan, self.scenes)

    @cached_property
    def facts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """All that relations say, inverses and symmetric ones in both directions.

        Returns:
            Facts of each scene, padded with -1; the head of each fact, and the numbers of its objects in the scene.
        """
        logic, scenes = read_logic(self.taxonomy), self.scenes
        relations, starts, ends = scenes.relations.values, scenes.subjects.values, scenes.targets.values
        scene = scenes.relations.owners
        both, turned = np.flatnonzero(logic.symmetric[relations]), np.flatnonzero(logic.inverse[relations] >= 0)
        again = np.concatenate([np.arange(len(relations)), both, turned])
        again = again[order := np.argsort(scene[again], kind="stable")]
        is_back = order >= len(relations)
        is_inverse = order >= len(relations) + len(both)
        heads = np.where(is_inverse, logic.inverse[relations[again]], logic.head[relations[again]])
        of_scene = Ragged(np.arange(len(again)), offsets_of(np.bincount(scene[again], minlength=len(scenes))))
        return (
            pad_lists(of_scene),
            heads,
            np.where(is_back, ends[again], starts[again]),
            np.where(is_back, starts[again], ends[again]),
        )

    def follow(
        self, scene: np.ndarray, objects: np.ndarray, heads: np.ndarray, back: bool = False
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What objects stand in relations to.

        Args:
            scene: Scene of each look-up.
            objects: Object of the block that it starts from.
            heads: Head of the relation.
            back: Look for what stands in the relation to the object instead.

        Returns:
            Which objects certainly do, which may do by something near or a chain, and which certainly do not; all
            bool, shape (look-ups, most objects of a scene). A picture may show it of the rest, too.
        """
        facts, fact_heads, starts, ends = self.facts
        if back:
            starts, ends = ends, starts
        own = objects - self.first[scene]
        some = facts[scene]
        near = (some >= 0) & read_logic(self.taxonomy).near[heads[:, None], fact_heads[some]]
        row, column = np.nonzero(near)
        fact = some[row, column]
        start, end = row * self.objects.shape[1] + starts[fact], row * self.objects.shape[1] + ends[fact]
        certain, reached = (np.zeros(len(scene) * self.objects.shape[1], dtype=bool) for _ in range(2))
        certain[end[(fact_heads[fact] == heads[row]) & (starts[fact] == own[row])]] = True
        at = np.arange(len(scene)) * self.objects.shape[1] + own
        reached[at] = True
        while (new := reached[start] & ~reached[end]).any():
            reached[end[new]] = True
        reached[at] = False
        denied = ~certain & self._find_denied(scene, own, heads, back)
        shape = (len(scene), self.objects.shape[1])
        return certain.reshape(shape), (reached & ~denied).reshape(shape), denied.reshape(shape)

    def _find_denied(self, scene: np.ndarray, own: np.ndarray, heads: np.ndarray, back: bool) -> np.ndarray:
        """What certainly does not stand in the relations that `follow` looks up.

        What is stated excludes it, or has its one target elsewhere.
        """
        logic, scenes = read_logic(self.taxonomy), self.scenes
        stated = pad_lists(Ragged(np.arange(len(scenes.relations.values)), scenes.relations.offsets))[scene]
        relations, starts, ends = (one[stated] for one in (scenes.relations.values, *self._ends[:: -1 if back else 1]))
        excluded = logic.excludes[heads[:, None], logic.head[relations]] & ~logic.hedged[relations]
        turned = (logic.head[relations] == heads[:, None]) & logic.asymmetric[relations]
        denied = np.zeros((len(scene), self.objects.shape[1]), dtype=bool)
        for holds, here, there in ((excluded, starts, ends), (turned, ends, starts)):
            row, column = np.nonzero((stated >= 0) & holds & (here == own[:, None]))
            denied[row, there[row, column]] = True
        if not back:
            single = (
                (stated >= 0) & (logic.head[relations] == heads[:, None]) & find_single(self.taxonomy)[0][relations]
            )
            row, column = np.nonzero(single & (starts == own[:, None]))
            linked = self._linked[scene[row], starts[row, column]] | self._linked[scene[row], ends[row, column]]
            # A row comes once for each target of its relation that is stated.
            np.logical_or.at(denied, row, ~linked)
        return denied.reshape(-1)

    @cached_property
    def _linked(self) -> np.ndarray:
        """Which objects of a scene a relation joins, each with itself, bool, shape (scenes, most objects, most)."""
        width = self.objects.shape[1]
        linked = np.zeros((len(self.scenes), width, width), dtype=bool)
        linked[:, np.arange(width), np.arange(width)] = True
        scene, (starts, ends) = self.scenes.relations.owners, self._ends
        linked[scene, starts, ends] = linked[scene, ends, starts] = True
        return linked

    @property
    def _ends(self) -> tuple[np.ndarray, np.ndarray]:
        return self.scenes.subjects.values, self.scenes.targets.values

    def choose_name(self, certain: np.ndarray, possible: np.ndarray, objects: np.ndarray) -> np.ndarray:
        """The one name of all possible objects, if one of them is certain; or -1. All of shape (questions, any)."""
        names = self.names[objects]
        most = np.iinfo(names.dtype).max
        low = np.where(possible, names, most).min(axis=1, initial=most)
        high = np.where(possible, names, NONE).max(axis=1, initial=NONE)
        return np.where(certain.any(axis=1) & (low == high), low, NONE)


def _find_alike(objects: np.ndarray, some: tuple[np.ndarray, ...], others: tuple[np.ndarray, ...]) -> np.ndarray:
    """For each row of the columns `others`, the object whose row of `some` is equal; NONE if it is not one object."""
    numbers = number_rows(*(np.concatenate(both) for both in zip(some, others, strict=True)))[1]
    own, asked = numbers[: len(objects)], numbers[len(objects) :]
    least = np.full(int(numbers.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    most = np.full_like(least, NONE)
    np.minimum.at(least, own, objects)
    np.maximum.at(most, own, objects)
    return np.where(least == most, most, NONE)[asked]


@lru_cache(maxsize=4)
def _name_lineages(taxonomy: Taxonomy) -> np.ndarray:
    """Tokens of the name of each object, of its parent's name, and so on; then -1."""
    lineages = list_lineages(taxonomy)
    token_of = np.full(int(lineages.max(initial=0)) + 1, NONE)
    token_of[lineages[:, 0]] = build_lexicon(taxonomy).tokens["object.name"]
    return np.where(lineages >= 0, token_of[lineages], NONE)


def choose_right(batch: Batch, right: np.ndarray, doubtful: np.ndarray | None = None) -> np.ndarray:
    """The one choice of each question that is right; NONE where none is, or another may be, too.

    Args:
        batch: The questions.
        right: Which choices are certainly right, bool, one for each thing that questions name (`batch.asked.values`).
        doubtful: Which ones may be.

    Returns:
        Tokens, shape (questions,).
    """
    question = batch.asked.owners
    possible = right if doubtful is None else right | doubtful
    alone = right & (np.bincount(question, possible, minlength=len(batch.scene))[question] == 1)
    answers = np.full(len(batch.scene), NONE)
    answers[question[alone]] = batch.choices.values[alone]
    return answers
