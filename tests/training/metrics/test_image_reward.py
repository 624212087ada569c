"""ImageReward, on tiny weights with the names that its checkpoint has.

The numbers are those of the original networks (package image-reward 1.5: `VisionTransformer`, `BertModel`, `MLP` and
`_transform`, with transformers 4.45.2), which took the file of `save_image_reward`, run once on the same tokens.
"""

import os
import pickle

import pytest
from generate_any_scene.errors import GasError, GasWarning
from generate_any_scene.training.metrics.loading import open_metric
from tiny import draw_picture, save_image_reward

PICTURES = [draw_picture(0), draw_picture(1, 300, 500), draw_picture(2, 640, 640)]
ROWS = [{"caption": caption} for caption in ("a red cup", "two dogs on a long table", "x y " * 30)]
ORIGINAL = [0.7753971219062805, 0.48988813161849976, 0.7060072422027588]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("image_reward")
    model, tokenizer = save_image_reward(folder / "model", folder / "tokenizer")
    return {"model": model, "tokenizer": tokenizer}


@pytest.mark.parametrize("batch_size", [32, 1])
def test_it_gives_the_originals_numbers(folders, batch_size):
    metric = open_metric("image_reward", **folders, device="cpu", batch_size=batch_size)
    with pytest.warns(GasWarning, match="image_reward reads 35 tokens: of 33% of the captions"):
        found = metric.measure(PICTURES, ROWS)
    assert found == pytest.approx(ORIGINAL, abs=1e-5)
    assert metric.id == f"image_reward@{folders['tokenizer']}:{folders['model']}"


def test_frames_count_by_their_mean(folders):
    metric = open_metric("image_reward", **folders, device="cpu")
    found = metric.measure([PICTURES[:2], *PICTURES[:2]], [ROWS[0]] * 3)
    assert found[0] == pytest.approx((found[1] + found[2]) / 2, abs=1e-5)


def test_a_checkpoint_without_some_weights_is_refused(folders, tmp_path):
    import torch

    states = torch.load(f"{folders['model']}/ImageReward.pt", weights_only=True)
    del states["mlp.layers.7.bias"]
    torch.save(states, tmp_path / "ImageReward.pt")
    with pytest.raises(GasError, match="it lacks 1 weights, such as mlp.7.bias"):
        open_metric("image_reward", **folders | {"model": str(tmp_path)}, device="cpu")


def test_a_checkpoint_that_would_run_code_is_refused(folders, tmp_path):
    (tmp_path / "ImageReward.pt").write_bytes(pickle.dumps({"mlp": Trap(tmp_path / "sprung")}))
    with pytest.raises(GasError, match="image_reward cannot load ") as told:
        open_metric("image_reward", **folders | {"model": str(tmp_path)}, device="cpu")
    assert "\n" not in str(told.value)
    assert not (tmp_path / "sprung").exists()


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)
