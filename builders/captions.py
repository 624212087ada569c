"""Captions of a block, with the place of every element that they mention."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import numpy as np

from .scenes import Plan
from .templates import Leaf, Piece, load_template, render_block, split_blocks
from .tracing import Render, Tracer
from .views import view_scene
from .weaving import Texts
from .words import BlockWords, build_lexicon


@dataclass
class CaptionWriter:
    """Writes captions with one template.

    Attributes:
        folder: Where the recipe's own templates are, if it has any.
        tracer: What the template has yielded so far.
    """

    plan: Plan
    folder: Path | None = None
    tracer: Tracer = field(init=False)
    template: jinja2.Template = field(init=False)

    def __post_init__(self) -> None:
        self.tracer = Tracer(build_lexicon(self.plan.taxonomy))
        self.template = load_template("captions", self.plan.recipe.captions.template, self.folder)
        self.blocks = split_blocks(self.template)
        self._is_picture = np.array(self.plan.taxonomy.scene_attributes["role"].to_pylist()) == "picture"

    def write(self, words: BlockWords) -> Texts:
        """Captions of all scenes of a block; they belong to `tracer.book.pool`."""
        self.tracer.begin_block()
        starts = _find_starts(words)
        programs = [
            self.tracer.find_programs(
                f"captions.{block}" if block else "captions",
                self._find_keys(words, uses),
                self._create_render(number, block),
                words,
                starts,
            )
            for number, (block, uses) in enumerate(self.blocks.items())
        ]
        parts = len(programs)
        texts = self.tracer.weave(
            np.stack(programs, axis=1).reshape(-1), words, {role: np.repeat(at, parts) for role, at in starts.items()}
        )
        return Texts(texts.tokens, texts.offsets[::parts], texts.elements)

    def _create_render(self, number: int, block: str) -> Render:
        def render(leaf: Leaf, key: tuple[int, ...]) -> list[Piece]:
            structure, settings, pictures = key
            view = view_scene(
                leaf, self.plan.structures.table, structure, settings, pictures, self.plan.recipe.modality
            )
            pieces = render_block(self.template, block, {"scene": view})
            # A later block goes on where an earlier one ended.
            return [Piece(" "), *pieces] if number and pieces else pieces

        return render

    def _find_keys(self, words: BlockWords, uses: frozenset[str]) -> np.ndarray:
        """Structure and numbers of settings and picture attributes of each scene; -1 or 0 where a block looks away."""
        scenes = words.scenes
        scene = np.repeat(np.arange(len(scenes)), scenes.scene_attributes.lengths)
        pictures = np.bincount(scene[self._is_picture[scenes.scene_attributes.values]], minlength=len(scenes))
        settings = scenes.scene_attributes.lengths - pictures
        keys = np.zeros((len(scenes), 3), dtype=np.int64)
        keys[:, 0] = scenes.structures if not uses or uses & {"objects", "relations"} else -1
        keys[:, 1] = settings if not uses or uses & {"settings", "attributes"} else 0
        keys[:, 2] = pictures if not uses or uses & {"pictures", "attributes"} else 0
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
