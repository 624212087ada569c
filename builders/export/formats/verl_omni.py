"""Prompts for VeRL-Omni with what rewards read, Parquet.

After verl-project/verl-omni: verl_omni/utils/dataset/rl_dataset.py (RLHFDataset, and that of verl which it extends),
verl_omni/reward_loop/reward_manager/visual.py (VisualRewardManager: what rewards are given),
verl_omni/utils/reward_score/http_scorer_client.py (compute_score: the ground truth is the prompt that a scorer over
HTTP gets), examples/flowgrpo_trainer/data_process/qwenimage_ocr_http_service.py (the columns).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa

from ...recipe.loading import load_recipe
from ...recipe.model import Recipe
from ..layout import Layout, Row, Tally
from ..rewards import READ, Rewarding, load_rewarding

SPLITS = ("train", "test")

CHAT = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
SCHEMA = pa.schema(
    [
        ("data_source", pa.string()),
        ("prompt", CHAT),
        ("negative_prompt", CHAT),
        ("ability", pa.string()),
        ("reward_model", pa.struct([("style", pa.string()), ("ground_truth", pa.string())])),
        (
            "extra_info",
            pa.struct(
                [
                    ("index", pa.int64()),
                    ("id", pa.string()),
                    ("vqa_list", pa.list_(pa.list_(pa.string()))),
                    ("skills", pa.list_(pa.string())),
                    ("atom_count", pa.int64()),
                    ("geneval", pa.string()),
                    ("text", pa.string()),
                    ("questions", pa.string()),
                ]
            ),
        ),
    ]
)
TAGS = ("tag", "include", "exclude")
ABILITIES = {"image": "t2i", "video": "t2v", "3d": "t2-3d"}
"""What a model has to be able to, by the modality of a recipe; its own examples say `t2v` of videos."""
EMPTY = " "
"""The negative prompt of its own examples."""


def convert_verl_omni(row: Row, tally: Tally, rewarding: Rewarding, config: Recipe, system: str | None) -> list[Row]:
    """A row of `train.parquet`. Rewards are called with the ground truth, which is the prompt, and with `extra_info`.

    There `questions` and `geneval` are JSON, since an object of theirs has no keys without values; `geneval` is empty
    where its checker knows nothing. Validation has a mean of each `data_source`, which is the config.
    """
    if (keys := rewarding.list_keys(row, tally)) is None:
        return []
    tally.questions += len(row["questions"])
    before = [{"role": "system", "content": system}] if system else []
    tags = {key: keys.pop(key) for key in TAGS if key in keys}
    record = {
        "data_source": config.name,
        "prompt": [*before, {"role": "user", "content": row["caption"]}],
        "negative_prompt": [*before, {"role": "user", "content": EMPTY}],
        "ability": ABILITIES[config.modality],
        "reward_model": {"style": "model", "ground_truth": row["caption"]},
        "extra_info": {"index": tally.scenes, "id": row["id"]} | keys | {"geneval": json.dumps(tags) if tags else ""},
    }
    return [record]


def lay_out(recipe: Path, rewards: Sequence[str] | None = None, system: str | None = None) -> dict[str, Layout]:
    rewarding = load_rewarding(recipe, rewards, default=("questions",))
    convert = partial(convert_verl_omni, rewarding=rewarding, config=load_recipe(recipe).recipe, system=system)
    return {"{split}.parquet": Layout(convert, columns=READ, schema=SCHEMA)}
