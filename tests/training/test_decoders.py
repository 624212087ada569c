"""Pictures of visual tokens: TorchScript decoders as Cosmos' are, and token ids as codes."""

import numpy as np
import pytest
import tiny
import torch
from generate_any_scene.errors import GasError
from generate_any_scene.training.decoders import SandboxDecoder, TorchScriptDecoder, make_decoder, split_ids
from generate_any_scene.training.recipes.grpo import Decoder
from PIL import Image

COLORS = torch.tensor([[-1.0, 0.0, 1.0], [1.0, -1.0, -1.0], [-7.0, 7.0, 0.5]])
"""Of three codes; of the last one, more than there is."""
PIXELS = [(0, 128, 255), (255, 0, 0), (0, 255, 191)]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tiny.save_decoder(tmp_path_factory.mktemp("decoder") / "decoder.jit", COLORS)


@pytest.fixture(scope="module")
def codes():
    return np.random.default_rng(0).integers(len(COLORS), size=(5, 16))


def read_squares(image):
    """The colors of a picture's 4 x 4 squares, each of which has one."""
    pixels = np.asarray(image).reshape(4, 8, 4, 8, 3)
    assert (pixels == pixels[:, :1, :, :1]).all()
    return [tuple(color) for color in pixels[:, 0, :, 0].reshape(16, 3).tolist()]


def test_codes_are_squares_row_by_row(path, codes):
    images = TorchScriptDecoder(path, len(COLORS), (4, 4)).decode(codes)
    assert [(image.mode, image.size) for image in images] == [("RGB", (32, 32))] * 5
    for image, row in zip(images, codes, strict=True):
        assert read_squares(image) == [PIXELS[code] for code in row]


def test_rows_come_before_columns(path):
    (image,) = TorchScriptDecoder(path, len(COLORS), (2, 8)).decode(np.array([[1] * 8 + [0] * 8]))
    assert image.size == (64, 16)
    assert image.getpixel((63, 7)) == PIXELS[1]
    assert image.getpixel((0, 8)) == PIXELS[0]


@pytest.mark.parametrize("batch_size", [1, 2, 5, 8])
def test_pictures_do_not_depend_on_the_batch(batch_size, path, codes):
    expected = [TorchScriptDecoder(path, len(COLORS), (4, 4)).decode(row[None])[0] for row in codes]
    images = TorchScriptDecoder(path, len(COLORS), (4, 4), batch_size=batch_size).decode(codes)
    assert len({image.tobytes() for image in images}) == 5
    assert images == expected


def test_pictures_are_scaled_for_the_judge(path, codes):
    whole = TorchScriptDecoder(path, len(COLORS), (4, 4)).decode(codes)
    small = TorchScriptDecoder(path, len(COLORS), (4, 4), image_size=16).decode(codes)
    assert small == [image.resize((16, 16), Image.Resampling.LANCZOS) for image in whole]


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "decoder.jit").write_bytes(b"not a network")
    with pytest.raises(GasError, match=r"decoder\.jit cannot be loaded as a TorchScript file") as caught:
        TorchScriptDecoder(tmp_path / "decoder.jit", len(COLORS), (4, 4))
    assert "\n" not in str(caught.value)


def test_torch_says_nothing_about_the_age_of_files(path, recwarn):
    TorchScriptDecoder(path, len(COLORS), (4, 4))
    assert not recwarn.list


def test_no_pictures(path):
    assert TorchScriptDecoder(path, len(COLORS), (4, 4)).decode(np.zeros((0, 16), dtype=np.int64)) == []


def test_a_recipes_decoder(path, codes):
    keys = {"path": str(path), "codebook": 3, "grid": [4, 4], "image_size": 16, "batch_size": 2}
    decoder = make_decoder(Decoder.model_validate(keys), "cpu")
    assert (decoder.codebook, decoder.tokens) == (3, 16)
    assert decoder.decode(codes) == TorchScriptDecoder(path, 3, (4, 4), 16, 2).decode(codes)
    assert make_decoder(Decoder(kind="sandbox"), "cpu") == SandboxDecoder()


@pytest.fixture(scope="module")
def decoder(path):
    """Of 4 tokens, which are codes from 0 to 2."""
    return TorchScriptDecoder(path, len(COLORS), (2, 2))


@pytest.mark.parametrize(
    ("ids", "codes", "share"),
    [
        ([[10, 11, 12, 10]], [[0, 1, 2, 0]], 0),
        ([[10, 11, 13, 99]], [[0, 1, 2, 2]], 2 / 4),
        ([[9, 0, 11, 12]], [[0, 0, 1, 2]], 2 / 4),
        ([[12]], [[2, 0, 0, 0]], 3 / 4),
        ([[]], [[0, 0, 0, 0]], 1),
        ([[11, 11, 11, 11, 99]], [[1, 1, 1, 1]], 0),
        ([[12, 12, 12, 12], [0, 11, 11]], [[2, 2, 2, 2], [0, 1, 1, 0]], 2 / 8),
    ],
)
def test_ids_become_the_nearest_codes(ids, codes, share, decoder):
    found, out_of_range = split_ids(ids, 10, decoder)
    assert found.tolist() == codes
    assert found.dtype == np.int64
    assert out_of_range == pytest.approx(share)


def test_no_ids(decoder):
    found, out_of_range = split_ids([], 10, decoder)
    assert (found.shape, out_of_range) == ((0, 4), 0)


def test_whatever_ids_there_are_can_be_drawn():
    decoder = SandboxDecoder()
    ids = np.random.default_rng(0).integers(300, size=(20, 12)).tolist()
    codes, out_of_range = split_ids(ids, 100, decoder)
    assert 0 < out_of_range < 1
    assert len(decoder.decode(codes)) == 20
