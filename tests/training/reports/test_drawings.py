"""Sheets and curves: what was given is there, in its place."""

import numpy as np
from generate_any_scene.training.reports.contact_sheet import GAP, SIDE, TEXT, paste_models, paste_sheet
from generate_any_scene.training.reports.curves import COLORS, draw_models
from PIL import Image, ImageColor

PAINTS = ("red", "lime", "blue")


def paint(color):
    return Image.new("RGB", (8, 8), color)


def read_middle(sheet, model, left=0, top=0):
    x, y = left + GAP + model * (SIDE + GAP) + SIDE // 2, top + GAP + TEXT + SIDE // 2
    return sheet.getpixel((x, y))


def test_a_sheet_has_the_pictures_of_all_models_side_by_side(tmp_path):
    shown = [(f"{color}: 0.50", paint(color)) for color in PAINTS]
    paste_models(tmp_path / "sheet.png", [("first", shown), ("second", shown[::-1]), ("third", shown)])
    sheet = Image.open(tmp_path / "sheet.png")
    assert [read_middle(sheet, place) for place in range(3)] == [ImageColor.getrgb(color) for color in PAINTS]
    second = 3 * (SIDE + GAP) + GAP
    assert [read_middle(sheet, place, left=second) for place in range(3)] == [
        ImageColor.getrgb(color) for color in PAINTS[::-1]
    ]
    assert read_middle(sheet, 1, top=SIDE + TEXT + GAP + 18) == ImageColor.getrgb("lime")


def test_before_stands_left_of_after(tmp_path):
    paste_sheet(tmp_path / "sheet.png", [("a scene", paint("red"), 0.25, paint("blue"), 1.0)])
    sheet = Image.open(tmp_path / "sheet.png")
    assert [read_middle(sheet, place) for place in range(2)] == [(255, 0, 0), (0, 0, 255)]


def test_each_model_has_a_curve_and_the_higher_one_lies_above(tmp_path):
    values = {"low": [[0.2, 0.3], [0.3, 0.2]], "high": [[0.8, 0.9], [0.9, 0.8]]}
    draw_models(tmp_path / "curves.png", ["base", "iteration 1"], values, "title", "score")
    pixels = np.asarray(Image.open(tmp_path / "curves.png").convert("RGB"))[:, :500].astype(int)
    heights = []
    for color in COLORS[:2]:
        rows, columns = np.nonzero((abs(pixels - ImageColor.getrgb(color)) < 8).all(axis=2))
        heights.append(np.median(rows[columns > 250]))
    assert heights[1] < heights[0]
