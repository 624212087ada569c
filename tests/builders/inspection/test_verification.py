"""`gas verify`: what was done to a built folder, told apart."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from generate_any_scene.builders.build import shards
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.folder.files import hash_file
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.fingerprint import DATA_VERSION

SPLITS = "splits={train: 200, validation: 0, test: 40}"
TEST = "video/test-00000-of-00001.parquet"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with the config `video` and few questions, which is quickly made again; no test may change it."""
    out = tmp_path_factory.mktemp("small") / "gas"
    build_datasets([load_recipe("video", (SPLITS, "questions=[relation]", "structure.complexity=[3,5]"))], out)
    return out


@pytest.fixture
def copied(small, tmp_path):
    """The same, to change."""
    return shutil.copytree(small, tmp_path / "gas")


@pytest.fixture
def verify(gas):
    """Runs `gas verify --json`; gives exit status, findings as (kind, path, message) and all that is printed."""

    def run(folder, *arguments):
        status, out, err = gas("verify", folder, "--json", *arguments)
        assert err == ""
        result = json.loads(out)
        return status, [tuple(finding.values()) for finding in result["findings"]], result

    return run


def change_manifest(folder, change):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest["configs"]["video"])
    path.write_text(json.dumps(manifest), encoding="utf-8")


def edit_rows(path, edit):
    table = pq.read_table(path)
    rows = table.to_pylist()
    edit(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    return rows


def test_a_folder_as_it_was_built_is_well(built, gas):
    status, out, err = gas("verify", built)
    assert (status, err) == (0, "")
    size = sum(path.stat().st_size for path in built.rglob("*.parquet")) / 1e6
    rows = "540 of 540 rows by making them again"
    assert out == f"checked 6 files ({size:.1f} MB) by SHA-256, and {rows}: all is well\n"


def test_checksums_alone(built, verify):
    assert verify(built, "--sample", "0")[2]["remade"] == 0


def test_a_missing_file(copied, gas, verify):
    (copied / TEST).unlink()
    assert verify(copied)[:2] == (1, [("missing", TEST, "is missing; building its recipe again makes it")])
    status, out, _ = gas("verify", copied)
    assert status == 1
    first, last = out.splitlines()
    assert first == f"{TEST}: is missing; building its recipe again makes it"
    assert last.startswith("checked 2 files") and "1 finding; `gas build " in last
    command = last.split("`")[1].split()[1:]
    assert gas(*command)[0] == 0
    assert gas("verify", copied)[0] == 0


def test_a_missing_card_and_recipe(copied, verify):
    (copied / "README.md").unlink()
    (copied / "recipes/video.yaml").unlink()
    status, findings, result = verify(copied)
    assert (status, [finding[:2] for finding in findings]) == (
        1,
        [("missing", "README.md"), ("missing", "recipes/video.yaml")],
    )
    assert result["remade"] == 0


def test_a_missing_picture_of_the_card(copied, verify):
    (copied / "card-assets/video-graph-1.svg").unlink()
    status, findings, _ = verify(copied)
    assert (status, [finding[:2] for finding in findings]) == (1, [("missing", "card-assets/video-graph-1.svg")])


@pytest.mark.parametrize(("place", "length"), [(4, 2), (3_000, 400), (-6, 2)])
def test_a_file_that_rotted(place, length, copied, verify):
    data = bytearray((copied / TEST).read_bytes())
    for step in range(length):
        data[place + step] ^= 0xFF
    (copied / TEST).write_bytes(data)
    status, findings, _ = verify(copied)
    assert (status, [finding[:2] for finding in findings]) == (1, [("damaged", TEST)])


def test_a_file_that_was_cut_off(copied, verify):
    (copied / TEST).write_bytes((copied / TEST).read_bytes()[:-100])
    status, ((kind, path, message),), _ = verify(copied)
    assert (status, kind, path) == (1, "damaged", TEST)
    assert message.startswith("is damaged: ")


def test_an_edited_caption(copied, verify):
    rows = edit_rows(copied / TEST, lambda rows: rows[17].update(caption=rows[17]["caption"] + " Really."))
    status, ((kind, path, message),), _ = verify(copied, "--sample", "0")
    assert (status, kind, path) == (1, "edited", TEST)
    assert message.startswith("was changed: row video/test/000000017, caption: ")
    assert 'Really." where the recipe makes ' in message
    assert rows[17]["caption"][-30:-10] in message


def test_an_edited_answer(copied, verify):
    rows = pq.read_table(copied / TEST).to_pylist()
    number = max(number for number, row in enumerate(rows) if row["questions"])
    edit_rows(copied / TEST, lambda rows: rows[number]["questions"][0].update(answer="perhaps"))
    _, ((_, _, message),), _ = verify(copied)
    assert f'row video/test/{number:09d}, questions[0].answer: "perhaps" where the recipe makes "' in message


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda rows: rows.pop(), "row video/test/000000039 is missing"),
        (lambda rows: rows.pop(3), 'row video/test/000000003, id: "video/test/000000004" where the recipe makes'),
        (lambda rows: rows.append({**rows[5], "id": "mine"}), "row mine is one too many"),
    ],
)
def test_rows_taken_out_or_put_in(edit, message, copied, verify):
    edit_rows(copied / TEST, edit)
    status, ((kind, _, found),), _ = verify(copied)
    assert (status, kind) == (1, "edited")
    assert f"was changed: {message}" in found


def test_another_column(copied, verify):
    table = pq.read_table(copied / TEST)
    pq.write_table(table.append_column("mine", pa.nulls(40)), copied / TEST)
    _, ((kind, _, message),), _ = verify(copied)
    assert kind == "edited"
    assert "its columns are id, caption, " in message and ", mine; the recipe makes id, " in message


def test_a_column_of_another_type(copied, verify):
    table = pq.read_table(copied / TEST)
    pq.write_table(table.set_column(1, "caption", pa.array([[]] * 40, pa.list_(pa.int32()))), copied / TEST)
    _, ((kind, _, message),), _ = verify(copied)
    assert kind == "edited"
    assert "its columns have other types: " in message and "\n" not in message


def test_the_same_rows_written_anew(copied, verify):
    pq.write_table(pq.read_table(copied / TEST), copied / TEST, compression="snappy", row_group_size=7)
    status, ((kind, path, message),), _ = verify(copied)
    assert (status, kind, path) == (1, "encoding", TEST)
    assert "the rows are the same, the bytes not" in message


def test_rows_edited_along_with_the_manifest(copied, verify):
    edit_rows(copied / TEST, lambda rows: rows[2].update(caption="Mine."))
    new = {"bytes": (copied / TEST).stat().st_size, "sha256": hash_file(copied / TEST)}
    change_manifest(copied, lambda config: config["splits"]["test"]["files"][0].update(new))
    status, ((kind, path, message),), _ = verify(copied)
    assert (status, kind, path) == (1, "rows", TEST)
    assert 'row video/test/000000002, caption: "Mine." where the recipe makes "' in message
    assert verify(copied, "--sample", "0")[:2] == (0, [])


def test_an_edited_recipe(copied, verify):
    path = copied / "recipes/video.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("seed: 0", "seed: 1"), encoding="utf-8")
    status, ((kind, place, message),), result = verify(copied)
    assert (status, kind, place) == (1, "recipe", "recipes/video.yaml")
    assert message.startswith("was edited: its SHA-256 is ")
    assert result["mendable"] == []


def test_a_recipe_with_other_sizes_or_mistakes(copied, verify):
    path = copied / "recipes/video.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("test: 40", "test: 41"), encoding="utf-8")
    ((kind, place, _),), result = verify(copied)[1:]
    assert (kind, place) == ("recipe", "recipes/video.yaml")
    assert result["remade"] > 0  # since rows do not depend on how many there are
    path.write_text(text.replace("seed: 0", "sede: 0").replace("modality", "modalty"), encoding="utf-8")
    edited, (kind, _, message) = verify(copied)[1]
    assert (edited[0], kind) == ("recipe", "recipe")
    assert "did you mean `seed`" in message and "did you mean `modality`" in message
    assert "\n" not in message


def test_an_edited_template_beside_the_recipe(write_recipe, tmp_path, verify):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: 3}\nquestions: []")
    path.with_name("mine.jinja").write_text("{{ scene.objects[0].name }}")
    build_datasets([load_recipe(path)], tmp_path / "gas")
    assert verify(tmp_path / "gas")[:2] == (0, [])
    (tmp_path / "gas/recipes/mine.jinja").write_text("{{ scene.objects[0].plural }}")
    ((kind, place, message),) = verify(tmp_path / "gas")[1]
    assert (kind, place) == ("recipe", "recipes/mine.jinja")
    assert message.startswith("was edited: ")


def test_files_that_the_manifest_does_not_name(copied, verify):
    shutil.copy(copied / TEST, copied / "video/test-00001-of-00001.parquet")
    (copied / "video/notes").mkdir()
    (copied / "video/notes/mine.txt").write_text("mine")
    status, findings, _ = verify(copied)
    assert status == 1
    assert [finding[:2] for finding in findings] == [
        ("unnamed", "video/notes/mine.txt"),
        ("unnamed", "video/test-00001-of-00001.parquet"),
    ]


ENGINE = {"version": "9.1", "data_version": DATA_VERSION}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"engine": {**ENGINE, "data_version": DATA_VERSION + 1}}, f"data version {DATA_VERSION + 1}, here"),
        (
            {
                "engine": {"version": "9.1", "data_version": DATA_VERSION},
                "taxonomy": "f" * 64,
                "fingerprint": "0" * 64,
            },
            "ffffffffffff",
        ),
    ],
)
def test_a_folder_of_another_version(change, message, copied, verify):
    (copied / TEST).write_bytes((copied / TEST).read_bytes()[:-100])
    change_manifest(copied, lambda config: config.update(change))
    status, findings, result = verify(copied)
    assert (status, [finding[:2] for finding in findings]) == (
        1,
        [("version", "recipes/video.yaml"), ("damaged", TEST)],
    )
    assert message in findings[0][2]
    assert "install generate-any-scene==9.1" in findings[0][2]
    assert result["remade"] == 0


def test_an_edited_file_of_another_version(copied, verify):
    edit_rows(copied / TEST, lambda rows: rows[2].update(caption="Mine."))
    change_manifest(copied, lambda config: config["engine"].update(data_version=DATA_VERSION + 1))
    assert [finding[0] for finding in verify(copied)[1]] == ["version", "edited"]


def test_a_build_that_was_stopped(copied, verify):
    (copied / ".building").mkdir()
    assert [finding[:2] for finding in verify(copied)[1]] == [("unfinished", ".building")]


def test_a_manifest_that_lacks_something(copied, gas):
    change_manifest(copied, lambda config: config["splits"]["test"]["files"][0].pop("sha256"))
    status, out, err = gas("verify", copied)
    assert (status, out) == (2, "")
    assert "manifest.json configs.video.splits.test.files.0.sha256: is missing; put the file back" in err


def test_a_folder_that_no_build_wrote(gas, tmp_path):
    status, _, err = gas("verify", tmp_path)
    assert status == 2
    assert "give a folder that `gas build` wrote" in err


def test_a_sample_is_the_same_each_time_and_all_is_all(tmp_path, verify, monkeypatch):
    """A split of three blocks in two files."""
    monkeypatch.setattr(shards, "SHARD_BLOCKS", 2)
    rows = 2 * BLOCK + 50
    recipe = load_recipe("multi_object", (f"splits={{train: {rows}, validation: 0, test: 0}}", "questions=[]"))
    build_datasets([recipe], tmp_path / "gas")
    remade = verify(tmp_path / "gas", "--sample", "1")[2]["remade"]
    assert remade in (50, BLOCK)
    assert verify(tmp_path / "gas", "--sample", "1")[2]["remade"] == remade
    assert verify(tmp_path / "gas", "--all")[2]["remade"] == rows
    # Of a file with another SHA-256 all rows are made again, whatever the sample.
    path = tmp_path / "gas/multi_object/train-00000-of-00002.parquet"
    captions = pq.read_table(path, columns=["caption"])["caption"].to_pylist()
    captions[BLOCK + 7] = "Mine."
    pq.write_table(pq.read_table(path).set_column(1, "caption", pa.array(captions)), path)
    ((_, _, message),) = verify(tmp_path / "gas", "--sample", "0")[1]
    assert f"row multi_object/train/{BLOCK + 7:09d}, caption: " in message
