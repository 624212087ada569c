"""PNG files of pictures: their size, their letters, and what is said where they cannot be drawn."""

import io
import subprocess
import sys

import pytest
from generate_any_scene.builders.drawing.colors import INK, PAPER
from generate_any_scene.builders.drawing.png import write_png
from generate_any_scene.builders.drawing.svg import write_page, write_text_at
from generate_any_scene.errors import GasError
from PIL import Image

PAGE = write_page(200, 100, "a word", [write_text_at(20, 60, "horse", 40)])


def draw(tmp_path, page=PAGE):
    write_png(page, tmp_path / "page.png")
    return Image.open(io.BytesIO((tmp_path / "page.png").read_bytes())).convert("RGB")


def test_a_picture_is_drawn_fine_with_its_letters_in_light_colors(tmp_path):
    image = draw(tmp_path)
    assert image.size == (400, 200)
    letters = image.crop((40, 50, 360, 130))
    colors = {f"#{red:02x}{green:02x}{blue:02x}" for _, (red, green, blue) in letters.getcolors(100_000)}
    assert {INK, PAPER} <= colors


def test_large_pictures_are_less_fine(tmp_path):
    assert draw(tmp_path, write_page(2000, 3000, "large", [])).size == (2828, 4243)
    assert draw(tmp_path, write_page(4000, 4000, "huge", [])).size == (4000, 4000)


@pytest.mark.parametrize("missing", ["resvg_py", "matplotlib"])
def test_what_is_missing_is_one_line_that_mends_it(missing, tmp_path):
    """In a process of its own, where the package cannot be imported."""
    code = f"""
import sys
from pathlib import Path
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == {missing!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from generate_any_scene.builders.drawing.png import write_png
from generate_any_scene.errors import GasError
try:
    write_png({PAGE!r}, Path("page.png"))
except GasError as error:
    print(error, error.exit_status)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "drawing needs resvg-py: pip install 'generate-any-scene[plots]' 1\n"
    assert not (tmp_path / "page.png").exists()


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(GasError, match=r"none/page\.png: cannot be written: No such file"):
        write_png(PAGE, tmp_path / "none" / "page.png")
