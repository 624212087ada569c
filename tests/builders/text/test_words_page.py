"""The page of words that a template may use says what the code does."""

import re
from pathlib import Path

import pytest
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.text.marks import Slot, WordInspected
from generate_any_scene.builders.text.templates import create_environment, render_block
from generate_any_scene.builders.text.views import Shape, view_scene
from words_page import PAGE, fill_page

TEXT = PAGE.read_text(encoding="utf-8")
SLOW, FAST = (
    re.findall(r"`(\{[{%].*?[}%]\})`", part) for part in TEXT.split("## What makes")[1].split("These do not look")
)


def test_the_page_is_up_to_date():
    assert fill_page(TEXT) == TEXT, "run python tests/builders/words_page.py"


def test_the_template_on_the_page_works(write_recipe):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: [1, 5]}\nquestions: []")
    path.with_name("mine.jinja").write_text(re.search(r"```jinja\n(.*?)```", TEXT, re.DOTALL)[1])
    writer = create_writer(load_recipe(path))
    for row in writer.write_block("train", 0, 50).to_pylist():
        graph = row["scene_graph"]
        assert row["caption"].count(".") >= len(graph["objects"]) + len(graph["relations"])
        assert all(item["name"] in row["caption"] for item in graph["objects"])
    assert not writer.captions.tracer.row_by_row


def render(code):
    """Renders code of the page for an object with an attribute; what is opened is closed."""
    end = "{% endif %}" if code.startswith("{%") else ""
    template = create_environment(Path("nowhere")).from_string(
        f"{{% for object in scene.objects %}}{code}x{end}{{% endfor %}}"
    )
    return render_block(template, "", {"scene": view_scene(Slot, Shape((1,), (), ()), (0, 0, 0, 0), "image")})


@pytest.mark.parametrize("code", SLOW)
def test_what_the_page_calls_slow_looks_at_words(code):
    with pytest.raises(WordInspected):
        render(code)


@pytest.mark.parametrize("code", FAST)
def test_what_the_page_calls_fast_does_not(code):
    assert render(code)


def test_the_page_gives_examples_of_both():
    assert (len(SLOW), len(FAST)) == (4, 5)
