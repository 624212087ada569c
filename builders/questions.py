"""Questions of a block with their answers, every one about named elements of the scene graph."""

from __future__ import annotations

from dataclasses import dataclass, field

import jinja2
import numpy as np

from .answers import answer_again
from .arrays import Ragged, offsets_of
from .askers import ASKERS
from .asking import Batch, Block
from .scenes import Plan
from .tallies import Tallies, count_answers
from .templates import load_template
from .tracing import Tracer
from .weaving import Texts
from .words import BlockWords, build_lexicon


@dataclass(frozen=True)
class Questions:
    """All questions of a block, scene after scene; `offsets` are those of the scenes.

    `edited_answers` are the answers about edited scenes, if there are any, with -1 where there is no single one.
    """

    offsets: np.ndarray
    texts: Texts
    kinds: np.ndarray
    forms: np.ndarray
    answers: np.ndarray
    foils: np.ndarray
    elements: Ragged
    depends_on: Ragged
    choices: Ragged
    edited_answers: np.ndarray | None


@dataclass
class QuestionWriter:
    """Asks about scenes with the shipped question templates."""

    plan: Plan
    tracer: Tracer = field(init=False)

    def __post_init__(self) -> None:
        self.tracer = Tracer(build_lexicon(self.plan.taxonomy))
        self.templates: dict[str, jinja2.Template] = {
            kind: load_template("questions", kind, None) for kind in self.plan.recipe.questions
        }

    def write(
        self, words: BlockWords, key: int, tallies: Tallies | None = None, edited: BlockWords | None = None
    ) -> Questions:
        """Asks everything that there is to ask about a block; words belong to `tracer.book.pool`.

        Answers are added to `tallies`. The same questions are answered about the edited scenes, if there are any.
        """
        self.tracer.begin_block()
        block = Block(self.plan, self.templates, self.tracer, words, key)
        batches = [
            batch for kind in ASKERS if kind in self.templates for batch in ASKERS[kind](block) if len(batch.scene)
        ]
        if tallies is not None:
            count_answers(tallies, batches, self.tracer.book.pool)
        return _merge(self.tracer, words, batches, answer_again(block, batches, edited) if edited else None)


def _merge(tracer: Tracer, words: BlockWords, batches: list[Batch], again: list[np.ndarray] | None) -> Questions:
    """Puts the batches' questions in order: scene, then batch, then as they are within the batch."""
    pool = tracer.book.pool
    sizes = [len(batch.scene) for batch in batches]
    rank = np.repeat(np.arange(len(batches)), sizes)

    def join(values: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(values) if values else np.zeros(0, dtype=np.int64)

    scene = join([batch.scene for batch in batches])
    # Each batch is in the order of scenes, so there are few runs to merge.
    order = np.argsort(scene * len(batches) + rank, kind="stable")
    roles = {role for batch in batches for role in batch.starts}
    starts = {
        role: join(
            [
                batch.starts.get(role, np.zeros(size, dtype=np.int64))
                for batch, size in zip(batches, sizes, strict=True)
            ]
        )[order]
        for role in roles
    }
    kinds = np.array([pool.add(batch.kind) for batch in batches], dtype=np.int64)
    forms = np.array([pool.add(batch.form) for batch in batches], dtype=np.int64)

    def merge_lists(lists: list[Ragged]) -> Ragged:
        lengths = join([one.lengths for one in lists])
        return Ragged(join([one.values for one in lists]), offsets_of(lengths)).take(order)

    return Questions(
        offsets_of(np.bincount(scene, minlength=len(words.scenes))),
        tracer.weave(join([batch.programs for batch in batches])[order], words, starts),
        kinds[rank[order]] if batches else scene,
        forms[rank[order]] if batches else scene,
        join([batch.answers for batch in batches])[order],
        join([batch.foils for batch in batches])[order],
        merge_lists([batch.elements for batch in batches]),
        merge_lists([batch.depends_on for batch in batches]),
        merge_lists([batch.choices for batch in batches]),
        None if again is None else join(again)[order],
    )
