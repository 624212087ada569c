"""Shipped recipes of real models, with nothing overridden but paths, sizes and the precision that needs a GPU."""

import base64
import json
from io import BytesIO
from pathlib import Path

import diffusers
import generate_any_scene as gas
import pytest
import tiny
import tiny_pipelines
from chat_server import REPLY, ChatServer
from generate_any_scene.builders.recipe.loading import list_recipes
from generate_any_scene.training.recipes.loading import load_training
from generate_any_scene.training.run import load_checked, run_training
from PIL import Image

pytestmark = pytest.mark.slow

SHIPPED = {name: load_training(name).recipe for name in list_recipes("training")}
REAL = [
    name for name, recipe in SHIPPED.items() if recipe.kind == "selection" and recipe.pictures.backend == "diffusers"
]
SMALL = {"height": 32, "width": 32, "num_inference_steps": 2}
SPLITS = {"train": 8, "validation": 0, "test": 4}
VIDEO = {"height": 32, "width": 32, "video_length": 3, "num_inference_steps": 4, "t0": 1, "t1": 2}


@pytest.fixture(scope="module")
def save(tmp_path_factory):
    """Saves a tiny model of a kind, each once; gives the folder, or folders."""
    root, saved = tmp_path_factory.mktemp("models"), {}
    others = {
        "judge": lambda folder: tiny.save_qwen2_5_vl(folder),
        "clip_flant5": lambda folder: tiny.save_clip_flant5(*(folder / name for name in ("model", "vision", "words"))),
    }

    def save_one(kind):
        if kind not in saved:
            (root / kind).mkdir()
            saved[kind] = others[kind](root / kind) if kind in others else save_whole(kind, root / kind)
        return saved[kind]

    return save_one


def save_whole(kind, folder):
    """A tiny pipeline; a Stable Diffusion with the checker that Text2Video-Zero cannot do without."""
    if kind != "StableDiffusionPipeline":
        return tiny_pipelines.save_pipeline(kind, folder)
    diffusers.StableDiffusionPipeline(**tiny_pipelines.make_checked(2.0)).save_pretrained(folder)
    return folder


def reply(body):
    """Yes to what is asked, and a picture of what is to be drawn."""
    if "messages" in body:
        return REPLY
    buffer = BytesIO()
    Image.linear_gradient("L").resize((64, 64)).save(buffer, "PNG")
    return {"created": 1, "data": [{"b64_json": base64.b64encode(buffer.getvalue()).decode()}]}


def shrink(name, save, url):
    """Paths and sizes, and a judge behind a server, which says yes to everything."""
    recipe = SHIPPED[name]
    changes = {
        "output": "run", "captions": 3, "iterations": min(recipe.iterations, 2), "data.overrides.splits": SPLITS,
        "pictures.model": str(save(recipe.pictures.pipeline or "StableDiffusionPipeline")),
        "pictures.dtype": "float32", "pictures.options": SMALL, "pictures.count": 2,
        "training.overrides": {"resolution": 32, "batch_size": 1, "max_steps": 2, "mixed_precision": "no"},
        "judge": {"kind": "endpoint", "url": f"{url}/v1", "top_logprobs": 0, "most_refused": 1, "model": None},
    }  # fmt: skip
    if recipe.judge and recipe.judge.dtype:
        changes["judge"]["dtype"] = None
    if recipe.teacher:
        changes["teacher.count"] = 2
        if recipe.teacher.backend == "images_endpoint":
            changes["teacher.url"] = f"{url}/v1"
        else:
            changes |= {"teacher.model": str(save(recipe.teacher.pipeline)), "teacher.options": SMALL}
            changes["teacher.dtype"] = "float32"
    if "clip_flant5" in recipe.score:
        folders = zip(("model", "vision", "tokenizer"), save("clip_flant5"), strict=True)
        changes["score.clip_flant5"] = {**dict(folders), "device": "cpu", "dtype": "float32"}
    for arm, settings in recipe.arms.items():
        if settings.real:
            changes[f"arms.{arm}.data.path"] = "pairs"
        elif settings.data:
            changes[f"arms.{arm}.data.overrides.splits"] = SPLITS
    for held in recipe.held_out:
        changes |= {f"held_out.{held}.overrides.splits": SPLITS, f"held_out.{held}.limit": 2}
    return changes


@pytest.mark.parametrize("name", REAL)
def test_a_recipe_runs_from_end_to_end_and_plain_diffusers_loads_what_comes_out(name, save, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    Path("hard.yaml").write_text("extends: general\nname: hard\n")  # which `gas mine` writes
    Path("pairs").mkdir()
    for number in range(8):
        Image.linear_gradient("L").rotate(number).resize((64, 64)).convert("RGB").save(f"pairs/{number}.png")
        Path(f"pairs/{number}.txt").write_text(f"gray {number}")
    with ChatServer(reply, models=("dall-e-3",)).run() as server:
        record = run_training(load_checked(name, shrink(name, save, server.url)), report=lambda line: None)
    recipe = SHIPPED[name]
    (models,) = record["results"]["models"].values()
    assert models.keys() == recipe.arms.keys()
    for model in models.values():
        if (Path(model) / "model_index.json").is_file():
            pipeline = diffusers.DiffusionPipeline.from_pretrained(model)
        else:
            base = save(recipe.pictures.pipeline or "StableDiffusionPipeline")
            pipeline = diffusers.DiffusionPipeline.from_pretrained(base)
            pipeline.load_lora_weights(model)
        pipeline.set_progress_bar_config(disable=True)
        assert pipeline(prompt="a dog", **SMALL).images[0].size == (32, 32)
    assert Path("run/table.md").read_text().count(f"{next(iter(recipe.arms))} ")


# The paper's test of self-improvement on video


@pytest.mark.parametrize("method", ["lora", "full"])
def test_text_to_video_zero_draws_with_what_was_trained(method, save, tmp_path, monkeypatch):
    """The recipe of the base, with the adapter or the model that a training has left, from frames to the report."""
    monkeypatch.chdir(tmp_path)
    base = str(save("StableDiffusionPipeline"))
    Path("pairs").mkdir()
    for number, color in enumerate(("red", "blue")):
        Image.new("RGB", (32, 32), color).save(f"pairs/{number}.png")
        Path(f"pairs/{number}.txt").write_text(f"all {color}")
    changes = {
        "model": base, "method": method, "data.path": "pairs", "output": "run", "resolution": 32, "batch_size": 1,
        "max_steps": 4, "epochs": 8, "mixed_precision": "no", "optimizer.lr": 0.05,
    }  # fmt: skip
    run_training(load_training("finetune_sd15", changes), report=lambda line: None)
    trained = {"pictures.lora": "run/model", "pictures.lora_strength": 0.75}
    if method == "full":
        trained = {"pictures.model": "run/model"}
    runs = {}
    for out, more in {"base": {}, "trained": trained}.items():
        overrides = {
            "data.overrides.splits.test": 2, "pictures.model": base, "pictures.dtype": "float32",
            "pictures.options": VIDEO, **{f"metrics.{metric}": None for metric in ("clip_score", "clip_flant5")},
            **{f"metrics.{metric}": None for metric in ("pick_score", "image_reward")},
            **{f"metrics.{metric}": None for metric in ("subject_consistency", "background_consistency")},
            "judge": {"model": str(save("judge")), "dtype": "float32", "most_refused": 1}, **more,
        }  # fmt: skip
        (runs[out],) = gas.evaluate("paper_text2video_zero", out=out, overrides=overrides).runs
    assert all(run.record["left_out"]["without"] == 0 and run.scenes.num_rows == 2 for run in runs.values())
    assert Path("trained/report.html").stat().st_size > 10_000
    shown = {
        out: sorted(path for path in Path(out, "pictures").rglob("*") if path.suffix in (".gif", ".png"))
        for out in runs
    }
    assert len(shown["base"]) == len(shown["trained"]) >= 2
    for before, after in zip(shown["base"], shown["trained"], strict=True):
        assert before.read_bytes() != after.read_bytes()
    said = json.dumps(runs["trained"].record)
    assert ("run/model" in said) and (method == "full" or '"strength": 0.75' in said)
