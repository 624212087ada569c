"""Shipped recipes, with nothing overridden but paths, sizes and the precision that needs a GPU."""

import datasets
import diffusers
import pytest
import tiny_pipelines
from generate_any_scene.builders.recipe.loading import list_recipes
from generate_any_scene.training.recipes.loading import load_training
from generate_any_scene.training.run import run_training
from generate_any_scene.training.trainers.finetune.families import FAMILIES
from PIL import Image

PIPELINES = {
    "finetune_flux1_dev": "FluxPipeline",
    "finetune_flux2_klein_4b": "Flux2KleinPipeline",
    "finetune_qwen_image": "QwenImagePipeline",
    "finetune_sd15": "StableDiffusionPipeline",
    "finetune_sd15_full": "StableDiffusionPipeline",
    "finetune_sd35_medium": "StableDiffusion3Pipeline",
    "finetune_sdxl": "StableDiffusionXLPipeline",
    "finetune_z_image": "ZImagePipeline",
}


def test_there_is_a_recipe_of_every_class_that_can_be_trained():
    shipped = {name for name in list_recipes("training") if load_training(name).recipe.kind == "finetune"}
    assert shipped == PIPELINES.keys()
    assert set(PIPELINES.values()) == FAMILIES.keys()


@pytest.mark.parametrize("name", PIPELINES)
def test_layers_that_are_said_are_those_that_are_taken_otherwise(name):
    layers = load_training(name).recipe.lora["target_modules"]
    default = FAMILIES[PIPELINES[name]].layers
    assert layers == default if isinstance(layers, str) else sorted(layers) == sorted(default)


@pytest.mark.parametrize("name", PIPELINES)
def test_a_recipe_runs_from_end_to_end_and_plain_diffusers_loads_what_comes_out(name, tmp_path):
    kind = PIPELINES[name]
    model = tiny_pipelines.save_pipeline(kind, tmp_path / "base")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number, color in enumerate(("red", "green", "blue", "white")):
        Image.new("RGB", (48, 32), color).save(pictures / f"{number}.png")
        (pictures / f"{number}.txt").write_text(f"all {color}")
    overrides = {
        "model": str(model), "data.path": str(pictures), "output": str(tmp_path / "run"), "resolution": 32,
        "batch_size": 2, "max_steps": 2, "epochs": 2, "cache": str(tmp_path / "cache"),
    }  # fmt: skip
    if load_training(name).recipe.mixed_precision == "fp16":
        overrides["mixed_precision"] = "no"
    record = run_training(load_training(name, overrides), report=lambda line: None)
    assert record["results"]["updates"] >= 1
    assert record["data"]["rows"] == 4
    if load_training(name).recipe.method == "full":
        pipeline = diffusers.DiffusionPipeline.from_pretrained(tmp_path / "run" / "model")
    else:
        pipeline = diffusers.DiffusionPipeline.from_pretrained(model)
        pipeline.load_lora_weights(tmp_path / "run" / "model")
    assert type(pipeline).__name__ == kind
    pipeline.set_progress_bar_config(disable=True)
    (picture,) = pipeline(prompt="all red", height=32, width=32, num_inference_steps=2).images
    assert picture.size == (32, 32)


def test_bfloat16_trains_a_flow_as_float32_does(tmp_path):
    model = tiny_pipelines.save_pipeline("QwenImagePipeline", tmp_path / "base")
    rows = datasets.Dataset.from_dict({"caption": ["all red", "all black"], "image": ["r.png", "b.png"]})
    for file, color in (("r.png", "red"), ("b.png", "black")):
        Image.new("RGB", (32, 32), color).save(tmp_path / file)
    rows = rows.map(lambda row: {"image": str(tmp_path / row["image"])}).cast_column("image", datasets.Image())
    rows.save_to_disk(tmp_path / "rows")
    losses = {}
    for precision in ("no", "bf16"):
        overrides = {
            "model": str(model), "data.path": str(tmp_path / "rows"), "output": str(tmp_path / precision),
            "resolution": 32, "max_steps": 3, "cache": str(tmp_path / "cache"), "mixed_precision": precision,
        }  # fmt: skip
        record = run_training(load_training("finetune_qwen_image", overrides), report=lambda line: None)
        losses[precision] = record["results"]["last_loss"]
    assert losses["bf16"] == pytest.approx(losses["no"], rel=0.03)
    assert losses["bf16"] != losses["no"]
