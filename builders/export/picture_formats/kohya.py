"""Pictures with captions for kohya's sd-scripts, a folder.

After kohya-ss/sd-scripts: library/config_util.py (the dataset's file), library/train_util.py (read_caption,
read_config_from_file), docs/sd3_train_network.md and docs/flux_train_network.md (the arguments).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from . import ACCUMULATED, PICTURES, RANK, RATE, SIDE, UPDATES, write_beside

DATASET = f"""\
[general]
caption_extension = ".txt"
enable_bucket = true
flip_aug = false
shuffle_caption = false

[[datasets]]
resolution = {SIDE}
batch_size = 1

[[datasets.subsets]]
image_dir = "{PICTURES}"
num_repeats = 1
"""

TRAINING: dict[str, Any] = {
    "dataset_config": "dataset.toml",
    "output_dir": "model",
    "save_model_as": "safetensors",
    "network_dim": RANK,
    "network_alpha": RANK,
    "network_train_unet_only": True,
    "learning_rate": RATE,
    "optimizer_type": "AdamW",
    "lr_scheduler": "constant",
    "max_train_steps": UPDATES,
    "gradient_accumulation_steps": ACCUMULATED,
    "mixed_precision": "bf16",
    "gradient_checkpointing": True,
    "sdpa": True,
    "cache_latents": True,
    "cache_text_encoder_outputs": True,
    "seed": 0,
}

MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "sd35_medium": (
        "sd3_train_network.py",
        {
            "pretrained_model_name_or_path": "weights/sd3.5_medium.safetensors",
            "clip_l": "weights/clip_l.safetensors",
            "clip_g": "weights/clip_g.safetensors",
            "t5xxl": "weights/t5xxl_fp16.safetensors",
            "network_module": "networks.lora_sd3",
            "weighting_scheme": "logit_normal",
        },
    ),
    "flux1_dev": (
        "flux_train_network.py",
        {
            "pretrained_model_name_or_path": "weights/flux1-dev.safetensors",
            "clip_l": "weights/clip_l.safetensors",
            "t5xxl": "weights/t5xxl_fp16.safetensors",
            "ae": "weights/ae.safetensors",
            "network_module": "networks.lora_flux",
            "guidance_scale": 1.0,
            "timestep_sampling": "flux_shift",
            "model_prediction_type": "raw",
        },
    ),
}
"""For each model the script that trains it, and what this takes beside `TRAINING`."""


def lay_out(pictures: Mapping[str, str]) -> dict[str, str]:
    """Captions, the dataset's file, and a file of arguments for each model. A caption ends with its first line."""
    trainings = {f"{name}.toml": write_arguments(name, *model) for name, model in MODELS.items()}
    return write_beside(pictures) | {"dataset.toml": DATASET} | trainings


def write_arguments(name: str, script: str, arguments: Mapping[str, Any]) -> str:
    """A file of arguments; what it has of TOML is as JSON writes it."""
    command = (
        f"# in this folder, with the model's files in weights/: accelerate launch {script} --config_file {name}.toml"
    )
    settings = TRAINING | {"output_name": name} | dict(arguments)
    return "\n".join([command, *(f"{key} = {json.dumps(value)}" for key, value in settings.items()), ""])
