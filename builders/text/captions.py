"""Captions of a block, with the place of every element that they mention."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import numpy as np

from ...errors import Problem, RecipeError
from ...taxonomy.schema import SCENE_ROLES
from ..content.plan import Plan
from ..foundation.counter_rng import BITS, WINDOW, stratify
from ..foundation.ragged import offsets_of
from ..structures.cache import find_file as find_structures_file
from ..structures.limits import read_limits
from .assembly import Texts
from .lexicon import build_lexicon
from .surface_forms import BlockWords
from .templates import Leaf, Piece, load_template, read_source, read_sources, render_block, split_blocks
from .trace_cache import MOST_KEPT, find_file, keep_programs, read_programs
from .tracing import Render, Tracer
from .views import Groups, Shape, view_scene

GRAPH = {"objects", "subjects", "alone", "counted", "in_order", "relations"}
"""What templates call parts of the scene graph."""


@dataclass
class CaptionWriter:
    """Writes captions, each with one of the recipe's templates.

    Attributes:
        plan: The plan of the recipe.
        folder: Where the recipe's own templates are, if it has any.
        tracer: What the templates have yielded so far.
        templates: The recipe's templates.
        bounds: Ends of their shares of [0, 2**BITS), int64, shape (templates + 1,).
        shapes: Shapes beyond the plan's structures, whose numbers follow on theirs.
    """

    plan: Plan
    folder: Path | None = None
    tracer: Tracer = field(init=False)
    templates: list[jinja2.Template] = field(init=False)
    bounds: np.ndarray = field(init=False)
    shapes: list[Shape] = field(default_factory=list)
    _numbers: dict[Shape, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        chosen = self.plan.recipe.caption_keys
        self.tracer = Tracer(build_lexicon(self.plan.taxonomy))
        self.templates = [load_template("captions", captions.template, self.folder) for captions in chosen.values()]
        self._names, self._blocks = list(chosen), [split_blocks(template) for template in self.templates]
        for name, captions, template in zip(chosen, chosen.values(), self.templates, strict=True):
            if captions.count_alike and not re.search(r"\bscene\.counted\b", read_source(template)):
                message = f"`{captions.template}` counts no objects"
                hint = "leave `count_alike` out, or choose a template that lists `scene.counted`, such as `default`"
                raise RecipeError([Problem(message, key=f"{name}.count_alike", hint=hint)])
        self._counts = [captions.count_alike for captions in chosen.values()]
        self._patterns: dict[Groups, int] = {(): 0}
        # Template `i` has the points of [0, 2**BITS) from bounds[i] to before bounds[i + 1].
        weights = np.array([captions.weight for captions in chosen.values()])
        shares = np.cumsum(weights) / weights.sum()
        self.bounds = np.rint(np.concatenate([[0.0], shares]) * 2.0**BITS).astype(np.int64)
        self._file = find_file(
            find_structures_file(read_limits(self.plan.recipe)).name,
            self.plan.recipe.modality,
            [(name, read_sources(template)) for name, template in zip(chosen, self.templates, strict=True)],
        )
        self.tracer.programs.update(read_programs(self._file, self.tracer.program_table))
        self._kept = len(self.tracer.programs)
        roles = self.plan.taxonomy.scene_attributes["role"].to_pylist()
        self._role = np.array([SCENE_ROLES.index(role) for role in roles])

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
            if key[0] < structures and not key[-1]
        }
        if len(programs) > 1.02 * self._kept:
            keep_programs(self._file, self.tracer.program_table, programs)
            self._kept = len(programs)

    def write(self, words: BlockWords, key: int, begin: bool = True) -> Texts:
        """Captions of all scenes of a block, or of more that belong to it; they belong to `tracer.program_table.pool`.

        Args:
            words: The block's words.
            key: Key of the split, which deals the templates.
            begin: Whether a block begins with these scenes.
        """
        if begin:
            self.tracer.begin_block()
        starts, template_of = _find_starts(words), self.choose_templates(key, words.scenes.start, len(words.scenes))
        # A caption is as many parts as its template has blocks, each with a program: those of scene `i` are
        # programs[parts[i]:parts[i + 1]].
        parts = offsets_of(np.array([len(blocks) for blocks in self._blocks])[template_of])
        programs = np.empty(parts[-1], dtype=np.int64)
        for number, blocks in enumerate(self._blocks):
            scenes = np.flatnonzero(template_of == number)
            for place, (block, uses) in enumerate(blocks.items()):
                programs[parts[scenes] + place] = self.tracer.find_programs(
                    f"{self._names[number]}.{block}" if block else self._names[number],
                    self._find_keys(words, uses, self._counts[number])[scenes],
                    self._create_render(number, place, block),
                    words,
                    {role: at[scenes] for role, at in starts.items()},
                )
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

    def _create_render(self, number: int, place: int, block: str) -> Render:
        def render(leaf: Leaf, key: tuple[int, ...]) -> list[Piece]:
            structure, settings, lights, pictures, pattern = key
            shape = self.find_shape(structure) if structure >= 0 else None
            alike = list(self._patterns)[pattern]
            view = view_scene(leaf, shape, (settings, lights, pictures), self.plan.recipe.modality, alike)
            pieces = render_block(self.templates[number], block, {"scene": view})
            # A later block goes on where an earlier one ended.
            apart = place and pieces and not pieces[0].text.startswith((",", ".", ";"))
            return [Piece(" "), *pieces] if apart else pieces

        return render

    def _find_keys(self, words: BlockWords, uses: frozenset[str], counts: bool) -> np.ndarray:
        """Structure, numbers of settings, lights and pictures, and which objects are alike, of each scene.

        int64, shape (scenes, 5); -1 or 0 where a block does not use it: fewer keys are fewer cases to render.
        """
        scenes = words.scenes
        scene, role = scenes.scene_attributes.owners, self._role.take(scenes.scene_attributes.values)
        keys = np.zeros((len(scenes), 2 + len(SCENE_ROLES)), dtype=np.int64)
        keys[:, 0] = scenes.structures if not uses or uses & GRAPH else -1
        for number, name in enumerate(SCENE_ROLES):
            if not uses or uses & {f"{name}s", "attributes"}:
                keys[:, 1 + number] = np.bincount(scene.compress(role == number), minlength=len(scenes))
        if counts and keys[:, 0].max(initial=-1) >= 0:
            for row, groups in words.list_alike().items():
                keys[row, -1] = self._patterns.setdefault(tuple(sorted(groups)), len(self._patterns))
        return keys


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
