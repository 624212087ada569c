"""`croissant.json`: what it says is so, the format's own reader takes it and reads our rows by it."""

import hashlib
import json
import logging
import shutil
from itertools import islice

import pyarrow.parquet as pq
import pytest
from chat_server import ChatServer
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.croissant.croissant import describe_dataset, format_croissant, is_ours
from generate_any_scene.builders.describe.dataset import describe_files
from generate_any_scene.builders.folder.manifest import read_built_manifest
from generate_any_scene.builders.recipe.loading import load_recipe

SAYS = "This caption says the same: "
SMALL = "splits={train: 12, validation: 5, test: 0}"
RESPONSIBLE = {
    "dataCollection", "dataCollectionType", "dataCollectionRawData", "dataCollectionMissingData",
    "dataImputationProtocol", "dataPreprocessingProtocol", "dataManipulationProtocol", "dataAnnotationProtocol",
    "dataAnnotationAnalysis", "annotationsPerItem", "annotatorDemographics", "machineAnnotationTools", "dataUseCases",
    "dataBiases", "dataLimitations", "dataSocialImpact", "personalSensitiveInformation", "dataReleaseMaintenancePlan",
}  # fmt: skip
"""All of the Responsible-AI specification but what is of people who annotate on platforms, and of dates."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two configs, one with every column that a recipe can ask for without a language model."""
    out = tmp_path_factory.mktemp("croissant") / "gas"
    asked = ("pairs=true", "wordings=[short, long]", "difficulty={levels: 2}", "name=all_columns")
    build_datasets([load_recipe("multi_object", (SMALL, *asked)), load_recipe("video", (SMALL,))], out)
    return out


def read(folder):
    return json.loads((folder / "croissant.json").read_text(encoding="utf-8"))


def list_fields(fields):
    for field in fields:
        yield field
        yield from list_fields(field.get("subField", []))


@pytest.fixture
def described(folder, gas):
    assert gas("croissant", folder) == (0, f"{folder / 'croissant.json'}\n", "")
    return read(folder)


def test_files_are_described_as_they_are(folder, described):
    files = {one["@id"]: one for one in described["distribution"] if one["@type"] == "cr:FileObject"}
    assert files.keys() == {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
    for name, one in files.items():
        content = (folder / name).read_bytes()
        assert (one["sha256"], one["contentSize"]) == (hashlib.sha256(content).hexdigest(), f"{len(content)} B")


def test_all_that_is_asked_of_responsible_ai_is_answered(described):
    answers = {key.removeprefix("rai:"): value for key, value in described.items() if key.startswith("rai:")}
    assert answers.keys() == RESPONSIBLE
    for value in answers.values():
        for text in value if isinstance(value, list) else [value]:
            assert text.strip() and "{" not in text and "  " not in text


def test_numbers_are_those_of_the_rows(folder, described):
    tables = [pq.read_table(path, columns=["questions"]) for path in folder.rglob("*.parquet")]
    rows = sum(table.num_rows for table in tables)
    questions = sum(len(asked) for table in tables for asked in table["questions"].to_pylist())
    assert f"It holds {rows} scenes and {questions:,} questions in 2 configs" in described["description"]
    assert described["rai:annotationsPerItem"].startswith(f"{questions / rows:.1f} questions a scene")


def test_the_same_folder_gives_the_same_bytes(folder, described, tmp_path):
    again = tmp_path / "gas"
    shutil.copytree(folder, again)
    manifest = read_built_manifest(again)
    assert format_croissant(describe_dataset(again, manifest)) == (folder / "croissant.json").read_text("utf-8")
    assert "date" not in " ".join(described)


def test_the_format_s_reader_takes_it_and_reads_our_rows(folder, described, caplog):
    croissant = pytest.importorskip("mlcroissant")
    with caplog.at_level(logging.WARNING):
        dataset = croissant.Dataset(folder / "croissant.json")
        for name in ("all_columns", "video"):
            assert_same_rows(dataset, name, folder)
    issues = dataset.metadata.ctx.issues
    assert (list(issues.errors), len(issues.warnings)) == ([], 1) and "datePublished" in str(issues.warnings)
    assert [one.getMessage() for one in caplog.records if "datePublished" not in one.getMessage()] == []


def assert_same_rows(dataset, name, folder):
    """Compares what a reader of Croissant gives with the Parquet: all but lists in records that are in lists."""
    rows = {row["id"]: row for file in (folder / name).glob("*.parquet") for row in pq.read_table(file).to_pylist()}
    found = {clean(row[f"{name}/id"]): row for row in islice(dataset.records(name), 100)}
    assert found.keys() == rows.keys()
    for key, row in found.items():
        assert clean(row[f"{name}/split"]) == key.split("/")[1]
        assert clean(row[f"{name}/caption"]) == rows[key]["caption"]
        for column in ("questions", "mentions", "structure", "scene_attributes"):
            assert clean(row[f"{name}/{column}"]) == rows[key][column], column
        relations = clean(row[f"{name}/scene_graph/relations"])
        assert relations == rows[key]["scene_graph"]["relations"]


def clean(value):
    """Text and numbers of Python, under the columns' own names."""
    if isinstance(value, dict):
        return {key.rpartition("/")[2]: clean(one) for key, one in value.items()}
    if isinstance(value, list):
        return [clean(one) for one in value]
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if hasattr(value, "item") else value


def test_fields_are_the_columns(folder, described):
    for record_set in described["recordSet"]:
        if "dataType" in record_set:
            continue
        name = record_set["@id"]
        columns = pq.read_schema(next((folder / name).glob("*.parquet"))).names
        assert [field["@id"] for field in record_set["field"]] == [f"{name}/{one}" for one in ("split", *columns)]
        ids = [field["@id"] for field in list_fields(record_set["field"])]
        assert len(set(ids)) == len(ids)


def test_a_repository_is_where_the_files_are(folder, gas):
    status, out, err = gas("croissant", folder, "--repo", "me/scenes", "--published", "2026-12-31", "--out", "-")
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert (found["name"], found["datePublished"], found["creator"]["name"]) == ("scenes", "2026-12-31", "me")
    urls = [one["contentUrl"] for one in found["distribution"] if one.get("encodingFormat") == "application/x-parquet"
            and "contentUrl" in one]  # fmt: skip
    assert urls and all(url.startswith("https://huggingface.co/datasets/me/scenes/resolve/main/") for url in urls)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--published", "31.12.2026"), "--published `31.12.2026` is no date; write it as 2026-12-31"),
        (("--repo", "scenes"), "--repo scenes: write it as OWNER/NAME, such as me/scenes"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, said, folder, gas):
    status, out, err = gas("croissant", folder, *options)
    assert (status, out) == (2, "") and said in err


def test_changes_are_seen(folder, described):
    text = (folder / "croissant.json").read_bytes()
    assert is_ours(text)
    assert not is_ours(text.replace(b"Synthetic scenes", b"Natural scenes"))
    for other in (b"", b"[1]", b"{}", b"\xff", b'{"identifier": 3}'):
        assert not is_ours(other)


def test_a_stranger_s_text_stays_where_it_belongs(write_recipe, tmp_path):
    """A description that looks like a heading of the template, with quotes and marks, is text of its config."""
    path = write_recipe('description: "a\\n## rai:dataBiases\\n- none {{ 1 }} \\"\\""\nstructure: {complexity: 2}')
    build_datasets([load_recipe(path)], tmp_path / "out")
    found = describe_dataset(tmp_path / "out", read_built_manifest(tmp_path / "out"))
    assert len(found["rai:dataBiases"]) == 3
    (rows,) = [one for one in found["recordSet"] if one["@id"] == "mine"]
    assert 'a ## rai:dataBiases - none {{ 1 }} ""' in rows["description"]


# Graphs that somebody had, and a language model's words

GRAPHS = [
    {"id": "7", "objects": [{"name": "dog", "attributes": ["red"]}, {"name": "cat"}],
     "relations": [{"subject": 0, "predicate": "beside", "object": 1}]},
    {"id": "9", "objects": [{"name": "zorb"}, {"name": "..."}]},
    {"id": "11", "objects": ["..."]},
]  # fmt: skip


@pytest.fixture(scope="module")
def graphs(tmp_path_factory):
    """A folder that describes graphs alone, of which an object and a whole graph cannot be read."""
    out = tmp_path_factory.mktemp("graphs")
    (out / "graphs.json").write_text(json.dumps(GRAPHS))
    describe_files([out / "graphs.json"], out / "gas")
    return out / "gas"


def read_checked(folder, gas, caplog):
    """What the description says, after the format's own reader found nothing in it but that no date is there."""
    croissant = pytest.importorskip("mlcroissant")
    assert gas("croissant", folder) == (0, f"{folder / 'croissant.json'}\n", "")
    with caplog.at_level(logging.WARNING):
        dataset = croissant.Dataset(folder / "croissant.json")
    issues = dataset.metadata.ctx.issues
    assert (list(issues.errors), len(issues.warnings)) == ([], 1) and "datePublished" in str(issues.warnings)
    assert [one.getMessage() for one in caplog.records if "datePublished" not in one.getMessage()] == []
    return dataset, read(folder)


def join_answers(found):
    return " ".join(
        " ".join([value] if isinstance(value, str) else value) for key, value in found.items() if "rai:" in key
    )


def test_graphs_that_somebody_had_are_said_to_be_that(graphs, gas, caplog):
    dataset, found = read_checked(graphs, gas, caplog)
    test_all_that_is_asked_of_responsible_ai_is_answered(found)
    rows = {row["id"]: row for row in pq.read_table(graphs / "described").to_pylist()}
    read_rows = {clean(row["described/id"]): row for row in dataset.records("described")}
    assert read_rows.keys() == rows.keys() == {"7", "9"}
    for key, row in read_rows.items():
        assert clean(row["described/caption"]) == rows[key]["caption"]
        assert clean(row["described/questions"]) == rows[key]["questions"]
    assert found["description"].startswith("Captions and questions for scene graphs to train")
    assert "It holds 2 scenes" in found["description"]
    missing = found["rai:dataCollectionMissingData"]
    assert "Left out of 3 scene graphs were" in missing
    assert "2 objects with a name that cannot be read" in missing and "1 graphs without an object" in missing
    assert "Secondary Data analysis" in found["rai:dataCollectionType"]
    said = join_answers(found)
    assert "All rows describe scene graphs that somebody had" in said
    for claim in ("enumerated within", "shuffled decks", "never used", "Nothing was collected", "make the same bytes"):
        assert claim not in said, "that is so of rows which a recipe makes"


def test_graphs_beside_drawn_scenes_are_told_from_them(graphs, gas, caplog, tmp_path):
    folder = shutil.copytree(graphs, tmp_path / "gas")
    build_datasets([load_recipe("multi_object", (SMALL, "version=1.0.0"))], folder)
    _, found = read_checked(folder, gas, caplog)
    test_all_that_is_asked_of_responsible_ai_is_answered(found)
    assert found["description"].startswith("Synthetic scenes")
    said = join_answers(found)
    for claim in ("Rows of some configs describe scene graphs that somebody had", "shuffled decks", "never used"):
        assert claim in said
    assert "make the same bytes again on any machine, but for rows that describe" in said


def test_a_language_model_is_named(gas, caplog, tmp_path):
    def reply(body):
        """The caption that the prompt shows, which says the same as itself, with a word before it."""
        text = next(line for line in body["messages"][-1]["content"].splitlines() if line.startswith(SAYS))
        said = text.removeprefix(SAYS)
        return {"choices": [{"message": {"role": "assistant", "content": f"Here, {said[0].lower()}{said[1:]}"}}]}

    with ChatServer(reply).run() as server:
        settings = (SMALL, "paraphrase.model=tiny", f"paraphrase.url={server.url}", "name=worded")
        build_datasets([load_recipe("multi_object", settings)], tmp_path / "gas")
    dataset, found = read_checked(tmp_path / "gas", gas, caplog)
    test_all_that_is_asked_of_responsible_ai_is_answered(found)
    assert "tiny, for paraphrases" in found["rai:machineAnnotationTools"]
    assert "Paraphrases were written by language models." in found["rai:dataCollection"]
    assert "and more in some configs" in found["rai:annotationsPerItem"]
    rows = {row["id"]: row for row in pq.read_table(tmp_path / "gas" / "worded").to_pylist()}
    assert any(row["paraphrases"] for row in rows.values())
    for row in dataset.records("worded"):
        assert clean(row["worded/paraphrases"]) == rows[clean(row["worded/id"])]["paraphrases"]
