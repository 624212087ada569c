"""Rows to train on: whatever holds them opens the same way, and what is wrong with them is one clear message."""

import io
import json
import os
import shutil

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from generate_any_scene.errors import RecipeError
from generate_any_scene.training.data import describe_data, load_rows
from generate_any_scene.training.fields import Data
from PIL import Image

BOTH = ("caption", "image")
COLORS = ("red", "green", "blue")
SMALL = {"splits": {"train": 20, "validation": 0, "test": 5}}


def load(needed=("caption",), **keys):
    return load_rows(Data.model_validate(keys), needed)


def list_problems(needed=("caption",), **keys):
    with pytest.raises(RecipeError) as caught:
        load(needed, **keys)
    return str(caught.value).splitlines()


def find_fingerprint(needed=("caption",), **keys):
    data = Data.model_validate(keys)
    return describe_data(data, load_rows(data, needed))["fingerprint"]


def make_png(color):
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def images(tmp_path):
    """A folder of pictures with captions, as `imagefolder` has it."""
    folder = tmp_path / "images"
    folder.mkdir()
    for color in COLORS:
        (folder / f"{color}.png").write_bytes(make_png(color))
    lines = [json.dumps({"file_name": f"{color}.png", "caption": f"all {color}"}) + "\n" for color in COLORS]
    (folder / "metadata.jsonl").write_text("".join(lines))
    return folder


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.json"
    path.write_text(json.dumps([{"text": f"text {number}", "image": f"{number}.png"} for number in range(4)]))
    return path


def check_images(rows):
    assert rows.column_names == ["caption", "image"]
    for row, color in zip(rows, COLORS, strict=True):
        assert row["caption"] == f"all {color}"
        assert row["image"].getpixel((0, 0)) == Image.new("RGB", (1, 1), color).getpixel((0, 0))


# What opens.


def test_a_dataset_recipe_by_its_name_with_overrides(write_rows):
    rows = load(("caption", "questions"), recipe="sandbox", overrides=SMALL)
    expected = [(row["caption"], row["questions"]) for row in write_rows("sandbox", rows=20)]
    assert [(row["caption"], row["questions"]) for row in rows] == expected
    other = load(recipe="sandbox", overrides={**SMALL, "seed": 1})
    assert other["caption"][:] != rows["caption"][:]
    assert load(recipe="sandbox", overrides=SMALL, split="test").num_rows == 5


WORDED = {"recipe": "sandbox", "overrides": {**SMALL, "wordings": ["prompt", "short", "long"]}}


@pytest.mark.parametrize(("wording", "places"), [("short", [1] * 20), (2, [2] * 20), ("mixed", [0, 1, 2] * 7)])
def test_a_wording_takes_the_captions_place(wording, places, write_rows):
    expected = write_rows("sandbox", ("wordings=[prompt, short, long]",), 20)
    rows = load(("id", "caption"), **WORDED, wording=wording)
    assert rows["id"][:] == [row["id"] for row in expected]
    captions = [row["wordings"][place]["caption"] for row, place in zip(expected, places, strict=False)]
    assert rows["caption"][:] == captions


def test_each_wording_is_a_row(write_rows):
    expected = write_rows("sandbox", ("wordings=[prompt, short, long]",), 20)
    rows = load(("id", "caption"), **WORDED, wording="all", limit=30)
    told = [
        (f"{row['id']}/{place}", one["caption"])
        for row in expected
        for place, one in enumerate(row["wordings"])
        if one["caption"] not in [other["caption"] for other in row["wordings"][:place]]
    ]
    assert list(zip(rows["id"], rows["caption"], strict=True)) == told[:30]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({**WORDED, "wording": "lang"}, "data.wording: 20 of 20 rows have no wording `lang`; did you mean `long`?"),
        ({**WORDED, "wording": 3}, "data.wording: 20 of 20 rows have no wording `3`; choose from"),
        ({"recipe": "sandbox", "overrides": SMALL, "wording": "long"}, "data.wording: the data has no column `word"),
    ],
)
def test_a_wording_that_is_not_there_is_one_message(keys, message):
    (said,) = list_problems(**keys)
    assert said.startswith(message)


def test_a_dataset_recipe_by_its_path(write_recipe, monkeypatch):
    path = write_recipe("taxonomy: [sandbox]\nstructure: {complexity: [1, 3]}")
    rows = load(recipe=str(path))
    assert rows.num_rows == 64
    assert load(recipe=str(path), overrides={"seed": 1})["caption"][:] != rows["caption"][:]
    monkeypatch.chdir(path.parent)
    assert load(recipe="mine.yaml")["caption"][:] == rows["caption"][:]


def test_pictures_of_the_sandbox_are_drawn():
    rows = load(BOTH, recipe="sandbox", draw="sandbox", overrides=SMALL, limit=3)
    assert (rows.column_names, rows.num_rows) == (["caption", "image"], 3)
    assert rows[0]["image"].size == (72, 72)
    assert len({row["image"].tobytes() for row in rows}) == 3


def test_a_folder_that_gas_build_wrote(built, write_rows):
    rows = load(("caption", "scene_graph"), path=str(built), name="multi_object")
    assert rows.num_rows == 200
    assert rows["caption"][:] == [row["caption"] for row in write_rows("multi_object", rows=200)]
    assert load(path=str(built), name="video", split="test[:10]").num_rows == 10


def test_a_folder_of_pictures(images):
    check_images(load(BOTH, path=str(images)))


def test_what_save_to_disk_wrote(images, tmp_path):
    rows = datasets.load_dataset(str(images), split="train")
    rows.save_to_disk(tmp_path / "rows")
    check_images(load(BOTH, path=str(tmp_path / "rows")))
    assert load(BOTH, path=str(tmp_path / "rows"), split="train[1:]")["caption"][:] == ["all green", "all blue"]
    (problem,) = list_problems(BOTH, path=str(tmp_path / "rows"), split="test")
    assert problem.startswith("data.split: ") and 'Unknown split "test"' in problem
    datasets.DatasetDict({"train": rows, "test": rows.select([2])}).save_to_disk(tmp_path / "splits")
    check_images(load(BOTH, path=str(tmp_path / "splits")))
    assert load(path=str(tmp_path / "splits"), split="test")["caption"][:] == ["all blue"]


@pytest.mark.parametrize("held", ["bytes", "struct"])
def test_images_that_parquet_holds_as_bytes(held, tmp_path):
    pictures = [make_png(color) for color in COLORS]
    if held == "struct":
        pictures = [{"bytes": picture, "path": None} for picture in pictures]
    table = pa.table({"caption": [f"all {color}" for color in COLORS], "image": pictures})
    pq.write_table(table, tmp_path / "rows.parquet")
    check_images(load(BOTH, path="parquet", data_files=str(tmp_path / "rows.parquet")))


def test_columns_are_named_and_rows_limited(texts):
    rows = load(path="json", data_files=str(texts), columns={"caption": "text"}, limit=2)
    assert rows.to_list() == [{"caption": "text 0"}, {"caption": "text 1"}]
    assert load(path="json", data_files=str(texts), columns={"caption": "text"}, limit=99).num_rows == 4
    renamed = load(("text",), path="json", data_files=str(texts), columns={"text": "image"})
    assert renamed["text"][:] == [f"{number}.png" for number in range(4)]


@pytest.fixture
def pairs(tmp_path):
    folder = tmp_path / "pairs"
    folder.mkdir()
    for number, color in enumerate(COLORS):
        (folder / f"{number}.png").write_bytes(make_png(color))
        (folder / f"{number}.txt").write_text(f"all {color}\n")
    return folder


def test_a_mark_of_the_order_of_bytes_is_no_part_of_a_caption(pairs):
    (pairs / "0.txt").write_text("a red dog", encoding="utf-8-sig")
    assert load(BOTH, path=str(pairs))["caption"][0] == "a red dog"


def test_a_folder_of_pictures_with_a_text_file_each(pairs):
    check_images(load(BOTH, path=str(pairs)))
    assert load(path=str(pairs), split="train[1:]")["caption"][:] == ["all green", "all blue"]
    (pairs / "1.txt").unlink()
    (problem,) = list_problems(BOTH, path=str(pairs))
    assert problem.startswith(f"data: 1 of 3 pictures have no caption; there is no {pairs / '1.txt'}")


# What does not.


@pytest.mark.parametrize(
    ("captions", "words"),
    [
        ([["a"], ["b"]], "holds List(Value('string')), and no texts"),
        ([1, 2], "holds Value('int64'), and no texts"),
        ([1.5, 2.5], "holds Value('float64'), and no texts"),
        ([True, False], "holds Value('bool'), and no texts"),
        ([None, None], "holds Value('null'), and no texts"),
        ([{"text": "a"}, {"text": "b"}], ", and no texts"),
        (["a", None], "1 of 2 rows have no caption; the first is row 1"),
        (["", "b"], "1 of 2 rows have no caption; the first is row 0"),
        ([" \n", "\t"], "2 of 2 rows have no caption; the first is row 0"),
    ],
)
def test_captions_that_are_no_texts(captions, words, tmp_path):
    datasets.Dataset.from_dict({"caption": captions}).save_to_disk(tmp_path / "rows")
    (problem,) = list_problems(path=str(tmp_path / "rows"))
    assert problem.startswith("data: ") and words in problem


def test_a_column_that_is_missing_is_told_with_those_that_are_there(texts):
    assert list_problems(path="json", data_files=str(texts)) == [
        "data: the data has no column `caption`; choose from text, image; name it with `data.columns: {caption: ...}`"
    ]
    (problem,) = list_problems(path="json", data_files=str(texts), columns={"caption": "txt"})
    assert "the data has no column `txt`; did you mean `text`?" in problem


def test_columns_that_make_no_sense_are_told(texts):
    file = {"path": "json", "data_files": str(texts)}
    assert list_problems(**file, columns={"caption": "text", "picture": "image"}) == [
        "data.columns: `picture` is none of the columns that are used here, which are caption; leave it out"
    ]
    assert list_problems(BOTH, **file, columns={"caption": "text", "image": "text"}) == [
        "data.columns: `text` cannot be `caption`, `image` at once; name two columns of the data"
    ]


def test_an_image_column_of_names_is_no_image(texts):
    (problem,) = list_problems(BOTH, path="json", data_files=str(texts), columns={"caption": "text"})
    assert problem == (
        "data: the column `image` holds text, and no images; give a folder of pictures with a metadata.jsonl whose "
        "lines hold `file_name` and `caption`"
    )
    (problem,) = list_problems(("image",), recipe="sandbox", overrides=SMALL, columns={"image": "structure"})
    assert "the column `image` holds {'objects'" in problem


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"path": "./nowhere"},
            "data.path: there is no folder `./nowhere`; give a folder, such as --set data.path=./images",
        ),
        (
            {"path": "nowhere"},
            "data.path: `nowhere` is no folder, nor the name of a data set on the Hub: it has no owner",
        ),
        ({"recipe": "sandbx"}, "data.recipe: there is no recipe `sandbx`; did you mean `sandbox`?"),
        ({"recipe": "./nowhere.yaml"}, "data.recipe: ./nowhere.yaml is missing"),
        ({"recipe": "sandbox", "split": "tset"}, 'data.split: cannot open the recipe `sandbox`: Unknown split "tset"'),
        (
            {"recipe": "sandbox", "overrides": {"structure": {"complexty": 3}}},
            "data.overrides.structure.complexty: unknown key `complexty`; did you mean `complexity`?",
        ),
        (
            {"recipe": "sandbox", "overrides": {"version": "2.0.0"}},
            "data.overrides.version: `version` cannot be overridden; ",
        ),
    ],
)
def test_what_is_not_there_is_one_message(keys, message):
    (problem,) = list_problems(**keys)
    assert problem.startswith(message)


def test_mistakes_of_a_dataset_recipe_have_their_place_in_its_file(write_recipe):
    path = write_recipe("structure: {complexity: 3, objcts: 2}")
    (problem,) = list_problems(recipe=str(path))
    assert problem == f"{path}:4:28: structure.objcts: unknown key `objcts`; did you mean `objects`?"


def test_scenes_that_the_sandbox_cannot_draw_are_told():
    keys = {"recipe": "multi_object", "overrides": SMALL, "draw": "sandbox"}
    (problem,) = list_problems(BOTH, **keys)
    assert problem.startswith("data.draw: the sandbox draws no `")


def test_data_without_rows_is_told(tmp_path, texts):
    empty, broken, folder = tmp_path / "empty.jsonl", tmp_path / "broken.jsonl", tmp_path / "folder"
    empty.write_text("")
    broken.write_text('{"caption": 1\n')
    folder.mkdir()
    for keys, message in (
        ({"path": "json", "data_files": str(empty)}, "data: cannot open `json`: it is empty"),
        ({"path": "json", "data_files": str(broken)}, "data: cannot open `json`: JSON parse error: "),
        ({"path": str(folder)}, f"data: cannot open `{folder}`: "),
        ({"path": str(texts)}, f"data: cannot open `{texts}`: "),
        (
            {"recipe": "sandbox", "overrides": SMALL, "split": "test[:0]"},
            "data.split: cannot open the recipe `sandbox`: Instruction",
        ),
    ):
        (problem,) = list_problems(**keys)
        assert problem.startswith(message)
    assert list_problems(path=str(texts))[0].endswith(f"`data: {{path: json, data_files: {texts}}}`")


# The record.


def test_the_fingerprint_of_files_changes_with_them(images, tmp_path):
    keys = {"path": str(images)}
    first = find_fingerprint(BOTH, **keys)
    assert find_fingerprint(BOTH, **keys) == first
    shutil.rmtree(datasets.config.HF_DATASETS_CACHE)  # nor does it depend on what was read before
    assert find_fingerprint(BOTH, **keys) == first
    assert find_fingerprint(BOTH, **keys, limit=2) != first
    (images / "red.png").write_bytes(make_png("yellow"))
    os.utime(images / "red.png", (1, 1))
    assert find_fingerprint(BOTH, **keys) != first


def test_the_fingerprint_of_a_recipe_changes_with_what_its_rows_depend_on():
    keys = {"recipe": "sandbox", "draw": "sandbox"}
    first = find_fingerprint(BOTH, **keys, overrides=SMALL)
    assert find_fingerprint(BOTH, **keys, overrides=SMALL) == first
    assert find_fingerprint(BOTH, **keys, overrides={**SMALL, "seed": 1}) != first
    assert find_fingerprint(BOTH, **keys, overrides=SMALL, split="test") != first


def test_the_record_names_the_source():
    data = Data.model_validate({"recipe": "sandbox", "overrides": SMALL, "limit": 7})
    described = dict(describe_data(data, load_rows(data, ["caption"])))
    assert len(described.pop("recipe_fingerprint")) > 8 and described.pop("fingerprint")
    assert described == {"recipe": "sandbox", "overrides": SMALL, "limit": 7, "rows": 7}
