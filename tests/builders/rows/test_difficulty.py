"""The column `difficulty`: what it says, levels and their shares, sorted splits, and every export."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from generate_any_scene import scene
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.export.export import export_split
from generate_any_scene.builders.export.formats import list_formats, load_format
from generate_any_scene.builders.folder.manifest import read_manifest
from generate_any_scene.builders.folder.reading import find_split
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.fingerprint import compute_fingerprint
from generate_any_scene.builders.rows.schema import SCHEMA
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import RecipeError
from generate_any_scene.taxonomy import load_taxonomy


def load(recipe="multi_object", **overrides):
    return load_recipe(recipe, {"questions": [], **overrides})


def read_levels(rows):
    return np.asarray(rows["difficulty"]).astype(np.int64)


def test_the_number_is_what_the_page_says_of_it():
    """Again in plain Python, from the row alone, with levels of the scores 3 to 6, 7 to 10 and 11 to 13."""
    objects = load_taxonomy().objects
    zipf = dict(zip(objects["id"].to_pylist(), objects["frequency"].to_pylist(), strict=True))
    starts = [3, 7, 11, 14]
    overrides = {"difficulty": {"levels": 3}, "content": {"objects": {"copies": {"count": [1, 4], "share": 0.5}}}}
    rows = create_writer(load(**overrides)).write_block("train", 0, 300).to_pylist()
    assert any(one["count"] > 1 for row in rows for one in row["scene_graph"]["objects"])
    for row in rows:
        things, structure = row["scene_graph"]["objects"], row["structure"]
        rarity = sum(1 - min(zipf[one["concept"]] / 5, 1) for one in things) / len(things)
        more = sum(one["count"] - 1 for one in things)
        score = structure["complexity"] + structure["relations"] + 1 - 1 / (1 + rarity + more)
        level = sum(score >= start for start in starts)
        place = (score - starts[level - 1]) / (starts[level] - starts[level - 1])
        assert row["difficulty"] == pytest.approx(level + place, abs=1.1e-3)
        assert int(row["difficulty"]) == level


def test_the_column_is_there_only_for_recipes_that_ask_for_it():
    assert create_writer(load()).write_block("train", 0, 1).schema.names == SCHEMA.names
    rows = create_writer(load(difficulty=True, wordings=["short"])).write_block("train", 0, 1)
    assert rows.schema.names == [*SCHEMA.names, "wordings", "difficulty"]


@pytest.mark.parametrize("seed", range(3))
def test_levels_have_their_shares_and_a_row_alone_is_the_same(seed):
    draw = np.random.default_rng(seed)
    shares, recipe = draw.integers(1, 5, int(draw.integers(2, 5))).tolist(), ["multi_object", "surreal", "video"][seed]
    order = ["mixed", "ascending"][seed % 2]
    size = BLOCK + sum(shares) * 20 - BLOCK % sum(shares)
    spec = {"levels": len(shares), "shares": shares, "order": order}
    writer = create_writer(load(recipe, difficulty=spec, splits={"train": size}))
    rows = pa.concat_tables([writer.write_block("train", 0), writer.write_block("train", 1, size - BLOCK)])
    levels = read_levels(rows)
    assert (np.bincount(levels)[1:] * sum(shares) == size * np.array(shares)).all()
    assert (np.diff(levels) >= 0).all() == (order == "ascending")
    assert writer.write_row("train", BLOCK + 5) == rows.slice(BLOCK + 5, 1).to_pylist()[0]


def test_content_is_dealt_as_evenly_as_without_levels():
    writer = create_writer(load(difficulty={"shares": [6, 3, 1]}))
    rows = writer.write_block("train", 0)
    objects = rows["scene_graph"].combine_chunks().field("objects").flatten().field("concept")
    counts = np.asarray(objects.value_counts().field("counts"))
    assert len(counts) == len(np.unique(writer.plan.pools.objects)) and np.ptp(counts) <= 2


def test_a_larger_mixed_split_begins_with_the_smaller_and_a_sorted_one_is_another_dataset():
    mixed = [create_writer(load(difficulty=True, splits={"train": size})) for size in (100, 200)]
    assert len({compute_fingerprint(writer) for writer in mixed}) == 1
    spec = {"order": "ascending"}
    ordered = [create_writer(load(difficulty=spec, splits={"train": size})) for size in (100, 200)]
    assert len({compute_fingerprint(writer) for writer in ordered}) == 2


def test_one_level_alone_is_asked_for_by_its_number(tmp_path):
    options = {"questions": [], "splits": {"train": 60}, "cache_dir": str(tmp_path)}
    rows = load_dataset("gas", "multi_object", difficulty=2, split="train", **options)
    assert {int(one) for one in rows["difficulty"]} == {2}
    assert rows[17] == scene("multi_object", 17, questions=[], difficulty=2)
    of_five = load_dataset(
        "gas", "multi_object", difficulty={"levels": 5, "only": 5}, split="train", streaming=True, **options
    )
    assert {int(row["difficulty"]) for row in of_five} == {5}


@pytest.mark.parametrize(
    ("difficulty", "message"),
    [
        (4, "there is no level 4 of 3"),
        ({"shares": [1, 2]}, "2 shares are not 3"),
        ({"shares": [0, 0, 0]}, "every share is 0"),
        ({"shares": [0.1234, 1, 1]}, "too fine"),
        ({"levels": 40}, "40 levels are more than structures have scores, which are 11"),
        ({"only": 1, "order": "ascending"}, "one level alone has no order"),
        ({"order": "descending"}, "mixed"),
    ],
)
def test_what_cannot_be_is_refused(difficulty, message):
    with pytest.raises(RecipeError, match=message):
        create_writer(load(difficulty=difficulty))


def test_a_sorted_split_has_no_filters():
    with pytest.raises(RecipeError, match="`order: ascending` does not go with `filters`"):
        load(difficulty={"order": "ascending"}, filters={"caption_words": {"max": 20}})


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp("levels")
    spec = {"order": "ascending", "shares": [50, 30, 20]}
    splits = {"train": 200, "validation": 0, "test": 0}
    build_datasets([load_recipe("counting", {"difficulty": spec, "splits": splits})], out, workers=1)
    return out


def test_the_manifest_and_the_card_have_the_levels(built):
    levels = read_manifest(built).configs["counting"].splits["train"].difficulty
    assert [rows for rows, _, _ in levels.values()] == [100, 60, 40]
    card = (built / "README.md").read_text(encoding="utf-8")
    for level, (rows, low, high) in levels.items():
        assert f"| {level} | {low} to {high} | {rows} |" in card


def test_a_built_folder_is_read_by_level(built, tmp_path):
    hard = [("difficulty", ">=", 3)]
    rows = load_dataset(
        str(built), "counting", split="train", filters=hard, verification_mode="no_checks", cache_dir=str(tmp_path)
    )
    assert len(rows) == 40 and rows.sort("difficulty")["difficulty"][0] >= 3


@pytest.mark.parametrize("name", list_formats())
def test_every_export_keeps_the_difficulty_or_the_order(name, built, tmp_path):
    source, out = find_split(built, "counting", "train"), tmp_path / "out"
    several = not hasattr(load_format(name)(source.recipe), "convert")
    if several:
        out.mkdir()
    export_split(source, name, out)
    wanted = {row["caption"]: row["difficulty"] for row in pq.read_table(source.files[0]).to_pylist()}
    for path in sorted(out.iterdir()) if several else [out]:
        if path.suffix == ".parquet":
            numbers = pq.read_table(path)["difficulty"].to_pylist()
            assert set(numbers) <= set(wanted.values()) and (np.diff(np.floor(numbers)) >= 0).all()
            continue
        text = path.read_text(encoding="utf-8")
        assert text
        if name in ("dsg", "gas") or path.suffix == ".txt":
            captions = [caption for caption in wanted if json.dumps(caption)[1:-1] in text]
            places = [text.index(json.dumps(caption)[1:-1]) for caption in captions]
            assert captions and places == sorted(places)
        elif name == "csv":
            assert text.splitlines()[0].split(",")[-1] == "difficulty"
        else:
            records = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
            numbers = [record["difficulty"] for record in records]
            assert numbers and set(numbers) <= set(wanted.values())
            assert (np.diff(np.floor(numbers)) >= 0).all()
