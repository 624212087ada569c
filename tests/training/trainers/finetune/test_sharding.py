"""Weights that are shared out over processes: the training is that of one."""

import json

import datasets
import pytest
import tiny_pipelines
import torch
from diffusers import StableDiffusion3Pipeline
from generate_any_scene.training.json_lines import read_lines
from generate_any_scene.training.recipes.finetune import Finetune
from generate_any_scene.training.trainers import finetune
from launching import SPLIT, run_script
from PIL import Image
from safetensors.torch import load_file

FEATURES = datasets.Features({"caption": datasets.Value("string"), "image": datasets.Image()})
FILES = {
    "lora": "model/pytorch_lora_weights.safetensors",
    "full": "model/transformer/diffusion_pytorch_model.safetensors",
}

STOP = """
take_update = training_loop.take_update

def stop(course, batches, update):
    return os._exit(0) if update == 4 else take_update(course, batches, update)

training_loop.take_update = stop
"""
"""Ends all processes after three updates, one more than the checkpoint has."""


@pytest.fixture
def rows():
    pictures = [
        {"caption": f"thing {number}", "image": Image.new("RGB", (32, 32), (40 * number, 0, 0))} for number in range(4)
    ]
    return datasets.Dataset.from_list(pictures, features=FEATURES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "mixed_precision"), [("lora", "no"), ("full", "no"), ("lora", "bf16")], ids=lambda one: str(one)
)
def test_two_processes_that_share_weights_train_as_one_and_go_on(method, mixed_precision, rows, tmp_path):
    model = tiny_pipelines.save_pipeline("StableDiffusion3Pipeline", tmp_path / "sd3")
    keys = {
        "name": "tiny", "kind": "finetune", "model": str(model), "data": {"path": "unused"}, "resolution": 32,
        "method": method, "lora": {"r": 4} if method == "lora" else {}, "mixed_precision": mixed_precision,
        "gradient_accumulation_steps": 2, "optimizer": {"lr": 1e-3}, "checkpoint_every": 2, "max_steps": 5,
        "lr_scheduler": "constant", "cache": str(tmp_path / "cache"),
    }  # fmt: skip

    recipe, half = (
        Finetune.model_validate({**keys, "batch_size": 2}),
        Finetune.model_validate({**keys, "batch_size": 1}),
    )
    alone = finetune.train(recipe, rows, tmp_path / "alone", lambda line: None)
    run_script(half, rows, tmp_path / "two", processes=2, before=SPLIT + STOP)
    assert not (tmp_path / "two/run/model").exists()
    run_script(half, rows, tmp_path / "two", processes=2, before=SPLIT)
    for process in range(2):
        results = json.loads((tmp_path / f"two/results_{process}.json").read_text())
        assert results["trainable_parameters"] == alone["trainable_parameters"]
    one, two = (read_lines(folder / "log.jsonl") for folder in (tmp_path / "alone", tmp_path / "two/run"))
    assert [entry["update"] for entry in one] == [entry["update"] for entry in two] == [1, 2, 3, 4, 5]
    # In bfloat16 what is rounded otherwise goes on from update to update.
    exact, rough = (0.01, 0.1) if mixed_precision == "bf16" else (1e-3, 1e-3)
    for key in ("loss", "grad_norm"):
        assert one[0][key] == pytest.approx(two[0][key], rel=exact)
        assert [entry[key] for entry in one] == pytest.approx([entry[key] for entry in two], rel=rough)
    first, second = (load_file(folder / FILES[method]) for folder in (tmp_path / "alone", tmp_path / "two/run"))
    assert first.keys() == second.keys()
    for name, weight in first.items():
        # Adam's first updates are the signs of gradients, which rounding can turn where these are next to nothing.
        near = torch.isclose(weight, second[name], rtol=1e-3, atol=2e-3 if mixed_precision == "bf16" else 1e-4)
        assert near.float().mean() > (0.9 if mixed_precision == "bf16" else 0.99), name
    if method == "full":
        StableDiffusion3Pipeline.from_pretrained(tmp_path / "two/run/model")
