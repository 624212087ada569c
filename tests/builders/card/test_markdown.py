"""Texts in Markdown say what they say, and nothing else."""

import html
import json
import re

import pytest
from generate_any_scene.builders.card.markdown import escape_markdown, write_fence, write_json
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
letters = st.text(alphabet="ab1 \\`*_{}[]()<>|~$&#!.-+:;/\"'=\n\t", max_size=30)


def read_cells(page):
    return [html.unescape(cell) for cell in re.findall("<td>(.*?)</td>", page, re.S)]


@given(text=letters)
@example(text="</details><script>alert(1)</script>")
@example(text="| a | b |\n| --- | --- |")
@example(text="&lt;b&gt; &amp; \\| `x` \\")
def test_a_text_in_a_table_stays_as_it_is(text):
    page = MARKDOWN.render(f"| a | b |\n| --- | --- |\n| {escape_markdown(text)} | end |\n")
    assert read_cells(page) == [" ".join(text.split()), "end"]
    assert set(re.findall(r"<(\w+)", page)) <= {"table", "thead", "tbody", "tr", "th", "td"}


@given(text=letters)
def test_a_text_after_another_is_neither_markup_nor_html(text):
    page = MARKDOWN.render(f"**`id`**: {escape_markdown(text)}.\n")
    assert set(re.findall(r"<(\w+)", page)) <= {"p", "strong", "code"}
    assert html.unescape(re.sub("<[^>]*>", "", page)).strip() == f"id: {' '.join(text.split())}".rstrip() + (
        "." if text.split() else " ."
    )


@given(text=letters)
@example(text="```\n</details>\n````")
def test_a_block_of_code_holds_any_text(text):
    tokens = MARKDOWN.parse(write_fence(text, "yaml") + "\n\nend\n")
    assert [token.type for token in tokens if token.type == "fence"] == ["fence"]
    assert tokens[0].content.rstrip() == text.rstrip()
    assert tokens[-2].content == "end"


@pytest.mark.parametrize("value", [{}, [], "a", {"a": [1, {"b": None}]}, [{"long": "word " * 30}, ["x"] * 40]])
def test_json_is_the_same_however_it_is_cut_into_lines(value):
    assert json.loads(write_json(value)) == value
