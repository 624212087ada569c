"""Pictures of whole rows: all of it is there and inside."""

import re
from xml.etree import ElementTree

import pytest
from generate_any_scene.builders.drawing.rows import draw_row
from generate_any_scene.builders.drawing.svg import measure_text

SVG = "{http://www.w3.org/2000/svg}"
WIDTHS = (430, 640, 830)


@pytest.fixture(scope="module")
def rows(write_rows):
    return write_rows("general", rows=20)


def choose_questions(row):
    """The first question of each kind and form."""
    return list({(one["kind"], one["form"]): one for one in reversed(row["questions"])}.values())


def draw_rows(rows):
    """Each row with questions and its picture, narrow and wide."""
    for row in rows:
        questions = choose_questions(row)
        for width in WIDTHS:
            yield row, questions, ElementTree.fromstring(draw_row(row, questions, width))


def list_texts(page):
    """Lines of text, with their colored parts."""
    return ["".join(one.itertext()) for one in page.iter(f"{SVG}text")]


def test_a_picture_says_what_the_row_says(rows):
    for row, questions, page in draw_rows(rows):
        lines = list_texts(page)
        shown = " ".join(" ".join(lines).split())
        for text in (row["caption"], *(question["question"] for question in questions)):
            assert text in shown
        for question in questions:
            assert question["answer"] in lines
            assert all(word in shown for choice in question["choices"] for word in choice.split())
        assert f"{len(questions)} OF {len(row['questions'])} QUESTIONS" in lines


def test_mentions_have_the_color_of_their_element(rows):
    colors = {"object": "#3b6ea5", "attribute": "#8a5a00", "relation": "#8a2f8a", "scene": "#3f6d31"}
    for row, _, page in draw_rows(rows):
        drawn = {
            color: " ".join(one.text.strip() for one in page.iter(f"{SVG}tspan") if one.get("fill") == color)
            for color in colors.values()
        }
        for mention in row["mentions"]:
            text = row["caption"][mention["start"] : mention["end"]]
            words = drawn[colors[mention["element"].split("/")[0]]]
            assert all(word in words for word in re.findall(r"[^\s.,]+", text))


def test_nothing_leaves_the_picture(rows):
    for _, _, page in draw_rows(rows):
        width, height = float(page.get("width")), float(page.get("height"))
        for one in page.findall(f"{SVG}text"):
            assert float(one.get("y")) < height
            room = width - float(one.get("x"))
            text, size = "".join(one.itertext()), float(one.get("font-size"))
            assert measure_text(text, size) / (2 if one.get("text-anchor") == "middle" else 1) <= room
        for group in page.findall(f"{SVG}g"):
            x, _, scale = re.fullmatch(
                r"translate\((\S+) (\S+)\)(?: scale\((\S+)\))?", group.get("transform")
            ).groups()
            edges = [float(one.get("x")) + float(one.get("width")) for one in group.iter(f"{SVG}rect")]
            assert float(x) + 18 + float(scale or 1) * max(edges) <= width
