"""Pictures with captions for SimpleTuner, a folder.

After bghira/SimpleTuner: documentation/DATALOADER.md, simpletuner/helpers/data_backend/config (what is checked),
simpletuner/helpers/configuration/json_file.py (where a config is found), simpletuner/helpers/prompts.py (captions: a
line each is one), simpletuner/helpers/models (families and flavours), simpletuner/examples.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from . import ACCUMULATED, PICTURES, RANK, RATE, SIDE, UPDATES, write_beside

BACKENDS = "config/multidatabackend.json"

DATA: list[dict[str, Any]] = [
    {
        "id": "pictures",
        "type": "local",
        "dataset_type": "image",
        "instance_data_dir": PICTURES,
        "metadata_backend": "discovery",
        "caption_strategy": "textfile",
        "crop": False,
        "resolution": SIDE,
        "resolution_type": "pixel_area",
        "minimum_image_size": 0,
        "repeats": 0,
        "cache_dir_vae": "cache/vae/{model_family}",
    },
    {
        "id": "captions",
        "type": "local",
        "dataset_type": "text_embeds",
        "default": True,
        "cache_dir": "cache/text/{model_family}",
    },
]

TRAINING: dict[str, Any] = {
    "data_backend_config": BACKENDS,
    "disable_bucket_pruning": True,
    "caption_dropout_probability": 0.0,
    "model_type": "lora",
    "lora_type": "standard",
    "lora_rank": RANK,
    "lora_alpha": RANK,
    "learning_rate": RATE,
    "optimizer": "adamw_bf16",
    "lr_scheduler": "constant",
    "max_train_steps": UPDATES,
    "num_train_epochs": 0,
    "train_batch_size": 1,
    "gradient_accumulation_steps": ACCUMULATED,
    "gradient_checkpointing": True,
    "mixed_precision": "bf16",
    "checkpoint_step_interval": 250,
    "validation_disable": True,
    "report_to": "none",
    "seed": 0,
}

MODELS = {
    "sd35_medium": ("sd3", "medium"),
    "flux1_dev": ("flux", "dev"),
    "flux2_klein_4b": ("flux2", "klein-4b"),
    "z_image": ("z_image", "base"),
    "qwen_image": ("qwen_image", "v2.0"),
}
"""The family of each model, and which of it."""


def lay_out(pictures: Mapping[str, str]) -> dict[str, str]:
    """Captions, the data's config, and that of each model: `simpletuner train --env NAME` in the folder."""
    configs: dict[str, Any] = {BACKENDS: DATA}
    for name, (family, flavour) in MODELS.items():
        model = {"model_family": family, "model_flavour": flavour, "output_dir": f"model/{name}"}
        configs[f"config/{name}/config.json"] = model | TRAINING
    return write_beside(pictures) | {path: f"{json.dumps(config, indent=2)}\n" for path, config in configs.items()}
