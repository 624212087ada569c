"""What is computed of a training before it, against the same training."""

from contextlib import nullcontext

import datasets
import pytest
import tiny_pipelines
import torch
from accelerate import PartialState
from generate_any_scene.training.recipes.finetune import Finetune
from generate_any_scene.training.trainers import finetune
from generate_any_scene.training.trainers.finetune import training_loop
from generate_any_scene.training.trainers.finetune.estimating import count_8bit, measure_step, shape_text
from generate_any_scene.training.trainers.finetune.families import FAMILIES, Question
from generate_any_scene.training.trainers.finetune.loading import load_model
from generate_any_scene.training.trainers.finetune.recipe_check import read_index
from generate_any_scene.training.trainers.finetune.samples import encode_captions
from PIL import Image
from safetensors.torch import load_file

FEATURES = datasets.Features({"caption": datasets.Value("string"), "image": datasets.Image()})
CAPTIONS = ["red thing", "blue thing", "red thing"]
SD3 = "StableDiffusion3Pipeline"
GUESSED = ("ZImagePipeline", "QwenImagePipeline")
"""Whose captions have lengths of their own, which are guessed."""
KEYS = {
    "name": "tiny", "kind": "finetune", "data": {"path": "unused"}, "lora": {"r": 2}, "resolution": 32,
    "batch_size": 2, "gradient_accumulation_steps": 1, "max_steps": 1, "checkpoint_every": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def find_pipeline(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipelines")

    def find_one(name):
        path = folder / name
        return path if path.exists() else tiny_pipelines.save_pipeline(name, path)

    return find_one


@pytest.fixture(scope="module")
def rows():
    pictures = [
        {"caption": caption, "image": Image.new("RGB", (32, 32), (80 * number, 0, 0))}
        for number, caption in enumerate(CAPTIONS)
    ]
    return datasets.Dataset.from_list(pictures, features=FEATURES)


def build(model, **keys):
    return Finetune.model_validate({**KEYS, "model": str(model), **keys})


def count_bytes(tensors):
    return sum(tensor.nbytes for tensor in tensors)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("StableDiffusionPipeline", {"method": "full", "lora": {}, "ema": 0.9}),
        ("StableDiffusion3Pipeline", {"mixed_precision": "bf16", "cache": "cache"}),
    ],
)
def test_bytes_are_those_of_the_training(name, keys, find_pipeline, rows, tmp_path, monkeypatch):
    """Weights, gradients and optimizer as they are once an update was taken, and files as they lie on the disk."""
    held = {}

    def look(course, batches, update):
        entry = take_update(course, batches, update)
        trained = [weight for weight in course.model.denoiser.parameters() if weight.requires_grad]
        states = course.optimizer.state.values()
        held["weights that are trained"] = count_bytes(trained)
        held["weights that stay"] = count_bytes(
            weight for weight in course.model.denoiser.parameters() if not weight.requires_grad
        )
        held["optimizer"] = count_bytes(one for state in states for one in state.values() if one.dim())
        held["their moving average"] = count_bytes(course.ema.shadow_params) if course.ema else 0
        return entry

    take_update = training_loop.take_update
    monkeypatch.setattr(training_loop, "take_update", look)
    keys = keys | ({"cache": str(tmp_path / "cache")} if "cache" in keys else {})
    recipe = build(find_pipeline(name), **keys)
    found = finetune.estimate(recipe, rows)
    results = finetune.train(recipe, rows, tmp_path / "run", lambda line: None)
    assert held == {what: found.memory.get(what, 0) for what in held}
    assert found.memory["their gradients"] == held["weights that are trained"] == 4 * results["trainable_parameters"]
    assert (found.rows, found.updates, found.images_per_update) == (3, results["updates"], 2)
    model = load_model(recipe, PartialState().device)
    encoders = {part: count_bytes(getattr(model.pipeline, part).parameters()) for part in model.list_encoders()}
    if recipe.cache:
        assert found.before == encoders
        files = list((tmp_path / "cache").rglob("*.safetensors"))
        sizes = [one.nbytes for file in files for key, one in load_file(file).items() if key != "sizes"]
        assert found.disk["cache"] == sum(sizes)
    else:
        assert encoders.items() <= found.memory.items() and "cache" not in found.disk
    checkpoint = load_file(tmp_path / "run/checkpoints/update_00000001.safetensors")
    assert found.disk["checkpoints, 2 of them"] == 2 * count_bytes(one for one in checkpoint.values() if one.dim())
    saved = sum(count_bytes(load_file(file).values()) for file in (tmp_path / "run/model").rglob("*.safetensors"))
    assert found.disk["model"] == pytest.approx(saved, rel=0.01)


@pytest.mark.parametrize(
    ("name", "mixed_precision", "checkpointing"),
    [
        pytest.param(name, mixed, checkpointing, marks=[] if name == SD3 and mixed == "bf16" else pytest.mark.slow)
        for name in FAMILIES
        for mixed in ("no", "bf16")
        for checkpointing in (False, True)
    ],
)
def test_activations_are_those_of_a_step_on_numbers(name, mixed_precision, checkpointing, find_pipeline, rows):
    keys = {"mixed_precision": mixed_precision, "gradient_checkpointing": checkpointing}
    found = finetune.estimate(build(find_pipeline(name), **keys, max_sequence_length=None), rows)
    model = load_model(build(find_pipeline(name), mixed_precision=mixed_precision), torch.device("cpu"))
    family, text = FAMILIES[name], encode_captions(model, CAPTIONS[:1] * 2)
    if name in GUESSED:
        shapes = shape_text(model.recipe, read_index(model.recipe), model.denoiser.config, CAPTIONS)
        text = [{part: torch.randn(shape, dtype=model.dtype) for part, shape in shapes.items()}] * 2
    guided = torch.ones(2) if getattr(model.denoiser.config, "guidance_embeds", False) else None
    noisy = torch.randn(2, *model.latent_shape, dtype=model.dtype)
    asked = Question(noisy, torch.ones(2), text, torch.ones(2, 6), guided)
    mixed = torch.autocast("cpu", torch.bfloat16) if mixed_precision == "bf16" else nullcontext()
    step = measure_step(family, model.denoiser.train(), asked, mixed, checkpointing)
    assert found.memory["activations"] == step.kept + step.largest
    assert found.operations == step.operations


def test_moments_in_8_bits_are_those_of_bitsandbytes():
    """Of two moments of 10,000 numbers: a byte each, and 40 scales of 4 bytes; small tensors stay as they are."""
    assert count_8bit(10_000) == 2 * (10_000 + 40 * 4)
    assert count_8bit(4095) == 2 * 4 * 4095


def test_an_estimate_is_told_to_people_and_to_programs(gas, find_pipeline, empty):
    data = "{recipe: sandbox, draw: sandbox, limit: 8, overrides: {splits: {train: 8, validation: 0, test: 0}}}"
    settings = {"model": find_pipeline("StableDiffusionPipeline"), "data": data, "resolution": 32, "epochs": 2}
    options = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    options += ["--set", "mixed_precision=no", "--estimate"]
    status, out, err = gas("train", "finetune_sd15", *options)
    assert (status, err) == (0, "")
    assert out.startswith("finetune_sd15: 8 rows, 1 updates of 16 pictures\nmemory of each process while it trains: ")
    assert "hours of one device at 100 TFLOP/s" in out and "time is not measured" in out
    status, out, _ = gas("train", "finetune_sd15", *options, "--json")
    assert status == 0 and '"peak": ' in out
    assert not list(empty.iterdir())
