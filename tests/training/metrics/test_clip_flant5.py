"""CLIP-FlanT5, on tiny weights with the names that its checkpoint has.

The numbers are those of the original class, `CLIPT5ForConditionalGeneration` of t2v_metrics 3.0 with transformers
4.45.2, with its own splitting of prompts and squares of pictures, which took the file of `save_clip_flant5`, run once.
"""

import pytest
from generate_any_scene.training.metrics.loading import open_metric
from tiny import draw_picture, save_clip_flant5

PICTURES = [draw_picture(0), draw_picture(1, 300, 500), draw_picture(2, 640, 640)]
ROWS = [{"caption": caption} for caption in ("a red cup", "two dogs on a long table", "x y " * 30)]
ORIGINAL = [0.0033614507410675287, 0.0033873466309159994, 0.003373556537553668]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip_flant5")
    names = ("model", "vision", "tokenizer")
    return dict(zip(names, save_clip_flant5(*(folder / name for name in names)), strict=True))


@pytest.mark.parametrize("batch_size", [8, 1])
def test_it_gives_the_originals_numbers(folders, batch_size):
    metric = open_metric("clip_flant5", **folders, device="cpu", dtype="float32", batch_size=batch_size)
    assert metric.measure(PICTURES, ROWS) == pytest.approx(ORIGINAL, rel=2e-6)
    assert metric.id == "clip_flant5@{vision},{tokenizer},float32:{model}".format(**folders)


def test_frames_count_by_their_mean(folders):
    metric = open_metric("clip_flant5", **folders, device="cpu", dtype="float32")
    found = metric.measure([PICTURES[:2], *PICTURES[:2]], [ROWS[0]] * 3)
    assert found[0] == pytest.approx((found[1] + found[2]) / 2, rel=1e-5)
