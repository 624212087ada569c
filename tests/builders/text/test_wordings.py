"""Wordings: one scene in other words, by other templates and frames."""

import numpy as np
import pytest
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.fingerprint import compute_fingerprint
from generate_any_scene.builders.rows.schema import schema_of
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.text.templates import list_templates
from generate_any_scene.errors import RecipeError

SEVERAL = "wordings={templates: [prompt, verbose, default], count: 6}"


SMALL = ("structure={complexity: [2, 6], objects: [1, 3], attributes: [0, 3], relations: [0, 2]}", "questions=[]")


def write_wordings(open_writer, recipe, *overrides, rows=150):
    return open_writer(recipe, *SMALL, *overrides).write_block("train", 0, rows).to_pylist()


@pytest.mark.parametrize("template", list_templates("captions"))
def test_a_wording_is_the_caption_that_its_template_writes(template, open_writer):
    one = "{template: default, frames: 1}" if template == "default" else template
    for row, other in zip(
        write_wordings(open_writer, "general", f"wordings={template}", "captions=prompt"),
        write_wordings(open_writer, "general", f"captions={one}"),
        strict=True,
    ):
        (wording,) = row["wordings"]
        assert wording["template"] == template
        assert row["scene_graph"] == other["scene_graph"]
        if template != "default":  # which has frames, dealt by another key
            assert (wording["caption"], wording["mentions"]) == (other["caption"], other["mentions"])


def test_all_else_of_a_row_stays_as_it_is_without_wordings(open_writer):
    worded = open_writer("multi_object", *SMALL[:1], SEVERAL).write_block("train", 0, 150)
    assert worded.drop_columns("wordings") == open_writer("multi_object", *SMALL[:1]).write_block("train", 0, 150)
    assert worded.schema == schema_of(load_recipe("multi_object", (SEVERAL,)).recipe)


@pytest.mark.parametrize("recipe", ["general", "three_d"])
def test_no_two_wordings_are_alike_where_frames_differ(recipe, open_writer):
    """Where they are, the scene has no further text in any frame of its templates."""
    every = write_wordings(open_writer, recipe, "wordings={templates: [prompt, verbose, default], count: 14}")
    several = write_wordings(open_writer, recipe, SEVERAL)
    for row, all_of_it in zip(several, every, strict=True):
        texts = {wording["caption"] for wording in row["wordings"]}
        assert len(row["wordings"]) == 6
        assert len(texts) == min(6, len({wording["caption"] for wording in all_of_it["wordings"]}))
        assert [wording["template"] for wording in row["wordings"]] == ["prompt", "verbose", *["default"] * 4]


def test_a_template_with_one_frame_keeps_its_text_and_others_move(open_writer):
    """A short scene reads alike in `verbose` and in some frames of `default`, which stands before it."""
    overrides = ("wordings=[default, verbose]", "structure.attributes=0")
    rows = write_wordings(open_writer, "multi_object", *overrides)
    assert all(row["wordings"][0]["caption"] != row["wordings"][1]["caption"] for row in rows)


def test_mentions_are_where_wordings_name_elements(open_writer):
    for row in write_wordings(open_writer, "general", "wordings=[short, long]"):
        for wording in row["wordings"]:
            assert {one["element"] for one in wording["mentions"]} == {one["element"] for one in row["mentions"]}
            for mention in wording["mentions"]:
                domain, number, *_ = mention["element"].split("/")
                one = row["scene_graph"]["objects"][int(number)] if domain == "object" else {"count": 2}
                said = wording["caption"][mention["start"] : mention["end"]]
                assert one["count"] > 1 or said.lower() == one["name"].lower()


def test_fewer_wordings_than_templates_deal_all_templates(open_writer):
    rows = write_wordings(open_writer, "multi_object", "wordings={templates: [short, prompt, long, terse], count: 2}")
    pairs = [tuple(wording["template"] for wording in row["wordings"]) for row in rows]
    names = ["short", "prompt", "long", "terse"]
    assert set(pairs) == {(one, names[(place + 1) % 4]) for place, one in enumerate(names)}
    assert np.unique([one for pair in pairs for one in pair], return_counts=True)[1].min() > 0.8 * len(rows) / 2


def test_a_row_alone_has_the_wordings_that_it_has_in_its_block(open_writer):
    writer = open_writer("multi_object", *SMALL, SEVERAL)
    rows = writer.write_block("train", 1, 120).to_pylist()
    assert writer.write_row("train", BLOCK + 117)["wordings"] == rows[117]["wordings"]
    assert (
        create_writer(load_recipe("multi_object", (*SMALL, SEVERAL))).write_block("train", 1, 120).to_pylist() == rows
    )


def test_a_template_of_ones_own_may_look_at_words(write_recipe):
    path = write_recipe("structure: {complexity: [1, 3]}\nquestions: []\nwordings: [./mine.jinja, default]")
    path.with_name("mine.jinja").write_text("{% for one in scene.objects %}{{ one.name | upper }} {% endfor %}")
    writer = create_writer(load_recipe(path))
    for row in writer.write_block("train", 0, 60).to_pylist():
        assert (
            row["wordings"][0]["caption"].split()
            == " ".join(one["name"].upper() for one in row["scene_graph"]["objects"]).split()
        )
        assert row["wordings"][0]["template"] == "./mine.jinja"
    before = compute_fingerprint(writer)
    path.with_name("mine.jinja").write_text("{% for one in scene.objects %}{{ one.name }} {% endfor %}")
    assert compute_fingerprint(create_writer(load_recipe(path))) != before


@pytest.mark.parametrize(
    ("wordings", "message"),
    [
        ("[prompt, prompt]", "named twice"),
        ("{count: 2}", r"wordings\.templates"),
        ("{templates: [], count: 2}", r"wordings\.templates"),
        ("{templates: [promt]}", r"wordings\.templates\.0.*did you mean `?prompt"),
        ("{templates: [prompt], count: 2}", r"wordings\.count.*at most 1"),
        ("{templates: [default], count: 0}", r"wordings\.count"),
        ("[../mine.jinja]", r"wordings: `\.\./mine\.jinja` leaves"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(wordings, message, write_recipe):
    path = write_recipe(f"structure: {{complexity: [1, 3]}}\nwordings: {wordings}")
    with pytest.raises(RecipeError, match=message) as error:
        create_writer(load_recipe(path))
    assert len(str(error.value).splitlines()) == 1
