"""The detector: parts without a shared caption, features computed once, heads, figures, and what plain timm loads."""

import json
from itertools import product

import numpy as np
import pytest
import timm
import torch
from generate_any_scene.errors import GasError, RecipeError
from generate_any_scene.training.recipes.detector import Head
from generate_any_scene.training.recipes.loading import load_training
from generate_any_scene.training.run import run_training
from generate_any_scene.training.sandbox.pictures import CODES, TOKENS, draw_tokens, photograph
from generate_any_scene.training.trainers.detector import features as featuring
from generate_any_scene.training.trainers.detector.comparing import compare_runs, list_lines
from generate_any_scene.training.trainers.detector.figures import METRICS, measure, resample_scenes
from generate_any_scene.training.trainers.detector.heads import choose_threshold, train_head
from generate_any_scene.training.trainers.detector.sources import (
    TEST,
    TRAIN,
    VALIDATION,
    choose_parts,
    count_largest,
    digest_pictures,
    open_source,
    share_out,
)
from generate_any_scene.training.trainers.detector.tables import ALONE, SEVERAL, UNSEEN, average_kinds
from PIL import Image, ImageFilter
from safetensors.torch import load_file

RECIPE = """
name: probe
kind: detector
backbone: test_resnet
pretrained: false
data: {path: REAL}
made:
  blurred: {path: BLURRED}
  flat: {path: FLAT}
unseen:
  other: {path: OTHER}
mixtures:
  one: {blurred: 1}
  both: {blurred: 1, flat: 1}
seeds: 2
validation: 0.2
test: 0.3
prepare: {size: 32}
head: {learning_rate: 0.02, epochs: 60, patience: 30}
"""
COUNT = 60


def draw(number, camera=True):
    random = np.random.default_rng(number)
    tokens = np.zeros(TOKENS, dtype=np.int64)
    tokens[random.permutation(TOKENS)[:3]] = random.integers(1, CODES, 3)
    drawn = draw_tokens(tokens.tolist())
    return photograph(drawn, number) if camera else drawn


def save(folder, pictures, suffix=".png", captions=True, **options):
    """A folder of pictures, with the captions `scene 0`, `scene 1`, ..."""
    folder.mkdir(parents=True)
    lines = []
    for number, picture in enumerate(pictures):
        picture.save(folder / f"{number:03}{suffix}", **options)
        lines.append(json.dumps({"file_name": f"{number:03}{suffix}", "caption": f"scene {number}"}))
    if captions:
        (folder / "metadata.jsonl").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def pictures():
    return [draw(number) for number in range(COUNT)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory, pictures):
    folder = tmp_path_factory.mktemp("pictures")
    save(folder / "real", pictures)
    save(folder / "blurred", [one.filter(ImageFilter.GaussianBlur(2)) for one in pictures])
    save(folder / "flat", [one.quantize(6).convert("RGB") for one in pictures])
    save(folder / "other", [one.resize((24, 24)).resize((72, 72)) for one in pictures])
    return folder


@pytest.fixture
def load(tmp_path, folders):
    """Loads the recipe above, with overrides."""

    def load_one(*overrides, text=RECIPE):
        for name in ("real", "blurred", "flat", "other"):
            text = text.replace(f"path: {name.upper()}", f"path: {folders / name}")
        path = tmp_path / "probe.yaml"
        path.write_text(text)
        return load_training(path, [f"output={tmp_path / 'run'}", *overrides])

    return load_one


def list_problems(loaded):
    with pytest.raises(RecipeError) as caught:
        run_training(loaded, dry_run=True)
    return [str(problem) for problem in caught.value.problems]


# The whole of it.


def test_a_training_from_recipe_to_plain_timm(load, folders, tmp_path, monkeypatch):
    record = run_training(load(f"cache={tmp_path / 'features'}"), report=lambda line: None)
    run = tmp_path / "run"
    results = json.loads((run / "results.json").read_text())
    values = {(row["mixture"], row["tested_on"]): row for row in results["tests"]}
    assert values["one", "blurred"]["seen"] and not values["one", "flat"]["seen"]
    assert values["one", "blurred"]["auroc"]["value"] > 0.75
    for row in results["tests"]:
        assert all(0 <= row[name]["low"] <= row[name]["value"] <= row[name]["high"] <= 1 for name in ("f1", "auroc"))
    assert {row["against"] for row in results["differences"]} == {"one"}
    assert record["results"]["sources"]["blurred"]["rows"] == COUNT
    # Scenes that are trained on are no part of a test, though the unseen pictures have the same captions.
    assert record["results"]["left_out"]["other"] + values["one", "other"]["pictures"] // 2 == COUNT

    # What is saved is plain timm and torch.
    config = json.loads((run / "model" / "both" / "config.json").read_text())
    model = timm.create_model(config["backbone"], pretrained=config["pretrained"], num_classes=1, **config["options"])
    model.load_state_dict(load_file(run / "model" / "backbone.safetensors"), strict=False)
    model.get_classifier().load_state_dict(load_file(run / "model" / "both" / "head.safetensors"))
    transform = timm.data.create_transform(**config["transform"])
    stored = (folders / "real" / "000.png").read_bytes()
    recipe = load().recipe
    backbone = featuring.open_backbone(recipe)
    picture = featuring.prepare_picture(stored, "0" * 64, recipe.prepare, config["prepare"]["size"])
    head = load_file(run / "model" / "both" / "head.safetensors")
    with torch.no_grad():
        plain = model.eval()(transform(picture)[None])[0, 0]
        ours = backbone.model(transform(picture)[None])[0] @ head["weight"][0] + head["bias"][0]
    assert plain == pytest.approx(float(ours), abs=1e-4)

    # Another run computes no features again, and trains the same heads.
    monkeypatch.setattr(featuring, "_look", lambda *_: pytest.fail("computed again"))
    run_training(load(f"cache={tmp_path / 'features'}", f"output={tmp_path / 'again'}"), report=lambda line: None)
    for file in ("results.json", "heads.jsonl", "model/both/head.safetensors"):
        assert (tmp_path / "again" / file).read_bytes() == (run / file).read_bytes()


def test_a_stopped_training_computes_only_what_is_missing(load, tmp_path, monkeypatch):
    look, seen = featuring._look, []

    def stop(rows, part, *others):
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(part)
        return look(rows, part, *others)

    monkeypatch.setattr(featuring, "CHUNK", 32)
    monkeypatch.setattr(featuring, "_look", stop)
    with pytest.raises(KeyboardInterrupt):
        run_training(load(), report=lambda line: None)
    before = [digest for part in seen for digest, _ in part]
    monkeypatch.setattr(featuring, "_look", lambda rows, part, *others: seen.append(part) or look(rows, part, *others))
    run_training(load(), report=lambda line: None)
    after = [digest for part in seen[3:] for digest, _ in part]
    assert len(before) + len(after) == 4 * COUNT and not set(before) & set(after)


def test_several_seeds_are_told_together(load, tmp_path):
    changes = ["runs=[3, 5]", "scales=[40]", "seeds=1", "head.epochs=8"]
    changes += ["backbone=sandbox_spectrum", "mixtures.flat={flat: 1}"]
    record = run_training(load(*changes), report=lambda line: None)
    run = tmp_path / "run"
    merged = json.loads((run / "results.json").read_text())
    alone = [json.loads((run / f"seed_{seed}/results.json").read_text()) for seed in (3, 5)]
    for name in ("tests", "differences"):
        for row, *rows in zip(merged[name], *(one[name] for one in alone), strict=True):
            values = [one["auroc"]["value"] for one in rows]
            assert row["auroc"]["seeds"] == values
            assert row["auroc"]["value"] == pytest.approx(np.mean(values))
            half = abs(values[0] - values[1]) / 2 * 12.7062  # Student's t of one degree of freedom
            assert row["auroc"]["high"] - row["auroc"]["value"] == pytest.approx(half, rel=1e-3, abs=1e-9)
    parts = [json.loads((run / f"seed_{seed}/model/both/config.json").read_text())["threshold"] for seed in (3, 5)]
    assert parts[0] != parts[1]
    assert len(list((run / "features").iterdir())) == 1  # the backbone is one for all seeds
    assert len((run / "heads.jsonl").read_text().splitlines()) == 6
    table = (run / "results.md").read_text().splitlines()
    assert record["results"]["table"] == table
    assert "| mixtures | pictures | tested on | seed 3 | seed 5 | over seeds (95 %) |" in table

    difference = next(row for row in merged["differences"] if row["mixture"] == "one alone")
    low, high = -difference["f1"]["high"], -difference["f1"]["low"]
    told = f"{-difference['f1']['value']:+.3f} ({low:+.3f} to {high:+.3f}) |"
    assert any(line.startswith("| several - one alone |") and line.endswith(told) for line in table)
    for name in ("figures/auroc.png", "seed_3/figures/pictures.png"):
        with Image.open(run / name) as drawn:
            assert drawn.width > 300


def test_one_seed_has_no_interval_over_seeds():
    row = {"mixture": "mixed", "scale": 40, "tested_on": "blur", "seen": False, "against": "blur"}
    rows = [row | {metric: {"value": 0.25} for metric in METRICS}]
    run = {"tests": rows, "differences": rows}
    compared = compare_runs({3: run})
    assert compared["tests"][0]["auroc"] == {"seeds": [0.25], "value": 0.25}
    assert "| mixed | 40 | blur | 0.250 |  |" in list_lines(compared, [3])


def test_means_of_mixtures_are_over_those_that_have_not_seen_a_generator():
    random = np.random.default_rng(0)
    mixtures = {"a": {"a"}, "b": {"b"}, "c": {"c"}, "ab": {"a", "b"}, "bc": {"b", "c"}, "ac": {"a", "c"}}
    tests = ["a", "b", "c"]
    values = {mixture: {test: random.random((3, 4)) for test in tests} for mixture in mixtures}
    found = average_kinds(values, mixtures, tests)
    np.testing.assert_allclose(found[SEVERAL]["a"], values["bc"]["a"])
    np.testing.assert_allclose(found[ALONE]["a"], (values["b"]["a"] + values["c"]["a"]) / 2)
    unseen = [values[one][test] for one, test in (("bc", "a"), ("ac", "b"), ("ab", "c"))]
    np.testing.assert_allclose(found[SEVERAL][UNSEEN], np.mean(unseen, axis=0))
    assert average_kinds(values, {name: mixtures[name] for name in ("a", "bc")}, tests) == {}


# Parts.


def test_no_caption_is_in_two_parts(load):
    recipe = load().recipe
    scenes = {"real": [f"s{n}" for n in range(200)], "blurred": [f"s{n}" for n in range(100, 300)]}
    scenes |= {"flat": ["s1"] * 5, "other": [f"s{n}" for n in range(400)]}
    parts = choose_parts(scenes, recipe)
    found = {}
    for name, part in ((name, part) for name in scenes for part in (TRAIN, VALIDATION, TEST)):
        found.setdefault(part, set()).update(
            scene for scene, one in zip(scenes[name], parts[name], strict=True) if one == part
        )
    assert found[TRAIN] and found[VALIDATION] and found[TEST] > {f"s{n}" for n in range(300, 400)}
    assert not (found[TRAIN] & found[VALIDATION] or found[TRAIN] & found[TEST] or found[VALIDATION] & found[TEST])


def test_shares_and_the_largest_scale():
    assert share_out(10, {"a": 1, "b": 1, "c": 1}) == {"a": 4, "b": 3, "c": 3}
    assert share_out(8, {"a": 3, "b": 1}) == {"a": 6, "b": 2}
    parts = {"real": np.zeros(50), "a": np.zeros(40), "b": np.zeros(10)}
    assert count_largest(parts, [{"a": 1}, {"a": 3, "b": 1}]) == 80
    assert count_largest(parts, [{"b": 1}]) == 20


# Features.


def test_features_of_batches_are_those_of_single_pictures_and_of_the_cache(load, folders, tmp_path):
    recipe = load().recipe
    backbone = featuring.open_backbone(recipe)
    rows = open_source("real", "data", recipe.data).rows.select(range(9))
    digests = digest_pictures(rows)
    found = []
    for size in (1, 4):
        cache = featuring.FeatureCache(tmp_path / str(size))
        chosen = recipe.model_copy(update={"batch_size": size})
        found.append(featuring.compute_features(rows, digests, backbone, chosen, cache))
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
    again = featuring.compute_features(rows, digests, backbone, recipe, featuring.FeatureCache(tmp_path / "1"))
    np.testing.assert_array_equal(again, found[0])
    file = next((tmp_path / "1").glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:100])  # broken files are made again
    again = featuring.compute_features(rows, digests, backbone, chosen, featuring.FeatureCache(tmp_path / "1"))
    np.testing.assert_array_equal(again, found[1])


def test_what_changes_features_changes_their_identity(load):
    one, *others = (
        featuring.open_backbone(load(*overrides).recipe).identity
        for overrides in ((), ("seed=1",), ("prepare.size=40",), ("prepare.quality=[50, 60]",), ("backbone=test_vit",))
    )
    assert one not in others and len(set(others)) == 4
    assert featuring.open_backbone(load("head.epochs=3").recipe).identity == one


@pytest.mark.parametrize(("prepared", "low", "high"), [("png", 0.68, 1.0), ("jpeg", 0.4, 0.62)])
def test_what_files_are_stored_as_cannot_be_learned(prepared, low, high, load, tmp_path):
    """The same pictures as PNG and as JPEG: found where they are as they were, hardly where all are stored anew."""
    drawn = [draw(number, camera=False) for number in range(2 * COUNT)]
    save(tmp_path / "png", drawn)
    save(tmp_path / "jpeg", drawn, ".jpg", quality=75)
    overrides = [f"data.path={tmp_path / 'png'}", f"made.blurred.path={tmp_path / 'jpeg'}"]
    overrides += ["mixtures.both.flat=null", f"prepare.format={prepared}"]
    overrides += ["prepare.size=72", "prepare.quality=[30, 50]", "seeds=5"]
    run_training(load(*overrides), report=lambda line: None)
    rows = json.loads((tmp_path / "run" / "results.json").read_text())["tests"]
    area = next(row["auroc"]["value"] for row in rows if (row["mixture"], row["tested_on"]) == ("one", "blurred"))
    assert low <= area <= high


def test_formats_that_lose_nothing_are_one_picture(load, pictures, tmp_path):
    recipe = load("prepare.quality=[80, 80]").recipe
    prepared = []
    for suffix in (".png", ".bmp", ".tiff", ".webp"):
        folder = save(tmp_path / suffix[1:], pictures[:1], suffix, **({"lossless": True} if suffix == ".webp" else {}))
        picture = featuring.prepare_picture((folder / f"000{suffix}").read_bytes(), "f" * 64, recipe.prepare, 48)
        prepared.append(np.asarray(picture))
    assert all((one == prepared[0]).all() for one in prepared)


# Heads and figures.


def make_points(count, width=6, seed=0):
    random = np.random.default_rng(seed)
    made = np.arange(count) % 2 == 0
    points = random.normal(size=(count, width)) * np.arange(1, width + 1) + 5
    points[:, 0] += 2 * made
    return points.astype(np.float32), made


def test_a_head_learns_stops_early_and_takes_features_as_they_are():
    data, held = make_points(400), make_points(200, seed=1)
    head = train_head(*data, *held, Head(learning_rate=0.05, epochs=300, patience=4), 0)
    assert head.epochs < 200
    right = (head.score(held[0]) >= head.threshold) == held[1]
    assert right.mean() > 0.75
    logits = torch.from_numpy(head.score(held[0]))
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(held[1].astype(float)))
    assert float(loss) == pytest.approx(head.loss, abs=1e-4)  # scaling is folded into the layer
    again = train_head(*data, *held, Head(learning_rate=0.05, epochs=300, patience=4), 0)
    assert (again.weight == head.weight).all() and again.threshold == head.threshold


def count_f1(scores, made, threshold):
    called = scores >= threshold
    return 2 * (called & made).sum() / (called.sum() + made.sum())


def test_the_threshold_has_the_highest_f1():
    random = np.random.default_rng(0)
    for size in (2, 5, 40):
        scores, made = random.integers(0, 8, size) / 2, np.arange(size) % 2 == 0
        best = max(count_f1(scores, made, threshold) for threshold in [*scores, 99])
        assert count_f1(scores, made, choose_threshold(scores, made)) == pytest.approx(best)


def test_figures_are_those_counted_pair_by_pair():
    random = np.random.default_rng(1)
    for seed in range(5):
        scores, made = random.integers(0, 12, 30) / 3, random.random(30) < 0.5
        weights = resample_scenes(30, seed)[:4]
        found = measure(scores, made, weights, 2.0, 0.1)
        for row, counts in enumerate(weights):
            ours, theirs = np.repeat(scores, counts), np.repeat(made, counts)
            pairs = [(a > b) + (a == b) / 2 for a, b in product(ours[theirs], ours[~theirs])]
            lines = [line for line in [*ours, 99.0] if (ours[~theirs] >= line).mean() <= 0.1]
            few = max((ours[theirs] >= line).mean() for line in lines)
            np.testing.assert_allclose(found[:, row], [count_f1(ours, theirs, 2.0), np.mean(pairs), few])


# What is wrong.


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("backbone=test_resnt", "timm has no model `test_resnt`; did you mean `test_resnet`?"),
        ("backbone=./nowhere", "there is no folder `./nowhere`"),
        ("options={img_sise: 3}", "`test_resnet` cannot be made so"),
        ("mixtures.one.blured=1", "`made` has no generator `blured`; did you mean `blurred`?"),
        ("scales=[90000]", "90,000 pictures need 45,000 of `data` to train on"),
        ("made.flat.path=./nowhere", "there is no folder `./nowhere`"),
        ("made.flat.limit=1", "of 1 pictures none is left to"),
    ],
)
def test_mistakes_are_found_before_weights_are_loaded(override, message, load, monkeypatch):
    monkeypatch.setattr(featuring, "open_backbone", lambda *_: pytest.fail("loaded"))
    assert any(message in problem for problem in list_problems(load(override)))


def test_weights_that_timm_does_not_have(load):
    overrides = ["pretrained=true", "backbone=vit_base_patch16_dinov3.lvd1689"]
    assert "did you mean `vit_base_patch16_dinov3.lvd1689m`?" in list_problems(load(*overrides))[0]


def test_pictures_that_cannot_be_read_are_told_with_their_row(load, pictures, tmp_path):
    folder = save(tmp_path / "broken", pictures[:5])
    (folder / "003.png").write_bytes(b"no picture")
    found = list_problems(load(f"made.flat.path={folder}"))
    assert any("1 of 5 pictures cannot be trained on; the first, of row 3" in problem for problem in found)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("made.real.path=x", "`real` is what the pictures of `data` are called"),
        ("mixtures={../up: {flat: 1}}", "`../up` cannot name a folder"),
        ("unseen.flat.path=x", "`flat` stands in `made` and in `unseen`"),
        ("runs=[1, 2]", "`runs` without `scales` would train on another number of pictures each time"),
        ("test=0.9", "`validation` and `test` leave nothing to train on"),
        ("prepare.quality=[90, 30]", "is not from low to high"),
        ("made.flat.remake=blur", "`remake` needs pictures of the sandbox"),
        ("made.flat.remke=blur", "unknown key `remke`; did you mean `remake`?"),
    ],
)
def test_recipes_that_mean_nothing_are_refused(override, message, load):
    with pytest.raises(RecipeError) as caught:
        load(override)
    assert message in str(caught.value)


def test_pictures_without_captions_are_told_apart_by_content(load, pictures, tmp_path):
    for name in ("a", "b"):
        save(
            tmp_path / name,
            pictures if name == "a" else [one.filter(ImageFilter.BLUR) for one in pictures],
            captions=False,
        )
    overrides = [f"data.path={tmp_path / 'a'}", f"made.blurred.path={tmp_path / 'b'}"]
    assert run_training(load(*overrides), dry_run=True)["data"]["rows"] == COUNT


def test_a_backbone_that_is_not_here_is_one_line(load, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(GasError) as caught:
        run_training(load("pretrained=true", "backbone=test_resnet.r160_in1k"), report=lambda line: None)
    assert "the detector cannot load test_resnet.r160_in1k" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["detector_vit_t", "detector_resnet18", "detector_dinov3"])
def test_shipped_recipes_run_with_other_paths_and_sizes(name, folders, tmp_path):
    torch.manual_seed(0)
    model = timm.create_model("test_resnet", num_classes=0)
    timm.models.save_for_hf(model, tmp_path / "backbone", safe_serialization=True)
    recipe = load_training(name).recipe
    overrides = [f"output={tmp_path / 'run'}", f"backbone={tmp_path / 'backbone'}", f"data.path={folders / 'real'}"]
    overrides += [f"made.{one}.path={folders / 'blurred'}" for one in recipe.made]
    overrides += [f"unseen.{one}.path={folders / 'other'}" for one in recipe.unseen]
    overrides += [f"unseen.{one}.real.path={folders / 'real'}" for one, data in recipe.unseen.items() if data.real]
    overrides += ["scales=[20, 40]", "seeds=2", "prepare.size=32", "test=0.3", "validation=0.2"]
    run_training(load_training(name, overrides), report=lambda line: None)
    rows = json.loads((tmp_path / "run" / "results.json").read_text())["tests"]
    assert {row["scale"] for row in rows} == {20, 40}
    assert {row["tested_on"] for row in rows} >= {*recipe.made, *recipe.unseen}
