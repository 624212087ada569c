"""Training tiny pipelines of today, from end to end: what is learned, cached, gone on with and saved."""

import json
import re

import datasets
import diffusers
import pytest
import torch
from generate_any_scene.errors import GasError
from generate_any_scene.training.json_lines import read_lines
from generate_any_scene.training.recipes.finetune import Finetune
from generate_any_scene.training.recipes.loading import load_training
from generate_any_scene.training.trainers import finetune
from generate_any_scene.training.trainers.finetune.families import FAMILIES
from launching import run_script
from PIL import Image, ImageDraw
from safetensors.torch import load_file

ADAPTER = "model/pytorch_lora_weights.safetensors"
FEATURES = datasets.Features({"caption": datasets.Value("string"), "image": datasets.Image()})
SD3 = "StableDiffusion3Pipeline"


@pytest.fixture(scope="module")
def rows():
    pictures = []
    for color in ("red", "green", "blue", "white"):
        picture = Image.new("RGB", (48, 32), "black")
        ImageDraw.Draw(picture).rectangle((8, 8, 40, 24), fill=color)
        pictures.append({"caption": f"{color} thing" + ", large" * (color == "red"), "image": picture})
    return datasets.Dataset.from_list(pictures, features=FEATURES)


@pytest.fixture
def create_recipe(find_pipeline):
    def create(name=SD3, **keys):
        common = {
            "name": "tiny",
            "kind": "finetune",
            "model": str(find_pipeline(name)),
            "data": {"path": "unused"},
            "lora": {"r": 2},
            "resolution": 32,
            "batch_size": 2,
            "gradient_accumulation_steps": 1,
            "optimizer": {"lr": 2e-3},
            "max_steps": 3,
            "checkpoint_every": 2,
        }
        return Finetune.model_validate({**common, **keys})

    return create


def train(recipe, rows, folder, report=lambda line: None):
    assert finetune.check(recipe) == []
    return finetune.train(recipe, rows, folder, report)


def read_losses(folder):
    return [entry["loss"] for entry in read_lines(folder / "log.jsonl")]


SLOW = {"Flux2KleinPipeline", "StableDiffusionXLPipeline"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
        for name in FAMILIES
        if name != "StableDiffusionPipeline"
    ],
)
def test_an_adapter_trained_with_a_cache_is_that_without_and_loads_in_diffusers(
    name, create_recipe, rows, tmp_path, find_pipeline
):
    """The captions are encoded in other batches, which changes rounding alone."""
    for folder, cache in (("with", str(tmp_path / "cache")), ("without", None)):
        train(create_recipe(name, cache=cache), rows, tmp_path / folder)
    assert read_losses(tmp_path / "with") == pytest.approx(read_losses(tmp_path / "without"), rel=1e-5)
    cached, other = (load_file(tmp_path / folder / ADAPTER) for folder in ("with", "without"))
    assert cached.keys() == other.keys()
    for key, weight in cached.items():
        # Adam's first updates are the signs of gradients, which rounding can turn where these are next to nothing.
        assert torch.isclose(weight, other[key], rtol=1e-3, atol=1e-4).float().mean() > 0.99, key
    pipeline = getattr(diffusers, name).from_pretrained(find_pipeline(name))
    pipeline.load_lora_weights(tmp_path / "with" / "model", adapter_name="gas")
    denoiser = getattr(pipeline, FAMILIES[name].denoiser)
    loaded = {key: weight for key, weight in denoiser.named_parameters() if "lora_" in key}
    assert len(loaded) == len(cached)
    assert any(weight.any() for key, weight in loaded.items() if "lora_B" in key)


def test_a_cache_is_shared_by_content_and_makes_encoders_needless(create_recipe, rows, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    train(create_recipe(cache=str(cache)), rows, tmp_path / "first")
    files = {path: path.read_bytes() for path in cache.rglob("*.safetensors")}
    assert sorted(path.parts[-3] for path in files) == ["picture"] * 4 + ["text"] * 4

    def refuse(*_, **__):
        raise AssertionError("nothing is encoded a second time")

    monkeypatch.setattr(diffusers.StableDiffusion3Pipeline, "encode_prompt", refuse)
    monkeypatch.setattr(diffusers.AutoencoderKL, "encode", refuse)
    twice = datasets.concatenate_datasets([rows, rows.select([0])])
    train(create_recipe(cache=str(cache), seed=1), twice, tmp_path / "second")
    assert {path: path.read_bytes() for path in cache.rglob("*.safetensors")} == files
    with pytest.raises(AssertionError, match="second time"):
        train(create_recipe(cache=str(cache), max_sequence_length=77), rows, tmp_path / "third")


def test_a_broken_file_of_a_cache_is_named(create_recipe, rows, tmp_path):
    recipe = create_recipe(cache=str(tmp_path / "cache"))
    train(recipe, rows, tmp_path / "first")
    broken = next((tmp_path / "cache" / "text").rglob("*.safetensors"))
    broken.write_bytes(b"x")
    with pytest.raises(GasError, match=f"{broken} cannot be read; delete it and start again, and it is made anew"):
        train(recipe, rows, tmp_path / "second")


def test_a_full_training_learns_and_is_saved_as_a_pipeline(create_recipe, rows, tmp_path):
    keys = {"method": "full", "batch_size": 4, "max_steps": 40, "lr_scheduler": "constant", "checkpoint_every": 0}
    keys |= {"optimizer": {"lr": 1e-2}}
    flow = {"weighting_scheme": "none"}
    recipe = create_recipe("ZImagePipeline", **keys, flow=flow, cache=str(tmp_path / "cache"))
    results = train(recipe, rows, tmp_path)
    assert results["last_loss"] < results["first_loss"] * 0.8
    pipeline = diffusers.DiffusionPipeline.from_pretrained(tmp_path / "model")
    pipeline.set_progress_bar_config(disable=True)
    (picture,) = pipeline("red thing", height=32, width=32, num_inference_steps=2).images
    assert picture.size == (32, 32)


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("keys", [{}, {"cache": "cache", "ema": 0.9}, {"method": "full", "ema": 0.9}])
def test_a_training_that_was_stopped_goes_on_to_the_same_weights(keys, create_recipe, rows, tmp_path):
    if "cache" in keys:
        keys = {**keys, "cache": str(tmp_path / "cache")}
    recipe = create_recipe(**keys, max_steps=5)

    def stop(line):
        if line.startswith("update 3 "):
            raise StoppedError

    train(recipe, rows, tmp_path / "whole")
    with pytest.raises(StoppedError):
        train(recipe, rows, tmp_path / "stopped", stop)
    train(recipe, rows, tmp_path / "stopped")
    folders = [tmp_path / name for name in ("whole", "stopped")]
    assert (folders[0] / "log.jsonl").read_text() == (folders[1] / "log.jsonl").read_text()
    file = ADAPTER if recipe.method == "lora" else "model/transformer/diffusion_pytorch_model.safetensors"
    first, second = (load_file(folder / file) for folder in folders)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_average_of_weights_is_saved(create_recipe, rows, tmp_path):
    """After two updates diffusers' average has moved by 1 and then by 1 - 2/11 of the way (its warm-up)."""
    for steps, ema in ((1, None), (2, None), (2, 0.9)):
        keys = {"max_steps": steps, "ema": ema, "lr_scheduler": "constant", "checkpoint_every": 0}
        train(create_recipe(**keys), rows, tmp_path / f"{steps} {ema}")
    one, two, average = (load_file(tmp_path / name / ADAPTER) for name in ("1 None", "2 None", "2 0.9"))
    for name in average:
        assert torch.allclose(average[name], one[name] + (1 - 2 / 11) * (two[name] - one[name]), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "keys", "message"),
    [
        (
            SD3,
            {"snr_gamma": 5},
            "snr_gamma: `snr_gamma` means nothing to a StableDiffusion3Pipeline, which predicts ",
        ),
        (
            "StableDiffusionXLPipeline",
            {"flow": {}},
            "flow: `flow` means nothing to a StableDiffusionXLPipeline, ",
        ),
        ("StableDiffusionXLPipeline", {"max_sequence_length": 77}, "max_sequence_length: `max_sequence_length` means"),
        ("FluxPipeline", {"resolution": 40}, "resolution: 40 is no multiple of 16, the pixels of one side of a token"),
        ("QwenImagePipeline", {"resolution": 40}, "resolution: 40 is no multiple of 16, the pixels of one side of a"),
        (SD3, {"lora": {"target_modules": ["to_w"]}}, "lora: Target modules {'to_w'} not found in the base model"),
        (SD3, {"trackers": ["tensorbord"]}, "trackers: accelerate knows no tracker `tensorbord`; did you mean"),
        (SD3, {"trackers": ["dvclive"]}, "trackers: the tracker dvclive is not installed; pip install dvclive"),
        (SD3, {"use_8bit_adam": True}, "use_8bit_adam: an optimizer of 8 bits needs bitsandbytes, which is not"),
    ],
)
def test_what_does_not_go_with_a_model_is_said(name, keys, message, create_recipe):
    (problem,) = finetune.check(create_recipe(name, **keys))
    assert str(problem).startswith(message)


SCENES = datasets.Dataset.from_list(
    [
        {
            "caption": caption,
            "questions": [
                {
                    "question": question, "answer": answer, "kind": kind, "form": form, "choices": [],
                    "elements": [], "depends_on": [],
                }
                for kind, form, question, answer in (
                    ("object", "yes_no", f"Is there a {caption.split()[-1]} in the image?", "no"),
                    ("count", "count", f"How many {caption.split()[-1]}s are there in the image?", "one"),
                )
            ],
        }
        for caption in ("a red circle", "a blue square", "a green circle")
    ]
)  # fmt: skip


@pytest.fixture
def validation(tmp_path):
    SCENES.to_json(tmp_path / "scenes.jsonl")
    data = {"path": "json", "data_files": str(tmp_path / "scenes.jsonl")}
    options = {"num_inference_steps": 1, "guidance_scale": 0.0}
    return {"data": data, "every": 2, "options": options, "judge": {"kind": "sandbox"}, "shown": 2}


def test_held_out_pictures_are_made_and_judged_on_the_way(create_recipe, rows, tmp_path, validation):
    """Also where a training was stopped in between; the training itself is the same without."""
    run = tmp_path / "run"
    keys = {"max_steps": 4, "cache": str(tmp_path / "cache"), "ema": 0.9}
    recipe = create_recipe(**keys, validation=validation)

    def stop(line):
        if line.startswith("update 3 "):
            raise StoppedError

    with pytest.raises(StoppedError):
        train(recipe, rows, run, stop)
    results = train(recipe, rows, run)
    entries = read_lines(run / "validation.jsonl")
    assert [entry["update"] for entry in entries] == [0, 2, 4]
    for entry in entries:
        pictures = sorted((run / "validation" / f"update_{entry['update']:08}").iterdir())
        assert [path.name for path in pictures] == ["0.png", "1.png", "2.png"]
        assert entry["questions"] == {"count": 3, "object": 3}
        assert entry["accuracy"] == pytest.approx(sum(entry["by_kind"].values()) / 2)
    with Image.open(run / "validation.png") as sheet:
        assert sheet.height > 144
    held_out = results["held_out"]
    assert (held_out["pictures"], held_out["questions"]) == (3, 6)
    assert held_out["before"]["mean"] == entries[0]["accuracy"]
    assert held_out["gain"]["mean"] == pytest.approx(entries[2]["accuracy"] - entries[0]["accuracy"])
    train(create_recipe(**keys), rows, tmp_path / "without")
    first, second = (load_file(folder / ADAPTER) for folder in (run, tmp_path / "without"))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_what_is_made_of_a_held_out_caption_is_what_diffusers_makes_of_it(
    create_recipe, rows, tmp_path, validation, find_pipeline
):
    from generate_any_scene.builders.foundation.counter_rng import derive_key

    train(create_recipe(validation=validation, max_steps=2, optimizer={"lr": 0.1}), rows, tmp_path)
    pipeline = diffusers.DiffusionPipeline.from_pretrained(find_pipeline(SD3))
    pipeline.set_progress_bar_config(disable=True)
    for update in (0, 2):
        if update:
            pipeline.load_lora_weights(tmp_path / "model")
        chance = torch.Generator().manual_seed(derive_key("finetune validation", 0, 1))
        (picture,) = pipeline("a blue square", height=32, width=32, generator=chance, **validation["options"]).images
        with Image.open(tmp_path / "validation" / f"update_{update:08}" / "1.png") as saved:
            assert saved.tobytes() == picture.tobytes()


def test_held_out_rows_and_options_are_checked(create_recipe, validation):
    options = {"num_inference_step": 3, "generator": 1}
    wrong = {**validation, "options": options, "question_kinds": ["relation"]}
    assert [str(problem) for problem in finetune.check(create_recipe(validation=wrong))] == [
        "validation.options.num_inference_step: StableDiffusion3Pipeline has no key `num_inference_step`; "
        "did you mean `num_inference_steps`?",
        "validation.options.generator: `generator` stands elsewhere; each picture has its own",
        "validation.question_kinds: 3 of 3 rows have no question of these kinds; row 0 is the first; take other rows, "
        "or leave these out",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "name"), [("lora", SD3), ("full", "QwenImagePipeline")])
def test_two_processes_train_as_one(method, name, create_recipe, rows, tmp_path, validation):
    """They share what is encoded and what is judged."""
    if name == SD3:
        validation = {**validation, "options": {"num_inference_steps": 1, "guidance_scale": 0.0}}
    else:
        validation = {**validation, "options": {"num_inference_steps": 1}}
    keys = {"method": method, "max_steps": 4, "optimizer": {"lr": 1e-3}, "ema": 0.9, "validation": validation}
    alone = train(create_recipe(name, **keys, cache=str(tmp_path / "c1"), batch_size=4), rows, tmp_path / "alone")
    run_script(create_recipe(name, **keys, cache=str(tmp_path / "c2")), rows, tmp_path / "two", processes=2)
    results = [json.loads((tmp_path / "two" / f"results_{process}.json").read_text()) for process in range(2)]
    for one in results:
        assert one["first_loss"] == pytest.approx(alone["first_loss"], rel=1e-5)
        assert one["held_out"] == results[0]["held_out"]
    assert results[0]["held_out"]["before"] == alone["held_out"]["before"]
    logs = [read_lines(folder / "log.jsonl") for folder in (tmp_path / "alone", tmp_path / "two" / "run")]
    losses, others = ([entry["loss"] for entry in log] for log in logs)
    assert losses == pytest.approx(others, rel=1e-3)
    file = ADAPTER if method == "lora" else "model/transformer/diffusion_pytorch_model.safetensors"
    first, second = load_file(tmp_path / "alone" / file), load_file(tmp_path / "two" / "run" / file)
    for key, weight in first.items():
        # As in `test_training_loop`: the first updates are signs of gradients that may be next to nothing.
        assert torch.isclose(weight, second[key], rtol=1e-3, atol=1e-3).float().mean() > 0.97, key


def test_trackers_are_told_what_the_log_says(create_recipe, rows, tmp_path, validation):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(create_recipe(trackers=["tensorboard"], validation=validation), rows, tmp_path / "run")
    told = EventAccumulator(str(tmp_path / "run" / "trackers" / "tiny")).Reload()
    losses = [(event.step, pytest.approx(event.value, rel=1e-5)) for event in told.Scalars("loss")]
    assert [(entry["update"], entry["loss"]) for entry in read_lines(tmp_path / "run" / "log.jsonl")] == losses
    entries = read_lines(tmp_path / "run" / "validation.jsonl")
    seen = [(event.step, pytest.approx(event.value, rel=1e-5)) for event in told.Scalars("validation/accuracy")]
    assert [(entry["update"], entry["accuracy"]) for entry in entries] == seen


def test_a_model_has_a_card_with_what_it_was_made_of(create_recipe, rows, tmp_path, validation):
    from huggingface_hub import ModelCard

    data = {"path": "me/pictures", "revision": "v1.0.0"}
    results = train(create_recipe(max_steps=2, validation=validation, data=data), rows, tmp_path / "run")
    card = ModelCard.load(tmp_path / "run" / "model" / "README.md")
    assert (card.data.library_name, card.data.datasets, card.data.pipeline_tag) == (
        "diffusers", ["me/pictures"], "text-to-image",
    )  # fmt: skip
    assert "trained on `me/pictures` at revision v1.0.0 for 2 updates of 2 pictures (epochs: 1)" in card.text
    held_out = results["held_out"]
    assert f"| all | {held_out['before']['mean']:.3f} | {held_out['after']['mean']:.3f} |" in card.text
    assert "| object | " in card.text and "weighting_scheme" not in card.text
    (image,) = re.findall(r"!\[.*\]\((.*)\)", card.text)
    assert (tmp_path / "run" / "model" / image).read_bytes() == (tmp_path / "run" / "validation.png").read_bytes()
    (text,) = re.findall(r"```yaml\n(.*)```", card.text, re.DOTALL)
    (tmp_path / "again.yaml").write_text(text)
    assert load_training(tmp_path / "again.yaml").recipe.validation == create_recipe(validation=validation).validation


def test_results_can_be_written(create_recipe, rows, tmp_path):
    results = train(create_recipe("ZImagePipeline", max_steps=1), rows, tmp_path)
    assert json.loads(json.dumps(results)) == results
    assert results["truncated_captions"] == 0
