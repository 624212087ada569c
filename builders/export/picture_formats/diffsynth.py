"""Pictures with captions for DiffSynth-Studio, a folder.

After modelscope/DiffSynth-Studio: diffsynth/core/data/unified_dataset.py (what is read),
diffsynth/diffusion/parsers.py (the arguments), examples/*/model_training/lora (models and layers).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from . import ACCUMULATED, RANK, RATE, SIDE, UPDATES

METADATA = "metadata.json"
"""Not CSV, which its reader guesses types from: a caption `None` would be no text."""

MODELS = {
    "z_image": (
        "z_image",
        (
            "Tongyi-MAI/Z-Image:transformer/*.safetensors",
            "Tongyi-MAI/Z-Image-Turbo:text_encoder/*.safetensors",
            "Tongyi-MAI/Z-Image-Turbo:vae/diffusion_pytorch_model.safetensors",
        ),
        ("to_q", "to_k", "to_v", "to_out.0", "w1", "w2", "w3"),
        (),
    ),
    "qwen_image": (
        "qwen_image",
        (
            "Qwen/Qwen-Image-2512:transformer/diffusion_pytorch_model*.safetensors",
            "Qwen/Qwen-Image:text_encoder/model*.safetensors",
            "Qwen/Qwen-Image:vae/diffusion_pytorch_model.safetensors",
        ),
        (
            *("to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj", "to_out.0", "to_add_out"),
            *("img_mlp.net.2", "img_mod.1", "txt_mlp.net.2", "txt_mod.1"),
        ),
        ("--find_unused_parameters",),
    ),
    "flux1_dev": (
        "flux",
        (
            "black-forest-labs/FLUX.1-dev:flux1-dev.safetensors",
            "black-forest-labs/FLUX.1-dev:text_encoder/model.safetensors",
            "black-forest-labs/FLUX.1-dev:text_encoder_2/*.safetensors",
            "black-forest-labs/FLUX.1-dev:ae.safetensors",
        ),
        (
            *("a_to_qkv", "b_to_qkv", "ff_a.0", "ff_a.2", "ff_b.0", "ff_b.2", "a_to_out", "b_to_out", "proj_out"),
            *("norm.linear", "norm1_a.linear", "norm1_b.linear", "to_qkv_mlp"),
        ),
        ("--align_to_opensource_format",),
    ),
    "flux2_klein_4b": (
        "flux2",
        (
            "black-forest-labs/FLUX.2-klein-4B:text_encoder/*.safetensors",
            "black-forest-labs/FLUX.2-klein-base-4B:transformer/*.safetensors",
            "black-forest-labs/FLUX.2-klein-4B:vae/diffusion_pytorch_model.safetensors",
        ),
        (
            *("to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out"),
            *("linear_in", "linear_out", "to_qkv_mlp_proj"),
            *(f"single_transformer_blocks.{number}.attn.to_out" for number in range(20)),
        ),
        ('--tokenizer_path "black-forest-labs/FLUX.2-klein-4B:tokenizer/"',),
    ),
}
"""For each model the folder of its script, its files, the layers that get LoRA, and what else its script is told."""


def lay_out(pictures: Mapping[str, str]) -> dict[str, str]:
    """The metadata, and for each model a command."""
    rows = [{"image": path, "prompt": caption} for path, caption in pictures.items()]
    commands = {f"{name}.sh": write_command(name, len(rows), *model) for name, model in MODELS.items()}
    return {METADATA: f"{json.dumps(rows, indent=1)}\n"} | commands


def write_command(
    name: str,
    count: int,
    script: str,
    files: Sequence[str],
    layers: Sequence[str],
    more: Sequence[str],
    keys: str = "image",
) -> str:
    """A script of one command. Training goes by epochs, so pictures are repeated to make one of it.

    `keys` are the columns of the metadata that are files.
    """
    arguments = [
        f'accelerate launch "$studio/examples/{script}/model_training/train.py"',
        "--dataset_base_path .",
        f"--dataset_metadata_path {METADATA}",
        f"--data_file_keys {keys}",
        f"--max_pixels {SIDE * SIDE}",
        f"--dataset_repeat {-(-UPDATES * ACCUMULATED // count)}",
        "--num_epochs 1",
        f"--gradient_accumulation_steps {ACCUMULATED}",
        f'--model_id_with_origin_paths "{",".join(files)}"',
        f"--learning_rate {RATE}",
        '--remove_prefix_in_ckpt "pipe.dit."',
        f"--output_path model/{name}",
        "--lora_base_model dit",
        f'--lora_target_modules "{",".join(layers)}"',
        f"--lora_rank {RANK}",
        "--use_gradient_checkpointing",
        *more,
    ]
    usage = f"# bash {name}.sh path/to/DiffSynth-Studio"
    places = ['studio=$(realpath "$1")', 'cd "$(dirname "$0")"']
    return "\n".join(["#!/bin/bash", usage, *places, " \\\n  ".join(arguments), ""])
