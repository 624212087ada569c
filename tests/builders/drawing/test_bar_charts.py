"""Bar charts: bars as long as what they stand for, and whatever words they have."""

from xml.etree import ElementTree

import pytest
from generate_any_scene.builders.drawing.bar_charts import PANEL, Bar, Panel, draw_chart
from generate_any_scene.builders.drawing.colors import BARS, GROUND
from generate_any_scene.builders.drawing.svg import cut_text, measure_text, wrap_text

SVG = "{http://www.w3.org/2000/svg}"
COUNTS = {"a": 40, "b": 10, "c": 0}


def find_bars(picture, color=BARS[0]):
    """Widths of bars of a colour."""
    return [
        float(one.get("width"))
        for one in ElementTree.fromstring(picture).iter(f"{SVG}rect")
        if one.get("fill") == color and one.get("height") != "11"
    ]


def read_texts(picture):
    return [text.text for text in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_bars_are_as_long_as_their_counts():
    picture = draw_chart(Panel("p", [Bar(name, {"": count}, str(count)) for name, count in COUNTS.items()]))
    long, short = find_bars(picture)
    assert long == pytest.approx(4 * short, abs=0.2)
    assert read_texts(picture) == ["p", "a", "40", "b", "10", "c", "0"]


def test_parts_add_up_and_shares_fill_the_bar():
    bars = [Bar("x", {"yes": 30, "no": 10}, "40"), Bar("y", {"yes": 1, "no": 3}, "4")]
    for full in (False, True):
        picture = draw_chart(Panel("p", bars, full=full))
        yes, no = (find_bars(picture, color) for color in BARS[:2])
        assert [yes[0] / no[0], no[1] / yes[1]] == pytest.approx([3, 3], rel=0.05)
        assert ((yes[0] + no[0]) / (yes[1] + no[1])) == pytest.approx(1 if full else 10, rel=0.05)
        assert {"yes", "no"} <= set(read_texts(picture))


def test_a_bar_stands_before_what_it_could_be():
    picture = draw_chart(Panel("p", [Bar("x", {"": 0.25}, "1 of 4", ground=1.0)]))
    assert find_bars(picture)[0] == pytest.approx(find_bars(picture, GROUND)[0] / 4, abs=0.1)


def test_any_words_are_well_formed_and_inside():
    words = ['<b> & "quotes"', "x" * 400, "\x00\x1b", "", "犬" * 90, "a|b"]
    bars = [Bar(word, {word or "none": number}, f"{number:,}") for number, word in enumerate(words)]
    for word in words:
        page = ElementTree.fromstring(draw_chart(Panel(word, bars, word, mark=2.0)))
        assert (page.find(f"{SVG}title").text or "") == word.replace("\x00\x1b", "\ufffd\ufffd")
        for one in page.iter(f"{SVG}rect"):
            assert float(one.get("width")) <= float(page.get("width"))
        for group in page.iter(f"{SVG}g"):
            for one in group.iter(f"{SVG}rect"):
                assert float(one.get("x")) + float(one.get("width")) <= PANEL + 0.1


def test_bars_of_one_piece_have_the_color_of_what_they_count():
    picture = draw_chart(Panel("p", [Bar("x", {"": 1.0}, "1")], color="#8a2f8a"))
    assert find_bars(picture, "#8a2f8a") and not find_bars(picture)


def test_nothing_is_in_a_picture_that_a_policy_blocks(built):
    """But for one style, without which colors are those of a light page."""
    for path in (built / "card-assets").iterdir():
        elements = list(ElementTree.fromstring(path.read_bytes()).iter())
        assert {one.tag for one in elements} <= {
            SVG + tag for tag in ("svg", "g", "rect", "text", "tspan", "path", "line", "title", "style")
        }
        assert not any({"style", "class", "href", "onload"} & set(one.attrib) for one in elements)


@pytest.mark.parametrize("text", ["a dog", "supercalifragilisticexpialidocious", "one two three four five six", ""])
def test_texts_are_cut_and_wrapped_to_a_width(text):
    assert measure_text(cut_text(text, 80)) <= 80
    lines = wrap_text(text, 80, most=2)
    assert 1 <= len(lines) <= 2
    assert all(measure_text(line) <= 80 for line in lines)
    assert " ".join(lines).split("…")[0].startswith(text.split(" ")[0][:5])
