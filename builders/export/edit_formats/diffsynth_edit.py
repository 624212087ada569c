"""Edits of pictures for DiffSynth-Studio's Qwen-Image-Edit and FLUX.1-Kontext, a folder.

After modelscope/DiffSynth-Studio: diffsynth/core/data/unified_dataset.py (what is read),
examples/qwen_image/model_training/lora/Qwen-Image-Edit.sh and examples/flux/model_training/lora/FLUX.1-Kontext-dev.sh
(columns, models, layers).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..picture_formats.diffsynth import METADATA, MODELS, write_command
from . import PictureEdit

SOURCES = {"qwen_image_edit": "edit_image", "flux1_kontext_dev": "kontext_images"}
"""What each model calls the picture that is edited."""


def lay_out(edits: Sequence[PictureEdit]) -> dict[str, str]:
    """The metadata, which has the source under the name that each model has for it, and for each model a command."""
    rows = [
        {"image": one.target, "prompt": one.instruction} | dict.fromkeys(SOURCES.values(), one.source) for one in edits
    ]
    commands = {f"{name}.sh": _write_command(name, len(rows)) for name in SOURCES}
    return {METADATA: f"{json.dumps(rows, indent=1)}\n"} | commands


def _write_command(name: str, count: int) -> str:
    """The command of a model: that of the model which it comes from, with its own weights of the transformer."""
    parent, weights = {
        "qwen_image_edit": ("qwen_image", "Qwen/Qwen-Image-Edit:transformer/diffusion_pytorch_model*.safetensors"),
        "flux1_kontext_dev": ("flux1_dev", "black-forest-labs/FLUX.1-Kontext-dev:flux1-kontext-dev.safetensors"),
    }[name]
    script, files, layers, more = MODELS[parent]
    source = SOURCES[name]
    further = (*more, f'--extra_inputs "{source}"')
    return write_command(name, count, script, (weights, *files[1:]), layers, further, f"image,{source}")
