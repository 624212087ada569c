"""Prompts for Flow-Factory with what rewards read, JSON lines.

After X-GenGroup/Flow-Factory: src/flow_factory/data_utils/dataset.py (GeneralDataset: `train.jsonl` and `test.jsonl`
of a folder; all keys but the prompt's come to rewards as `metadata`, and hold lists as JSON, for Arrow's sake),
src/flow_factory/rewards/geneval2_soft_tifa.py (GenEval2SoftTIFARewardModel: `vqa_list`),
src/flow_factory/rewards/geneval.py (GenEvalRewardModel: `include`, `exclude`, `tag`), src/flow_factory/rewards/ocr.py
(OCRRewardModel: the quotes of the prompt).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..layout import Layout, Row, Tally
from ..rewards import READ, Rewarding, load_rewarding

SPLITS = ("train", "test")

NOTHING: Row = {"vqa_list": [], "skills": [], "atom_count": 0, "tag": "", "include": [], "exclude": []}
"""The keys that are there in every line, since `datasets` takes the columns of a file from its first lines."""


def convert_flow_factory(row: Row, tally: Tally, rewarding: Rewarding) -> list[Row]:
    """A line of `train.jsonl`, with the same keys whatever the scene has.

    Its GenEval gives 0 where `include` is empty, its GenEval 2 stops where `vqa_list` is, and its OCR takes the whole
    prompt for the text where that quotes none.
    """
    if (keys := rewarding.list_keys(row, tally)) is None:
        return []
    tally.questions += len(row["questions"])
    plain = {key: json.dumps(value) if isinstance(value, list) else value for key, value in (NOTHING | keys).items()}
    return [{"id": row["id"], "prompt": row["caption"], **plain}]


def lay_out(recipe: Path, rewards: Sequence[str] | None = None) -> dict[str, Layout]:
    rewarding = load_rewarding(recipe, rewards, default=("questions",))
    return {"{split}.jsonl": Layout(partial(convert_flow_factory, rewarding=rewarding), columns=READ)}
