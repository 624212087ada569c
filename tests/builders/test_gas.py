"""`load_dataset("gas", ...)` after `import generate_any_scene`: rows from recipes, without files."""

import json

import datasets
import generate_any_scene  # noqa: F401 - registers the builder
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset, load_dataset_builder
from datasets.distributed import split_dataset_by_node
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.gas import GasConfig
from generate_any_scene.builders.recipe.loading import list_recipes, load_recipe
from generate_any_scene.builders.recipe.questions import QUESTION_KINDS
from generate_any_scene.builders.rows import splits
from generate_any_scene.builders.rows.schema import SCHEMA, VIEWS

SMALL = {"train": 200, "validation": 30, "test": 0}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def open_gas(cache, empty):
    """`load_dataset("gas", ...)` of few rows, by default without questions."""

    def load(*arguments, **options):
        options = {"splits": SMALL, "questions": [], "cache_dir": str(cache), **options}
        return load_dataset("gas", *arguments, **options)

    return load


def find_cache(name="multi_object", **options):
    return load_dataset_builder("gas", name, **options).cache_dir


@pytest.fixture
def video(cache, empty):
    """The same, with questions of every kind, as the built folder has them."""
    return load_dataset("gas", "video", splits=SMALL, questions=list(QUESTION_KINDS), cache_dir=str(cache))


def test_rows_are_those_of_a_build(video, built):
    assert {name: len(split) for name, split in video.items()} == {"train": 200, "validation": 30}
    for name, split in video.items():
        table = pq.read_table(built / "video" / f"{name}-00000-of-00001.parquet")
        assert split.data.table.cast(SCHEMA) == table


def test_streaming_gives_the_same_rows(open_gas):
    streamed = list(open_gas("multi_object", split="train", streaming=True))
    assert streamed == open_gas("multi_object", split="train").to_list()


def test_streaming_begins_without_making_everything(open_gas):
    scenes = open_gas("multi_object", split="train", streaming=True, splits={"train": 10**9})
    assert next(iter(scenes))["id"] == "multi_object/train/000000000"


@pytest.fixture
def made(monkeypatch):
    """Numbers of the blocks that are drawn."""
    numbers = []

    def draw(plan, split, block, *bounds):
        numbers.append(block)
        return draw_block(plan, split, block, *bounds)

    monkeypatch.setattr(splits, "draw_block", draw)
    return numbers


ROWS = 2 * BLOCK + 100
CHEAP = {"splits": {"train": ROWS}, "structure": {"complexity": 3}}


@pytest.mark.parametrize("skipped", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, ROWS - 1, ROWS, ROWS + 5])
def test_skipped_blocks_are_not_made(skipped, open_gas, made):
    stream = open_gas("multi_object", split="train", streaming=True, **CHEAP)
    left = [row["id"] for row in stream.skip(skipped)]
    assert left == [f"multi_object/train/{number:09}" for number in range(skipped, ROWS)]
    assert made == list(range(min(skipped // BLOCK, 2), 3))


def test_a_stream_is_skipped_in_any_order_with_what_else_is_done(open_gas):
    stream = open_gas("multi_object", split="train", streaming=True, **CHEAP).select_columns(["id"])
    plain = [row["id"] for row in stream]
    stream = open_gas("multi_object", split="train", streaming=True, **CHEAP)
    assert [row["id"] for row in stream.skip(BLOCK).skip(BLOCK)] == plain[2 * BLOCK :]
    assert [row["id"] for row in stream.skip(BLOCK + 7).take(3)] == plain[BLOCK + 7 : BLOCK + 10]
    later = stream.skip(BLOCK + 7)
    rows = iter(later)
    assert [next(rows)["id"] for _ in range(2)] == plain[BLOCK + 7 : BLOCK + 9]
    state = later.state_dict()
    again = stream.skip(BLOCK + 7)
    again.load_state_dict(state)
    assert [row["id"] for row in again] == plain[BLOCK + 9 :]
    halves = [split_dataset_by_node(stream.skip(BLOCK), rank, 2) for rank in range(2)]
    assert sorted(row["id"] for half in halves for row in half) == plain[BLOCK:]


FEW = {"splits": {"train": 20}, "structure": {"complexity": 3}, "questions": []}


@pytest.mark.parametrize(
    ("recipe", "change", "options", "warns"),
    [
        ("sandbox", {}, {}, False),
        ("multi_object", FEW, {}, True),
        ("multi_object", FEW, {"seed": 9}, False),  # no built folder takes that
        ("multi_object", {**FEW, "name": "others"}, {}, False),
    ],
)
def test_a_built_folder_of_that_name_with_other_rows_is_warned_of(recipe, change, options, warns, empty, recwarn):
    """Nobody gets other rows than were built here without being told."""
    build_datasets([load_recipe(recipe, change)], empty / "gas")
    load_dataset_builder("gas", f"{recipe}_captions", cache_dir=str(empty / "cache"), **options)
    found = [str(warning.message) for warning in recwarn if "shipped recipe" in str(warning.message)]
    assert bool(found) == warns
    assert all('load_dataset("./gas", "multi_object")' in message for message in found)


@pytest.mark.parametrize("content", ["", "{}", "[", '{"generator": "generate-any-scene", "configs": {"x": 1}}'])
def test_a_folder_of_that_name_that_is_no_build_is_nothing_to_it(content, empty, recwarn):
    (empty / "gas").mkdir()
    (empty / "gas/manifest.json").write_text(content)
    load_dataset_builder("gas", "multi_object", cache_dir=str(empty / "cache"))
    assert [warning for warning in recwarn if "shipped recipe" in str(warning.message)] == []


def test_several_processes_give_the_same_rows(open_gas, tmp_path):
    splits = {"train": 9000, "validation": 0, "test": 0}
    alone = open_gas("multi_object", split="train", splits=splits)
    together = open_gas("multi_object", split="train", splits=splits, num_proc=2, cache_dir=str(tmp_path))
    assert alone["id"] == together["id"]
    assert alone["caption"] == together["caption"]


def test_views_show_fewer_columns(video, cache):
    whole = video["validation"]
    for view, columns in VIEWS.items():
        rows = load_dataset("gas", f"video_{view}", split="validation", splits=SMALL, cache_dir=str(cache))
        assert tuple(rows.column_names) == columns
        assert rows.to_list() == whole.select_columns(list(columns)).to_list()


def test_features_are_those_of_the_schema(empty):
    info = load_dataset_builder("gas", "general").info
    assert info.features.arrow_schema.remove_metadata() == SCHEMA
    assert info.license == "cc-by-4.0"
    assert info.description == load_recipe("general").recipe.description


@pytest.mark.parametrize(
    "override",
    [
        {"seed": 1},
        {"structure": {"complexity": [3, 4]}},
        {"content": {"objects": {"under": ["animal.n.01"]}}},
        {"questions": ["object"]},
        {"splits": {**SMALL, "train": 201}},
    ],
)
def test_overrides_change_rows_and_cache(override, open_gas):
    usual, other = open_gas("multi_object"), open_gas("multi_object", **override)
    assert usual["train"].to_list() != other["train"].to_list()
    folders = {split["train"].cache_files[0]["filename"] for split in (usual, other)}
    assert len(folders) == 2


def test_overrides_of_structure_are_merged(open_gas):
    for row in open_gas("multi_object", structure={"objects": 3}, split="train"):
        assert row["structure"]["objects"] == 3
        assert 3 <= row["structure"]["complexity"] <= 9


def test_asked_for_again_rows_come_from_the_cache(open_gas):
    first, second = open_gas("multi_object", split="train"), open_gas("multi_object", split="train")
    assert first.cache_files == second.cache_files
    assert first._fingerprint == second._fingerprint


def test_the_cache_does_not_depend_on_what_lies_around(empty):
    before = find_cache()
    (empty / "train.parquet").write_bytes(b"PAR1")
    (empty / "data").mkdir()
    (empty / "data" / "test.csv").write_text("a,b\n1,2\n")
    (empty / "gas").mkdir()
    assert find_cache() == before


def test_the_cache_does_not_depend_on_what_rows_do_not(empty):
    assert find_cache(seed=0) == find_cache()
    assert find_cache(structure={"complexity": [3, 9]}) == find_cache()
    assert find_cache(seed=1) != find_cache()


def test_a_recipe_of_ones_own(open_gas, write_recipe):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: 3}\nquestions: []")
    template = path.with_name("mine.jinja")
    template.write_text("{{ scene.objects[0].name }}.")
    first = open_gas(recipe=str(path), split="train")
    assert first[0]["id"] == "mine/train/000000000"
    assert all(row["caption"] == row["scene_graph"]["objects"][0]["name"] + "." for row in first)


@pytest.mark.slow
def test_an_edited_template_gives_new_rows(run_python, write_recipe):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: 3}\nquestions: []")
    code = f"""
import generate_any_scene
from datasets import load_dataset
print(load_dataset("gas", recipe={str(path)!r}, split="train")[0]["caption"])
"""
    for text in ("first", "second"):
        path.with_name("mine.jinja").write_text(text)
        assert run_python(code).strip() == text


def test_every_recipe_and_view_is_a_config():
    names = datasets.get_dataset_config_names("gas")
    assert set(names) == {name for recipe in list_recipes() for name in (recipe, *(f"{recipe}_{v}" for v in VIEWS))}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("multi_objct", {}, "Available: .*multi_object"),
        (None, {}, "which recipe"),
        ("multi_object", {"structure": {"complexty": 3}}, "did you mean `complexity`"),
        ("multi_object", {"seed": "abc"}, "must be a whole number"),
        ("multi_object", {"seeds": 3}, "seeds"),
        ("multi_object", {"data_files": "x.parquet"}, "built folder"),
    ],
)
def test_mistakes_are_explained(name, options, message, empty, tmp_path):
    with pytest.raises(Exception, match=message):
        load_dataset("gas", name, cache_dir=str(tmp_path / "cache"), **options)


def test_overrides_are_the_fields_of_recipes_that_change_rows():
    fields = set(GasConfig.__dataclass_fields__)
    assert {"seed", "taxonomy", "modality", "structure", "content", "captions", "questions", "splits"} <= fields


IMPORTS = {
    "before": "import generate_any_scene\nfrom datasets import load_dataset",
    "after": "from datasets import load_dataset\nimport generate_any_scene",
}


@pytest.mark.slow
@pytest.mark.parametrize("imports", IMPORTS.values(), ids=IMPORTS)
def test_it_does_not_matter_what_is_imported_first(imports, run_python):
    code = f"""
{imports}
import json
splits = {{"train": 0, "validation": 4, "test": 0}}
rows = load_dataset("gas", "multi_object", split="validation[:2]", splits=splits, questions=[])
print(json.dumps(rows["id"][:]))
"""
    assert json.loads(run_python(code)) == [f"multi_object/validation/{i:09d}" for i in range(2)]


def test_other_packaged_builders_work_as_before(tmp_path, empty):
    (empty / "rows.jsonl").write_text('{"a": 1}\n')
    rows = load_dataset("json", data_files="rows.jsonl", split="train", cache_dir=str(tmp_path / "cache"))
    assert rows[0] == {"a": 1}
