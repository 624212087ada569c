"""Chats for TRL, with questions for a reward, JSON lines.

After huggingface/trl: docs/source/dataset_formats.md (Prompt-only, Conversational).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ..layout import PROMPT, Layout
from .trl import convert_trl

SPLITS = ("train",)


def lay_out(_: Path) -> Layout:
    return Layout(partial(convert_trl, chat=True), columns=(*PROMPT, "questions", "structure"))
