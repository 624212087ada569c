"""Edits of pictures for diffusers' InstructPix2Pix, a folder.

After huggingface/diffusers: examples/instruct_pix2pix/train_instruct_pix2pix.py (the columns, and `--train_data_dir`,
which `datasets` opens as an image folder: a key `<column>_file_name` of metadata.jsonl is a picture).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from . import PictureEdit

METADATA = "metadata.jsonl"
COLUMNS = ("input_image", "edit_prompt", "edited_image")
"""The script's own names, so that it needs no further arguments."""
TRAINING = r"""#!/bin/bash
# bash train.sh path/to/diffusers
diffusers=$(realpath "$1")
cd "$(dirname "$0")"
accelerate launch "$diffusers/examples/instruct_pix2pix/train_instruct_pix2pix.py" \
  --pretrained_model_name_or_path stable-diffusion-v1-5/stable-diffusion-v1-5 \
  --train_data_dir . \
  --resolution 256 \
  --train_batch_size 4 \
  --gradient_accumulation_steps 4 \
  --gradient_checkpointing \
  --max_train_steps 15000 \
  --learning_rate 5e-05 \
  --lr_warmup_steps 0 \
  --conditioning_dropout_prob 0.05 \
  --mixed_precision fp16 \
  --seed 42 \
  --output_dir model
"""
"""The settings of the script's own example; no `--random_flip`, since left and right stand in instructions."""


def lay_out(edits: Sequence[PictureEdit]) -> dict[str, str]:
    """The metadata, and a command."""
    source, prompt, target = COLUMNS
    lines = [
        json.dumps({f"{source}_file_name": one.source, prompt: one.instruction, f"{target}_file_name": one.target})
        for one in edits
    ]
    return {METADATA: "\n".join([*lines, ""]), "train.sh": TRAINING}
