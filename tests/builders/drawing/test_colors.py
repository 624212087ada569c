"""Colors: what is written can be read on light and on dark paper, and parts of bars are told apart by everybody."""

from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from generate_any_scene.builders.drawing import colors
from generate_any_scene.builders.drawing.colors import BARS, DARK, MENTIONS
from generate_any_scene.builders.drawing.rows import draw_row
from generate_any_scene.builders.drawing.scene_graphs import draw_graph
from generate_any_scene.builders.drawing.svg import write_page

SVG = "{http://www.w3.org/2000/svg}"
VISIONS = {
    "usual": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
"""What people see of red, green and blue light (Machado, Oliveira and Fernandes 2009, full severity)."""
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def read_light(color):
    """Red, green and blue light of a color of sRGB."""
    parts = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def measure_contrast(one, other):
    """As WCAG 2 defines it."""
    low, high = sorted(float(TO_XYZ[1] @ read_light(color)) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def find_lab(color, vision):
    """A color as CIELAB, as somebody sees it."""
    x, y, z = np.cbrt(TO_XYZ @ np.clip(VISIONS[vision] @ read_light(color), 0.001, 1) / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_written_can_be_read(dark):
    def show(color):
        return DARK.get(color, color) if dark else color

    written = [(color, colors.PAPER) for color in (colors.INK, colors.PALE, *MENTIONS.values())]
    written += [(colors.INK, ground) for ground in (colors.BOX, colors.SCENE, colors.SEED)]
    written += [(colors.VALUE, colors.BOX), *((letters, ground) for ground, letters in (colors.YES, colors.NO))]
    written += [colors.OTHER[::-1]]
    for letters, ground in written:
        assert measure_contrast(show(letters), show(ground)) >= 4.5, (letters, ground)
    for bar in BARS[:4]:
        assert measure_contrast(show(bar), show(colors.PAPER)) >= 2


@pytest.mark.parametrize("vision", VISIONS)
def test_parts_of_bars_are_told_apart(vision):
    for one, other in combinations(BARS[:4], 2):
        assert np.linalg.norm(find_lab(one, vision) - find_lab(other, vision)) > 25
    assert not set(BARS) & set(DARK), "they would be others on dark pages"


def test_every_color_has_one_for_dark_pages(write_rows):
    for row in write_rows("general", rows=10):
        for picture in (draw_graph(row, "scene"), draw_row(row, row["questions"][:4], 830)):
            page = ElementTree.fromstring(picture)
            used = {one.get(name) for one in page.iter() for name in ("fill", "stroke")} - {None, "none"}
            assert used <= set(DARK)
            (style,) = page.iter(f"{SVG}style")
            assert all(f'="{color}"]{{' in style.text and DARK[color] in style.text for color in used)


def test_pictures_within_a_page_have_no_styles_of_their_own():
    """They would be everybody's on that page."""
    assert "<style>" not in write_page(10, 10, "title", [], styled=False)
    assert "<style>" in write_page(10, 10, "title", [])
