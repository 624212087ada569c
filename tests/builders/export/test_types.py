"""The types in exported files do not depend on what the rows happen to hold."""

import itertools
import json
from functools import cache

import pandas as pd
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from drawn_recipes import draw_overrides
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.export.export import export_split
from generate_any_scene.builders.export.formats import list_formats
from generate_any_scene.builders.folder.reading import find_split
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.errors import GasError

JSON_LINES = {"flow_factory", "geneval2", "prompts", "t2i_r1", "trl", "trl_chat"}
PLACED = {"flow_grpo", "unirl"}
"""JSON lines with GenEval's own layout, in which a place is a word and a number in one list, which Arrow has not."""
PARQUET = {"verl_omni"}
CSV = {"csv", "dsg"}
ROWS = {"jsonl"}
"""JSON lines with rows as they are, whose lists may be empty and whose values null: see test_tables.py."""
JSON = {"gas", "simplear", "tifa"}

FOLDERS = {
    "flow_factory": "{}.jsonl",
    "flow_grpo": "{}_metadata.jsonl",
    "unirl": "{}.jsonl",
    "verl_omni": "{}.parquet",
}
"""Formats that are a folder, and the file in it."""

FEW = {
    "plain": (),
    "one_row": ("splits={train: 1, validation: 0, test: 1}",),
    "one_object": (*("structure.objects=1", "structure.relations=0"), "structure.complexity=[1, 4]"),
    "no_relations": ("structure.relations=0",),
    "no_attributes": ("structure.attributes=0",),
    "nothing_asked": ("questions=[]",),
    "only_counts": ("questions=[count]",),
    "only_relations": ("questions=[relation]",),
    "with_scene": ("content.scene_attributes.count=2", "questions=[scene]"),
    "only_open": ("questions={forms: [open]}",),
    **{name: (*drawn, "pairs=false") for name, drawn in draw_overrides(1, 4).items()},
}
"""Recipes whose rows have nothing of a kind; and have the same columns."""


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """Writes all splits of these recipes in a format, as far as it can hold anything of them."""
    folder, out = tmp_path_factory.mktemp("built") / "gas", tmp_path_factory.mktemp("exported")
    sizes = "splits={train: 8, validation: 0, test: 3}"
    build_datasets([load_recipe("multi_object", (sizes, f"name={name}", *few)) for name, few in FEW.items()], folder)

    @cache
    def export(format_):
        files = []
        for name in FEW:
            for split in ("train", "test"):
                path = out / f"{name}_{split}_{format_}.{'csv' if format_ in CSV else 'json'}"
                try:
                    export_split(find_split(folder, name, split), format_, path)
                    path = path / FOLDERS[format_].format(split) if format_ in FOLDERS else path
                except GasError as error:
                    assert "that " + format_ + " can hold" in str(error)
                    continue
                files.append(path)
        assert len(files) > 8
        return files

    return export


def test_all_formats_are_here():
    assert {*list_formats()} == JSON_LINES | PLACED | PARQUET | ROWS | CSV | JSON


@pytest.mark.parametrize("format_", sorted(JSON_LINES))
def test_json_lines_have_the_same_features_alone_and_together(format_, exports):
    files = exports(format_)
    alone = [load_dataset("json", data_files=str(path), split="train").features for path in files]
    assert all(features == alone[0] for features in alone)
    assert "null" not in repr(alone[0])
    for ordered in (files, files[::-1], files[1::2] + files[::2]):
        together = load_dataset("json", data_files=list(map(str, ordered)), split="train")
        assert together.features == alone[0]
        assert together.num_rows == sum(len(path.read_text().splitlines()) for path in files)


@pytest.mark.parametrize("format_", sorted(JSON_LINES | CSV))
def test_pandas_reads_the_same_types_alone_and_together(format_, exports):
    def read(path):
        frame = pd.read_csv(path) if format_ in CSV else pd.read_json(path, lines=True)
        return frame.dtypes.astype(str).to_dict(), [*map(list, frame.map(type).drop_duplicates().to_numpy())]

    read_all = [read(path) for path in exports(format_)]
    assert all(one == read_all[0] for one in read_all)
    assert len(read_all[0][1]) == 1, "a column has values of one type"


@pytest.mark.parametrize("format_", sorted(PARQUET))
def test_parquet_has_the_same_columns_alone_and_together(format_, exports):
    files = exports(format_)
    alone = [load_dataset("parquet", data_files=str(path), split="train").features for path in files]
    assert all(features == alone[0] for features in alone)
    assert "null" not in repr(alone[0])
    together = load_dataset("parquet", data_files=list(map(str, files)), split="train")
    assert (together.features, together.num_rows) == (alone[0], sum(pq.read_metadata(path).num_rows for path in files))


def list_types(value, path=""):
    """Every place in a JSON value with the type of what is there; those of a list are one, and so are all scenes."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from list_types(one, f"{path}.{'N' if key.isdigit() else key}")
    elif path.endswith(".position"):
        yield path, tuple(map(type, value))
    elif isinstance(value, list):
        for one in value:
            yield from list_types(one, f"{path}[]")
    else:
        yield path, type(value)


@pytest.mark.parametrize("format_", sorted(JSON | JSON_LINES | PLACED))
def test_a_place_in_json_has_one_type(format_, exports):
    found = {}
    for path in exports(format_):
        text = path.read_text(encoding="ascii")
        values = map(json.loads, text.splitlines()) if format_ in JSON_LINES | PLACED else [json.loads(text)]
        for place, type_ in itertools.chain.from_iterable(map(list_types, values)):
            assert found.setdefault(place, type_) is type_, place
    assert found
