"""`gas decontaminate`: captions of prompts that others test with are found, and left out."""

import hashlib
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.decontaminate import drop_rows
from generate_any_scene.builders.recipe.loading import load_recipe
from stopping import hash_files

TRAIN = "multi_object/train-00000-of-00001.parquet"
LONG = "A tall red dog with a hat is sitting next to a small wooden table in an old kitchen at night, in the rain."


@pytest.fixture
def decontaminate(gas):
    """Runs `gas decontaminate` with `--json`; gives what it prints."""

    def run(*arguments):
        status, out, err = gas("decontaminate", *arguments, "--json")
        assert (status, err) == (0, "")
        return json.loads(out)

    return run


def read_rows(folder, path=TRAIN):
    return pq.read_table(folder / path).to_pylist()


def count(found, split="multi_object/train"):
    return found["splits"][split]["exact"], found["splits"][split]["near"]


@pytest.fixture
def prompts(built, empty):
    """A file with two captions, one of them in capitals, the beginning of a long one, and what is like none."""
    rows = read_rows(built)
    longest = max(rows, key=lambda row: len(row["caption"].split()))
    cut = " ".join(longest["caption"].split()[:-1])
    texts = [rows[3]["caption"], rows[5]["caption"].upper(), cut, "What nobody has ever said.", "", "..."]
    path = empty / "prompts.txt"
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path, [rows[3], rows[5], longest]


def test_matches_are_counted_and_shown(built, prompts, decontaminate, gas):
    path, (first, second, third) = prompts
    found = decontaminate(built, "--against", path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert found["against"] == [{"name": str(path), "sha256": digest, "prompts": 6, "without_words": 2}]
    assert found["distinct_prompts"] == 4
    assert list(found["splits"]) == [
        f"{config}/{split}" for config in ("multi_object", "video") for split in ("train", "validation", "test")
    ]
    assert count(found) == (2, 1)
    assert sum(sum(count(found, split)) for split in found["splits"]) == 3
    assert [(one["id"], one["kind"]) for one in found["examples"]] == [
        (first["id"], "exact"),
        (second["id"], "exact"),
        (third["id"], "near"),
    ]
    near = found["examples"][2]
    assert (near["caption"], near["file"]) == (third["caption"], str(path))
    assert 0.8 <= near["similarity"] < 1
    status, out, _ = gas("decontaminate", built, "--against", path, "--examples", "1")
    assert status == 0
    assert f"{path}: 6 prompts, 2 of them without words\n" in out
    assert "multi_object/train: 2 exact and 1 near matches in 200 rows\n" in out
    assert f"  exact  {first['id']}: {first['caption']}\n    {path}: {first['caption']}\n  and 2 more\n" in out


def test_one_config_one_split_and_another_threshold(built, prompts, decontaminate):
    path, _ = prompts
    found = decontaminate(built, "-a", path, "--config", "multi_object", "--split", "train", "--threshold", "1")
    assert {name: counts["near"] for name, counts in found["splits"].items()} == {"multi_object/train": 0}
    assert list(decontaminate(built, "-a", path, "--split", "test")["splits"]) == ["multi_object/test", "video/test"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", '{"tag": 1, "prompt": "P0"}\n\n{"prompt": "P1"}\n{"prompt": null}\n'),
        ("a.json", '[{"caption": "P0", "image_path": ""}, {"caption": "P1"}]'),
        ("a.json", '{"0": {"prompt": "P0", "scene_graph": {}}, "1": {"prompt": "P1"}}'),
        ("a.json", '["P0", "P1"]'),
        ("a.json", '{"Prompt": "P0"}\n{"Prompt": "P1"}\n'),
        ("a.csv", 'item_id,text\n1,"P0"\n2,"P1"\n'),
        ("a.tsv", "Prompt\tCategory\nP0\tx\nP1\ty\n"),
        ("a.TXT", "\ufeffP0\r\nP1\n"),
    ],
)
def test_prompts_come_in_many_files(name, text, built, decontaminate, empty):
    captions = [row["caption"] for row in read_rows(built)[:2]]
    for number, caption in enumerate(captions):
        text = text.replace(f"P{number}", caption)
    (empty / name).write_bytes(text.encode())
    assert count(decontaminate(built, "-a", name))[0] == 2


def test_prompts_come_in_parquet_and_built_folders(built, built_with_dogs, decontaminate, empty):
    captions = [row["caption"] for row in read_rows(built)]
    pq.write_table(pa.table({"mine": captions[:2], "id": ["1", "2"]}), empty / "a.parquet")
    assert count(decontaminate(built, "-a", "a.parquet", "--column", "mine"))[0] == 2
    found = decontaminate(built, "--against", built_with_dogs, "--config", "multi_object")
    assert count(found)[0] == 200
    digest = hashlib.sha256((built_with_dogs / "manifest.json").read_bytes()).hexdigest()
    assert found["against"][0] == {
        **{"name": str(built_with_dogs), "sha256": digest},
        **{"prompts": 580, "without_words": 0},
    }
    test = built / "multi_object/test-00000-of-00001.parquet"
    assert count(decontaminate(built, "-a", test, "-a", "a.parquet", "--column", "id", "--split", "train")) == (0, 0)


def test_captions_of_pairs_and_wordings_count(decontaminate, empty):
    settings = ("splits={train: 40, validation: 0, test: 0}", "pairs=true", "wordings=[short, long]", "questions=[]")
    build_datasets([load_recipe("multi_object", settings)], empty / "gas")
    row = next(row for row in read_rows(empty / "gas") if row["pair"])
    for caption in (row["pair"]["caption"], row["wordings"][1]["caption"]):
        (empty / "a.txt").write_text(caption, encoding="utf-8")
        found = decontaminate("gas", "-a", "a.txt")
        assert (found["examples"][0]["id"], found["examples"][0]["caption"]) == (row["id"], caption)


def test_dropping_leaves_a_folder_that_loads_and_verifies(built, prompts, decontaminate, gas, empty):
    path, dropped = prompts
    assert decontaminate(built, "-a", path, "--drop", "clean")["dropped_into"] == "clean"
    gone = {row["id"] for row in dropped}
    left = [row for row in read_rows(built) if row["id"] not in gone]
    assert load_dataset(str(empty / "clean"), "multi_object", split="train").to_list() == left
    views = load_dataset(str(empty / "clean"), "multi_object_captions")
    assert {split: len(rows) for split, rows in views.items()} == {"train": 197, "validation": 30, "test": 40}
    for file in built.rglob("*.parquet"):
        same = (empty / "clean" / file.relative_to(built)).read_bytes() == file.read_bytes()
        assert same == (file != built / TRAIN)
    lines = (empty / "clean/dropped/multi_object.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == sorted(gone)
    assert not (empty / "clean/dropped/video.jsonl").exists()
    entry = json.loads((empty / "clean/manifest.json").read_text())["configs"]["multi_object"]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (against,) = entry["dropped"]["against"]
    assert (against["file"], against["sha256"], against["prompts"]) == ("prompts.txt", digest, 6)
    assert entry["dropped"]["rows"] == {"train": 3, "validation": 0, "test": 0}
    assert entry["splits"]["train"]["rows"] == 197
    assert "| `multi_object` | 3 of train | 6 of prompts.txt |" in (empty / "clean/README.md").read_text()
    status, out, _ = gas("verify", "clean", "--all")
    assert (status, out.partition(" rows by making them again: ")[2]) == (0, "all is well\n")
    assert "537 of 537 rows" in out
    assert count(decontaminate("clean", "-a", path)) == (0, 0)


def test_dropping_counts_structures_again(built, decontaminate, empty):
    """What occurs by the manifest is what occurs."""
    rows = read_rows(built)
    (empty / "a.txt").write_text("\n".join(row["caption"] for row in rows[20:]), encoding="utf-8")
    decontaminate(built, "-a", "a.txt", "--split", "train", "--drop", "clean")
    left = read_rows(empty / "clean")
    assert {row["id"] for row in left} <= {row["id"] for row in rows[:20]}
    entry = json.loads((empty / "clean/manifest.json").read_text())["configs"]["multi_object"]
    seen = {(str(row["structure"]["complexity"]), row["structure"]["topology"]) for row in left}
    occurring = entry["splits"]["train"]["structures"]
    assert {complexity: counts[0] for complexity, counts in occurring.items()} == {
        complexity: sum(one == complexity for one, _ in seen) for complexity in occurring
    }


def test_dropping_twice_keeps_both_lists(built, prompts, decontaminate, gas, empty):
    path, dropped = prompts
    decontaminate(built, "-a", path, "--drop", "clean")
    other = read_rows(built)[100]
    (empty / "more.txt").write_text(other["caption"], encoding="utf-8")
    decontaminate("clean", "-a", "more.txt", "--drop", "cleaner", "--split", "train")
    entry = json.loads((empty / "cleaner/manifest.json").read_text())["configs"]["multi_object"]
    assert [one["file"] for one in entry["dropped"]["against"]] == ["prompts.txt", "more.txt"]
    assert entry["dropped"]["rows"]["train"] == 4
    gone = {row["id"] for row in [*dropped, other]}
    assert [row["id"] for row in read_rows(empty / "cleaner")] == [
        row["id"] for row in read_rows(built) if row["id"] not in gone
    ]
    assert gas("verify", "cleaner", "--all")[0] == 0


@pytest.mark.parametrize("blocks", [1, 8])
def test_rows_of_all_blocks_and_files_can_be_dropped(blocks, monkeypatch, decontaminate, gas, empty):
    """Three files, one of which is left with nothing; or three blocks of one file."""
    from generate_any_scene.builders.build import shards
    from generate_any_scene.builders.content.scenes import BLOCK

    monkeypatch.setattr(shards, "SHARD_BLOCKS", blocks)
    settings = (f"splits={{train: {2 * BLOCK + 9}, validation: 0, test: 0}}", "questions=[]", "structure.complexity=3")
    build_datasets([load_recipe("multi_object", settings)], empty / "gas")
    captions = pq.read_table(empty / "gas/multi_object", columns=["caption"])["caption"].to_pylist()
    chosen = [*captions[5:BLOCK:7], captions[BLOCK - 1], captions[BLOCK], *captions[2 * BLOCK :]]
    (empty / "a.txt").write_text("\n".join(chosen), encoding="utf-8")
    found = decontaminate("gas", "-a", "a.txt", "--threshold", "1", "--drop", "clean")
    assert count(found)[0] >= len(set(chosen))
    if blocks == 1:
        assert pq.read_metadata(empty / "clean/multi_object/train-00002-of-00003.parquet").num_rows == 0
    left = load_dataset(str(empty / "clean"), "multi_object", split="train")["caption"]
    assert list(left) == [caption for caption in captions if caption not in set(chosen)]
    status, out, _ = gas("verify", "clean", "--all")
    assert status == 0 and f"{len(left):,} of {len(left):,} rows" in out


@pytest.fixture
def clean(built, prompts, decontaminate, empty):
    decontaminate(built, "-a", prompts[0], "--drop", "clean")
    return empty / "clean"


def verify(gas, folder):
    status, out, _ = gas("verify", folder, "--json")
    return status, [(one["kind"], one["path"], one["message"]) for one in json.loads(out)["findings"]]


def test_verify_still_tells_damage(clean, gas):
    table = pq.read_table(clean / TRAIN)
    pq.write_table(table.slice(1), clean / TRAIN)
    status, ((kind, path, message),) = verify(gas, clean)
    assert (status, kind, path) == (1, "edited", TRAIN)
    assert "was changed: row multi_object/train/00000000" in message
    assert "`gas build" not in gas("verify", clean)[1]  # which would make the dropped rows again


def test_verify_tells_of_a_list_that_was_changed(clean, gas):
    path = clean / "dropped/multi_object.jsonl"
    path.write_text(path.read_text(encoding="utf-8").split("\n", 1)[1], encoding="utf-8")
    assert [finding[:2] for finding in verify(gas, clean)[1]] == [("edited", "dropped/multi_object.jsonl")]
    path.unlink()
    assert [finding[:2] for finding in verify(gas, clean)[1]] == [("missing", "dropped/multi_object.jsonl")]


def test_building_the_recipe_again_makes_all_rows(clean, gas, built):
    assert gas("build", clean / "recipes/multi_object.yaml", "--out", clean)[0] == 0
    assert (clean / TRAIN).read_bytes() == (built / TRAIN).read_bytes()
    assert "dropped" not in json.loads((clean / "manifest.json").read_text())["configs"]["multi_object"]
    assert verify(gas, clean) == (0, [])


def test_nothing_found_is_a_copy(built, decontaminate, gas, empty):
    (empty / "a.txt").write_text(LONG, encoding="utf-8")
    decontaminate(built, "-a", "a.txt", "--drop", "clean")
    assert {path.name for path in (empty / "clean").iterdir()} == {path.name for path in built.iterdir()}
    assert (empty / "clean/manifest.json").read_bytes() == (built / "manifest.json").read_bytes()
    assert 'load_dataset("./clean"' in (empty / "clean/README.md").read_text()
    assert hash_files(empty / "clean")["README.md"] == hash_files(built)["README.md"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{folder}"], "say what to compare with: --against FILE, or --benchmarks DIR"),
        (["nowhere", "-a", "a.txt"], "nowhere is no folder"),
        (["{folder}", "-a", "b.txt"], "b.txt is missing"),
        (["{folder}", "-a", "a.txt", "--config", "vdieo"], "no config `vdieo`; did you mean `video`?"),
        (["{folder}", "-a", "a.txt", "--split", "tset"], "no split `tset`; did you mean `test`?"),
        (["{folder}", "-a", "a.txt", "--threshold", "0"], "--threshold 0: it is more than 0, and at most 1"),
        (["{folder}", "-a", "a.json"], "a.json:1: is no JSON"),
        (["{folder}", "-a", "b.json"], "has none of the columns prompt, caption, text; name one with --column: promt"),
        (["{folder}", "-a", "b.json", "--column", "prompt"], "has no column `prompt`; did you mean `promt`?"),
        (["{folder}", "-a", "c.json"], "c.json: `prompt` of row 1 is no text"),
        (["{folder}", "-a", "a.parquet"], "a.parquet is damaged: "),
        (["{folder}", "-a", "a.xml"], "prompts are read of .txt, .json"),
        (["{folder}", "-a", "empty.txt"], "there are no prompts in empty.txt"),
        (["{folder}", "-a", "latin.txt"], "latin.txt cannot be read: 'utf-8' codec"),
        (["{folder}", "-a", "{folder}"], "give files of one split with --against"),
        (["{folder}", "-a", "{folder}/video"], "video is a folder, but none that `gas build` wrote"),
        (["{folder}", "-a", "a.txt", "--drop", "."], "is there already; choose an empty or new folder"),
        (
            ["{folder}", "-a", "a.txt", "--drop", "{folder}/video/clean"],
            "which stays as it is; choose a folder beside",
        ),
        (["{folder}", "-a", "a.txt", "--drop", "{folder}"], "which stays as it is; choose a folder beside it"),
        (
            ["{folder}", "-a", "{folder}/multi_object/test-00000-of-00001.parquet", "--drop", "x"],
            "nothing would be left",
        ),
    ],
)
def test_mistakes_are_one_message_and_exit_status_2(arguments, message, built, gas, empty):
    files = {"a.txt": "A dog.", "a.json": "[", "b.json": '[{"promt": "x"}]', "c.json": '[{"prompt": ["x"]}]'}
    files |= {"a.parquet": "PAR1", "a.xml": "<a/>", "empty.txt": "\n...\n"}
    for name, text in files.items():
        (empty / name).write_text(text)
    (empty / "latin.txt").write_bytes("caf\u00e9".encode("latin-1"))
    before = {path.name for path in empty.iterdir()}
    status, out, err = gas("decontaminate", *(argument.format(folder=built) for argument in arguments))
    assert (status, out) == (2, "")
    assert message in " ".join(err.split())
    assert "Traceback" not in err
    assert {path.name for path in empty.iterdir()} == before


def test_a_folder_that_cannot_be_finished_is_not_there(built, prompts, gas, empty, monkeypatch):
    copied = shutil.copytree(built, empty / "gas")
    table = pq.read_table(copied / TRAIN)
    pq.write_table(table, copied / TRAIN, compression="none")
    status, _, err = gas("decontaminate", copied, "-a", prompts[0], "--drop", "clean")
    assert status == 2 and "was changed; `gas verify" in err

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(drop_rows, "write_card", stop)
    assert gas("decontaminate", built, "-a", prompts[0], "--drop", "clean")[0]
    assert {path.name for path in empty.iterdir()} == {"gas", "prompts.txt"}


@pytest.fixture
def benchmarks(empty, built):
    """A folder with files as two benchmarks name theirs; a prompt of each is a caption."""
    first, second, *_ = [row["caption"] for row in read_rows(built)]
    folder = empty / "benchmarks"
    (folder / "theirs").mkdir(parents=True)
    lines = [json.dumps({"prompt": text, "atom_count": 3}) for text in (first, "three pink bears")]
    (folder / "theirs" / "geneval2_data.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "dsg-1k-anns.csv").write_text(f'item_id,text,caption\na,"{second}",nothing\n', encoding="utf-8")
    (folder / "notes.txt").write_text("nothing", encoding="utf-8")
    return folder


def test_benchmarks_are_found_by_the_names_of_their_files(built, benchmarks, decontaminate, gas):
    found = decontaminate(built, "--against", "geneval2", "--benchmarks", benchmarks)
    assert [one["name"] for one in found["against"]] == [str(benchmarks / "theirs" / "geneval2_data.jsonl")]
    assert count(found) == (1, 0)
    status, out, err = gas("decontaminate", built, "--benchmarks", benchmarks, "--json")
    assert status == 0
    assert count(json.loads(out)) == (2, 0)
    assert "dpg" in err
    assert "geneval2" not in err
    status, out, _ = gas("decontaminate", built, "--benchmarks", benchmarks, "-a", benchmarks / "notes.txt", "--json")
    assert [one["prompts"] for one in json.loads(out)["against"]] == [1, 1, 2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "say what to compare with"),
        (["-a", "geneval2"], "get geneval2_data.jsonl from https://"),
        (["-a", "tifa", "--benchmarks", "benchmarks"], "tifa_v1.0_text_inputs.json is not below benchmarks"),
        (["--benchmarks", "nowhere"], "there is no such folder"),
        (["--benchmarks", "benchmarks/empty"], "there is no file of a benchmark below"),
    ],
)
def test_benchmarks_that_are_not_there(options, said, built, benchmarks, gas):
    (benchmarks / "empty").mkdir()
    status, out, err = gas("decontaminate", built, *options)
    assert (status, out) == (2, "")
    assert said in err
