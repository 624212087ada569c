"""Finetuning a small Stable Diffusion on drawn pictures, as users will with theirs."""

import json
import math
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import datasets
import numpy as np
import pytest
import torch
from diffusers import PNDMScheduler, StableDiffusionPipeline
from diffusers.image_processor import VaeImageProcessor
from generate_any_scene.errors import GasError, RecipeError
from generate_any_scene.training.json_lines import read_lines
from generate_any_scene.training.recipes.finetune import Finetune
from generate_any_scene.training.trainers import finetune
from generate_any_scene.training.trainers.finetune.loading import load_model
from generate_any_scene.training.trainers.finetune.losses import compute_loss
from generate_any_scene.training.trainers.finetune.samples import Samples, encode_batch
from launching import run_script
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file
from tiny import save_stable_diffusion

COLORS = ("red", "green", "blue", "white")
ADAPTER = "model/pytorch_lora_weights.safetensors"
UNET = "model/unet/diffusion_pytorch_model.safetensors"
FEATURES = datasets.Features({"caption": datasets.Value("string"), "image": datasets.Image()})


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_stable_diffusion(tmp_path_factory.mktemp("model") / "sd")


@pytest.fixture
def copied(model, tmp_path):
    """A model that a test may change."""
    return Path(shutil.copytree(model, tmp_path / "copied"))


def draw_picture(color, side):
    picture = Image.new("RGB", (96, 64), "black")
    left = 18 if side == "left" else 50
    ImageDraw.Draw(picture).rectangle((left, 16, left + 28, 48), fill=color)
    return picture


@pytest.fixture(scope="module")
def rows():
    scenes = [(color, side) for color in COLORS for side in ("left", "right")]
    pictures = [{"caption": f"{color} on the {side}", "image": draw_picture(color, side)} for color, side in scenes]
    return datasets.Dataset.from_list(pictures, features=FEATURES)


@pytest.fixture
def create_recipe(model):
    return lambda **keys: build_recipe(**{"model": model, **keys})


def build_recipe(model, **keys):
    common = {
        "name": "tiny",
        "kind": "finetune",
        "model": str(model),
        "data": {"path": "unused"},
        "lora": {"r": 4, "lora_alpha": 8},
        "resolution": 64,
        "batch_size": 2,
        "gradient_accumulation_steps": 2,
        "optimizer": {"lr": 2e-3},
        "max_steps": 4,
        "checkpoint_every": 2,
    }
    return Finetune.model_validate({**common, **keys})


def hush(line):
    pass


def train(recipe, rows, folder):
    return finetune.train(recipe, rows, folder, hush)


def read_losses(folder):
    return [entry["loss"] for entry in read_lines(folder / "log.jsonl")]


# What is learned and saved.


@pytest.fixture(scope="module")
def full_run(model, rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("full")
    keys = {"method": "full", "batch_size": 4, "gradient_accumulation_steps": 1, "lr_scheduler": "constant"}
    recipe = build_recipe(model, **keys, max_steps=40, checkpoint_every=0)
    return folder, train(recipe, rows, folder)


@pytest.fixture(scope="module")
def lora_run(model, rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lora")
    return folder, train(build_recipe(model, optimizer={"lr": 2e-2}), rows, folder)


def test_a_full_training_learns(full_run):
    _, results = full_run
    assert results["last_loss"] < results["first_loss"] / 2


def test_a_full_training_is_saved_as_a_pipeline_that_differs_in_its_denoiser(full_run, model):
    folder, results = full_run
    base, trained = (StableDiffusionPipeline.from_pretrained(path) for path in (model, folder / "model"))
    assert results["trainable_parameters"] == trained.unet.num_parameters()
    for part in ("vae", "text_encoder"):
        before, after = (getattr(pipeline, part).state_dict() for pipeline in (base, trained))
        assert all(torch.equal(before[name], after[name]) for name in before)
    before, after = base.unet.state_dict(), trained.unet.state_dict()
    assert not any(torch.equal(before[name], after[name]) for name in before)
    trained.set_progress_bar_config(disable=True)
    (picture,) = trained("red on the left", num_inference_steps=2).images
    assert picture.size == (64, 64)


def test_an_adapter_loads_in_diffusers_and_its_weight_says_how_much_it_changes(lora_run, model):
    folder, results = lora_run
    pipeline = StableDiffusionPipeline.from_pretrained(model)
    chance = torch.Generator().manual_seed(0)
    latents, states = torch.randn(1, 4, 8, 8, generator=chance), torch.randn(1, 77, 32, generator=chance)

    def predict():
        with torch.no_grad():
            return pipeline.unet(latents, 500, states).sample

    before = predict()
    pipeline.load_lora_weights(folder / "model", weight_name="pytorch_lora_weights.safetensors", adapter_name="gas")
    distances = []
    for weight in (0.0, 0.25, 0.5, 0.75, 1.0):
        pipeline.set_adapters(["gas"], [weight])
        distances.append(float((predict() - before).norm() / before.norm()))
    assert distances[0] == 0
    assert distances == sorted(set(distances))
    assert distances[-1] > 0.01
    assert pipeline.unet.peft_config["gas"].lora_alpha == 8
    saved = load_file(folder / ADAPTER)
    assert results["trainable_parameters"] == sum(weight.numel() for weight in saved.values())
    layers = {".".join(name.split(".")[-4:-2]) if "to_out" in name else name.split(".")[-3] for name in saved}
    assert layers == {"to_q", "to_k", "to_v", "to_out.0"}


def test_going_on_from_an_adapter_begins_with_its_weights_and_its_settings(lora_run, create_recipe, rows, tmp_path):
    folder, _ = lora_run
    for start in (folder / "model", folder / ADAPTER):
        recipe = create_recipe(start_from=str(start), lora={"r": 2}, optimizer={"lr": 0.0}, max_steps=1)
        assert finetune.check(recipe) == []
        train(recipe, rows, tmp_path / start.name)
        first, second = load_file(folder / ADAPTER), load_file(tmp_path / start.name / ADAPTER)
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first)


def test_going_on_from_an_adapter_trains_it(lora_run, create_recipe, rows, tmp_path):
    folder, _ = lora_run
    train(create_recipe(start_from=str(folder / "model"), max_steps=1), rows, tmp_path)
    first, second = load_file(folder / ADAPTER), load_file(tmp_path / ADAPTER)
    assert not any(torch.equal(first[name], second[name]) for name in first)


def test_results_are_json_and_count_what_was_done(lora_run):
    folder, results = lora_run
    assert json.loads(json.dumps(results)) == results
    losses = read_losses(folder)
    assert (results["updates"], results["epochs"], results["images_per_update"]) == (4, 2.0, 4)
    assert (results["first_loss"], results["last_loss"]) == (losses[0], losses[-1])
    assert results["seconds"] > 0
    assert math.isclose(results["images_per_second"], 16 / results["seconds"], rel_tol=0.01)


def test_the_log_has_a_line_for_each_update(lora_run):
    folder, _ = lora_run
    log = read_lines(folder / "log.jsonl")
    assert [entry["update"] for entry in log] == [1, 2, 3, 4]
    cosine = [2e-2 * (1 + math.cos(math.pi * step / 4)) / 2 for step in range(4)]
    assert [entry["lr"] for entry in log] == pytest.approx(cosine)
    assert all(entry["grad_norm"] > 0 for entry in log)


def test_epochs_and_max_steps_end_a_training_whichever_is_first(create_recipe, rows, tmp_path):
    some = rows.select(range(6))
    results = train(create_recipe(epochs=2, max_steps=100), some, tmp_path / "epochs")
    assert (results["updates"], results["epochs"]) == (3, 2.0)
    results = train(create_recipe(epochs=2, max_steps=1), some, tmp_path / "steps")
    assert results["updates"] == 1


# Chance follows from the seed and the position.


@pytest.mark.parametrize("batch_size", [1, 4])
def test_how_a_batch_is_split_into_steps_changes_rounding_alone(batch_size, create_recipe, rows, lora_run, tmp_path):
    keys = {"batch_size": batch_size, "gradient_accumulation_steps": 4 // batch_size, "optimizer": {"lr": 2e-2}}
    train(create_recipe(**keys, gradient_checkpointing=batch_size == 4), rows, tmp_path)
    assert read_losses(tmp_path) == pytest.approx(read_losses(lora_run[0]), rel=1e-4)


def test_another_seed_is_another_training(create_recipe, rows, lora_run, tmp_path):
    train(create_recipe(seed=1, optimizer={"lr": 2e-2}), rows, tmp_path)
    assert all(a != b for a, b in zip(read_losses(tmp_path), read_losses(lora_run[0]), strict=True))


class StoppedError(Exception):
    pass


def stop_after(update):
    def report(line):
        if line.startswith(f"update {update} "):
            raise StoppedError

    return report


@pytest.mark.parametrize(
    ("keys", "file"),
    [({"lora": {"r": 4, "lora_dropout": 0.2}}, ADAPTER), ({"method": "full"}, UNET)],
    ids=["lora", "full"],
)
def test_a_training_that_was_stopped_goes_on_to_the_same_weights(keys, file, create_recipe, rows, tmp_path):
    recipe = create_recipe(**keys, max_steps=6)
    train(recipe, rows, tmp_path / "whole")
    stopped = tmp_path / "stopped"
    with pytest.raises(StoppedError):
        finetune.train(recipe, rows, stopped, stop_after(5))
    assert len(read_lines(stopped / "log.jsonl")) == 5
    assert not (stopped / "model").exists()
    # What a machine that loses power leaves: half a checkpoint, and half a line.
    half = stopped / "checkpoints" / "update_00000006.safetensors.123.part"
    half.write_bytes(b"half")
    with (stopped / "log.jsonl").open("a") as log:
        log.write('{"update": 6, "lo')
    lines = []
    results = finetune.train(recipe, rows, stopped, lines.append)
    assert lines[0] == "goes on after update 4 of 6"
    assert (results["updates"], results["epochs"]) == (6, 3.0)
    first, second = load_file(tmp_path / "whole" / file), load_file(stopped / file)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert (tmp_path / "whole" / "log.jsonl").read_text() == (stopped / "log.jsonl").read_text()
    kept = ["update_00000004.safetensors", "update_00000006.safetensors"]
    assert sorted(path.name for path in half.parent.iterdir()) == kept


def test_a_checkpoint_of_an_adapter_is_smaller_than_the_denoiser(lora_run, model):
    folder, _ = lora_run
    denoiser = model / "unet" / "diffusion_pytorch_model.safetensors"
    assert (folder / "checkpoints" / "update_00000004.safetensors").stat().st_size < denoiser.stat().st_size / 2


def test_a_training_does_not_go_on_with_other_settings(create_recipe, rows, tmp_path):
    train(create_recipe(max_steps=2), rows, tmp_path)
    with pytest.raises(GasError, match="of a training with other settings: `max_steps` was 2, and is 4;"):
        train(create_recipe(), rows, tmp_path)
    with pytest.raises(GasError, match="`rows` was 8, and is 4;"):
        train(create_recipe(max_steps=2), rows.select(range(4)), tmp_path)
    train(create_recipe(max_steps=2, batch_size=4, gradient_accumulation_steps=1), rows, tmp_path)


def test_a_training_that_is_complete_is_left_as_it_is(create_recipe, rows, tmp_path):
    recipe = create_recipe()
    first = train(recipe, rows, tmp_path)
    weights, log = (tmp_path / ADAPTER).read_bytes(), (tmp_path / "log.jsonl").read_text()
    second = train(recipe, rows, tmp_path)
    assert ((tmp_path / ADAPTER).read_bytes(), (tmp_path / "log.jsonl").read_text()) == (weights, log)
    assert (second["updates"], second["last_loss"]) == (first["updates"], first["last_loss"])
    assert second["images_per_second"] == 0


def test_equal_trainings_give_equal_bytes(create_recipe, rows, lora_run, tmp_path):
    folder, _ = lora_run
    train(create_recipe(optimizer={"lr": 2e-2}), rows, tmp_path)
    assert (tmp_path / ADAPTER).read_bytes() == (folder / ADAPTER).read_bytes()
    content = (tmp_path / ADAPTER).read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert list(header["__metadata__"]) == sorted(header["__metadata__"]) != []


def test_a_checkpoint_that_a_disk_lost_is_named(create_recipe, rows, tmp_path):
    train(create_recipe(), rows, tmp_path)
    newest = tmp_path / "checkpoints" / "update_00000004.safetensors"
    newest.write_bytes(newest.read_bytes()[:1000])
    with pytest.raises(GasError, match=r"update_00000004.safetensors cannot be read; delete it to go on from the"):
        train(create_recipe(), rows, tmp_path)
    newest.unlink()
    assert train(create_recipe(), rows, tmp_path)["updates"] == 4


@pytest.mark.slow
@pytest.mark.parametrize(("method", "file"), [("lora", ADAPTER), ("full", UNET)])
def test_two_processes_train_as_one(method, file, create_recipe, rows, tmp_path):
    """A process less, and twice the batch: the same losses, learning rates and weights, but for rounding."""
    keys = {"method": method, "max_steps": 5, "warmup_steps": 2, "optimizer": {"lr": 1e-3}}
    alone = train(create_recipe(**keys, batch_size=4), rows, tmp_path / "alone")
    printed = run_script(create_recipe(**keys, batch_size=2), rows, tmp_path / "two", processes=2)
    assert printed.count("checkpoint after update 4 of 5") == 1
    for process in range(2):
        results = json.loads((tmp_path / "two" / f"results_{process}.json").read_text())
        assert results["images_per_update"] == alone["images_per_update"] == 8
        assert results["first_loss"] == pytest.approx(alone["first_loss"], rel=1e-5)
    one, two = (read_lines(folder / "log.jsonl") for folder in (tmp_path / "alone", tmp_path / "two" / "run"))
    assert [entry["lr"] for entry in one] == [entry["lr"] for entry in two]
    for key in ("loss", "grad_norm"):
        assert [entry[key] for entry in one] == pytest.approx([entry[key] for entry in two], rel=1e-3)
    first, second = load_file(tmp_path / "alone" / file), load_file(tmp_path / "two" / "run" / file)
    for name, weight in first.items():
        # Adam's first updates are the signs of gradients, which rounding can turn where these are next to nothing.
        assert torch.isclose(weight, second[name], rtol=1e-3, atol=1e-4).float().mean() > 0.99, name


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "full"])
def test_bfloat16_trains_as_float32_does_and_saves_float32(method, create_recipe, rows, tmp_path):
    keys = {"method": method, "batch_size": 4, "max_steps": 10, "checkpoint_every": 5}
    train(create_recipe(**keys), rows, tmp_path / "float32")
    run_script(create_recipe(**keys, mixed_precision="bf16"), rows, tmp_path / "bfloat16")
    folder = tmp_path / "bfloat16" / "run"
    assert read_losses(folder) == pytest.approx(read_losses(tmp_path / "float32"), rel=0.03)
    assert read_losses(folder) != read_losses(tmp_path / "float32")
    for file in (folder / "model").rglob("*.safetensors"):
        assert {weight.dtype for weight in load_file(file).values()} == {torch.float32}


# What is trained on.


def test_pictures_are_cropped_and_never_flipped(rows):
    """64 pixels in the middle of 96: left stays left, and colors lie in [-1, 1]."""
    samples = Samples(rows, np.arange(8), 0, VaeImageProcessor(vae_scale_factor=8), 64, (4, 8, 8))
    for position, row in enumerate(rows):
        pixels = samples[position]["pixels"]
        assert pixels.shape == (3, 64, 64)
        seen = (pixels + 1) / 2
        expected = torch.tensor(np.asarray(row["image"].crop((16, 0, 80, 64)))).permute(2, 0, 1) / 255
        assert torch.allclose(seen, expected, atol=1e-6)
        left, right = seen[:, 32, 16].max(), seen[:, 32, 48].max()
        assert (left > right) == row["caption"].endswith("left")


def test_the_loss_is_that_of_the_noise_or_of_the_velocity(copied, create_recipe, rows):
    """Where a denoiser says 0, the loss is the mean square of what it should have said."""
    recipe = build_recipe(copied, method="full")
    scheduler = PNDMScheduler.from_pretrained(copied, subfolder="scheduler")
    signal = scheduler.alphas_cumprod[700]
    batch = {
        "caption": ["red"],
        "sizes": torch.tensor([[64, 64, 0, 0, 64, 64]]),
        "pixels": torch.linspace(-1, 1, 3 * 64 * 64).reshape(1, 3, 64, 64),
        "time": torch.tensor([0.7001]),
        "noise": torch.ones(1, 4, 8, 8),
        "vae_noise": torch.zeros(1, 4, 8, 8),
    }
    losses = {}
    for prediction in ("epsilon", "v_prediction"):
        PNDMScheduler.from_config(scheduler.config, prediction_type=prediction).save_pretrained(copied / "scheduler")
        assert finetune.check(recipe) == []
        loaded = load_model(recipe, torch.device("cpu"))
        torch.nn.init.zeros_(loaded.denoiser.conv_out.weight)
        torch.nn.init.zeros_(loaded.denoiser.conv_out.bias)
        encoded = encode_batch(loaded, batch)
        losses[prediction] = compute_loss(loaded.family, loaded.scheduler, loaded.denoiser, encoded).item()
        weighted = compute_loss(loaded.family, loaded.scheduler, loaded.denoiser, encoded, snr_gamma=0.05).item()
        # Hang et al. 2023: of the picture's loss min(SNR, 0.05), which is SNR times the noise's.
        snr = float(signal / (1 - signal))
        share = min(snr, 0.05) / (snr if prediction == "epsilon" else snr + 1)
        assert snr > 0.05
        assert weighted == pytest.approx(losses[prediction] * share)
    pipeline = loaded.pipeline
    with torch.no_grad():
        latents = pipeline.vae.encode(batch["pixels"]).latent_dist.mode() * pipeline.vae.config.scaling_factor
    velocity = signal.sqrt() - (1 - signal).sqrt() * latents
    assert losses["epsilon"] == pytest.approx(1)
    assert losses["v_prediction"] == pytest.approx(float(velocity.square().mean()))
    assert losses["v_prediction"] < 0.9


def test_truncated_captions_are_counted(create_recipe, rows, tmp_path):
    """The small tokenizer makes a token of each letter; two of the 77 stand for begin and end."""
    captions = ["a" * 75, "a" * 76, "red", "a" * 200]
    cut = rows.select(range(4)).remove_columns("caption").add_column("caption", captions)
    lines = []
    results = finetune.train(create_recipe(max_steps=1), cut, tmp_path, lines.append)
    assert results["truncated_captions"] == 0.5
    assert lines[0] == "50.0% of the captions are longer than the text encoder reads; their ends are not seen"


def test_rows_without_images_or_captions_are_named(create_recipe, rows, tmp_path):
    recipe = create_recipe(max_steps=1, epochs=1)
    texts = datasets.Dataset.from_dict({"caption": ["red"], "image": ["red.png"]})
    with pytest.raises(RecipeError, match=r"data: the column `image` holds Value\('string'\), no images; cast it"):
        train(recipe, texts, tmp_path)
    for file, what in (
        (None, r"row \d has no image; leave it out"),
        ({"bytes": b"no picture", "path": None}, r"the image of row \d cannot be read: cannot identify image file"),
    ):
        bad = datasets.Dataset.from_dict({"caption": ["red"] * 4, "image": [file] * 4}, features=FEATURES)
        with pytest.raises(GasError, match=what):
            train(recipe, bad, tmp_path)
    bad = datasets.Dataset.from_dict({"caption": [None], "image": [draw_picture("red", "left")]}, features=FEATURES)
    with pytest.raises(RecipeError, match="data: some rows have no text in the column `caption`"):
        train(recipe, bad, tmp_path)


def test_a_training_that_diverges_is_stopped(create_recipe, rows, tmp_path):
    recipe = create_recipe(method="full", optimizer={"lr": 1e30}, lr_scheduler="constant")
    with pytest.raises(
        GasError, match=r"the loss or the gradient of update \d is not finite; take a smaller `optimizer.lr`"
    ):
        train(recipe, rows, tmp_path)


# What is wrong with a recipe.


def test_a_recipe_is_checked_without_weights(copied):
    weights = list(copied.rglob("*.safetensors"))
    assert len(weights) == 3
    for file in weights:
        file.unlink()
    assert finetune.check(build_recipe(copied)) == []
    assert finetune.check(build_recipe(copied, method="full")) == []
    (problem,) = finetune.check(build_recipe(copied, lora={"target_modules": ["to_w"]}))
    assert problem.key == "lora"


def describe(problems):
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"lora": {"rank": 4}}, "lora.rank: LoraConfig has no key `rank`; "),
        ({"lora": {"r": 0}}, "lora: `r` should be a positive integer value but the value passed is 0"),
        ({"lora": {"target_modules": ["to_w"]}}, "lora: Target modules {'to_w'} not found in the base model."),
        (
            {"lora": {"bias": "all"}},
            "lora: this would train conv_in.bias, too, which an adapter's file leaves out",
        ),
        ({"lora": {"init_lora_weights": "pissa"}}, "lora: `init_lora_weights: pissa` changes the base model"),
        ({"optimizer": {"learning_rate": 1}}, "optimizer.learning_rate: AdamW has no key `learning_rate`; "),
        ({"optimizer": {"lr": -1}}, "optimizer: Invalid learning rate: -1"),
        ({"optimizer": {"params": []}}, "optimizer.params: `params` stands elsewhere; `method` says what is trained"),
        ({"lr_scheduler": "cosin"}, "lr_scheduler: diffusers has no schedule `cosin`; did you mean `cosine`?"),
        ({"lr_scheduler": "piecewise_constant"}, "lr_scheduler: diffusers has no schedule `piecewise_constant`"),
        ({"resolution": 60}, "resolution: 60 is no multiple of 8, the pixels of one side of a latent; take 64"),
        ({"start_from": "nowhere"}, "start_from: there is no nowhere"),
        ({"model": "./nowhere"}, "model: `./nowhere` is no folder, nor a name on the Hub; check"),
        ({"model": "some/name"}, "model: `some/name` is no folder, nor in the cache, and the Hub cannot be reached"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said(keys, message, create_recipe):
    (problem,) = describe(finetune.check(create_recipe(**keys)))
    assert problem.startswith(message)


class Refusing(BaseHTTPRequestHandler):
    """The Hub as it answers for models that cannot be had: the name says why."""

    def do_HEAD(self):
        status, code = {
            "gated": (403, "GatedRepo"),
            "unknown": (404, "RepoNotFound"),
            "revision": (404, "RevisionNotFound"),
            "entry": (404, "EntryNotFound"),
        }[self.path.split("/")[2]]
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.mark.slow
def test_what_the_hub_refuses_is_explained(create_recipe, run_python):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    names = ["gated", "unknown", "revision", "entry"]
    recipes = [create_recipe(model=f"some/{name}").model_dump(mode="json", exclude_defaults=True) for name in names]
    code = f"""
from generate_any_scene.training.trainers import finetune
from generate_any_scene.training.recipes.finetune import Finetune
for recipe in {recipes}:
    print(*finetune.check(Finetune.model_validate(recipe)), sep="; ")
"""
    endpoint = "http://{}:{}".format(*server.server_address)
    told = run_python(code, HF_ENDPOINT=endpoint, HF_HUB_OFFLINE="0").splitlines()
    server.shutdown()
    login = "log in with `hf auth login`, or set HF_TOKEN"
    assert told == [
        f"model: `some/gated` is for those who accept its terms; accept them on its page, then {login}",
        f"model: `some/unknown` is no folder, nor a model on the Hub that you may see; {login}",
        "revision: `some/revision` has no such branch, tag or commit; see its page on the Hub",
        "model: `some/entry` is no pipeline of diffusers: it has no model_index.json; take another",
    ]


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_float16_needs_a_gpu(create_recipe):
    problems = describe(finetune.check(create_recipe(mixed_precision="fp16")))
    assert problems == ["mixed_precision: fp16 needs a GPU, and there is none here; take `no` or `bf16`"]


def test_all_problems_are_told_at_once(create_recipe):
    keys = {"lora": {"rank": 1}, "optimizer": {"lrs": 1}, "lr_scheduler": "x", "resolution": 1, "start_from": "x"}
    problems = finetune.check(create_recipe(**keys))
    assert [problem.key for problem in problems] == [
        "optimizer.lrs", "lr_scheduler", "lora.rank", "start_from", "resolution",
    ]  # fmt: skip


def test_models_that_cannot_be_trained_are_told(copied):
    def check(**index):
        file = copied / "model_index.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **index}))
        (problem,) = describe(finetune.check(build_recipe(copied)))
        return problem

    wan = check(_class_name="WanPipeline")
    assert wan.startswith(
        f"model: `{copied}` is a WanPipeline, which is none of those that can be trained; take one of "
    )
    flux = check(_class_name="FluxPipeline")
    assert flux.startswith(f"model: `{copied}` has not all parts of a FluxPipeline that diffusers knows")
    (copied / "model_index.json").unlink()
    (problem,) = describe(finetune.check(build_recipe(copied)))
    assert problem.startswith(f"model: `{copied}` cannot be read: Error no file named model_index.json found")
    (problem,) = describe(finetune.check(build_recipe(copied / "unet" / "config.json")))
    assert "is a file; give a folder" in problem


def test_a_model_that_predicts_images_is_told(copied):
    scheduler = PNDMScheduler.from_pretrained(copied, subfolder="scheduler")
    PNDMScheduler.from_config(scheduler.config, prediction_type="sample").save_pretrained(copied / "scheduler")
    (problem,) = describe(finetune.check(build_recipe(copied)))
    assert "predicts `sample`; the loss is known for epsilon and v_prediction" in problem


def test_a_model_without_its_weights_is_told(copied, rows, tmp_path):
    (copied / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(RecipeError, match=f"model: `{copied}` cannot be read: "):
        train(build_recipe(copied), rows, tmp_path / "run")


def test_adapters_that_cannot_be_gone_on_from_are_told(create_recipe, lora_run, tmp_path):
    folder, _ = lora_run
    (problem,) = describe(finetune.check(create_recipe(start_from=str(folder))))
    assert problem.endswith(f"there is no {folder / ADAPTER.split('/')[1]}; did you mean {folder / 'model'}?")
    other, broken = tmp_path / "other.safetensors", tmp_path / "broken.safetensors"
    save_file({"text_encoder.lora_A.weight": torch.zeros(1)}, other)
    broken.write_bytes(b"nothing")
    (problem,) = describe(finetune.check(create_recipe(start_from=str(other))))
    assert "holds text_encoder.lora_A.weight, which is not of an adapter of the unet" in problem
    (problem,) = describe(finetune.check(create_recipe(start_from=str(broken))))
    assert problem.startswith(f"start_from: {broken} cannot be read: ")


def test_an_adapter_of_another_model_is_told(lora_run, create_recipe, rows, tmp_path):
    folder, _ = lora_run
    other = tmp_path / "other.safetensors"
    save_file(
        {name: torch.zeros(*weight.shape, 2).flatten(1) for name, weight in load_file(folder / ADAPTER).items()}, other
    )
    with pytest.raises(
        RecipeError, match=f"start_from: {other} does not fit `.*`: .*; take the model that it was trained"
    ):
        train(create_recipe(start_from=str(other)), rows, tmp_path / "run")
