"""Captions for TRL, with questions for a reward, JSON lines.

After huggingface/trl: docs/source/dataset_formats.md (Prompt-only, Standard), trl/trainer/grpo_trainer.py, which gives
rewards every column but the prompt by its name.
"""

from __future__ import annotations

from pathlib import Path

from ..layout import PROMPT, Layout, Row, Tally


def convert_trl(row: Row, tally: Tally, chat: bool = False) -> list[Row]:
    """A prompt-only row with its questions, which a reward gets as lists of a column: `def reward(questions, ...)`.

    `questions`, `answers`, `aliases`, `choices` (both empty where there are none) and `depends_on` go together, in the
    row's order.
    """
    questions = row["questions"]
    tally.questions += len(questions)
    prompt = row["caption"]
    return [
        {
            "id": row["id"],
            "prompt": [{"role": "user", "content": prompt}] if chat else prompt,
            "questions": [question["question"] for question in questions],
            "answers": [question["answer"] for question in questions],
            "aliases": [question.get("aliases") or [] for question in questions],
            "choices": [question["choices"] for question in questions],
            "depends_on": [question["depends_on"] for question in questions],
        }
    ]


def lay_out(_: Path) -> Layout:
    return Layout(convert_trl, columns=(*PROMPT, "questions"))
