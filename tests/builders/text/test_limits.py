"""Limits of captions: none is longer, structures and objects stay as even as without, and nothing else changes."""

import random

import numpy as np
import pyarrow.parquet as pq
import pytest
from generate_any_scene import scene
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.folder.manifest import read_manifest
from generate_any_scene.builders.foundation.counter_rng import derive_key
from generate_any_scene.builders.inspection.evenness import measure_evenness
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.text.lengths import count_clip_tokens, count_words
from generate_any_scene.errors import RecipeError

CLIP = 77
ROWS = 300


def open_limited(recipe="multi_object", **overrides):
    return create_writer(load_recipe(recipe, {"questions": [], **overrides}))


def draw_recipe(seed):
    """A recipe with limits that leave something, drawn at random: its name, what overrides it, and the limits."""
    draw = random.Random(seed)
    name = draw.choice(["multi_object", "attribute_binding", "surreal"])
    limits = draw.choice([{"max_words": draw.randint(14, 30)}, {"max_tokens": draw.randint(22, 50)}])
    if draw.random() < 0.5:
        limits = {"max_words": draw.randint(20, 30), "max_tokens": "clip"}
    captions = {"template": draw.choice(["default", "prompt", "short"]), **limits}
    overrides = {"captions": captions, "seed": draw.randint(0, 9), "pairs": seed % 2 == 0}
    if draw.random() < 0.5:
        overrides["content"] = {"scene_attributes": {"count": [0, 2]}}
    if draw.random() < 0.5:
        overrides["splits"] = {"train": 1000, "test": {"size": 100, "unseen": [draw.choice(["structure", "concept"])]}}
    return name, overrides, limits


def is_short(texts, limits):
    most_tokens = CLIP if limits.get("max_tokens") == "clip" else limits.get("max_tokens", np.inf)
    return (count_words(texts) <= limits.get("max_words", np.inf)) & (count_clip_tokens(texts) <= most_tokens)


@pytest.mark.parametrize("seed", range(4))
def test_no_caption_is_longer_and_a_row_alone_is_the_same(seed):
    name, overrides, limits = draw_recipe(seed)
    writer = open_limited(name, **overrides)
    for split in writer.plan.recipe.splits:
        rows = writer.write_block(split, 0, ROWS)
        assert is_short(rows["caption"].combine_chunks(), limits).all()
        if overrides["pairs"]:
            pairs = rows["pair"].combine_chunks().drop_null().field("caption")
            assert is_short(pairs, limits).all() and len(pairs) > ROWS / 2
        assert writer.write_row(split, ROWS - 7) == rows.slice(ROWS - 7, 1).to_pylist()[0]
        assert rows.slice(0, 50).equals(writer.write_block(split, 0, 50))


@pytest.fixture(scope="module")
def drawn():
    """Scenes of a block: without a limit, with one of 20 words, and as many of the first that have no more."""
    free, limited = open_limited(), open_limited(captions={"max_words": 20})
    scenes = draw_block(free.plan, "train", 0)
    kept = [np.flatnonzero(count_words(free.write_captions("train", block, 0, BLOCK)[1]) <= 20) for block in (0, 1)]
    short = [draw_block(free.plan, "train", block).take(rows) for block, rows in enumerate(kept)]
    count = BLOCK - len(kept[0])
    dropped = {name: np.concatenate([read(short[0], name), read(short[1].cut(0, count), name)]) for name in USED}
    return {
        "free": {name: read(scenes, name) for name in USED},
        "limited": {name: read(draw_block(limited.plan, "train", 0), name) for name in USED},
        "dropped": dropped,
        "writer": limited,
    }


USED = ("objects", "structures")


def read(scenes, name):
    return scenes.structures if name == "structures" else scenes.objects.values


def test_complexities_stay_as_even_as_without_limits(drawn):
    complexity = drawn["writer"].plan.structures.table.complexity
    counts = {name: np.bincount(complexity[drawn[name]["structures"]]) for name in ("free", "limited", "dropped")}
    assert np.ptp(counts["free"][3:]) <= 8 and np.ptp(counts["limited"][3:]) <= 8
    assert np.ptp(counts["dropped"][3:]) > 1000


def test_objects_stay_nearly_as_even_as_without_limits(drawn):
    pool = np.unique(drawn["writer"].plan.pools.objects)
    gini = {
        name: measure_evenness(np.bincount(drawn[name]["objects"], minlength=pool.max() + 1)[pool]).gini
        for name in ("free", "limited", "dropped")
    }
    assert gini["limited"] < 0.3 * gini["dropped"]
    assert gini["limited"] < gini["free"] + 0.03


def test_a_limit_that_nothing_reaches_changes_no_row():
    rows = [
        open_limited(captions=captions).write_block("train", 0, 100) for captions in ("default", {"max_words": 500})
    ]
    assert rows[0].equals(rows[1])


def test_clip_is_a_name_for_77_tokens():
    assert load_recipe("multi_object", {"captions": {"max_tokens": "clip"}}).recipe.captions[0].max_tokens == CLIP
    with pytest.raises(RecipeError, match="must be a whole number, not `clips`"):
        load_recipe("multi_object", {"captions": {"max_tokens": "clips"}})


def test_limits_that_leave_nothing_say_by_how_much_to_raise_them():
    with pytest.raises(
        RecipeError, match=r"no scene graph usually has a caption of at most 2 words.*raise the limit by \d"
    ):
        open_limited(captions={"max_words": 2})


def test_a_limit_of_one_of_several_templates_leaves_the_others_alone():
    writer = open_limited(captions=[{"template": "short", "max_words": 12}, {"template": "verbose"}])
    rows = writer.write_block("train", 0, 1000)
    key = derive_key(writer.plan.recipe.seed, writer.plan.recipe.name, "train", "captions")
    templates = writer.captions.choose_templates(key, 0, 1000)
    words = count_words(rows["caption"].combine_chunks())
    assert words[templates == 0].max() <= 12 < words[templates == 1].max()


def test_the_manifest_and_the_card_say_how_many_structures_are_left_out(tmp_path):
    overrides = {"captions": {"max_words": 20}, "questions": [], "splits": {"train": 300, "validation": 0, "test": 0}}
    loaded = load_recipe("multi_object", overrides)
    build_datasets([loaded], tmp_path, workers=1)
    split = read_manifest(tmp_path).configs["multi_object"].splits["train"]
    possible = sum(count for _, count in split.structures.values())
    room = create_writer(loaded).plan.room
    assert (
        possible == len(room.rows)
        and split.too_long == len(create_writer(loaded).plan.structures.table) - possible > 0
    )
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert f"Captions have at most 20 words. For that, {split.too_long:,} of 700 structures are left out" in card
    row = pq.read_table(tmp_path / split.files[0].path).slice(250, 1).to_pylist()[0]
    assert row == scene("multi_object", 250, captions={"max_words": 20}, questions=[])
