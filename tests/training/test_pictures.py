"""Pictures are trained on as a viewer shows them, or refused with their row."""

import io
import zlib

import datasets
import numpy as np
import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.pictures import check_pictures, lay_grid, open_picture, open_shown
from PIL import Image

SIDE = 12
GRADIENT = np.add.outer(np.arange(SIDE) * 7, np.arange(SIDE) * 13) % 256
COLORS = np.stack([GRADIENT, GRADIENT[::-1], GRADIENT.T], axis=-1).astype(np.uint8)
ALPHA = ((GRADIENT[:, ::-1] * 3) % 256).astype(np.uint8)


def save(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return {"bytes": stream.getvalue(), "path": None}


def lay_on_white(colors, alpha):
    opaque = alpha[..., None] / 255
    return colors * opaque + 255 * (1 - opaque)


def gray(values):
    return np.repeat(values[..., None], 3, axis=-1)


def check(raw, expected):
    found = open_picture(raw)
    assert found.mode == "RGB"
    assert np.abs(np.asarray(found).astype(float) - expected).max() <= 1


RGBA = np.dstack([COLORS, ALPHA])
LA = np.dstack([COLORS[..., 0], ALPHA])
PALETTE = Image.fromarray(COLORS).quantize(64)
BITS = COLORS[..., 0] > 100
WIDE = (GRADIENT * 257 - GRADIENT % 200).clip(0, 65535).astype(np.uint16)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_transparency_lies_on_white(kind):
    lossless = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    check(save(Image.fromarray(RGBA), kind, **lossless), lay_on_white(COLORS, ALPHA))
    check(save(Image.new("RGBA", (SIDE, SIDE), (255, 0, 255, 0)), kind, **lossless), np.full((SIDE, SIDE, 3), 255))


@pytest.mark.parametrize(
    ("image", "options", "expected"),
    [
        (Image.fromarray(COLORS), {}, COLORS),
        (Image.fromarray(COLORS[..., 0]), {}, gray(COLORS[..., 0])),
        (Image.fromarray(BITS), {}, gray(BITS * 255)),
        (Image.fromarray(LA, "LA"), {}, lay_on_white(gray(LA[..., 0]), ALPHA)),
        (PALETTE, {}, np.asarray(PALETTE.convert("RGB"))),
        (Image.fromarray(WIDE), {}, gray(WIDE / 257)),
        (
            Image.fromarray(COLORS[..., 0]),
            {"transparency": 7},
            gray(np.where(COLORS[..., 0] == 7, 255, COLORS[..., 0])),
        ),
        (
            Image.fromarray(COLORS),
            {"transparency": tuple(COLORS[3, 4].tolist())},
            np.where((COLORS[3, 4] == COLORS).all(axis=-1, keepdims=True), 255, COLORS),
        ),
        (
            PALETTE,
            {"transparency": int(np.asarray(PALETTE)[0, 0])},
            np.where(gray(np.asarray(PALETTE) == np.asarray(PALETTE)[0, 0]), 255, np.asarray(PALETTE.convert("RGB"))),
        ),
    ],
    ids=["RGB", "L", "1", "LA", "P", "I;16", "L with a key", "RGB with a key", "P with a key"],
)
def test_each_mode_of_png_is_as_a_viewer_shows_it(image, options, expected):
    check(save(image, **options), expected)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV"])
def test_modes_without_transparency_are_what_pil_makes_of_them(mode):
    image = Image.fromarray(COLORS).convert(mode)
    check(image, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "RGBa", "La"])
def test_modes_with_transparency_lie_on_white(mode):
    clear = {"RGBa": "RGBA", "La": "LA"}.get(mode, mode)
    image = Image.new(clear, (4, 4), (200, 0) if clear == "LA" else (255, 0, 255, 0))
    check(image if mode == clear else image.convert(mode), np.full((4, 4, 3), 255))


def test_a_palette_with_transparency_lies_on_white():
    image = PALETTE.copy()
    image.putalpha(Image.fromarray(ALPHA))
    assert image.mode == "PA"
    check(image, lay_on_white(np.asarray(PALETTE.convert("RGB")), ALPHA))


def test_sixteen_bits_and_numbers_from_0_to_1_are_scaled():
    check(save(Image.fromarray(WIDE), "TIFF"), gray(WIDE / 257))
    check(save(Image.fromarray((GRADIENT / 255).astype(np.float32)), "TIFF"), gray(GRADIENT))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_orientation_is_applied(orientation, kind):
    turns = {
        1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(a[:, ::-1], -1)[::-1, ::-1],
        8: lambda a: np.rot90(a),
    }  # fmt: skip
    turns[7] = lambda a: a[::-1, ::-1].swapaxes(0, 1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    check(save(Image.fromarray(COLORS[:, :7]), kind, exif=exif), turns[orientation](COLORS[:, :7]))


def break_png(content):
    """Ends the pixels early, with all checksums right."""
    at = content.index(b"IDAT")
    pixels = zlib.compress(zlib.decompress(content[at + 4 : -16])[:20])
    chunk = b"IDAT" + pixels
    return (
        content[: at - 4]
        + len(pixels).to_bytes(4, "big")
        + chunk
        + zlib.crc32(chunk).to_bytes(4, "big")
        + content[-12:]
    )


WHOLE = save(Image.fromarray(COLORS))["bytes"]
REFUSED = {
    "truncated": ({"bytes": WHOLE[:-40], "path": None}, "cannot be read"),
    "short of pixels": ({"bytes": break_png(WHOLE), "path": None}, "cannot be read"),
    "empty": ({"bytes": b"", "path": None}, "cannot be read"),
    "text": ({"bytes": b"a picture", "path": None}, "cannot be read"),
    "missing": (None, "there is no picture"),
    "GIF that moves": (
        save(Image.fromarray(COLORS), "GIF", save_all=True, append_images=[Image.new("RGB", (SIDE, SIDE))]), "2 frames"
    ),
    "PNG that moves": (
        save(Image.fromarray(COLORS), "PNG", save_all=True, append_images=[Image.new("RGB", (SIDE, SIDE))]), "2 frames"
    ),
    "float": (save(Image.fromarray((GRADIENT / 10).astype(np.float32)), "TIFF"), "not from 0 to 1"),
    "not a number": (save(Image.fromarray(np.full((9, 9), np.nan, np.float32)), "TIFF"), "not from 0 to 1"),
    "32 bits": (save(Image.fromarray(GRADIENT.astype(np.int32)), "TIFF"), "32 bits"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shown_is_refused(name):
    raw, words = REFUSED[name]
    with pytest.raises(GasError, match=words):
        open_picture(raw)


def test_rows_are_counted_and_the_first_is_named():
    good = save(Image.fromarray(COLORS))
    odd = [save(Image.new("RGB", size)) for size in ((1, 1), (400, 16))]
    pictures = [good, good, *odd, {"bytes": WHOLE[:-40], "path": None}]
    rows = datasets.Dataset.from_dict({"image": pictures}, datasets.Features({"image": datasets.Image(decode=False)}))
    (problem,) = check_pictures(rows, 64)
    assert str(problem).startswith(
        "data: 3 of 5 pictures cannot be trained on; the first, of row 2: it has 1 x 1 pixels"
    )
    (problem,) = check_pictures(rows.select([0, 3]), 64)
    assert "of row 1: it has 400 x 16 pixels, of which a square shows less than a quarter" in str(problem)
    assert check_pictures(rows.select([0, 1]), 64) == []


# What judges look at.


def make_frames(count, size=(6, 4)):
    return [Image.new("RGB", size, (place, 0, 0)) for place in range(count)]


def read_grid(grid, side, size=(6, 4)):
    """The frame at each place, row by row; -1 for white."""
    width, height = size
    assert grid.size == (side * width, side * height)
    places = [(column * width + 2, row * height + 2) for row in range(side) for column in range(side)]
    found = [grid.getpixel(place) for place in places]
    return [-1 if color == (255, 255, 255) else color[0] for color in found]


@pytest.mark.parametrize(
    ("count", "side", "expected"),
    [
        (4, None, [0, 1, 2, 3]),
        (9, None, list(range(9))),
        (16, None, [2, 6, 10, 14]),
        (1, None, [0, -1, -1, -1]),
        (5, 3, [0, 1, 2, 3, 4, -1, -1, -1, -1]),
        (33, 3, [1, 5, 9, 12, 16, 20, 23, 27, 31]),
        (7, 1, [3]),
    ],
)
def test_frames_in_a_grid(count, side, expected):
    grid = lay_grid(make_frames(count), side)
    assert read_grid(grid, side or (3 if count == 9 else 2)) == expected


def test_frames_of_other_sizes_are_scaled_to_the_first():
    frames = [*make_frames(1), Image.new("RGB", (50, 50), (7, 0, 0))]
    assert read_grid(lay_grid(open_shown(frames)), 2) == [0, 7, -1, -1]


def test_what_a_judge_looks_at_is_opened():
    transparent = Image.new("RGBA", (6, 4), (255, 0, 0, 0))
    assert open_shown(transparent).getpixel((0, 0)) == (255, 255, 255)
    deep = Image.fromarray(WIDE)
    assert [frame.mode for frame in open_shown([transparent, deep])] == ["RGB", "RGB"]
    moving = io.BytesIO()
    Image.new("RGB", (6, 4)).save(moving, "GIF", save_all=True, append_images=make_frames(3)[1:])
    for shown, words in [
        ([], "it has no frames"),
        ([transparent, "cup.png"], "frame 2 of 2: it is no picture, but `cup.png`; open it"),
        (Image.open(moving), "it has 3 frames"),
        (None, "there is no picture"),
    ]:
        with pytest.raises(GasError, match=words):
            open_shown(shown)
