"""`build_datasets`: the same bytes however they are made, and a folder that is whole or not there."""

import hashlib
import json
import os
import shutil
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
import yaml
from datasets import load_dataset
from filelock import FileLock
from generate_any_scene.builders.build import shards as layout
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.build.shards import list_shards
from generate_any_scene.builders.content.scenes import BLOCK, list_blocks
from generate_any_scene.builders.folder.build_folder import LOCK
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.recipe.questions import QUESTION_KINDS
from generate_any_scene.builders.rows.fingerprint import compute_fingerprint
from generate_any_scene.builders.rows.schema import SCHEMA, VIEWS
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import GasError
from huggingface_hub import DatasetCard
from stopping import StoppedError, stop_at

SMALL = ("splits={train: 200, validation: 30, test: 40}", f"questions=[{', '.join(QUESTION_KINDS)}]")
"""What the folder `built` has."""


def load(recipe, *overrides):
    return load_recipe(recipe, (*SMALL, *overrides))


def read_files(folder):
    """Every file of a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def copied(built, tmp_path):
    """A folder with the configs `multi_object` and `video`, to change."""
    return shutil.copytree(built, tmp_path / "gas")


def test_another_build_in_another_order_has_the_same_bytes(built, tmp_path):
    """But for the default, which is the config that was there first."""
    build_datasets([load("video")], tmp_path / "gas")
    manifest = build_datasets([load("multi_object")], tmp_path / "gas")
    assert manifest.default == "video"
    card = DatasetCard.load(tmp_path / "gas/README.md").data
    assert [one["config_name"] for one in card.configs if one.get("default")] == ["video"]
    texts = {"manifest.json": b"", "README.md": b""}
    assert read_files(tmp_path / "gas") | texts == read_files(built) | texts


def test_without_a_name_the_config_is_loaded_that_was_built_first(tmp_path):
    """Whatever is built beside it, again or in its place, and dropped."""
    small = {"splits": {"train": 20}, "structure": {"complexity": 3}, "questions": []}
    out = tmp_path / "gas"
    for seed, name in enumerate(("zebra", "ant", "zebra")):
        build_datasets([load_recipe("multi_object", {**small, "name": name, "seed": seed})], out)
        row = load_dataset(str(out), split="train", cache_dir=str(tmp_path / "cache"))[0]
        assert row["id"] == "zebra/train/000000000"


def test_processes_do_not_change_the_bytes(built, copied):
    reported = []
    (copied / "video" / "train-00000-of-00001.parquet").unlink()
    build_datasets([load("video")], copied, workers=2, report=reported.append)
    assert read_files(copied) == read_files(built)
    assert sum(reported) == 270


def test_what_is_near_does_not_depend_on_the_processes(tmp_path):
    for workers in (1, 3):
        build_datasets([load("everyday")], tmp_path / str(workers) / "gas", workers)
    assert read_files(tmp_path / "1") == read_files(tmp_path / "3")


def test_hash_randomization_does_not_change_the_bytes(run_python, tmp_path):
    code = """
from pathlib import Path
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.recipe.loading import load_recipe
build_datasets([load_recipe("three_d", ["splits={train: 50, test: 0, validation: 0}"])], Path("gas"))
"""
    build_datasets([load_recipe("three_d", ["splits={train: 50, test: 0, validation: 0}"])], tmp_path / "here" / "gas")
    run_python(code, folder=tmp_path, PYTHONHASHSEED="2" if os.environ.get("PYTHONHASHSEED") == "1" else "1")
    assert read_files(tmp_path / "gas") == read_files(tmp_path / "here" / "gas")


def test_a_larger_split_begins_with_the_rows_of_a_smaller_one(built, tmp_path):
    splits = f"splits={{train: {BLOCK + 500}, validation: 0, test: 0}}"
    build_datasets([load("multi_object", splits)], tmp_path / "gas")
    small, large = (
        pq.read_table(folder / "multi_object" / "train-00000-of-00001.parquet") for folder in (built, tmp_path / "gas")
    )
    assert (len(small), len(large)) == (200, BLOCK + 500)
    assert large.slice(0, 200) == small
    assert len({read_manifest(folder)["multi_object"]["fingerprint"] for folder in (built, tmp_path / "gas")}) == 1


def test_another_seed_gives_other_rows_and_another_fingerprint(built, tmp_path):
    splits = "splits={train: 200, validation: 0, test: 0}"
    manifest = build_datasets([load("multi_object", "seed=1", splits)], tmp_path / "gas")
    one, other = (
        pq.read_table(folder / "multi_object" / "train-00000-of-00001.parquet") for folder in (built, tmp_path / "gas")
    )
    assert len(set(one["caption"].to_pylist()) & set(other["caption"].to_pylist())) < 20
    assert manifest.configs["multi_object"].fingerprint != read_manifest(built)["multi_object"]["fingerprint"]


def test_a_split_is_cut_into_files_of_whole_blocks():
    step = layout.SHARD_BLOCKS * BLOCK
    shards = list_shards("c", "train", 2 * step + 5)
    assert [(shard.first, shard.last) for shard in shards] == [(0, step), (step, 2 * step), (2 * step, 2 * step + 5)]
    assert shards[2].path == "c/train-00002-of-00003.parquet"
    assert list(list_blocks(shards[2].first, shards[2].last)) == [(2 * layout.SHARD_BLOCKS, 5)]
    assert sum(rows for _, rows in list_blocks(0, step)) == step


def test_a_large_split_has_larger_files_and_never_too_many():
    rows = 10**10
    shards = list_shards("c", "train", rows)
    assert layout.MOST_FILES / 2 < len(shards) <= layout.MOST_FILES
    assert shards[-1].last == rows == sum(map(len, shards))
    assert {shard.first % BLOCK for shard in shards} == {0}
    assert len(list_shards("c", "train", layout.MOST_FILES * layout.SHARD_BLOCKS * BLOCK)) == layout.MOST_FILES


def test_rows_do_not_depend_on_how_they_are_cut_into_files(built, tmp_path, monkeypatch):
    """A split of several files, made with files of one block."""
    monkeypatch.setattr(layout, "SHARD_BLOCKS", 1)
    splits = f"splits={{train: {BLOCK + 100}, validation: 0, test: 0}}"
    build_datasets([load("multi_object", splits)], tmp_path / "gas")
    paths = sorted((tmp_path / "gas" / "multi_object").glob("train-*.parquet"))
    assert [path.name for path in paths] == ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]
    tables = [pq.read_table(path) for path in paths]
    assert [len(table) for table in tables] == [BLOCK, 100]
    assert tables[1] == create_writer(load("multi_object")).write_block("train", 1, 100)
    assert tables[0].slice(0, 200) == pq.read_table(built / "multi_object" / "train-00000-of-00001.parquet")


def read_manifest(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["configs"]


def test_the_manifest_names_every_file_with_its_digest_and_rows(built):
    named = set()
    for config, splits in read_manifest(built).items():
        for split, sizes in (("train", 200), ("validation", 30), ("test", 40)):
            info = splits["splits"][split]
            assert info["rows"] == sizes == sum(file["rows"] for file in info["files"])
            for file in info["files"]:
                path = built / file["path"]
                named.add(file["path"])
                assert file["path"].startswith(f"{config}/{split}-")
                assert file["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
                assert file["bytes"] == path.stat().st_size
                assert pq.read_metadata(path).num_rows == file["rows"]
                assert pq.read_schema(path).remove_metadata() == SCHEMA
    assert named == {str(path.relative_to(built)) for path in built.rglob("*.parquet")}


def test_nothing_but_the_dataset_is_in_the_folder(built):
    names = {path.name for path in built.iterdir()}
    assert names == {"README.md", "card-assets", "manifest.json", "recipes", "multi_object", "video"}


@pytest.mark.parametrize("config", ["multi_object", "video"])
def test_the_recipe_in_the_folder_builds_the_same_again(config, built):
    writer = create_writer(load_recipe(built / "recipes" / f"{config}.yaml"))
    assert compute_fingerprint(writer) == read_manifest(built)[config]["fingerprint"]
    assert writer.write_block("test", 0, 40) == pq.read_table(built / config / "test-00000-of-00001.parquet")


@pytest.mark.parametrize(
    ("override", "same"),
    [
        ("description=another", True),
        ("license=mit", True),
        ("version=2.0.0", True),
        ("splits.train=7", True),
        ("seed=3", False),
        ("structure.complexity=[3, 8]", False),
        ("content.objects.top=100", False),
        ("questions=[object]", False),
        ("name=other", False),
        ("modality=video", False),
    ],
)
def test_the_fingerprint_is_over_what_rows_depend_on(override, same, built):
    found = compute_fingerprint(create_writer(load("multi_object", override)))
    assert (found == read_manifest(built)["multi_object"]["fingerprint"]) == same


def test_the_fingerprint_is_over_templates_and_taxonomy_too(write_recipe, tmp_path):
    path = write_recipe("captions: mine.jinja\ntaxonomy: [default, own]\nstructure: {complexity: 3}")
    own = path.parent / "own"
    own.mkdir()
    row = "\t".join(["weather.frogs", "weather", "{}", "in a rain of frogs", "setting", "image", "", "common"])
    header = "\t".join(["id", "kind", "name", "phrase", "role", "modality", "excludes", "tier"])

    def find(template, name="rain of frogs"):
        path.with_name("mine.jinja").write_text(template)
        (own / "scene_attributes.tsv").write_text(f"{header}\n{row.format(name)}\n")
        return compute_fingerprint(create_writer(load_recipe(path)))

    first = find("{{ scene.objects[0].name }}")
    assert find("{{ scene.objects[0].name }}") == first
    assert find("{{ scene.objects[0].plural }}") != first
    assert find("{{ scene.objects[0].name }}", "frog rain") != first


def test_another_build_of_one_config_keeps_the_other(copied):
    before = read_files(copied)
    build_datasets([load("multi_object", "seed=9", "questions=[]")], copied)
    after = read_files(copied)
    changed = {path for path in before if before[path] != after.get(path)}
    # Of charts, those that show other numbers.
    charts = {path for path in changed if path.startswith("card-assets/multi_object-chart-")}
    assert "card-assets/multi_object-chart-questions-by-kind-and-form.svg" in charts
    assert changed - charts == {
        *(f"card-assets/multi_object-graph-{number}.svg" for number in (1, 2, 3)),
        "README.md",
        "manifest.json",
        "recipes/multi_object.yaml",
        *(f"multi_object/{split}-00000-of-00001.parquet" for split in ("train", "validation", "test")),
    }
    assert set(read_manifest(copied)) == {"multi_object", "video"}


def test_a_split_that_a_recipe_no_longer_has_goes(copied):
    build_datasets([load("multi_object", "splits={train: 20, validation: 10, test: 0}", "questions=[]")], copied)
    assert {path.name.split("-")[0] for path in (copied / "multi_object").iterdir()} == {"train", "validation"}
    assert set(read_manifest(copied)["multi_object"]["splits"]) == {"train", "validation"}


def test_the_card_has_what_the_hub_reads(built):
    card = DatasetCard((built / "README.md").read_text(encoding="utf-8"))
    data = card.data.to_dict()
    configs = {config["config_name"]: config for config in data["configs"]}
    names = {
        name for recipe in ("multi_object", "video") for name in (recipe, *(f"{recipe}_{view}" for view in VIEWS))
    }
    assert set(configs) == names
    assert [name for name, config in configs.items() if config.get("default")] == ["multi_object"]
    assert configs["video_captions"]["columns"] == ["id", "caption"]
    assert data["license"] == "cc-by-4.0"
    assert data["size_categories"] == ["n<1K"]
    assert {"text-to-image", "text-to-video", "visual-question-answering"} <= set(data["task_categories"])
    assert "scene-graph" in data["tags"]
    infos = {info["config_name"]: info for info in data["dataset_info"]}
    assert set(infos) == {"multi_object", "video"}
    sizes = {split["name"]: split["num_examples"] for split in infos["video"]["splits"]}
    assert sizes == {"train": 200, "validation": 30, "test": 40}
    assert all(f"`{name}`" in card.text for name in ("multi_object", "video", *SCHEMA.names))


def test_the_card_of_other_licenses_and_descriptions_is_still_valid(write_recipe, copied):
    text = "structure: {complexity: 3}\nquestions: []\ndescription: 'A | pipe, \"quotes\": and #'\nlicense: mit"
    build_datasets([load_recipe(write_recipe(text))], copied)
    card = (copied / "README.md").read_text(encoding="utf-8")
    assert yaml.safe_load(card.split("---\n")[1])["license"] == ["cc-by-4.0", "mit"]
    assert 'A \\| pipe, "quotes": and #' in card


LOAD = """
import sys
from datasets import get_dataset_config_names, load_dataset
names = get_dataset_config_names("gas")
for name in names:
    for split, rows in load_dataset("gas", name).items():
        print(name, split, len(rows), *rows.column_names)
whole = load_dataset("gas", "video", split="test")
print(whole[3]["caption"])
print(next(iter(load_dataset("gas", "video", split="test", streaming=True)))["caption"])
assert "generate_any_scene" not in sys.modules
"""


def test_plain_datasets_loads_every_view_and_split(built, run_python):
    *lines, fourth, first = run_python(LOAD, folder=built.parent).splitlines()
    expected = {
        f"{recipe}{view} {split} {rows} {' '.join(columns)}"
        for recipe in ("multi_object", "video")
        for view, columns in {"": SCHEMA.names, **{f"_{view}": columns for view, columns in VIEWS.items()}}.items()
        for split, rows in (("train", 200), ("validation", 30), ("test", 40))
    }
    assert set(lines) == expected
    captions = pq.read_table(built / "video" / "test-00000-of-00001.parquet")["caption"].to_pylist()
    assert (fourth, first) == (captions[3], captions[0])


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(GasError, match=r"holds files that no build wrote"):
        build_datasets([load("video")], tmp_path)
    assert read_files(tmp_path) == {"thesis.tex": b"mine"}


@pytest.mark.parametrize("manifest", ["{}", "[]", "no JSON", '{"generator": "generate-any-scene"}', '{"configs": {}}'])
def test_a_manifest_that_no_build_wrote_is_refused_and_left_alone(manifest, tmp_path):
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(GasError, match=r"manifest\.json was not written by a build"):
        build_datasets([load("video")], tmp_path)
    assert read_files(tmp_path) == {"manifest.json": manifest.encode()}


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "gas").write_text("mine")
    with pytest.raises(GasError, match=r"gas is a file"):
        build_datasets([load("video")], tmp_path / "gas")
    with pytest.raises(GasError, match=r"another folder with --out"):
        build_datasets([load("video")], tmp_path / "gas" / "below")
    assert read_files(tmp_path) == {"gas": b"mine"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(GasError, match="check its permissions"):
        build_datasets([load("video")], tmp_path / "gas")


def test_a_second_build_in_one_folder_is_refused(copied):
    before = read_files(copied)
    with FileLock(copied / LOCK), pytest.raises(GasError, match="another build is writing to") as caught:
        build_datasets([load("video", "seed=1")], copied)
    assert caught.value.exit_status == 1
    assert {name: data for name, data in read_files(copied).items() if name != LOCK} == before


@pytest.mark.slow
def test_of_two_builds_at_once_one_is_refused_and_the_other_is_whole(tmp_path):
    command = [sys.executable, "-m", "generate_any_scene", "build", "multi_object"]
    command += ["--set", "splits.train=9000", "--set", "questions=[]"]
    builds = [
        subprocess.Popen([*command, "--set", f"seed={seed}"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        for seed in (1, 2)
    ]
    errors = [build.communicate(timeout=120)[1] for build in builds]
    assert 0 in [build.returncode for build in builds]
    for build, error in zip(builds, errors, strict=True):
        assert build.returncode == 0 or (build.returncode == 1 and "another build is writing to" in error)
    for config in read_manifest(tmp_path / "gas").values():
        for split in config["splits"].values():
            for file in split["files"]:
                assert hashlib.sha256((tmp_path / "gas" / file["path"]).read_bytes()).hexdigest() == file["sha256"]


def test_a_build_that_is_stopped_before_a_file_is_finished_leaves_nothing_behind(tmp_path):
    with pytest.raises(StoppedError):
        build_datasets([load("multi_object", "questions=[]")], tmp_path / "gas", report=stop_at(1))
    assert not list(tmp_path.iterdir())


def test_a_build_that_is_stopped_keeps_what_was_there(copied):
    before = read_files(copied)
    recipes = [load("three_d", "questions=[]"), load("multi_object", "seed=5", "questions=[]")]
    with pytest.raises(StoppedError):
        build_datasets(recipes, copied, report=stop_at(400))
    assert {path: data for path, data in read_files(copied).items() if not path.startswith(".building/")} == before


def test_a_wrong_recipe_stops_the_build_before_anything_is_written(tmp_path):
    wrong = load("video", "content.objects.under=[nothing.n.99]")
    with pytest.raises(GasError, match=r"nothing\.n\.99"):
        build_datasets([load("multi_object"), wrong], tmp_path / "gas")
    assert not list(tmp_path.iterdir())


def test_a_template_that_fails_leaves_nothing_behind(write_recipe, tmp_path):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: 3}\nquestions: []")
    path.with_name("mine.jinja").write_text("{{ scene.nothing }}")
    for workers in (1, 2):
        with pytest.raises(GasError, match=r"mine\.jinja:1"):
            build_datasets([load_recipe(path, SMALL)], tmp_path / "out" / "gas", workers)
        assert not (tmp_path / "out" / "gas").exists()


def test_two_recipes_of_one_name_are_refused(tmp_path):
    with pytest.raises(GasError, match="two recipes are named video"):
        build_datasets([load("video"), load("video", "seed=1")], tmp_path / "gas")
    assert not list(tmp_path.iterdir())


def test_a_recipe_with_its_own_template_is_built_beside_others(write_recipe, tmp_path):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: 3}\nquestions: []")
    path.with_name("mine.jinja").write_text("{{ scene.objects[0].name }}")
    for _ in range(2):
        build_datasets([load_recipe(path)], tmp_path / "gas")
    build_datasets([load("video", "splits={train: 2, validation: 0, test: 0}", "questions=[]")], tmp_path / "gas")
    assert set(read_manifest(tmp_path / "gas")) == {"mine", "video"}


def test_the_folder_holds_all_that_building_a_recipe_again_takes(write_recipe, tmp_path):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: 3}\nquestions: []")
    path.with_name("mine.jinja").write_text("{{ scene.objects[0].name }}")
    build_datasets([load_recipe(path)], tmp_path / "gas")
    again = create_writer(load_recipe(tmp_path / "gas" / "recipes" / "mine.yaml"))
    assert compute_fingerprint(again) == read_manifest(tmp_path / "gas")["mine"]["fingerprint"]
