"""`jsonl` and `csv`: lines with the columns that are asked for, of the same types whatever a recipe has."""

import csv
import io
import json

import pandas as pd
import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, Features, load_dataset
from drawn_recipes import draw_overrides
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.explode import explode_questions
from generate_any_scene.builders.rows.schema import QUESTION, SCHEMA, schema_of
from generate_any_scene.errors import GasError

DRAWN = draw_overrides(0, 6)
QUESTION_COLUMNS = ["id", "caption", "index", *(field.name for field in QUESTION)]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A folder with recipes that are drawn, and their schemas and rows by their names."""
    folder, sizes = tmp_path_factory.mktemp("drawn") / "gas", "splits={train: 6}"
    recipes = [load_recipe("multi_object", (sizes, f"name={name}", *drawn)) for name, drawn in DRAWN.items()]
    build_datasets(recipes, folder)
    names = [loaded.recipe.name for loaded in recipes]
    tables = {name: pq.read_table(folder / name / "train-00000-of-00001.parquet") for name in names}
    return folder, {loaded.recipe.name: schema_of(loaded.recipe) for loaded in recipes}, tables


@pytest.fixture
def export(gas, drawn):
    """Exports one of the drawn recipes; gives what is written."""

    def run(name, *arguments):
        status, out, err = gas("export", drawn[0], "--config", name, *arguments)
        assert status == 0, err
        return out

    return run


def explode(table):
    rows = explode_questions(Dataset(table)).to_list()
    return [{name: row[name] for name in QUESTION_COLUMNS} for row in rows]


def test_json_lines_hold_rows_of_any_recipe_with_all_of_their_types(drawn, export):
    """Read with the types of a row, which say of what an empty list is, they are that row."""
    for name, schema in drawn[1].items():
        lines = export(name, "-f", "jsonl")
        options = pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
        assert pa.json.read_json(io.BytesIO(lines.encode()), parse_options=options).equals(drawn[2][name])
        assert all(list(json.loads(line)) == schema.names for line in lines.splitlines())
        assert lines.isascii()


def test_datasets_reads_them_together(drawn, export, tmp_path):
    files = []
    for name in drawn[1]:
        (tmp_path / f"{name}.jsonl").write_text(export(name, "-f", "jsonl", "--columns", ",".join(SCHEMA.names)))
        files.append(str(tmp_path / f"{name}.jsonl"))
    features = Features.from_arrow_schema(SCHEMA)
    rows = load_dataset("json", data_files=files, features=features, split="train", cache_dir=str(tmp_path))
    assert rows.features == features
    assert rows.to_list() == [row for table in drawn[2].values() for row in table.select(SCHEMA.names).to_pylist()]


def test_csv_has_the_same_types_of_any_recipe(drawn, export):
    """As pandas reads it where empty cells are empty texts; lists and mappings are JSON."""
    types = []
    for name, schema in drawn[1].items():
        frame = pd.read_csv(io.StringIO(export(name, "-f", "csv")), keep_default_na=False)
        for column in schema.names[2:]:
            frame[column] = frame[column].map(json.loads)
        assert frame.to_dict("records") == drawn[2][name].to_pylist()
        types.append(frame[SCHEMA.names].dtypes.to_dict())
    assert all(one == types[0] for one in types)


@pytest.mark.parametrize("format_", ["jsonl", "csv"])
def test_a_line_a_question_has_what_exploded_rows_have(format_, drawn, export):
    types = []
    for name, table in drawn[2].items():
        if not any(table["questions"].to_pylist()):
            continue
        text = export(name, "-f", format_, "--per", "question")
        if format_ == "jsonl":
            assert [json.loads(line) for line in text.splitlines()] == explode(table)
            continue
        frame = pd.read_csv(io.StringIO(text), keep_default_na=False)
        types.append(frame.dtypes.to_dict())
        for column in ("choices", "elements", "depends_on", "aliases"):
            frame[column] = frame[column].map(json.loads)
        assert frame.to_dict("records") == [{**row, "foil": row["foil"] or ""} for row in explode(table)]
    assert all(one == types[0] for one in types)


def test_columns_come_in_their_order_and_fields_by_their_dots(built, gas):
    columns = "structure.complexity,caption,structure.average_degree"
    arguments = (
        "export",
        built,
        "--config",
        "multi_object",
        "--split",
        "test",
        "--columns",
        columns,
        "--columns",
        "id",
    )
    lines = [json.loads(line) for line in gas(*arguments, "-f", "jsonl")[1].splitlines()]
    rows = pq.read_table(built / "multi_object/test-00000-of-00001.parquet").to_pylist()
    names = ["structure.complexity", "caption", "structure.average_degree", "id"]
    wanted = [
        [row["structure"]["complexity"], row["caption"], row["structure"]["average_degree"], row["id"]] for row in rows
    ]
    assert lines == [dict(zip(names, values, strict=True)) for values in wanted]
    status, out, err = gas(*arguments, "-f", "csv")
    assert (status, err) == (0, "wrote 40 prompts of multi_object/test\n")
    assert list(csv.reader(io.StringIO(out))) == [names, *([str(value) for value in values] for values in wanted)]
    of_questions = gas(*arguments, "-f", "csv", "--per", "question", "--columns", "answer,index")
    assert of_questions[2] == f"wrote {sum(len(row['questions']) for row in rows):,} questions about 40 scenes of " + (
        "multi_object/test\n"
    )
    cells = [line[-2:] for line in csv.reader(io.StringIO(of_questions[1]))]
    asked = [[one["answer"], str(number)] for row in rows for number, one in enumerate(row["questions"])]
    assert cells == [["answer", "index"], *asked]


def test_a_pair_that_is_null_has_null_fields(drawn, export):
    name = next(name for name, schema in drawn[1].items() if "pair" in schema.names)
    lines = export(name, "-f", "jsonl", "--columns", "pair.edit").splitlines()
    pairs = drawn[2][name]["pair"].to_pylist()
    assert [json.loads(line) for line in lines] == [{"pair.edit": pair and pair["edit"]} for pair in pairs]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-f", "csv", "--columns", "captoin"], "a line a scene has no column `captoin`; did you mean `caption`?"),
        (["-f", "jsonl", "--columns", "answer"], "a line a scene has no column `answer`; "),
        (
            ["-f", "jsonl", "--per", "question", "--columns", "questions"],
            "a line a question has no column `questions`",
        ),
        (["-f", "trl", "--columns", "id"], "--columns is of the formats csv and jsonl; leave it out, or take one of"),
        (["-f", "kohya", "--per", "scene"], "--per is of the formats csv and jsonl"),
        (["-f", "csv", "--per", "image"], "'--per'"),
    ],
)
def test_wrong_columns_are_one_line(arguments, message, built, assert_refused):
    assert_refused(["export", built, "--config", "multi_object", *arguments], message)


def test_a_line_is_a_scene_or_a_question(built):
    from generate_any_scene.builders.export.formats import load_format

    with pytest.raises(GasError, match="there is no line a `scenes`; did you mean `scene`"):
        load_format("csv")(built / "recipes" / "video.yaml", per="scenes")
