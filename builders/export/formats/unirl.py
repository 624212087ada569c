"""Prompts for UniRL with what rewards read, JSON lines.

After Tencent-Hunyuan/UniRL: unirl/data/datasets.py (TextPromptDataset, normalize_prompt_example: all keys but the
prompt's are the metadata of its samples), unirl/reward/local/geneval2.py (GenEval2RewardScorer: `vqa_list`),
unirl-reward-service/reward_service/scorers/geneval.py (GenEvalScorer: `tag`, `include`, `exclude`),
unirl/reward/local/ocr.py (OCRRewardScorer: the quotes of the prompt).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..layout import Layout, Row, Tally
from ..rewards import READ, Rewarding, load_rewarding

SPLITS = ("train", "test")


def convert_unirl(row: Row, tally: Tally, rewarding: Rewarding) -> list[Row]:
    """A line of `train.jsonl`, with GenEval's keys only where its scorer has something to check.

    That refuses prompts without them, and would give every picture 1 if `include` were empty. The scorer of GenEval 2
    gives every picture 0 where `vqa_list` is empty, that of OCR stops at a prompt without quotes.
    """
    if (keys := rewarding.list_keys(row, tally)) is None:
        return []
    tally.questions += len(row["questions"])
    return [{"prompt_id": row["id"], "prompt": row["caption"], "id": row["id"], **keys}]


def lay_out(recipe: Path, rewards: Sequence[str] | None = None) -> dict[str, Layout]:
    rewarding = load_rewarding(recipe, rewards, default=("questions",))
    return {"{split}.jsonl": Layout(partial(convert_unirl, rewarding=rewarding), columns=READ)}
