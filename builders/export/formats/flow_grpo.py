"""Captions for Flow-GRPO with the metadata of GenEval, two files.

After yifan123/flow_grpo: scripts/train_sd3.py (TextPromptDataset, GenevalPromptDataset).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ..geneval import convert_geneval, find_classes
from ..layout import GRAPH, PROMPT, Layout, Row, Tally, load_concepts

SPLITS = ("train", "test")


def convert_line(row: Row, tally: Tally) -> list[str]:
    """The prompt on one line, which is all that TextPromptDataset of Flow-GRPO reads."""
    return [" ".join(row["caption"].split())]


def lay_out(recipe: Path) -> dict[str, Layout]:
    convert = partial(convert_geneval, found=find_classes(load_concepts(recipe)))
    return {
        "{split}.txt": Layout(convert_line, str, columns=PROMPT),
        "{split}_metadata.jsonl": Layout(convert, columns=GRAPH),
    }
