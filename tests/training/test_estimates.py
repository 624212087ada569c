"""What trainings of each kind are said to take, against their own models."""

import json

import pytest
import tiny_pipelines
from generate_any_scene.training.estimates import Estimate, list_estimate
from transformers import AutoModelForCausalLM

SHAPES = "{recipe: sandbox, draw: sandbox, limit: 32, overrides: {splits: {train: 40, validation: 0, test: 0}}}"


@pytest.fixture
def estimate(gas):
    def run(recipe, **settings):
        options = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        status, out, err = gas("train", recipe, *options, "--estimate", "--json")
        assert status == 0, err
        return json.loads(out)

    return run


def test_a_policy_takes_its_weights_four_times_and_once_more_as_it_was(estimate, simplear, tmp_path):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(
        f"name: mine\nkind: grpo\nmodel: {simplear}\ndata: {SHAPES}\njudge: {{kind: sandbox}}\n"
        f"decoder: {{path: {simplear / 'decoder.jit'}, codebook: 64, grid: [4, 4]}}\n"
        "trainer: {max_steps: 5, max_completion_length: 16, num_generations: 4, per_device_train_batch_size: 4, "
        "bf16: false, beta: 0.1}\n"
    )
    found = estimate(recipe)
    weights = sum(one.nbytes for one in AutoModelForCausalLM.from_pretrained(simplear).float().parameters())
    assert sum(found["memory"].values()) == found["peak"] == 5 * weights
    assert (found["rows"], found["updates"], found["disk"]["model"]) == (32, 5, weights)


def test_a_detector_takes_its_backbone_and_features_of_all_pictures(estimate, tmp_path):
    import timm

    recipe = tmp_path / "mine.yaml"
    made = "{recipe: sandbox, draw: sandbox, remake: blur, limit: 32}"
    recipe.write_text(
        f"name: mine\nkind: detector\nbackbone: resnet18\npretrained: false\nprepare: {{size: 64}}\ndata: {SHAPES}\n"
        f"made:\n  other: {made}\n"
    )
    found = estimate(recipe)
    model = timm.create_model("resnet18", pretrained=False, num_classes=0)
    assert found["memory"]["backbone"] == sum(one.nbytes for one in model.parameters())
    assert found["rows"] == 64 and found["disk"] == {"features": 64 * model.num_features * 4}
    assert found["updates"] is None


def test_self_improvement_takes_what_its_largest_training_does(estimate, tmp_path):
    model = tiny_pipelines.save_pipeline("StableDiffusionPipeline", tmp_path / "sd")
    found = estimate(
        "self_improvement_sd15",
        **{
            "pictures.model": model, "data.limit": 120, "captions": 40, "held_out": "{}", "judge": "{kind: sandbox}",
            "training.overrides": "{resolution: 32, mixed_precision: 'no', max_steps: 7, epochs: 100}",
        },
    )  # fmt: skip
    assert (found["rows"], found["updates"]) == (10, 7)
    assert found["notes"][0].startswith("this is one training, on the largest selection; there are ")


def test_lines_for_people_have_sums_and_parts():
    found = Estimate(
        rows=1000, updates=50, images_per_update=4, memory={"weights": 3 * 10**9, "optimizer": 10**6},
        disk={"model": 2 * 10**8}, operations=36 * 10**14, notes=("that is all",),
    )  # fmt: skip
    assert list(list_estimate("mine", found)) == [
        "mine: 1,000 rows, 50 updates of 4 pictures",
        "memory of each process while it trains: 3.00 GB",
        "    3.00 GB  weights",
        "    1.00 MB  optimizer",
        "disk: 0.20 GB",
        "    0.20 GB  model",
        "to compute: 3.6e+03 TFLOP an update, 0.5 hours of one device at 100 TFLOP/s",
        "note: that is all",
    ]
