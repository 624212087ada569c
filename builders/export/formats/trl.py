"""Captions for TRL, with questions for a reward, JSON lines.

After huggingface/trl: docs/source/dataset_formats.md (Prompt-only, Standard), trl/trainer/grpo_trainer.py, which gives
rewards every column but the prompt by its name, and moves numbers in them to the device.
"""

from __future__ import annotations

import json
from pathlib import Path

from ..layout import PROMPT, Layout, Row, Tally

SPLITS = ("train",)


def convert_trl(row: Row, tally: Tally, chat: bool = False) -> list[Row]:
    """A prompt-only row with its questions, a column for rewards, and its complexity, to sort a curriculum by.

    The questions are as the row has them, in JSON: lists in a file have types only where some of them hold something.
    """
    tally.questions += len(row["questions"])
    prompt = row["caption"]
    return [
        {
            "id": row["id"],
            "prompt": [{"role": "user", "content": prompt}] if chat else prompt,
            "questions": json.dumps(row["questions"]),
            "complexity": row["structure"]["complexity"],
        }
    ]


def lay_out(_: Path) -> Layout:
    return Layout(convert_trl, columns=(*PROMPT, "questions", "structure"))
