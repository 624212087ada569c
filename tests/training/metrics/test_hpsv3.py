"""HPSv3, on tiny weights with the names that its checkpoint has.

The numbers are those of the original class, `Qwen2VLRewardModelBT` of the package hpsv3 1.0.0 with transformers
4.45.2, which took the file of `save_hpsv3` with `strict=True`, run once on the same tokens; its own resizing and image
processor gave the same pixels to 2.4e-7.
"""

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.metrics.loading import open_metric
from tiny import draw_picture, save_hpsv3

PICTURES = [draw_picture(0), draw_picture(1, 300, 500), draw_picture(2, 640, 640)]
ROWS = [{"caption": caption} for caption in ("a red cup", "two dogs on a long table behind a green house", "x")]
ORIGINAL = [0.6821913719177246, 0.6892549991607666, 0.6921629309654236]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hpsv3")
    model, base = save_hpsv3(folder / "model", folder / "base")
    return {"model": model, "base": base}


@pytest.mark.parametrize("batch_size", [8, 1])
def test_it_gives_the_originals_numbers(folders, batch_size):
    metric = open_metric("hpsv3", **folders, device="cpu", dtype="float32", batch_size=batch_size)
    assert metric.measure(PICTURES, ROWS) == pytest.approx(ORIGINAL, abs=2e-6)
    assert metric.id == f"hpsv3@{folders['base']},float32:{folders['model']}"


def test_by_default_it_computes_as_the_original_in_half_precision(folders):
    metric = open_metric("hpsv3", **folders, device="cpu")
    assert metric.measure([PICTURES[:2]], ROWS[:1]) == [pytest.approx(sum(ORIGINAL[:2]) / 2, abs=0.02)]
    assert metric.id == f"hpsv3@{folders['base']}:{folders['model']}"


def test_a_folder_without_its_file_is_told(folders):
    with pytest.raises(GasError, match=r"hpsv3 cannot load .*HPSv3.safetensors"):
        open_metric("hpsv3", model=folders["base"], base=folders["base"], device="cpu")


def test_a_picture_that_is_a_line_is_told(folders):
    metric = open_metric("hpsv3", **folders, device="cpu")
    with pytest.raises(GasError, match="hpsv3 cannot rate a picture of 900 x 2 pixels"):
        metric.measure([draw_picture(0, 900, 2)], ROWS[:1])
