"""The column `edit`: an instruction, and the questions that show whether it was followed, and nothing else done."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import make_array, make_texts, read_truths
from ..content.scenes import Scenes
from ..foundation.ragged import offsets_of
from ..questions.minimal_pairs import Pairs
from ..questions.writer import Questions
from ..text.assembly import WordPool
from .schema import EDIT


def write_edits(
    edits: Sequence[str],
    pairs: Pairs,
    scenes: Scenes,
    instructions: pa.StringArray,
    questions: Questions,
    pool: WordPool,
) -> pa.StructArray:
    """The edit of each scene; null where nothing is edited, or where no question would tell that anything was.

    Args:
        edits: The names that `pairs.edits` numbers.
        pairs: What is edited.
        scenes: The scenes as they were.
        instructions: What says so, one a scene.
        questions: The questions of the scenes, with their answers about the edited ones.
        pool: Their words.
    """
    again = questions.edited_answers
    assert again is not None
    scene = np.repeat(np.arange(len(scenes)), np.diff(questions.offsets))
    changed, kept = (
        np.flatnonzero((again >= 0) & (again != questions.answers)),
        np.flatnonzero(again == questions.answers),
    )

    def list_questions(rows: np.ndarray, **columns: pa.Array) -> pa.ListArray:
        numbers = make_array((rows - questions.offsets[scene[rows]]).astype(np.int32))
        offsets = offsets_of(np.bincount(scene[rows], minlength=len(scenes)), np.int32)
        values = pa.StructArray.from_arrays([numbers, *columns.values()], names=["question", *columns])
        return pa.ListArray.from_arrays(make_array(offsets), values)

    must_change = list_questions(
        changed, before=pool.take(questions.answers[changed]), after=pool.take(again[changed])
    )
    must_keep = list_questions(kept, answer=pool.take(questions.answers[kept]))
    columns = [instructions, _name_elements(edits, pairs, scenes), must_change, must_keep]
    made = pa.StructArray.from_arrays(columns, names=EDIT.names)
    there = read_truths(pc.is_valid(instructions)) & (np.bincount(scene[changed], minlength=len(scenes)) > 0)
    return made.take(make_array(np.arange(len(made)), there))


def _name_elements(edits: Sequence[str], pairs: Pairs, scenes: Scenes) -> pa.ListArray:
    """What is edited in each scene: one element, or two attributes."""
    names, counts = list[str](), np.zeros(len(scenes), dtype=np.int64)
    holders, attributes = scenes.attributes.owners, scenes.attributes.places
    objects, relations = scenes.objects.places, scenes.relations.places
    for scene in np.flatnonzero(pairs.edits >= 0).tolist():
        edit = edits[pairs.edits[scene]]
        places = [place for place in (int(pairs.places[scene]), int(pairs.others[scene])) if place >= 0]
        if edit.startswith("attribute"):
            names += [f"attribute/{objects[holders[place]]}/{attributes[place]}" for place in places]
        elif edit in ("object", "count"):
            names += [f"object/{objects[place]}" for place in places]
        else:
            names += [f"relation/{relations[place]}" for place in places]
        counts[scene] = len(places)
    return pa.ListArray.from_arrays(make_array(offsets_of(counts, np.int32)), make_texts(names))
