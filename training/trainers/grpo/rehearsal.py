"""One step of a tiny model with the trainer's own settings, so that upstream itself says what it refuses."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import datasets
import torch
from transformers import AutoModelForCausalLM, PrinterCallback
from transformers.integrations import get_reporting_integration_callbacks
from trl import GRPOConfig, GRPOTrainer

from ....errors import GasError
from ...recipes.grpo import SandboxModel
from ...sandbox.model import make_model, make_tokenizer
from ...sandbox.pictures import CODES
from ...upstream import count_processes
from .lessons import StopIdle
from .policy import mask_text

SMALL: Mapping[str, Any] = {
    "max_steps": 1,
    "num_generations": 2,
    "per_device_train_batch_size": 2,
    "gradient_accumulation_steps": 1,
    "max_completion_length": 4,
    "logging_steps": 1,
    "save_strategy": "no",
    "eval_strategy": "no",
    "report_to": "none",
    "push_to_hub": False,
    "disable_tqdm": True,
}
"""What makes a training one small step that leaves nothing behind, here or elsewhere."""
LEFT_OUT = {
    *("generation_batch_size", "steps_per_generation", "num_generations_eval", "warmup_steps"),
    *("dataloader_num_workers", "dataloader_prefetch_factor", "dataloader_persistent_workers"),
    *("load_best_model_at_end", "torch_compile", "torch_compile_backend", "torch_compile_mode", "log_completions"),
}
"""Keys that are about size and speed, or would change no weight yet."""
SHARDED = ("deepspeed", "fsdp")
PACKAGES = {"use_liger_kernel": "liger_kernel"}
"""Keys that need a package, which TRL would look for once the model is loaded."""


def rehearse(values: Mapping[str, Any], reports: Sequence[str]) -> None:
    """Trains a tiny model for one step with all of the trainer's keys that can matter to it.

    Args:
        values: Keys of `GRPOConfig`.
        reports: Where logs go, as a `GRPOConfig` has it.

    Raises:
        GasError: A package is missing, or the step changes no weight.
        Exception: Whatever upstream raises for a value that it does not take.
    """
    for key, package in PACKAGES.items():
        if values.get(key) and find_spec(package) is None:
            raise GasError(f"`{key}` needs {package}: pip install {package}")
    for report in get_reporting_integration_callbacks(reports):
        report()
    if any(values.get(key) for key in SHARDED) or count_processes() > 1:
        return  # their engines take the real model alone; a group of processes is the training's
    kept = {key: value for key, value in values.items() if key not in LEFT_OUT}
    with tempfile.TemporaryDirectory() as folder:
        _train_one_step(GRPOConfig(**{**kept, **SMALL}, output_dir=folder), Path(folder))


def _train_one_step(arguments: GRPOConfig, folder: Path) -> None:
    tokenizer = make_tokenizer(["a picture"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        make_model(tokenizer, SandboxModel(hidden_size=8, layers=1, heads=1)).save_pretrained(folder)
    policy = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    mask_text(policy, len(tokenizer), CODES)

    def reward(completion_ids: list[Any], **_: Any) -> list[float]:
        return [float(place % 2) for place in range(len(completion_ids))]

    trainer = GRPOTrainer(
        model=policy,
        reward_funcs=reward,
        args=arguments,
        train_dataset=datasets.Dataset.from_dict({"prompt": ["a picture"] * 4}),
        processing_class=tokenizer,
        callbacks=[StopIdle()],
    )
    trainer.remove_callback(PrinterCallback)
    before = {name: weight.detach().clone() for name, weight in policy.named_parameters()}
    trainer.train()
    trained = trainer.accelerator.unwrap_model(trainer.model).named_parameters()
    if all(torch.equal(before[name], weight.detach()) for name, weight in trained):
        raise GasError("a step with these settings changes no weight; is `learning_rate` 0?")
