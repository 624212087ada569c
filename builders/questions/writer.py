"""Questions of a block with their answers, every one about named elements of the scene graph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..content.plan import Plan
from ..foundation.ragged import Ragged, expand_ranges, offsets_of
from ..text.assembly import RepeatedTexts, Run
from ..text.lexicon import build_lexicon
from ..text.surface_forms import BlockWords
from ..text.tracing import Tracer
from .aliases import list_aliases
from .batches import Batch, QuestionContext
from .edited_scenes import EditedScenes
from .loading import choose_kinds, load_templates
from .macros import collect_macros
from .majority_baseline import Tallies, count_answers


@dataclass(frozen=True)
class Questions:
    """All questions of a context, scene after scene; `offsets` are those of the scenes.

    `kinds` and `forms` are tokens of each batch of questions, and `batches` the batch of each question.
    `edited_answers` are the answers about edited scenes, if there are any, with -1 where there is no single one.
    """

    offsets: np.ndarray
    texts: RepeatedTexts
    kinds: np.ndarray
    forms: np.ndarray
    batches: np.ndarray
    answers: np.ndarray
    foils: np.ndarray
    elements: Ragged
    depends_on: Ragged
    choices: Ragged
    aliases: Ragged
    edited_answers: np.ndarray | None


@dataclass
class QuestionWriter:
    """Asks about scenes with the shipped question templates, or with those of the recipe's folder.

    Questions of each form are balanced by themselves, so those of forms that a recipe does not choose are left out.

    Attributes:
        plan: The plan of the recipe.
        folder: Where the recipe's own templates are, if it has any.
        tracer: What the templates have yielded so far.

    Raises:
        RecipeError: None of the recipe's kinds of questions is asked in a form that it names.
    """

    plan: Plan
    folder: Path | None = None
    tracer: Tracer = field(init=False)

    def __post_init__(self) -> None:
        self.tracer = Tracer(build_lexicon(self.plan.taxonomy))
        self.kinds = choose_kinds(self.plan.recipe.questions)
        questions = self.plan.recipe.questions
        self.templates = load_templates(self.kinds, questions, self.folder)
        self.macros = collect_macros(self.templates, self.plan.taxonomy.declared, questions.templates is not None)

    def write(
        self,
        words: BlockWords,
        key: int,
        tallies: Tallies | None = None,
        edited: BlockWords | None = None,
        counted: np.ndarray | None = None,
    ) -> Questions:
        """Asks everything that there is to ask about a block; words belong to `tracer.program_table.pool`.

        Answers are added to `tallies`; if `counted` is given, bool, those of some scenes. The same questions are
        answered about the edited scenes, if there are any.
        """
        self.tracer.begin_block()
        context = QuestionContext(self.plan, self.macros, self.tracer, words, key)
        asks = self.plan.recipe.questions.asks
        asked = (batch for kind in self.kinds.values() for batch in kind.ask(context) if asks(batch.form))
        batches = [batch for batch in asked if len(batch.scene)]
        if tallies is not None:
            count_answers(tallies, batches, self.tracer.program_table.pool, counted)
        again = None
        if edited:
            scenes = EditedScenes(context, edited)
            again = [self.kinds[batch.kind].answer_edited(scenes, batch) for batch in batches]
        aliases = [list_aliases(context, batch) for batch in batches]
        return _merge(self.tracer, words, batches, aliases, again)


def _merge(
    tracer: Tracer,
    words: BlockWords,
    batches: list[Batch],
    aliases: list[Ragged],
    again: list[np.ndarray] | None,
) -> Questions:
    """Puts the batches' questions in order: scene, then batch, then as they are within the batch."""
    pool = tracer.program_table.pool
    offsets, places = _find_places([batch.scene for batch in batches], len(words.scenes))
    size = int(offsets[-1])

    # What is scattered over a whole block is kept small, so that it stays in the cache.
    def merge(columns: Iterable[np.ndarray | int]) -> np.ndarray:
        merged = np.empty(size, dtype=np.int32)
        for one, some in zip(columns, places, strict=True):
            merged[some] = one
        return merged

    def merge_lists(lists: list[Ragged]) -> Ragged:
        filled = [(one, some) for one, some in zip(lists, places, strict=True) if len(one.values)]
        lengths = np.zeros(size, dtype=np.int32)
        for one, some in filled:
            lengths[some] = one.lengths if one.width is None else one.width
        offsets = offsets_of(lengths, np.int32)
        values = np.empty(offsets[-1], dtype=np.int32)
        for one, some in filled:
            values[expand_ranges(offsets.take(some), one.lengths, one.offsets)] = one.values
        return Ragged(values, offsets)

    runs = [run for batch, some in zip(batches, places, strict=True) for run in _split_batch(batch, some)]
    return Questions(
        offsets,
        tracer.assemble_runs(runs, words),
        np.array([pool.add(batch.kind) for batch in batches], dtype=np.int32),
        np.array([pool.add(batch.form) for batch in batches], dtype=np.int32),
        merge(range(len(batches))),
        merge(batch.answers for batch in batches),
        merge(batch.foils for batch in batches),
        merge_lists([batch.elements for batch in batches]),
        merge_lists([batch.depends_on for batch in batches]),
        merge_lists([batch.choices for batch in batches]),
        merge_lists(aliases),
        None if again is None else merge(again),
    )


def _split_batch(batch: Batch, places: np.ndarray) -> list[Run]:
    """The texts of each program; there is one program for all, but where a template looks at words."""
    starts = {str(place): at for place, at in enumerate(batch.starts.values())}
    if (batch.programs == batch.programs[0]).all():
        return [Run(int(batch.programs[0]), places, starts)]
    rows_of = [(program, np.flatnonzero(batch.programs == program)) for program in np.unique(batch.programs).tolist()]
    return [Run(program, places[rows], {role: at[rows] for role, at in starts.items()}) for program, rows in rows_of]


def _find_places(scenes: list[np.ndarray], count: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Where the questions of each of `count` scenes begin, and the place of each question of each batch.

    Each batch has its questions in the order of scenes, so their places are counted, not sorted.
    """
    counts = [np.bincount(one, minlength=count) for one in scenes]
    offsets = offsets_of(sum(counts, np.zeros(count, dtype=np.int64)))
    begin, places = offsets[:-1].copy(), []
    for one, number in zip(scenes, counts, strict=True):
        places.append((begin - (np.cumsum(number) - number)).take(one) + np.arange(len(one)))
        begin += number
    return offsets, places
