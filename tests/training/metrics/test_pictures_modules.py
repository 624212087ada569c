"""Modules of `evaluate` for metrics of pictures, videos and sets: they give what the metrics give."""

import json

import pytest
from generate_any_scene.training.metrics.intervals import estimate_mean
from generate_any_scene.training.metrics.loading import find_evaluate_module, open_metric
from tiny import draw_picture, save_clip, save_vit

evaluate = pytest.importorskip("evaluate")
VIDEOS = [[draw_picture(seed + place, 64, 48) for seed in range(3)] for place in range(3)]
CAPTIONS = ["a red cup", "two dogs", "x"]


def compute(name, **given):
    return evaluate.load(str(find_evaluate_module(name))).compute(**given)


def check(found, name, values):
    mean = estimate_mean(values)
    assert found["values"] == pytest.approx(values, abs=1e-6)
    assert (found[name], found["interval"]) == (pytest.approx(mean.value), pytest.approx([mean.low, mean.high]))


@pytest.mark.parametrize("shown", [VIDEOS, [video[0] for video in VIDEOS]], ids=["frames", "images"])
def test_images_and_frames_with_their_captions(shown, tmp_path):
    options = {"model": save_clip(tmp_path), "device": "cpu", "formula": "original"}
    values = open_metric("clip_score", **options).measure(shown, [{"caption": caption} for caption in CAPTIONS])
    check(compute("clip_score", predictions=shown, references=CAPTIONS, **options), "clip_score", values)


def test_sets_of_pictures(tmp_path):
    options = {"model": save_vit(tmp_path), "device": "cpu"}
    values = open_metric("dino_distance", **options).measure(VIDEOS)
    check(compute("dino_distance", predictions=VIDEOS, **options), "dino_distance", values)


def test_what_vbench_measured_by_the_ids_of_scenes(tmp_path):
    videos = [{"video_path": f"out/{name}.mp4", "video_results": share} for name, share in (("a", 0.5), ("b", 1.0))]
    path = tmp_path / "eval_results.json"
    path.write_text(json.dumps({"motion_smoothness": [0.75, videos]}))
    found = compute(
        "vbench_results",
        predictions=VIDEOS[:2],
        references=["b", "a"],
        results=str(path),
        dimension="motion_smoothness",
    )
    check(found, "vbench_results", [1.0, 0.5])
