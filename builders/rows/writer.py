"""Rows of the dataset: a block's columns of numbers and texts as one Arrow table."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import join_texts, make_array, make_texts
from ...errors import Problem, RecipeError, gather_problems
from ...taxonomy import load_taxonomy
from ..content.draw import draw_block
from ..content.plan import Plan, level_plan, limit_plan, plan_scenes
from ..content.scenes import BLOCK, Scenes
from ..content.unseen import find_leaks
from ..foundation.counter_rng import WINDOW, derive_key
from ..foundation.ragged import Ragged, offsets_of
from ..questions.instructions import InstructionWriter
from ..questions.majority_baseline import Tallies
from ..questions.minimal_pairs import Pairs, edit_scenes
from ..questions.writer import Questions, QuestionWriter
from ..recipe.loading import LoadedRecipe
from ..structures.enumeration import StructureTable
from ..text.assembly import ProgramTable, Texts, WordPool
from ..text.captions import CaptionWriter
from ..text.limits import CaptionLimits, read_limits
from ..text.surface_forms import BlockWords
from ..text.templates import load_template
from ..text.wordings import write_wordings
from .difficulty import write_difficulty
from .edits import write_edits
from .paraphrases import ParaphraseWriter, create_paraphrase_writer
from .schema import ATTRIBUTE, OBJECT, PAIR, PARAPHRASES, QUESTION, RELATION, STRUCTURE, schema_of

WriteWords = Callable[[np.ndarray], pa.Array]
"""Makes an Arrow column of the words with these tokens."""

WRITING = threading.RLock()
"""Held while rows are written: they add to pools of words and to what templates yielded, which writers may share.

A process that forks waits until nobody writes, so that what its child has of these is whole.
"""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=WRITING.acquire, after_in_parent=WRITING.release, after_in_child=WRITING.release)


@dataclass(frozen=True)
class Own:
    """Columns that scenes bring themselves, which are somebody's own graphs.

    Attributes:
        ids: What each is called.
        structures: The column `structure`.
    """

    ids: pa.Array
    structures: pa.StructArray


@dataclass
class RowWriter:
    """Makes the rows of a recipe, block by block. Keeps what templates yielded, so use one for many blocks.

    Threads may share a writer: one of them writes at a time.

    Attributes:
        plan: The plan of the recipe.
        folder: Where the recipe's own templates are, if it has any.
        instructions: Tells how to edit pictures, where the recipe asks for it; None to leave that column out.
        paraphrases: Words scenes anew, where the recipe asks for it; None to leave that column out.
    """

    plan: Plan
    folder: Path | None = None
    captions: CaptionWriter = field(init=False)
    limits: CaptionLimits | None = field(init=False)
    questions: QuestionWriter = field(init=False)
    instructions: InstructionWriter | None = field(init=False, default=None)
    paraphrases: ParaphraseWriter | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.captions = CaptionWriter(self.plan, self.folder)
        self.limits = read_limits(self.captions)
        if self.limits:
            self._limit(self.limits)
        self.plan = self.captions.plan = level_plan(self.plan)
        self.questions = QuestionWriter(self.plan, self.folder)
        recipe = self.plan.recipe
        if recipe.edits:
            self.instructions = InstructionWriter(self.plan)
        if recipe.paraphrase:
            self.paraphrases = create_paraphrase_writer(
                recipe.paraphrase, recipe.seed, self.plan.taxonomy, self.folder
            )

    def _limit(self, limits: CaptionLimits) -> None:
        """Leaves out structures whose captions are too long, and has scenes drawn again whose captions are."""
        with WRITING:
            room = limits.find_room()
            self.captions.shorten = limits.shorten

        def find_long(scenes: Scenes, split: str, places: np.ndarray) -> np.ndarray:
            with WRITING:
                return limits.find_long(scenes, split, places)

        self.plan = self.captions.plan = limit_plan(self.plan, replace(room, find_long=find_long))

    def write_block(self, split: str, block: int, rows: int = BLOCK) -> pa.Table:
        """The first `rows` rows of a block of a split."""
        return self.write(draw_block(self.plan, split, block, 0, rows), split)

    def write_row(self, split: str, index: int) -> dict[str, Any]:
        """One row of a split, with no more than the questions of its window before it."""
        block, place = divmod(index, BLOCK)
        first = place - place % WINDOW
        scenes = draw_block(self.plan, split, block, first, place + 1)
        return self.write(scenes, split, skip=place - first).to_pylist()[0]

    def write_captions(self, split: str, block: int, first: int, last: int) -> tuple[np.ndarray, pa.Array]:
        """Structures, as rows of their table, and captions of scenes of a block, from `first` to before `last`."""
        scenes = draw_block(self.plan, split, block, first, last)
        with WRITING:
            key = derive_key(self.plan.recipe.seed, self.plan.recipe.name, split, "captions")
            texts = self.captions.write(BlockWords(scenes, self.plan.taxonomy), key)
            return scenes.structures, texts.write(self.captions.tracer.program_table.pool)

    def write(
        self,
        scenes: Scenes,
        split: str,
        tallies: Tallies | None = None,
        skip: int = 0,
        encoded: bool = False,
        outcomes: Counter[str] | None = None,
        kept: np.ndarray | None = None,
        own: Own | None = None,
    ) -> pa.Table:
        """Rows of scenes.

        Args:
            scenes: The scenes, which begin a window of a block.
            split: Their split.
            tallies: Where answers of questions are counted.
            skip: How many scenes at the beginning get no row, since only questions need those before them.
            encoded: Whether columns of words are dictionaries, which Parquet writes faster than texts.
            outcomes: Where paraphrases are counted, `kept` and by why they were left out.
            kept: Which scenes get rows, and their answers counted, bool; all of them if left out.
            own: Columns of scenes that are not of the recipe's structures.

        Returns:
            A table with the schema `schema_of(recipe)`, but for the types of words if they are encoded.
        """
        with WRITING:
            rows = self._write(scenes, split, tallies, skip, encoded, kept, own)
        if kept is not None:
            rows = rows.take(make_array(np.flatnonzero(kept)))
        if self.paraphrases:  # others may write while a model is asked
            rows = rows.append_column(PARAPHRASES, self.paraphrases.write(rows, outcomes))
        return rows

    def _write(
        self,
        scenes: Scenes,
        split: str,
        tallies: Tallies | None,
        skip: int,
        encoded: bool,
        kept: np.ndarray | None,
        own: Own | None,
    ) -> pa.Table:
        recipe = self.plan.recipe
        asked = words = BlockWords(scenes, self.plan.taxonomy)
        if skip:
            words = BlockWords(scenes.cut(skip, len(scenes)), self.plan.taxonomy)
        key = derive_key(recipe.seed, recipe.name, split, "questions")
        caption_key = derive_key(recipe.seed, recipe.name, split, "captions")
        texts = self.captions.write(words, caption_key)
        pairs = edited = None
        if recipe.pairs:
            pairs = edit_scenes(self.captions, scenes, derive_key(recipe.seed, recipe.name, split, "pairs"))
            pairs = self._drop_long(self._drop_foreign(pairs, split), scenes, caption_key)
            edited = BlockWords(pairs.scenes, self.plan.taxonomy)
        questions = self.questions.write(asked, key, tallies, edited, kept)
        caption_pool, question_pool = self.captions.tracer.program_table.pool, self.questions.tracer.program_table.pool
        write_words = caption_pool.encode if encoded else caption_pool.take
        columns = [
            own.ids if own else _write_ids(f"{recipe.name}/{split}/", words.scenes),
            texts.write(caption_pool),
            _write_graphs(words, write_words),
            _write_attributes(words, write_words, "scene", words.scenes.scene_attributes),
            _write_questions(questions, question_pool, encoded).slice(skip),
            _write_mentions(texts, self.captions.tracer.program_table, write_words),
            own.structures if own else _write_structures(self.plan.structures.table, words.scenes.structures),
        ]
        if pairs and edited:
            columns.append(self._write_pairs(scenes, pairs, edited, questions, caption_key, write_words).slice(skip))
            if self.instructions:
                told = self.instructions.write(
                    pairs, asked, edited, derive_key(recipe.seed, recipe.name, split, "edits")
                )
                columns.append(
                    write_edits(recipe.pairs or (), pairs, scenes, told, questions, question_pool).slice(skip)
                )
        if recipe.wordings:
            wordings_key = derive_key(recipe.seed, recipe.name, split, "wordings")
            columns.append(self._write_wordings(words, wordings_key, write_words))
        if levels := self.plan.structures.levels:
            columns.append(write_difficulty(self.plan.taxonomy, self.plan.structures.table, levels, words.scenes))
        schema = pa.schema([one for one in schema_of(recipe) if one.name != PARAPHRASES])
        return pa.Table.from_arrays(columns, **({"names": schema.names} if encoded else {"schema": schema}))

    def _drop_foreign(self, pairs: Pairs, split: str) -> Pairs:
        """Leaves out edited scenes with compositions that other splits keep unseen."""
        plan = self.plan.splits.get(split)
        if plan is None or plan.unseen is None:
            return pairs
        foreign = find_leaks(plan.unseen, plan.groups, plan.structures.table, pairs.scenes)
        return replace(pairs, edits=np.where(foreign, -1, pairs.edits))

    def _drop_long(self, pairs: Pairs, scenes: Scenes, key: int) -> Pairs:
        """Leaves out edited scenes whose captions are longer than the recipe allows."""
        if self.limits is None:
            return pairs
        words, originals = (BlockWords(one, self.plan.taxonomy) for one in (pairs.scenes, scenes))
        long = self.limits.find_long_edits(words, originals, key)
        return replace(pairs, edits=np.where(long, -1, pairs.edits))

    def _write_pairs(
        self,
        scenes: Scenes,
        pairs: Pairs,
        words: BlockWords,
        questions: Questions,
        key: int,
        write_words: WriteWords,
    ) -> pa.StructArray:
        """The edited scenes, with the questions whose answers are others there."""
        texts, pool = self.captions.write(words, key, scenes), self.captions.tracer.program_table.pool
        caption = texts.write(pool)
        edited = pa.StructArray.from_arrays(
            [
                make_texts(self.plan.recipe.pairs or ()).take(make_array(pairs.edits, pairs.edits >= 0)),
                caption,
                _write_graphs(words, write_words),
                _write_changes(questions, self.questions.tracer.program_table.pool),
            ],
            names=PAIR.names,
        )
        # Not by a mask: pyarrow before 23 writes no lists that have values where there are none.
        return edited.take(make_array(np.arange(len(edited)), pairs.edits >= 0))

    def _write_wordings(self, words: BlockWords, key: int, write_words: WriteWords) -> pa.ListArray:
        """Other captions of the scenes."""
        wordings, program_table = self.plan.recipe.wordings, self.captions.tracer.program_table
        assert wordings is not None
        texts, templates = write_wordings(self.captions, words, key)
        columns = [
            texts.write(program_table.pool),
            make_texts(wordings.templates).take(make_array(templates)),
            _write_mentions(texts, program_table, write_words),
        ]
        offsets = np.arange(len(words.scenes) + 1) * wordings.count_wordings()
        return _list(offsets, pa.StructArray.from_arrays(columns, names=["caption", "template", "mentions"]))


def create_writer(loaded: LoadedRecipe) -> RowWriter:
    """Prepares a recipe for writing rows.

    Raises:
        RecipeError: The recipe asks for what does not exist or cannot be; all mistakes at once, with their places.
    """
    recipe, problems = loaded.recipe, list[Problem]()
    with gather_problems(problems, "taxonomy"):
        taxonomy = load_taxonomy(recipe.taxonomy, loaded.folder)
        with gather_problems(problems):
            plan = plan_scenes(recipe, taxonomy)
    if recipe.paraphrase:
        with gather_problems(problems, "paraphrase.template"):
            load_template("paraphrases", recipe.paraphrase.template, loaded.folder)
    for place, captions in (recipe.caption_keys | recipe.wording_keys).items():
        with gather_problems(problems, place):
            load_template("captions", captions.template, loaded.folder)
    if problems:
        raise loaded.locate(RecipeError(problems))
    try:
        return RowWriter(plan, loaded.folder)
    except RecipeError as error:
        raise loaded.locate(error) from error


def _list(offsets: np.ndarray, values: pa.Array) -> pa.ListArray:
    return pa.ListArray.from_arrays(make_array(offsets.astype(np.int32, copy=False)), values)


def _write_ids(prefix: str, scenes: Scenes) -> pa.Array:
    numbers = make_array(np.arange(scenes.start, scenes.start + len(scenes)))
    indices = pc.utf8_lpad(pc.cast(numbers, pa.string()), 9, "0")
    return join_texts(prefix, indices)


def _write_attributes(words: BlockWords, write_words: WriteWords, domain: str, concepts: Ragged) -> pa.ListArray:
    parts = [write_words(words.find_column(f"{domain}.{word}")) for word in ("kind", "name")]
    return _list(concepts.offsets, pa.StructArray.from_arrays(parts, names=ATTRIBUTE.names))


def _write_mentions(texts: Texts, program_table: ProgramTable, write_words: WriteWords) -> pa.ListArray:
    """What each text mentions, and where."""
    spans, starts, ends = texts.find_mentions(program_table)
    columns = [write_words(spans.values), make_array(starts), make_array(ends)]
    return _list(spans.offsets, pa.StructArray.from_arrays(columns, names=["element", "start", "end"]))


def _write_graphs(words: BlockWords, write_words: WriteWords) -> pa.StructArray:
    scenes = words.scenes
    names, concepts = write_words(words.names), write_words(words.find_column("object.id"))
    attributes = _write_attributes(words, write_words, "attribute", scenes.attributes)
    counts = make_array(scenes.copies.astype(np.int32))
    objects = pa.StructArray.from_arrays([names, concepts, attributes, counts], names=OBJECT.names)
    predicates, categories = (write_words(words.find_column(f"relation.{word}")) for word in ("predicate", "category"))
    ends = [make_array(ends.values.astype(np.int32)) for ends in (scenes.subjects, scenes.targets)]
    relations = pa.StructArray.from_arrays([ends[0], predicates, categories, ends[1]], names=RELATION.names)
    lists = [_list(scenes.objects.offsets, objects), _list(scenes.relations.offsets, relations)]
    return pa.StructArray.from_arrays(lists, names=["objects", "relations"])


def _write_questions(questions: Questions, pool: WordPool, encoded: bool) -> pa.ListArray:
    write_words, batches = pool.encode if encoded else pool.take, make_array(questions.batches)
    columns = [
        questions.texts.encode(pool) if encoded else questions.texts.write(pool),
        write_words(questions.answers),
        _list(questions.choices.offsets, write_words(questions.choices.values)),
        write_words(questions.forms).take(batches),
        write_words(questions.kinds).take(batches),
        _list(questions.elements.offsets, write_words(questions.elements.values)),
        _list(questions.depends_on.offsets, make_array(questions.depends_on.values)),
        write_words(questions.foils, questions.foils >= 0),
        _list(questions.aliases.offsets, write_words(questions.aliases.values)),
    ]
    return _list(questions.offsets, pa.StructArray.from_arrays(columns, names=QUESTION.names))


def _write_changes(questions: Questions, pool: WordPool) -> pa.ListArray:
    """The questions of each scene that have another answer, or none, about the edited scene."""
    again = questions.edited_answers
    assert again is not None
    scene = np.repeat(np.arange(len(questions.offsets) - 1), np.diff(questions.offsets))
    rows = np.flatnonzero(again != questions.answers)
    numbers = (rows - questions.offsets[scene[rows]]).astype(np.int32)
    answers = pool.take(again[rows], again[rows] >= 0)
    changes = pa.StructArray.from_arrays([make_array(numbers), answers], names=["question", "answer"])
    return _list(offsets_of(np.bincount(scene[rows], minlength=len(questions.offsets) - 1)), changes)


def _write_structures(table: StructureTable, rows: np.ndarray) -> pa.StructArray:
    counts = [table.objects, table.attributes, table.relations, table.complexity, table.components]
    degree = (2 * table.relations / table.objects).astype(np.float32)
    topologies = table.topologies.take(make_array(rows))
    return pa.StructArray.from_arrays(
        [*(make_array(count[rows].astype(np.int32)) for count in counts), make_array(degree[rows]), topologies],
        names=STRUCTURE.names,
    )
