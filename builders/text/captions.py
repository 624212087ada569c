"""Captions of a block, with the place of every element that they mention."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import jinja2
import numpy as np

from ...errors import Problem, RecipeError
from ...taxonomy.schema import SCENE_ROLES
from ..content.plan import Plan
from ..content.scenes import Scenes
from ..foundation.counter_rng import BITS, WINDOW, derive_key, draw_below, stratify
from ..foundation.ragged import offsets_of
from ..recipe.fields import LARGEST_COUNT
from ..structures.cache import find_file as find_structures_file
from ..structures.limits import read_limits
from .assembly import NOTHING, OPEN, Texts
from .lexicon import build_lexicon, list_own_words
from .marks import Leaf, Piece, Slot, start_sentence
from .surface_forms import BlockWords
from .templates import load_template, read_frames, read_source, read_sources, render_block, split_blocks
from .trace_cache import MOST_KEPT, find_file, keep_programs, read_programs
from .tracing import Render, Tracer
from .views import LONG, Groups, Shape, view_scene

GRAPH = {"objects", "subjects", "alone", "counted", "in_order", "relations"}
"""What templates call parts of the scene graph."""
BY_ROLE = ("settings", "lights", "pictures", "sentences")
"""What templates call the scene attributes of each of `SCENE_ROLES`."""
FRAMED = 4096
"""How many structures in how many frames are rendered at most; structures beyond have one frame each.

There are many more structures of many elements than of few, and each of them is in few scenes.
"""


class Case(NamedTuple):
    """What a block of a template is rendered for; 0, or -1 for the structure, is what it does not look at.

    Attributes:
        structure: Number of the shape.
        settings, lights, pictures, sentences: Numbers of scene attributes of each role.
        alike: Number of the pattern of objects that are alike.
        long: Whether the scene is long.
        frame: Number of the frame.
        before: How what stands before it ends: NOTHING, ENDED or OPEN.
    """

    structure: int = -1
    settings: int = 0
    lights: int = 0
    pictures: int = 0
    sentences: int = 0
    alike: int = 0
    long: int = 0
    frame: int = 0
    before: int = NOTHING


class Way(NamedTuple):
    """How texts are written; all arrays are int64, shape (texts,).

    Attributes:
        scenes: The scene of each, from the block's first.
        templates: Numbers of their templates.
        frames: Numbers of the frames of these.
    """

    scenes: np.ndarray
    templates: np.ndarray
    frames: np.ndarray

    def take(self, texts: np.ndarray) -> Way:
        """The same for some of the texts."""
        return Way(*(column[texts] for column in self))


@dataclass
class CaptionWriter:
    """Writes captions, each with one of the recipe's templates, and wordings.

    Attributes:
        plan: The plan of the recipe.
        folder: Where the recipe's own templates are, if it has any.
        tracer: What the templates have yielded so far.
        templates: The recipe's templates, those of captions before those of wordings.
        bounds: Ends of their shares of [0, 2**BITS), int64, shape (templates + 1,).
        frames: How many frames each template has, or as many as the recipe lets it have.
        shapes: Shapes beyond the plan's structures, whose numbers follow on theirs.
    """

    plan: Plan
    folder: Path | None = None
    tracer: Tracer = field(init=False)
    templates: list[jinja2.Template] = field(init=False)
    bounds: np.ndarray = field(init=False)
    frames: list[int] = field(init=False)
    shapes: list[Shape] = field(default_factory=list)
    _numbers: dict[Shape, int] = field(default_factory=dict)
    _rendered: dict[tuple[int, str, Case], list[Piece]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        captions_of = self.plan.recipe.caption_keys
        chosen = captions_of | self.plan.recipe.wording_keys
        self.tracer = Tracer(build_lexicon(self.plan.taxonomy))
        self.templates = [load_template("captions", captions.template, self.folder) for captions in chosen.values()]
        read = [(split_blocks(one), read_frames(one), read_sources(one)) for one in self.templates]
        self._own = list_own_words(self.plan.taxonomy)
        self._names, self._blocks = list(chosen), [blocks for blocks, _, _ in read]
        for name, captions, template in zip(chosen, chosen.values(), self.templates, strict=True):
            if captions.count_alike and not re.search(r"\bscene\.counted\b", read_source(template)):
                message = f"`{captions.template}` counts no objects"
                hint = "leave `count_alike` out, or choose a template that lists `scene.counted`, such as `default`"
                raise RecipeError([Problem(message, key=f"{name}.count_alike", hint=hint)])
        self._counts = [captions.count_alike for captions in chosen.values()]
        self.frames = [
            min(captions.frames or LARGEST_COUNT, frames)
            for captions, (_, frames, _) in zip(chosen.values(), read, strict=True)
        ]
        self._check_wordings(len(captions_of))
        self._patterns: dict[Groups, int] = {(): 0}
        # Template `i` has the points of [0, 2**BITS) from bounds[i] to before bounds[i + 1].
        weights = np.array([captions.weight for captions in captions_of.values()])
        shares = np.cumsum(weights) / weights.sum()
        self.bounds = np.rint(np.concatenate([[0.0], shares]) * 2.0**BITS).astype(np.int64)
        self._file = find_file(
            find_structures_file(read_limits(self.plan.recipe)).name,
            self.plan.recipe.modality,
            [(name, sources) for name, (_, _, sources) in zip(chosen, read, strict=True)],
            *([self._own] if any(self._own.values()) else []),
        )
        self.tracer.programs.update(read_programs(self._file, self.tracer.program_table))
        self._kept = len(self.tracer.programs)
        self._roles = np.array(list(map(SCENE_ROLES.index, self.plan.taxonomy.scene_attributes["role"].to_pylist())))

    def find_shape(self, structure: int) -> Shape:
        """The shape with this number."""
        table = self.plan.structures.table
        if structure >= len(table):
            return self.shapes[structure - len(table)]
        return Shape(
            *(tuple(one[structure].tolist()) for one in (table.attribute_counts, table.subjects, table.targets))
        )

    def number_shape(self, shape: Shape) -> int:
        """The number of a shape that no structure of the plan need have; it stays the same from block to block."""
        if shape not in self._numbers:
            self._numbers[shape] = len(self.plan.structures.table) + len(self.shapes)
            self.shapes.append(shape)
        return self._numbers[shape]

    @property
    def first_wording(self) -> int:
        """The number of the first of the templates of wordings."""
        return len(self.bounds) - 1

    def _check_wordings(self, first: int) -> None:
        """Refuses more wordings than templates have frames, of which `first` is the first one's number."""
        wordings, most = self.plan.recipe.wordings, sum(self.frames[first:])
        if wordings and (count := wordings.count_wordings()) > most:
            message = f"{count} wordings of a scene are more than the templates have frames, which are {most}"
            raise RecipeError(
                [Problem(message, key="wordings.count", hint=f"write at most {most}, or name further templates")]
            )

    def keep_traces(self) -> None:
        """Keeps what the templates yielded on disk, if it is notably more than was there, but no more than is of use.

        What they yielded for shapes beyond the structures, and for objects that are alike, is of the rows alone.
        """
        if self.tracer.row_by_row or len(self.tracer.programs) > MOST_KEPT:
            return
        structures = len(self.plan.structures.table)
        programs = {
            (name, key): program
            for (name, key), program in self.tracer.programs.items()
            if key[0] < structures and not Case(*key).alike
        }
        if len(programs) > 1.02 * self._kept:
            keep_programs(self._file, self.tracer.program_table, programs)
            self._kept = len(programs)

    def write(self, words: BlockWords, key: int, before_edits: Scenes | None = None) -> Texts:
        """Captions of all scenes of a block; they belong to `tracer.program_table.pool`.

        Args:
            words: The block's words.
            key: Key of the split, which deals the templates and their frames.
            before_edits: What the scenes were before they were edited, if they were: they are put as those were,
                whose captions have been written just before.
        """
        if before_edits is None:
            self.tracer.begin_block()
        original = words.scenes if before_edits is None else before_edits
        templates = self.choose_templates(key, original.start, len(original))
        frames = np.zeros(len(original), dtype=np.int64)
        for number in range(len(self.bounds) - 1):
            own = templates == number
            frames[own] = self.choose_frames(number, key, original)[own]
        return self.write_in(words, Way(np.arange(len(original)), templates, frames), before_edits)

    def write_in(self, words: BlockWords, way: Way, before_edits: Scenes | None = None) -> Texts:
        """Texts of scenes of a block in given templates and frames; see `write`."""
        long = _find_long(before_edits or words.scenes)
        starts = {role: at[way.scenes] for role, at in _find_starts(words).items()}
        # A caption is as many parts as its template has blocks, each with a program: those of scene `i` are
        # programs[parts[i]:parts[i + 1]].
        parts = offsets_of(np.array([len(blocks) for blocks in self._blocks])[way.templates])
        programs = np.empty(parts[-1], dtype=np.int64)
        for number, blocks in enumerate(self._blocks):
            own = np.flatnonzero(way.templates == number)
            scenes, before = way.scenes[own], np.full(len(own), NOTHING)
            for place, (block, uses) in enumerate(blocks.items()):
                keys = self._find_keys(words, uses, self._counts[number], long)[scenes]
                keys[:, Case._fields.index("before")] = before
                if not uses or "frame" in uses:
                    keys[:, Case._fields.index("frame")] = way.frames[own]
                found = self.tracer.find_programs(
                    f"{self._names[number]}.{block}" if block else self._names[number],
                    keys,
                    self._create_render(number, block),
                    words,
                    {role: at[own] for role, at in starts.items()},
                )
                programs[parts[own] + place] = found
                if place < len(blocks) - 1:
                    ends = self.tracer.program_table.find_ends(found)
                    before = np.where(ends == NOTHING, before, ends)
        # All parts are assembled as texts of their own; a caption is the text from its first part to its last.
        repeats = np.diff(parts)
        texts = self.tracer.assemble_texts(
            programs, words, {role: np.repeat(at, repeats) for role, at in starts.items()}
        )
        return Texts(texts.tokens, texts.offsets[parts], texts.entries)

    def choose_templates(self, key: int, start: int, count: int) -> np.ndarray:
        """The number of the template of each scene from `start` on, int64: of any run, each has its share."""
        first = start - start % WINDOW
        points = stratify(key, first, start + count - first)[start - first :]
        return np.searchsorted(self.bounds, points, side="right") - 1

    def choose_frames(self, number: int, key: int, scenes: Scenes) -> np.ndarray:
        """The frame in which template `number` puts each scene, int64."""
        frames = self.frames[number]
        by_scene = draw_below(derive_key(key, "frames"), scenes.start + np.arange(len(scenes)), frames)
        by_structure = self._ranks[scenes.structures] % frames
        return np.where(self._ranks[scenes.structures] * frames < FRAMED, by_scene, by_structure)

    @cached_property
    def _ranks(self) -> np.ndarray:
        """The place of each structure among all, those of few elements first."""
        return np.argsort(np.argsort(self.plan.structures.table.complexity, kind="stable"), kind="stable")

    def _create_render(self, number: int, block: str) -> Render:
        def render(leaf: Leaf, key: tuple[int, ...]) -> list[Piece]:
            case = Case(*key)
            pieces = start_sentence(self._render_case(number, block, leaf, case), case.before != OPEN)
            # A later block goes on where an earlier one ended.
            apart = case.before != NOTHING and pieces and not pieces[0].text.startswith((",", ".", ";", ":"))
            return [Piece(" "), *pieces] if apart else pieces

        return render

    def _render_case(self, number: int, block: str, leaf: Leaf, case: Case) -> list[Piece]:
        """Renders a block, whatever stands before it: once for all cases that differ in nothing else."""
        key = number, block, case._replace(before=NOTHING)
        if leaf is Slot and key in self._rendered:
            return self._rendered[key]
        shape = self.find_shape(case.structure) if case.structure >= 0 else None
        counts = case.settings, case.lights, case.pictures, case.sentences
        alike = list(self._patterns)[case.alike]
        view = view_scene(leaf, shape, counts, self.plan.recipe.modality, alike, bool(case.long), self._own)
        pieces = render_block(self.templates[number], block, {"scene": view, "frame": case.frame})
        if leaf is Slot:
            self._rendered[key] = pieces
        return pieces

    def _find_keys(self, words: BlockWords, uses: frozenset[str], counts: bool, long: np.ndarray) -> np.ndarray:
        """The `Case` of each scene but for its frame and what stands before, int64, shape (scenes, fields).

        What a block does not use is left as it is: fewer keys are fewer cases to render.
        """
        scenes = words.scenes
        keys = np.repeat(np.array(Case(), dtype=np.int64)[:, None], len(scenes), axis=1)
        columns = dict(zip(Case._fields, keys, strict=True))
        if not uses or uses & GRAPH:
            columns["structure"][:] = scenes.structures
            if counts:
                for row, groups in words.list_alike().items():
                    columns["alike"][row] = self._patterns.setdefault(tuple(sorted(groups)), len(self._patterns))
        roles = self._roles[scenes.scene_attributes.values]
        for role, name in enumerate(BY_ROLE):
            # Scene attributes are numbered through all roles: those of a role begin where the roles before end.
            if not uses or uses & {"attributes", *BY_ROLE[role:]}:
                columns[name][:] = np.bincount(scenes.scene_attributes.owners[roles == role], minlength=len(scenes))
        if not uses or "long" in uses:
            columns["long"][:] = long
        return keys.T


def _find_long(scenes: Scenes) -> np.ndarray:
    """Which scenes have more than `LONG` elements, bool."""
    attributes = np.diff(scenes.attributes.offsets.take(scenes.objects.offsets))
    others = (scenes.objects, scenes.relations, scenes.scene_attributes)
    return sum((one.lengths for one in others), attributes) > LONG


def _find_starts(words: BlockWords) -> dict[str, np.ndarray]:
    """Where each scene's words begin in the columns of each role."""
    scenes = words.scenes
    objects = scenes.objects.offsets[:-1]
    return {
        "object": objects,
        "attribute": scenes.attributes.offsets[objects],
        "relation": scenes.relations.offsets[:-1],
        "scene": scenes.scene_attributes.offsets[:-1],
    }
