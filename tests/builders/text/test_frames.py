"""Frames of captions: how often each is used, that scenes keep them, and what a text encoder reads of captions."""

import re
from collections import Counter

import numpy as np
import pytest
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.text.templates import list_templates, load_template, read_frames
from generate_any_scene.errors import GasError
from shipped_recipes import WIDE

RECIPES = [name for name in WIDE if name not in ("sandbox", "geneval2_train")]  # which has phrases for captions
READ = 77
"""Tokens that a CLIP text encoder reads, with one at either end that is none of the text's."""


def bound_tokens(text):
    """About as many tokens as CLIP makes of a text, and rather more: a token for six letters, a digit or a sign."""
    return 2 + sum(-(-len(part) // 6) for part in re.findall(r"[^\W\d_]+|\d|[^\w\s]", text))


@pytest.fixture(scope="module", params=RECIPES)
def recipe(request):
    return request.param


def test_no_words_begin_more_than_a_tenth_of_captions(recipe, write_rows):
    rows = write_rows(recipe, ("questions=[]",), 2000)
    firsts = Counter(tuple(row["caption"].split()[:3]) for row in rows)
    assert max(firsts.values()) <= 0.1 * len(rows), firsts.most_common(3)


def test_all_frames_are_used_alike(recipe, open_writer):
    writer = open_writer(recipe, "questions=[]")
    scenes = draw_block(writer.plan, "train", 0)
    frames = writer.captions.choose_frames(0, 5, scenes)
    counts = np.bincount(frames)
    assert len(counts) == read_frames(load_template("captions", "default", None))
    assert counts.min() > 0.8 * counts.mean() and counts.max() < 1.2 * counts.mean()
    assert (writer.captions.choose_frames(0, 5, scenes.cut(100, 900)) == frames[100:900]).all()


@pytest.mark.parametrize("template", list_templates("captions"))
def test_style_and_light_are_within_what_is_read(recipe, template, write_rows, taxonomy):
    rows = taxonomy.scene_attributes.to_pylist()
    settings = {(row["kind"], row["name"]) for row in rows if row["role"] == "setting"}
    for row in write_rows(recipe, ("questions=[]", f"captions={template}"), 1000):
        for mention in row["mentions"]:
            if mention["element"].startswith("scene/"):
                attribute = row["scene_attributes"][int(mention["element"].split("/")[1])]
                if (attribute["kind"], attribute["value"]) not in settings:
                    assert bound_tokens(row["caption"][: mention["end"]]) <= READ, row["caption"]


@pytest.mark.parametrize(
    ("template", "share"), [("default", 0.04), ("prompt", 0.01), ("terse", 0.02), ("verbose", 0.05)]
)
def test_few_captions_are_longer_than_what_is_read(template, share, recipe, write_rows):
    rows = write_rows(recipe, ("questions=[]", f"captions={template}"), 1000)
    longer = [row["caption"] for row in rows if bound_tokens(row["caption"]) > READ]
    assert len(longer) <= (share if recipe == "general" else 0.01) * len(rows)


def test_an_edited_scene_is_put_in_the_frame_of_its_scene(write_rows):
    # What is edited stands in the middle: the first word is of the frame, or says how many of the first object.
    numbers = {"A", "An", "Two", "Three", "Four", "Five", "Six"}
    pairs = 0
    for row in write_rows("general", ("pairs=[count]", "questions=[]"), 1000):
        if row["pair"]:
            first, other = (caption.split()[0] for caption in (row["caption"], row["pair"]["caption"]))
            assert first == other or {first, other} <= numbers, row["pair"]["caption"]
            pairs += 1
    assert pairs > 500


@pytest.fixture
def open_framed(write_recipe):
    """The writer of a recipe with a template of one's own that begins so, and these options."""

    def open_one(beginning, options=""):
        path = write_recipe(
            f"captions: {{template: mine.jinja{options}}}\nstructure: {{complexity: [1, 4]}}\nquestions: []"
        )
        block = "{% block objects %}Frame {{ frame }}, {{ scene.objects[0].name }}{% endblock %}"
        path.with_name("mine.jinja").write_text(beginning + block)
        return create_writer(load_recipe(path))

    return open_one


@pytest.mark.parametrize(
    ("beginning", "options", "frames"),
    [("", "", 1), ("{% set frames = 3 %}", "", 3), ("{% set frames = 3 %}", ", frames: 2", 2), ("", ", frames: 2", 1)],
)
def test_a_template_has_as_many_frames_as_it_says(beginning, options, frames, open_framed):
    writer = open_framed(beginning, options)
    table = writer.write_block("train", 0, 600)
    counts = Counter(caption.split(",")[0] for caption in table["caption"].to_pylist())
    assert set(counts) == {f"Frame {number}" for number in range(frames)}
    assert min(counts.values()) > 0.7 * 600 / frames
    assert not writer.captions.tracer.row_by_row
    for index in (0, 77, 599):
        assert open_framed(beginning, options).write_row("train", index) == table.slice(index, 1).to_pylist()[0]


@pytest.mark.parametrize("frames", ["0", "'six'", "1.5", "scene.objects", "true"])
def test_frames_that_are_no_number_are_refused(frames, open_framed):
    with pytest.raises(GasError, match=r"mine\.jinja:1: `frames` is how many frames there are: a number from 1 to"):
        open_framed(f"{{% set frames = {frames} %}}")


def test_what_goes_on_with_a_sentence_begins_small(write_recipe):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: [1, 4]}\nquestions: []")
    path.with_name("mine.jinja").write_text(
        "{% set frames = 3 %}"
        "{% block opening %}{% if frame == 1 %}Seen here,{% elif frame == 2 %}Look.{% endif %}{% endblock %}"
        "{% block objects %}{{ scene.objects[0].article | starting }} {{ scene.objects[0].name }}.{% endblock %}"
        "{% block closing %}{{ 'that is all' | starting }}{% endblock %}"
    )
    captions = create_writer(load_recipe(path)).write_block("train", 0, 200)["caption"].to_pylist()
    assert all(
        re.fullmatch(r"(Seen here, (a|an|some)|(Look\. )?(A|An|Some)) .+\. That is all", one) for one in captions
    )
    assert {caption.split()[0] for caption in captions} >= {"Seen", "Look.", "A", "An"}
