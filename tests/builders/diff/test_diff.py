"""`gas diff`: what differs between folders and recipes, told apart."""

import hashlib
import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from generate_any_scene.arrow import make_texts
from generate_any_scene.builders.build import shards
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.diff import rows as diff_rows
from generate_any_scene.builders.diff import splits as diff_splits
from generate_any_scene.builders.diff.datasets import flatten_keys
from generate_any_scene.builders.diff.rows import (
    CaptionSet,
    RowChanges,
    compare_batches,
    find_changed,
    measure_overlap,
)
from generate_any_scene.builders.recipe.loading import load_recipe
from hypothesis import given
from hypothesis import strategies as st

SPLITS = "splits={train: 200, validation: 0, test: 40}"
TRAIN = "video/train-00000-of-00001.parquet"
PLAIN = (SPLITS, "questions=[object]", "structure.complexity=[3,5]")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with the config `video`, which is quickly built; no test may change it."""
    return build(tmp_path_factory.mktemp("small") / "gas")


def build(out, *overrides, recipe="video"):
    build_datasets([load_recipe(recipe, (*PLAIN, *overrides))], out)
    return out


@pytest.fixture
def copied(small, tmp_path):
    """The same, to change."""
    return shutil.copytree(small, tmp_path / "gas")


@pytest.fixture
def diff(gas):
    """Runs `gas diff --json`; gives what it prints, and of the only config."""

    def run(*arguments):
        status, out, err = gas("diff", *arguments, "--json")
        assert (status, err) == (0, "")
        result = json.loads(out)
        (config,) = result["configs"].values()
        return result, config

    return run


def edit_rows(path, edit):
    table = pq.read_table(path)
    rows = table.to_pylist()
    edit(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def count(split):
    return {name: split["changes"][name] for name in ("compared", "added", "removed", "changed")}


# --- folders ---------------------------------------------------------------------------------------------------------


def test_equal_folders_are_told_without_reading_rows(small, copied, gas, diff, monkeypatch):
    monkeypatch.setattr(diff_splits, "read_rows", None)
    result, config = diff(small, copied)
    assert (result["differs"], config["differs"]) == (False, False)
    assert [split["read"] for split in config["splits"].values()] == [0, 0]
    out = gas("diff", small, copied, "--exit-code")
    assert out[0] == 0
    assert "video: equal, by fingerprint and sizes (train 200, test 40)" in out[1]


def test_all_rows_of_equal_folders(small, copied, diff):
    config = diff(small, copied, "--all")[1]
    train = config["splits"]["train"]
    assert count(train) == {"compared": 200, "added": 0, "removed": 0, "changed": 0}
    assert train["captions"]["jaccard"] == 1
    assert config["differs"] is False
    assert train["usage"]["objects"][0] == train["usage"]["objects"][1]


def test_an_edited_row_and_a_missing_one(small, copied, gas, diff):
    def edit(rows):
        rows[150]["caption"] = "Nothing."
        rows[150]["questions"] = []
        rows[151]["scene_graph"]["objects"][0]["name"] = "thing"
        del rows[7]

    edit_rows(copied / TRAIN, edit)
    result, config = diff(small, copied)
    train = config["splits"]["train"]
    assert result["differs"] is True
    assert count(train) == {"compared": 199, "added": 0, "removed": 1, "changed": 2}
    assert train["changes"]["columns"] == {"caption": 1, "questions": 1, "scene_graph": 1}
    assert train["changes"]["first_removed"] == ["video/train/000000007"]
    first, second = train["changes"]["examples"]
    assert (first["id"], first["place"], first["b"]) == ("video/train/000000150", "caption", '"Nothing."')
    assert second["place"] == "scene_graph.objects[0].name"
    assert train["captions"] == {"a": 200, "b": 199, "shared": 198, "jaccard": 198 / 201, "exact": True}
    # The other way round it was added. The file of the test split is as the manifests say.
    back = diff(copied, small)[1]["splits"]
    assert count(back["train"]) == {"compared": 199, "added": 1, "removed": 0, "changed": 2}
    assert back["test"]["changes"]["changed"] == 0
    status, out, _ = gas("diff", small, copied, "--exit-code")
    assert status == 1
    assert 'video/train/000000150 caption: "' in out and '→ "Nothing."' in out


def test_a_larger_split_begins_with_the_rows_of_the_smaller_one(small, diff, tmp_path):
    larger = build(tmp_path / "larger", "splits.train=260")
    config = diff(small, larger)[1]
    assert config["recipe"] == {"splits.train": [200, 260]}
    assert count(config["splits"]["train"]) == {"compared": 200, "added": 60, "removed": 0, "changed": 0}
    assert config["splits"]["train"]["changes"]["first_added"][0] == "video/train/000000200"
    assert config["splits"]["test"]["read"] == 0
    assert config["facts"]["fingerprint"][0] == config["facts"]["fingerprint"][1]


def test_other_scenes_under_the_same_ids_share_no_captions(small, diff, tmp_path):
    config = diff(small, build(tmp_path / "reseeded", "seed=1"))[1]
    assert config["recipe"] == {"seed": [0, 1]}
    train = config["splits"]["train"]
    assert count(train) == {"compared": 200, "added": 0, "removed": 0, "changed": 200}
    assert train["captions"]["shared"] == 0
    assert config["templates"] is False


def test_coverage_is_that_of_each_recipe(small, diff, tmp_path):
    narrow = build(tmp_path / "narrow", "structure.complexity=3", "content.objects.top=50", "content.dynamic=0")
    usage = diff(small, narrow)[1]["splits"]["train"]["usage"]
    wide, few = usage["objects"]
    assert (few["possible"], few["used"]) == (50, 50)
    assert wide["possible"] > 1000 and wide["gini"] > few["gini"]
    assert usage["structures"][0]["possible"] > usage["structures"][1]["possible"]


def test_templates_of_the_package_are_named_where_nothing_else_differs(small, copied, diff):
    """As two versions of the package would build it."""
    path = copied / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["configs"]["video"]["fingerprint"] = "0" * 64
    path.write_text(json.dumps(manifest))
    assert diff(small, copied)[1]["templates"] is True
    manifest["configs"]["video"]["engine"]["data_version"] += 1
    path.write_text(json.dumps(manifest))
    assert diff(small, copied)[1]["templates"] is False


def test_the_users_own_template_is_named(write_recipe, diff, tmp_path):
    recipe = write_recipe("structure: {complexity: 3}\nquestions: []\ncaptions: mine.jinja")
    template = recipe.with_name("mine.jinja")
    folders = []
    for text in ("{{ scene.objects[0].name }}", "A {{ scene.objects[0].name }}"):
        template.write_text(text)
        folders.append(tmp_path / f"gas{len(folders)}")
        build_datasets([load_recipe(recipe)], folders[-1])
    config = diff(*folders)[1]
    assert list(config["files"]) == ["recipes/mine.jinja"]
    assert (config["recipe"], config["templates"]) == ({}, False)
    assert set(config["splits"]["train"]["changes"]["columns"]) == {"caption", "mentions"}
    assert diff(recipe, folders[1])[0]["differs"] is False


def test_configs_of_one_side_are_listed(built, built_with_dogs, gas):
    status, out, err = gas("diff", built, built_with_dogs, "--json")
    assert (status, err) == (0, "")
    result = json.loads(out)
    assert result["only"] == [[], ["dogs"]]
    assert list(result["configs"]) == ["multi_object", "video"]
    assert result["differs"] and not any(config["differs"] for config in result["configs"].values())
    assert "only here: dogs" in gas("diff", built, built_with_dogs)[1]
    alone = json.loads(gas("diff", built, built_with_dogs, "--config", "video", "--json")[1])
    assert (alone["differs"], list(alone["configs"])) == (False, ["video"])


def test_equal_files_are_read_once_and_others_in_step(tmp_path, diff, monkeypatch):
    """Of several files only those that differ are compared."""
    monkeypatch.setattr(shards, "SHARD_BLOCKS", 1)
    sizes = f"splits={{train: {2 * BLOCK + 5}, validation: 0, test: 0}}"
    first = build(tmp_path / "first", sizes, "questions=[]")
    second = shutil.copytree(first, tmp_path / "second")
    edit_rows(second / "video/train-00001-of-00003.parquet", lambda rows: rows[3].update(caption="Nothing."))
    config = diff(first, second)[1]
    assert count(config["splits"]["train"]) == {"compared": 2 * BLOCK + 5, "added": 0, "removed": 0, "changed": 1}
    # Built with one file more: those that are full in both are known to be equal, by their SHA-256.
    read = []
    monkeypatch.setattr(diff_splits, "read_rows", lambda *arguments: read.append(arguments) or iter(()))
    third = build(tmp_path / "third", sizes, "questions=[]", f"splits.train={3 * BLOCK}")
    train = diff(first, third)[1]["splits"]["train"]
    assert train["changes"]["compared"] == 2 * BLOCK
    assert [[file.rows for file in files] for _, _, files in read] == [[5], [BLOCK]]


# --- recipes ---------------------------------------------------------------------------------------------------------


def test_recipes_are_compared_by_a_sample(diff, write_recipe):
    path = write_recipe("structure: {complexity: [3, 4]}", extends="multi_object", splits="{train: 12000, test: 0}")
    config = diff("multi_object", path, "--rows", "50")[1]
    assert config["names"] == ["multi_object", "mine"]
    assert config["recipe"]["structure.complexity"] == [[3, 9], [3, 4]]
    assert config["recipe"]["splits.test"] == [1000, None]
    assert "version" not in config["recipe"]
    assert config["splits"]["train"]["rows"] == [10000, 12000]
    assert count(config["splits"]["train"]) == {"compared": 50, "added": 2000, "removed": 0, "changed": 50}
    assert config["splits"]["test"]["changes"]["removed"] == 1000
    assert config["splits"]["train"]["usage"]["objects"][0]["uses"] > 50


def test_a_recipe_and_what_was_built_from_it(small, copied, diff, write_recipe):
    path = write_recipe("questions: [object]\nstructure: {complexity: [3, 5]}", name="video", extends="video")
    path.write_text(path.read_text().replace("train: 64", "train: 300").replace("test: 0", "test: 40"))
    result, config = diff(small, path)
    assert result["differs"]
    assert count(config["splits"]["train"]) == {"compared": 0, "added": 100, "removed": 0, "changed": 0}
    assert diff(small, path, "--all")[1]["splits"]["train"]["changes"]["compared"] == 200
    edit_rows(copied / TRAIN, lambda rows: rows[3].update(caption="Nothing."))
    train = diff(path, copied, "--rows", "100")[1]["splits"]["train"]
    assert count(train) == {"compared": 100, "added": 0, "removed": 100, "changed": 1}


def test_keys_are_dotted():
    values = {"a": {"b": [1, 2], "c": {}}, "d": [{"e": 1}, "f"], "g": []}
    assert flatten_keys(values) == {"a.b": [1, 2], "a.c": {}, "d.0.e": 1, "d.1": "f", "g": []}


# --- rows ------------------------------------------------------------------------------------------------------------

ITEMS = st.lists(
    st.none()
    | st.fixed_dictionaries(
        {
            "name": st.none() | st.sampled_from("ab"),
            "numbers": st.none() | st.lists(st.none() | st.integers(0, 2), max_size=2),
        }
    ),
    max_size=3,
)
TYPE = pa.list_(pa.struct([("name", pa.string()), ("numbers", pa.list_(pa.int32()))]))


@given(st.lists(st.tuples(st.none() | ITEMS, st.none() | ITEMS), max_size=12), st.integers(0, 3))
def test_changed_rows_are_those_that_python_finds(pairs, cut):
    one, other = (pa.array([pair[side] for pair in pairs], TYPE).slice(cut) for side in (0, 1))
    expected = [pair[0] != pair[1] for pair in pairs[cut:]]
    assert find_changed(one, other).tolist() == expected


@given(
    st.lists(st.integers(0, 30), unique=True).map(sorted),
    st.lists(st.integers(0, 30), unique=True).map(sorted),
    st.integers(1, 7),
    st.integers(1, 7),
)
def test_rows_are_matched_by_their_ids(first, second, step, other_step):
    def cut(numbers, step, text):
        for start in range(0, len(numbers), step):
            some = numbers[start : start + step]
            captions = [text if number % 5 == 0 else "same" for number in some]
            yield pa.record_batch({"id": [f"x/train/{number:09}" for number in some], "caption": captions})

    changes = RowChanges()
    list(compare_batches(cut(first, step, "old"), cut(second, other_step, "new"), changes))
    both = set(first) & set(second)
    found = (changes.compared, changes.removed, changes.added, changes.changed)
    assert found == (
        len(both),
        len(set(first) - both),
        len(set(second) - both),
        sum(number % 5 == 0 for number in both),
    )


def test_columns_of_one_side_are_listed_and_other_types_are_read():
    one = pa.record_batch({"id": ["x/0", "x/1"], "caption": ["a", "b"], "pair": [1, 2]})
    two = pa.record_batch({"id": ["x/0", "x/1"], "caption": pa.array(["a", "c"], pa.large_string()), "extra": [1, 2]})
    changes = RowChanges()
    list(compare_batches(iter([one]), iter([two]), changes))
    assert changes.only == (["pair"], ["extra"])
    assert (changes.changed, dict(changes.columns)) == (1, {"caption": 1})
    assert find_changed(pa.array(["a"]), pa.array([[1]])).tolist() == [True]


def test_many_captions_are_estimated(monkeypatch):
    monkeypatch.setattr(diff_rows, "MOST_CAPTIONS", 1000)
    one, other = CaptionSet(), CaptionSet()
    for start in range(0, 20_000, 500):
        numbers = np.arange(start, start + 500)
        one.add(make_texts(f"caption {number}" for number in numbers))
        other.add(make_texts(f"caption {number}" for number in numbers + 10_000))
        assert len(one.digests) + sum(map(len, one.waiting)) <= 1000 + 250 + 500
    overlap = measure_overlap(one, other)
    assert not overlap.exact
    assert overlap.a == pytest.approx(20_000, rel=0.2)
    assert overlap.jaccard == pytest.approx(1 / 3, abs=0.06)


# --- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["multi_objct", "video"], 2, "no recipe or built folder `multi_objct`; did you mean `multi_object`"),
        (["video", "nothing.yaml"], 2, "nothing.yaml is missing"),
        (["video", "."], 2, "has no manifest.json; give a folder that `gas build` wrote"),
        (["video", "{small}", "--config", "vidoe"], 2, "has a config `vidoe`; did you mean `video`"),
        (["video", "video", "--all", "--rows", "3"], 2, "leave one of them out"),
        (["video", "hf://datasets/gas"], 2, "write hf://datasets/org/name"),
        (["video", "org/gas@v1.0.0"], 1, "org/gas@v1.0.0: HF_HUB_OFFLINE is set; unset it"),
    ],
)
def test_mistakes_are_explained(arguments, status, message, gas, small, monkeypatch):
    found, out, err = gas("diff", *(argument.format(small=small) for argument in arguments))
    assert (found, out) == (status, "")
    assert message in " ".join(err.split())
    assert "Traceback" not in err


def test_a_missing_file_a_damaged_one_and_rows_out_of_order(small, copied, gas):
    def find_error(*arguments):
        status, out, err = gas("diff", small, copied, *arguments)
        assert (status, out) == (2, "")
        return " ".join(err.split())

    edit_rows(copied / TRAIN, lambda rows: rows.reverse())
    assert "not in the order in which a build writes them, from video/train/000000198 on" in find_error()
    (copied / TRAIN).write_bytes((small / TRAIN).read_bytes()[:1000])
    assert "`gas verify` says what is wrong" in find_error()
    (copied / TRAIN).unlink()
    assert "is missing; `gas verify`" in find_error()


@pytest.mark.parametrize("column", ["id", "caption", "scene_graph", "questions", "structure"])
@pytest.mark.parametrize("change", ["missing", "of another type"])
def test_files_without_a_column_are_not_equal(column, change, small, copied, gas):
    """Though the manifests, of fitting sizes and digests, say the same."""
    table = pq.read_table(copied / TRAIN)
    place = table.schema.get_field_index(column)
    changed = table.remove_column(place)
    if change != "missing":
        changed = changed.add_column(place, column, pa.array([1] * len(table)))
    pq.write_table(changed, copied / TRAIN)
    manifest = json.loads((copied / "manifest.json").read_text())
    content = (copied / TRAIN).read_bytes()
    facts = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    manifest["configs"]["video"]["splits"]["train"]["files"][0] |= facts
    (copied / "manifest.json").write_text(json.dumps(manifest))
    for options in ((), ("--all",)):
        status, out, err = gas("diff", small, copied, *options)
        assert (status, out) == (2, "")
        assert f"{TRAIN}: column `{column}` is " in " ".join(err.split())


def test_a_manifest_may_not_lead_out_of_its_folder(small, copied, gas):
    path = copied / "manifest.json"
    path.write_text(path.read_text().replace(TRAIN, f"../{TRAIN}"))
    status, _, err = gas("diff", small, copied)
    assert status == 2
    assert "not inside the folder" in " ".join(err.split())


def test_a_recipe_that_cannot_be_used_here_leaves_the_rest(small, copied, diff):
    """As one of a later version: its rows are compared all the same."""
    recipe = copied / "recipes/video.yaml"
    recipe.write_text(recipe.read_text() + "later: 1\n")
    config = diff(small, copied, "--all")[1]
    assert config["recipe"] == {"later": [None, 1]}
    assert config["splits"]["train"]["changes"]["compared"] == 200
    assert config["splits"]["train"]["usage"]["objects"][1] is None
    (note,) = config["notes"]
    assert note.startswith("b: what its scenes could use is unknown")


def test_a_store_is_a_folder_too(small, bucket, diff, gas):
    settings = [word for override in PLAIN for word in ("--set", override)]
    assert gas("build", "video", "--out", f"{bucket}/gas", *settings)[0] == 0
    assert diff(small, f"{bucket}/gas")[0]["differs"] is False
    config = diff(f"{bucket}/gas", small, "--all")[1]
    assert count(config["splits"]["train"]) == {"compared": 200, "added": 0, "removed": 0, "changed": 0}
