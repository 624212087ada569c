"""Pictures of several shapes in one training."""

import json
from collections import Counter
from io import BytesIO

import datasets
import numpy as np
import pytest
import torch
from generate_any_scene.errors import GasError
from generate_any_scene.training.json_lines import read_lines
from generate_any_scene.training.pictures import measure_picture, open_picture
from generate_any_scene.training.recipes.finetune import Finetune
from generate_any_scene.training.trainers import finetune
from generate_any_scene.training.trainers.finetune import training_loop
from generate_any_scene.training.trainers.finetune.buckets import (
    choose_shapes,
    deal_shapes,
    list_shapes,
    measure_pictures,
)
from generate_any_scene.training.trainers.finetune.families import FAMILIES
from generate_any_scene.training.trainers.finetune.samples import read_picture
from launching import run_script
from PIL import Image
from safetensors.torch import load_file

ADAPTER = "model/pytorch_lora_weights.safetensors"
FEATURES = datasets.Features({"caption": datasets.Value("string"), "image": datasets.Image()})
SIZES = [(48, 32), (48, 32), (64, 64), (32, 96), (32, 48), (40, 40)]
SD3, SDXL = "StableDiffusion3Pipeline", "StableDiffusionXLPipeline"


@pytest.fixture(scope="module")
def rows():
    pictures = [
        {"caption": f"thing {number}", "image": Image.new("RGB", size, (40 * number, 0, 0))}
        for number, size in enumerate(SIZES)
    ]
    return datasets.Dataset.from_list(pictures, features=FEATURES)


@pytest.fixture
def create_recipe(find_pipeline):
    def create(name=SD3, **keys):
        common = {
            "name": "tiny", "kind": "finetune", "model": str(find_pipeline(name)), "data": {"path": "unused"},
            "lora": {"r": 2}, "resolution": 32, "buckets": True, "batch_size": 2, "gradient_accumulation_steps": 1,
            "optimizer": {"lr": 2e-3}, "max_steps": 4, "checkpoint_every": 2,
        }  # fmt: skip
        return Finetune.model_validate({**common, **keys})

    return create


def train(recipe, rows, folder):
    assert finetune.check(recipe, rows) == []
    return finetune.train(recipe, rows, folder, lambda line: None)


@pytest.mark.parametrize(("resolution", "factor", "step"), [(1024, 16, 64), (512, 8, 32), (32, 16, 16)])
def test_shapes_have_the_pixels_of_the_square_and_no_more(resolution, factor, step):
    shapes = list_shapes(resolution, factor)
    assert [resolution, resolution] in shapes.tolist()
    assert sorted(map(tuple, shapes)) == sorted(map(tuple, shapes[:, ::-1]))
    assert not (shapes % step).any() and shapes.prod(axis=1).max() == resolution**2
    # One more step of the shorter side would be too many pixels, so none is wasted.
    assert ((shapes.min(axis=1) + step) * shapes.max(axis=1) > resolution**2).all()


def test_a_picture_keeps_its_ratio_of_sides_within_that_of_its_shape():
    chance = np.random.default_rng(0)
    sizes = chance.integers(300, 1200, size=(2000, 2))
    shapes = list_shapes(1024, 16)
    chosen = choose_shapes(sizes, shapes)
    ratios, kept = sizes[:, 0] / sizes[:, 1], chosen[:, 0] / chosen[:, 1]
    steps = np.diff(np.sort(np.log(np.unique(shapes[:, 0] / shapes[:, 1]))))
    assert (np.abs(np.log(ratios / kept)) <= steps.max() / 2 + 1e-9).all()
    # What is cropped is what the ratios differ by, and far less than a square would take.
    lost = 1 - np.minimum(ratios / kept, kept / ratios)
    assert lost.max() < 0.12 < (1 - np.minimum(ratios, 1 / ratios)).mean()


def test_pictures_are_measured_as_they_are_shown(rows):
    assert measure_pictures(rows.cast_column("image", datasets.Image(decode=False))).tolist() == [
        [height, width] for width, height in SIZES
    ]
    turned = Image.Exif()
    turned[0x0112] = 6
    file = BytesIO()
    Image.new("RGB", (30, 20)).save(file, format="JPEG", exif=turned)
    value = {"bytes": file.getvalue(), "path": None}
    assert measure_picture(value) == open_picture(value).size == (20, 30)
    with pytest.raises(GasError, match="it cannot be read: "):
        measure_picture({"bytes": b"no picture", "path": None})


def test_what_sdxl_is_told_of_a_crop_is_where_it_was_cropped():
    pixels = np.zeros((60, 100, 3), dtype=np.uint8)
    pixels[..., 0] = np.arange(100)
    from diffusers.image_processor import VaeImageProcessor

    found = read_picture({"image": Image.fromarray(pixels)}, 0, VaeImageProcessor(vae_scale_factor=1), 60, 80)
    assert found["sizes"].tolist() == [60, 100, 0, 10, 60, 80]
    assert found["pixels"].shape == (3, 60, 80)
    assert torch.equal(((found["pixels"][0, 0] + 1) * 127.5).round(), torch.arange(10.0, 90.0))


def test_updates_have_one_shape_and_rows_are_seen_alike():
    shapes = np.array([[32, 32]] * 50 + [[16, 64]] * 20 + [[64, 16]] * 3)
    order = deal_shapes(shapes, 7, 73 * 4, 6)
    for update in order.reshape(-1, 6):
        assert len(np.unique(shapes[update], axis=0)) == 1
    seen = Counter(order.tolist())
    assert len(seen) == 73 and set(seen.values()) == {24}  # 73 * 4 * 6 positions
    # A shorter training has the beginning of a longer one, and another seed has another order.
    assert deal_shapes(shapes, 7, 20, 6).tolist() == order[:120].tolist()
    assert deal_shapes(shapes, 8, 20, 6).tolist() != order[:120].tolist()


@pytest.mark.parametrize("name", [pytest.param(one, marks=[] if one == SD3 else pytest.mark.slow) for one in FAMILIES])
def test_a_training_of_several_shapes_is_cached_and_goes_on(name, create_recipe, rows, tmp_path, monkeypatch):
    def stop(course, batches, update):
        if update == 3:
            raise KeyboardInterrupt
        return take_update(course, batches, update)

    for folder, cache in (("with", str(tmp_path / "cache")), ("without", None)):
        train(create_recipe(name, cache=cache), rows, tmp_path / folder)
    whole, other = (load_file(tmp_path / folder / ADAPTER) for folder in ("with", "without"))
    for key, weight in whole.items():
        assert torch.isclose(weight, other[key], rtol=1e-3, atol=1e-4).float().mean() > 0.99, key
    take_update = training_loop.take_update
    monkeypatch.setattr(training_loop, "take_update", stop)
    with pytest.raises(KeyboardInterrupt):
        train(create_recipe(name, cache=str(tmp_path / "cache")), rows, tmp_path / "stopped")
    monkeypatch.undo()
    train(create_recipe(name, cache=str(tmp_path / "cache")), rows, tmp_path / "stopped")
    stopped = load_file(tmp_path / "stopped" / ADAPTER)
    assert all(torch.equal(weight, stopped[key]) for key, weight in whole.items())


def test_batches_split_an_update_without_mixing_shapes(create_recipe, rows, tmp_path, monkeypatch):
    """So processes, which share an update as steps do, see one shape, and the same pictures."""
    seen = {}

    def encode(model, batch):
        seen[folder].append((batch["position"], tuple(batch["pixels"].shape[2:])))
        return encode_batch(model, batch)

    encode_batch = training_loop.encode_batch
    monkeypatch.setattr(training_loop, "encode_batch", encode)
    for folder, size, steps in (("one", 2, 1), ("two", 1, 2)):
        seen[folder] = []
        train(create_recipe(batch_size=size, gradient_accumulation_steps=steps), rows, tmp_path / folder)
    alone = [(position, shape) for positions, shape in seen["one"] for position in positions]
    assert alone == [(position, shape) for (position,), shape in seen["two"]]
    assert len({shape for _, shape in alone}) > 1


@pytest.mark.slow
def test_two_processes_train_as_one(create_recipe, rows, tmp_path):
    cache = str(tmp_path / "cache")
    alone = train(create_recipe(batch_size=2, cache=cache), rows, tmp_path / "alone")
    run_script(create_recipe(batch_size=1, cache=str(tmp_path / "other")), rows, tmp_path / "two", processes=2)
    two = json.loads((tmp_path / "two/results_1.json").read_text())
    assert two["images_per_update"] == alone["images_per_update"] == 2
    losses = [
        [entry["loss"] for entry in read_lines(folder / "log.jsonl")]
        for folder in (tmp_path / "alone", tmp_path / "two/run")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_a_model_without_places_for_so_long_pictures_is_told(create_recipe):
    (problem,) = finetune.check(create_recipe(resolution=2048))
    assert str(problem).startswith("buckets: the longest of images would have 256 tokens, and ")
