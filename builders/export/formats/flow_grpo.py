"""Captions for Flow-GRPO with the metadata of GenEval, two files.

After yifan123/flow_grpo: scripts/train_sd3.py (TextPromptDataset, GenevalPromptDataset), flow_grpo/rewards.py
(multi_score: every reward is called with the prompts and the metadata), flow_grpo/ocr.py (OcrScorer).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..geneval import convert_geneval
from ..layout import Layout, Row, Tally
from ..rewards import READ, Rewarding, load_rewarding

SPLITS = ("train", "test")


def convert_line(row: Row, tally: Tally, rewarding: Rewarding) -> list[str]:
    """The prompt on one line, which is all that TextPromptDataset of Flow-GRPO reads."""
    if rewarding.needed and rewarding.list_keys(row, Tally()) is None:
        return []
    return [" ".join(row["caption"].split())]


def convert_metadata(row: Row, tally: Tally, rewarding: Rewarding) -> list[Row]:
    """A line of `train_metadata.jsonl`: GenEval's keys, and what other rewards on the same prompts read."""
    tags = convert_geneval(row, tally, rewarding.found)
    keys = rewarding.list_keys(row, tally) if tags else None
    return [] if keys is None else [{**tags[0], "id": row["id"], **keys}]


def lay_out(recipe: Path, rewards: Sequence[str] | None = None) -> dict[str, Layout]:
    rewarding = load_rewarding(recipe, rewards, default=())
    return {
        "{split}.txt": Layout(partial(convert_line, rewarding=rewarding), str, columns=READ),
        "{split}_metadata.jsonl": Layout(partial(convert_metadata, rewarding=rewarding), columns=READ),
    }
