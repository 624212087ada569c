"""Questions answered again, about scenes in which something was edited.

The rule is that of the questions: the scene graph is all that is in the picture. A question is its words, so "the
second dog" is whatever the edited scene's caption calls so. Where no single answer follows, there is none: nothing is
called so any more, several things fit, or what is asked about may hold without being stated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ...taxonomy import Taxonomy
from ..foils.relation_logic import read_logic
from ..foils.tables import find_near_attributes, list_lineages
from ..foundation.ragged import Ragged, number_rows, offsets_of, pad_lists
from ..text.lexicon import NUMBERS, build_lexicon
from ..text.surface_forms import BlockWords
from .batches import Batch, QuestionContext

NONE = -1
"""No single answer; also, no object and no name."""


def answer_edited(context: QuestionContext, batches: Sequence[Batch], edited: BlockWords) -> list[np.ndarray]:
    """The answers of a block's questions about edited scenes: tokens, or -1, shape (questions,) for each batch."""
    scenes = _Edited(context, edited)
    answer = {
        "object": _answer_object,
        "count": _answer_count,
        "attribute": _answer_attribute,
        "relation": _answer_relation,
        "scene": lambda _, batch: batch.answers,  # no edit touches them
    }
    return [answer[batch.kind](scenes, batch) for batch in batches]


@dataclass
class _Edited:
    """The edited scenes of a context, as its questions see them.

    Attributes:
        block: The block that the questions are about.
        words: The words of the edited scenes.
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
    def meant(self) -> np.ndarray:
        """For each object of the context, the object of the edited scene that the same words refer to, or -1."""
        some, others = [
            (scene, words.find_column("object.name"), words.find_column("object.ordinal"))
            for scene, words in (
                (self.scene_of_object, self.words),
                (self.context.scene_of_object, self.context.words),
            )
        ]
        numbers = number_rows(*(np.concatenate(both) for both in zip(some, others, strict=True)))[1]
        found = np.full(int(numbers.max(initial=-1)) + 1, NONE)
        found[numbers[: len(self.names)]] = np.arange(len(self.names))
        return found[numbers[len(self.names) :]]

    @cached_property
    def called(self) -> np.ndarray:
        """Each object with each name that it can be called, as `object * words + token`, ascending."""
        lineages = _name_lineages(self.taxonomy)[self.scenes.objects.values]
        objects, level = np.nonzero(lineages >= 0)
        return np.unique(objects * len(self.words.lexicon.words) + lineages[objects, level])

    @cached_property
    def called_in_scene(self) -> np.ndarray:
        """The same for each scene, once for each object: `scene * words + token`, ascending."""
        objects, tokens = np.divmod(self.called, len(self.words.lexicon.words))
        return np.sort(self.scene_of_object[objects] * len(self.words.lexicon.words) + tokens)

    def count_called(self, scene: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """How many objects of scenes can be called by names: a poodle is a dog."""
        codes = scene * len(self.words.lexicon.words) + tokens
        last = np.searchsorted(self.called_in_scene, codes, "right")
        return last - np.searchsorted(self.called_in_scene, codes, "left")

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
    ) -> tuple[np.ndarray, np.ndarray]:
        """What objects stand in relations to.

        Args:
            scene: Scene of each look-up.
            objects: Object of the block that it starts from.
            heads: Head of the relation.
            back: Look for what stands in the relation to the object instead.

        Returns:
            Which objects certainly do, and which may do, also by something near or a chain, both bool, shape
            (look-ups, most objects of a scene).
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
        reached[~certain & self._find_denied(scene, own, heads, back)] = False
        return certain.reshape(len(scene), -1), reached.reshape(len(scene), -1)

    def _find_denied(self, scene: np.ndarray, own: np.ndarray, heads: np.ndarray, back: bool) -> np.ndarray:
        """What certainly does not stand in the relations that `follow` looks up, as what is stated excludes it."""
        logic, scenes = read_logic(self.taxonomy), self.scenes
        stated = pad_lists(Ragged(np.arange(len(scenes.relations.values)), scenes.relations.offsets))[scene]
        relations, starts, ends = (one[stated] for one in (scenes.relations.values, *self._ends[:: -1 if back else 1]))
        excluded = logic.excludes[heads[:, None], logic.head[relations]] & ~logic.hedged[relations]
        turned = (logic.head[relations] == heads[:, None]) & logic.asymmetric[relations]
        denied = np.zeros((len(scene), self.objects.shape[1]), dtype=bool)
        for holds, here, there in ((excluded, starts, ends), (turned, ends, starts)):
            row, column = np.nonzero((stated >= 0) & holds & (here == own[:, None]))
            denied[row, there[row, column]] = True
        return denied.reshape(-1)

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


@lru_cache(maxsize=4)
def _name_lineages(taxonomy: Taxonomy) -> np.ndarray:
    """Tokens of the name of each object, of its parent's name, and so on; then -1."""
    lineages = list_lineages(taxonomy)
    token_of = np.full(int(lineages.max(initial=0)) + 1, NONE)
    token_of[lineages[:, 0]] = build_lexicon(taxonomy).tokens["object.name"]
    return np.where(lineages >= 0, token_of[lineages], NONE)


def _repeat(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Each thing that questions name, with its question: numbers of questions, rows of the taxonomy."""
    return batch.asked.owners, batch.asked.values


def _choose(batch: Batch, right: np.ndarray, doubtful: np.ndarray | None = None) -> np.ndarray:
    """The one choice of each question that is right; -1 where another may be. Choices are as `_repeat` has them."""
    question = _repeat(batch)[0]
    possible = right if doubtful is None else right | doubtful
    alone = right & (np.bincount(question, possible, minlength=len(batch.scene))[question] == 1)
    answers = np.full(len(batch.scene), NONE)
    answers[question[alone]] = batch.choices.values[alone]
    return answers


def _answer_object(scenes: _Edited, batch: Batch) -> np.ndarray:
    question, asked = _repeat(batch)
    there = scenes.count_called(batch.scene[question], scenes.context.tokens["object.name"][asked]) > 0
    return np.where(there, scenes.yes, scenes.no) if batch.form == "yes_no" else _choose(batch, there)


def _answer_count(scenes: _Edited, batch: Batch) -> np.ndarray:
    numbers = np.array([scenes.context.fixed[word] for word in NUMBERS])
    return numbers[scenes.count_called(batch.scene, scenes.context.tokens["object.name"][batch.asked.values])]


def _answer_attribute(scenes: _Edited, batch: Batch) -> np.ndarray:
    if batch.macro == "holder":
        return _answer_holder(scenes, batch)
    tokens, (question, asked) = scenes.context.tokens, _repeat(batch)
    objects = scenes.meant[batch.starts["object"]]
    held = pad_lists(scenes.scenes.attributes)[objects]
    there = (held >= 0) & (objects >= 0)[:, None]
    kind = scenes.words.lexicon.find(batch.macro.removeprefix("open_")) if batch.macro.startswith("open_") else NONE
    of_kind = there & ((kind == NONE) | (tokens["attribute.kind"][held] == kind))
    if batch.form == "open":
        names = np.where(of_kind, tokens["attribute.name"][held], 0).sum(axis=1)
        return np.where(of_kind.sum(axis=1) == 1, names, NONE)
    near = (there[question] & find_near_attributes(scenes.taxonomy)[asked[:, None], held[question]]).any(axis=1)
    word = tokens["attribute.text" if batch.form == "yes_no" else "attribute.name"]
    same = (of_kind[question] & (word[held[question]] == word[asked][:, None])).any(axis=1)
    if batch.form == "multiple_choice":
        return _choose(batch, same, near)
    return np.where(objects < 0, NONE, np.where(same, scenes.yes, np.where(near, NONE, scenes.no)))


def _answer_holder(scenes: _Edited, batch: Batch) -> np.ndarray:
    """What has an attribute: not where something may as well be said to have it."""
    attributes, asked = scenes.scenes.attributes, batch.asked.values[:, None]
    holders = attributes.owners
    every = Ragged(np.arange(len(holders)), attributes.offsets[scenes.scenes.objects.offsets])
    places = pad_lists(every)[batch.scene]
    held, texts = attributes.values[places], scenes.context.tokens["attribute.text"]
    near = (places >= 0) & find_near_attributes(scenes.taxonomy)[asked, held]
    return scenes.choose_name(near & (texts[asked] == texts[held]), near, holders[places])


def _answer_relation(scenes: _Edited, batch: Batch) -> np.ndarray:
    question, asked = _repeat(batch)
    heads, scene = read_logic(scenes.taxonomy).head[asked], batch.scene[question]
    subjects = scenes.meant[batch.starts["subject"]][question]
    # An end that is called "a dog" is no object of the scene.
    targets = scenes.meant[batch.starts["target"]][question] if "target" in batch.starts else subjects
    back = batch.macro == "open_subject"
    start = targets if back else subjects
    certain, possible = scenes.follow(scene, np.where(start >= 0, start, scenes.first[scene]), heads, back)
    possible |= certain
    if batch.form == "open":
        names = scenes.choose_name(certain, possible, scenes.objects[scene])
        return np.where(start < 0, NONE, names)
    if batch.macro == "yes_no_any":
        ends = _find_called(scenes, batch)
        is_certain, is_possible = ((one & ends).any(axis=1) for one in (certain, possible))
        gone = start < 0
    else:
        row, number = np.arange(len(scene)), np.maximum(targets - scenes.first[scene], 0)
        is_certain, is_possible = certain[row, number], possible[row, number]
        gone = (subjects < 0) | (targets < 0)
    if batch.form == "multiple_choice":
        return _choose(batch, is_certain & ~gone, is_possible | gone)
    answers = np.where(is_certain, scenes.yes, np.where(is_possible, NONE, scenes.no))
    return np.where(gone, NONE, answers)


def _find_called(scenes: _Edited, batch: Batch) -> np.ndarray:
    """Which objects of their scenes can be called what questions name with "a", bool, shape (questions, any)."""
    role, words = ("foil_object" if "foil_object" in batch.starts else "target"), scenes.context.words
    column = words.find_column("foil_object.name" if role == "foil_object" else "object.name")
    objects, tokens = scenes.objects[batch.scene], column[batch.starts[role]]
    codes = objects * len(words.lexicon.words) + tokens[:, None]
    return (objects >= 0) & np.isin(codes, scenes.called)
