"""Builds of recipes with filters: rows of the recipe without them, as many as asked for, however they are made."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from generate_any_scene import scene
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.build.candidates import Run, find_verdict, write_verdict
from generate_any_scene.builders.build.shards import list_shards
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.diff.datasets import compare_configs, match_configs
from generate_any_scene.builders.diff.sources import open_side
from generate_any_scene.builders.folder.build_folder import WORK, Folder
from generate_any_scene.builders.folder.files import VERDICT, hash_file
from generate_any_scene.builders.folder.manifest import read_built_manifest
from generate_any_scene.builders.inspection.preview import preview_rows
from generate_any_scene.builders.inspection.usage import count_drawn
from generate_any_scene.builders.inspection.verification import verify_folder
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.filtering import Kept, RowFilter, Verdict
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import GasError
from stopping import StoppedError, hash_files, stop_at

pytestmark = pytest.mark.usefixtures("small_files")
WORDS = {"caption_words": [5, 11]}
PLAIN = {"structure.complexity": [1, 4], "questions": ["object"], "pairs": True}
ROWS = 6000
SPLITS = {"train": ROWS, "validation": 0, "test": {"size": 30, "unseen": ["object_attribute"]}}
FEW = {"train": 20, "validation": 0, "test": 0}
FILTERS = {**WORDS, "structure.objects": {"quantile": [0, 0.6]}}


def load(filters=FILTERS, **overrides):
    wanted = {**PLAIN, "splits": SPLITS, **overrides}
    return load_recipe("multi_object", {**wanted, "filters": filters} if filters else wanted)


def read_table(folder, split="train"):
    files = sorted((folder / "multi_object").glob(f"{split}-*.parquet"))
    return pa.concat_tables([pq.read_table(file) for file in files])


def read_rows(folder, split="train", first=0, count=40):
    return read_table(folder, split).slice(first, count).to_pylist()


@pytest.fixture(scope="module")
def filtered(small_files, tmp_path_factory):
    """What `load()` builds."""
    out = tmp_path_factory.mktemp("filtered") / "gas"
    build_datasets([load()], out)
    return out


@pytest.fixture(scope="module")
def candidates(small_files, tmp_path_factory):
    """The first blocks of the recipe without filters."""
    out = tmp_path_factory.mktemp("candidates") / "gas"
    splits = {**SPLITS, "train": 2 * BLOCK, "test": {**SPLITS["test"], "size": BLOCK}}
    build_datasets([load(None, splits=splits)], out)
    return out


@pytest.fixture
def judged(monkeypatch):
    """The runs that are judged, in their order."""
    runs, judge = [], RowFilter.judge

    def note(self, split, first, last):
        runs.append((split, first))
        return judge(self, split, first, last)

    monkeypatch.setattr(RowFilter, "judge", note)
    return runs


def choose(table):
    """The places of what `FILTERS` keep of whole blocks, in plain Python."""
    words = [len(caption.split()) for caption in table["caption"].to_pylist()]
    objects = table["structure"].combine_chunks().field("objects").to_pylist()
    for start in range(0, len(table), BLOCK):
        most = sorted(objects[start : start + BLOCK])[math.ceil(0.6 * (BLOCK - 1))]
        yield from (i for i in range(start, start + BLOCK) if 5 <= words[i] <= 11 and objects[i] <= most)


@pytest.mark.parametrize(("split", "size"), [("train", ROWS), ("test", 30)])
def test_rows_are_the_first_candidates_that_are_kept(filtered, candidates, split, size):
    table = read_table(candidates, split)
    places = list(choose(table))[:size]
    assert len(places) == size
    assert read_table(filtered, split).equals(table.take(places))


def test_the_manifest_says_what_was_dropped(filtered):
    splits = read_built_manifest(filtered).configs["multi_object"].splits
    for name, split in splits.items():
        rows = read_rows(filtered, name, count=ROWS)
        last = int(rows[-1]["id"].rpartition("/")[2])
        assert split.size == split.rows == len(rows)
        assert split.spans[-1].stop == last + 1 == split.rows + split.filtered
        assert list(split.filters) == ["caption_words", "structure.objects"]
        assert all(one.dropped and one.score is None for one in split.filters.values())
        asked = Counter((one["kind"], one["form"]) for row in rows for one in row["questions"])
        forms = {(kind, form): one.questions for kind, of in split.questions.items() for form, one in of.items()}
        assert forms == asked
    assert len(splits["train"].files) > 1
    assert all(span.start % BLOCK == 0 for span in splits["train"].spans)


def test_the_card_says_what_was_dropped(filtered):
    card = (filtered / "README.md").read_text()
    section = card.partition("### What filters dropped of multi_object\n")[2]
    dropped = read_built_manifest(filtered).configs["multi_object"].splits["train"].filters
    assert f"| `caption_words` | at least 5, at most 11 |  | {dropped['caption_words'].dropped:,} |" in section
    assert f"of each block from 0 % to 60 % |  | {dropped['structure.objects'].dropped:,} |" in section


@pytest.mark.slow
def test_processes_do_not_change_the_bytes(filtered, tmp_path):
    reported = []
    build_datasets([load()], tmp_path / "gas", workers=3, report=reported.append)
    assert hash_files(tmp_path / "gas") == hash_files(filtered)
    assert sum(reported) == 2 * (ROWS + 30)


def test_a_larger_split_begins_with_the_rows_of_a_smaller_one(filtered, tmp_path):
    build_datasets([load(splits={**SPLITS, "train": 40})], tmp_path / "gas")
    assert read_rows(tmp_path / "gas") == read_rows(filtered)


def test_what_is_built_is_not_judged_again(filtered, judged):
    reported, before = [], hash_files(filtered)
    build_datasets([load()], filtered, report=reported.append)
    assert judged == [] and sum(reported) == 2 * (ROWS + 30)
    assert hash_files(filtered) == before


def test_no_run_is_judged_twice(filtered, judged, tmp_path):
    """Stopped while candidates are judged, then while files are written."""
    out = tmp_path / "gas"
    for rows in (ROWS // 2, ROWS + 100):
        with pytest.raises(StoppedError):
            build_datasets([load()], out, report=stop_at(rows))
        assert list((out / WORK).rglob(f"*{VERDICT}"))
    build_datasets([load()], out)
    assert len(judged) == len(set(judged)) > 2
    assert hash_files(out) == hash_files(filtered)


@pytest.mark.parametrize("damage", [lambda text: text[:50], lambda text: "[]", lambda text: text.replace("a", "b")])
def test_a_damaged_record_is_judged_again(damage, tmp_path):
    folder, run = Folder(tmp_path, tmp_path / WORK), Run("multi_object", "train", 0, 64)
    verdict = RowFilter(create_writer(load(WORDS))).judge("train", 0, 64)
    write_verdict(run, "abc", verdict, folder)
    assert find_verdict(run, "abc", folder).reasons.tolist() == verdict.reasons.tolist()
    assert find_verdict(run, "abd", folder) is None
    path = folder.work / run.path
    path.write_text(damage(path.read_text()))
    assert find_verdict(run, "abc", folder) is None


def test_what_keeps_next_to_nothing_stops_in_one_line(tmp_path, gas):
    status, _, said = gas(
        "build", "multi_object", "--set", "filters.caption_words=[900, 999]", "--out", tmp_path / "gas"
    )
    assert status == 2 and said.count("\n") == 1
    assert "of the first 8,192 candidates of multi_object/train the filters keep 0" in said
    assert not (tmp_path / "gas" / "multi_object").exists()


def test_verify_makes_rows_and_numbers_again(filtered):
    result = verify_folder(filtered, None)
    assert result.findings == [] and result.remade == result.rows == ROWS + 30


def drop_row(folder):
    """Takes a row out of a folder as if filters had dropped it."""
    path = folder / "multi_object/test-00000-of-00001.parquet"
    pq.write_table(pq.read_table(path).slice(1), path)
    manifest = json.loads((folder / "manifest.json").read_text())
    split = manifest["configs"]["multi_object"]["splits"]["test"]
    split["files"][0] |= {"rows": 29, "bytes": path.stat().st_size, "sha256": hash_file(path)}
    split["files"][0]["filtered"] += 1
    split["filters"]["caption_words"]["dropped"] += 1
    split["rows"] -= 1
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_verify_finds_a_row_that_filters_would_keep(tmp_path):
    out = tmp_path / "gas"
    build_datasets([load(splits={**SPLITS, "train": 0})], out)
    first = read_rows(out, "test")[0]["id"]
    drop_row(out)
    (finding,) = verify_folder(out, None).findings
    assert (finding.kind, finding.path) == ("rows", "multi_object/test-00000-of-00001.parquet")
    assert f"{first} is missing, which `filters` keep" in finding.message


def test_a_manifest_whose_filters_do_not_count_up_is_damaged(tmp_path):
    build_datasets([load(splits=FEW)], tmp_path / "gas")
    path = tmp_path / "gas/manifest.json"
    manifest = json.loads(path.read_text())
    manifest["configs"]["multi_object"]["splits"]["train"]["files"][0]["filtered"] += 1
    path.write_text(json.dumps(manifest))
    with pytest.raises(GasError, match=r"filters: must drop the [\d,]+ candidates of its files, not"):
        read_built_manifest(tmp_path / "gas")


def test_a_preview_has_the_first_rows(filtered):
    assert preview_rows(load(), "train", 5) == read_rows(filtered)[:5]


def test_single_rows_have_the_numbers_of_candidates(filtered, candidates):
    (row,) = read_rows(filtered, first=7, count=1)
    asked = {**PLAIN, "splits": SPLITS, "filters": FILTERS}
    assert scene("multi_object", int(row["id"].rpartition("/")[2]), **asked) == row
    assert scene("multi_object", 3, **asked) == read_rows(candidates, first=3, count=1)[0]


@pytest.fixture
def recipe_file(tmp_path):
    path = tmp_path / "short.yaml"
    path.write_text("name: short\nextends: multi_object\nfilters: {caption_words: [5, 9]}\nsplits: {train: 20}\n")
    return path


def test_what_makes_rows_without_a_build_refuses_filters(recipe_file, gas):
    with pytest.raises(GasError, match="short has `filters`, which only a build asks; run `gas build` on it and load"):
        load_dataset("gas", recipe=str(recipe_file))
    with pytest.raises(GasError, match="and load the folder"):
        load_dataset("gas", recipe=str(recipe_file), streaming=True)
    with pytest.raises(GasError, match="and count the folder"):
        count_drawn(load_recipe(recipe_file), "train", 0, 10)
    status, _, said = gas("diff", str(recipe_file), "multi_object")
    assert status == 2 and said.count("\n") == 1 and "and compare the folder" in said


def test_folders_are_compared_by_the_numbers_of_rows(filtered, candidates):
    with open_side(str(filtered)) as one, open_side(str(candidates)) as other:
        (pair,) = match_configs(one, other)
        difference = compare_configs(pair).splits["test"]
    changes = difference.changes
    assert (changes.removed, changes.added, changes.changed) == (0, BLOCK - 30, 0)


def test_a_built_folder_is_loaded(filtered, tmp_path):
    rows = load_dataset(str(filtered), "multi_object", split="test", cache_dir=str(tmp_path))
    assert rows.to_list() == read_rows(filtered, "test")


def test_rows_are_decontaminated_and_verified(filtered, tmp_path, gas):
    (tmp_path / "prompts.txt").write_text(read_rows(filtered, "test")[4]["caption"] + "\n")
    out = tmp_path / "clean"
    status, _, said = gas("decontaminate", filtered, "--against", tmp_path / "prompts.txt", "--drop", out)
    assert status == 0, said
    assert read_built_manifest(out).configs["multi_object"].splits["test"].dropped >= 1
    assert verify_folder(out, None).findings == []


GAS = """
import sys
from generate_any_scene import cli
from generate_any_scene.builders.build import shards
shards.SHARD_BLOCKS = 1
cli.main()
"""


@pytest.mark.slow
def test_a_kill_while_candidates_are_judged_costs_one_run(filtered, judged, tmp_path):
    out = tmp_path / "gas"
    sets = {**PLAIN, "splits": SPLITS, "filters": FILTERS}
    command = [sys.executable, "-c", GAS, "build", "multi_object", "--out", str(out)]
    command += [part for key, value in sets.items() for part in ("--set", f"{key}={json.dumps(value)}")]
    build = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not (done := list(out.rglob(f"*{VERDICT}"))) and build.poll() is None:
        time.sleep(0.005)
    os.kill(build.pid, signal.SIGKILL)
    build.wait()
    assert done
    done = {(path.name.split("-")[0], int(path.name.split("-")[1].split(".")[0])) for path in done}
    build_datasets([load()], out)
    assert not done & set(judged)
    assert hash_files(out) == hash_files(filtered)


@pytest.mark.slow
def test_a_cluster_makes_the_same_bytes(filtered, tmp_path):
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, log_to_driver=False, logging_level="ERROR")
    try:
        build_datasets([load()], tmp_path / "gas", engine="ray")
    finally:
        ray.shutdown()
    assert hash_files(tmp_path / "gas") == hash_files(filtered)


@pytest.mark.parametrize("share", [1, 2, 3, 20])
def test_files_have_about_as_many_rows_as_without_filters(share):
    kept, first = Kept("a/train", ("caption_words",), 10 * BLOCK), 0
    reasons = (np.arange(BLOCK) % share != 0).astype(np.uint8)
    while not kept.is_full:
        kept.add(Verdict(first, reasons, {}))
        first += BLOCK
    shards = list_shards("a", "train", 10 * BLOCK, kept)
    assert sum(map(len, shards)) == 10 * BLOCK and (shards[0].first, shards[-1].last) == (0, kept.candidates)
    assert all(BLOCK // 2 <= len(shard) <= BLOCK for shard in shards[:-1])
    assert all(one.last == other.first and other.first % BLOCK == 0 for one, other in pairwise(shards))
    found = np.concatenate([shard.list_kept(shard.first, shard.last - shard.first) for shard in shards])
    assert found.tolist() == (np.arange(kept.candidates) % BLOCK % share == 0).tolist()


def test_columns_are_measured_of_kept_rows(filtered):
    info = read_built_manifest(filtered).configs["multi_object"].splits["test"]
    table = pq.read_table(filtered / info.files[0].path)
    assert info.columns["caption"] == 4 * (len(table) + 1) + pc.sum(pc.binary_length(table["caption"])).as_py()
