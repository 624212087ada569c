"""What `gas show`, `validate`, `schema` and `preview` print."""

import json

import pyarrow.parquet as pq
import pytest
import yaml
from shipped_recipes import WIDE


def test_show_prints_a_recipe_that_can_be_used(gas, tmp_path):
    status, out, err = gas("show", "video", "--set", "seed=4")
    assert (status, err) == (0, "")
    shown = yaml.safe_load(out)
    assert (shown["name"], shown["seed"], "extends" in shown) == ("video", 4, False)
    path = tmp_path / "video.yaml"
    path.write_text(out)
    assert gas("show", path)[1] == out
    assert json.loads(gas("show", path, "--json")[1])["seed"] == 4


@pytest.mark.parametrize("recipe", WIDE)
def test_every_shipped_recipe_is_valid_and_fast(recipe, gas):
    (report,) = json.loads(gas("validate", recipe, "--json")[1])
    assert report["row_by_row"] == []
    least = {"sandbox": 8, "everyday": 400, "geneval2_train": 40}.get(recipe, 1000)
    assert report["structures"] > 7 and report["objects"] >= least


def test_validate_tells_of_slow_templates(gas, write_recipe):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: 3}\nquestions: []")
    path.with_name("mine.jinja").write_text("{{ scene.objects[0].name | upper }}")
    status, out, err = gas("validate", path)
    assert (status, err) == (0, "")
    assert "mine 1.0.0 is valid" in out
    assert "row by row" in out


def test_a_wrong_recipe_is_told_with_its_lines(gas, write_recipe):
    path = write_recipe("structure: {complexity: 3}\ncontent: {objects: {teir: common}}\nquestions: [colour]")
    status, out, err = gas("validate", path)
    assert (status, out) == (2, "")
    assert f"{path}:5" in err and "did you mean `tier`" in err
    assert f"{path}:6" in err
    assert len(err.strip().splitlines()) == 2


def test_schema_is_json_schema(gas):
    from jsonschema import Draft202012Validator

    schema = json.loads(gas("schema")[1])
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate({"name": "mine", "extends": "base", "structure": {"complexity": [3, 4]}})


def test_preview_shows_what_a_build_writes(gas, built, every_kind):
    status, out, err = gas("preview", "multi_object", "-n", "5", "--split", "test", "--set", every_kind, "--json")
    assert (status, err) == (0, "")
    rows = [json.loads(line) for line in out.splitlines()]
    assert rows == pq.read_table(built / "multi_object/test-00000-of-00001.parquet").slice(0, 5).to_pylist()
    text = gas("preview", "multi_object", "-n", "5", "--split", "test")[1].replace("\n", " ")
    for row in rows:
        assert row["id"] in text
        assert row["questions"][0]["question"] in text


def test_preview_shows_wordings(gas, tmp_path):
    """Of a recipe, and of the folder that it builds; as text and as JSON."""
    worded = ("--set", "name=worded", "--set", "wordings=[short, long]", "--set", "splits={train: 3}")
    assert gas("build", "multi_object", "--out", tmp_path / "worded", *worded)[0] == 0
    for source in ((tmp_path / "worded",), ("multi_object", *worded)):
        rows = [json.loads(line) for line in gas("preview", *source, "--json")[1].splitlines()]
        text = " ".join(gas("preview", *source)[1].split())
        assert [len(row["wordings"]) for row in rows] == [2, 2, 2]
        for row in rows:
            for wording in row["wordings"]:
                assert f"{wording['template']}: {wording['caption']}" in text


def test_preview_shows_pairs_and_edits(gas):
    rows = [json.loads(line) for line in gas("preview", "edits", "-n", "4", "--json")[1].splitlines()]
    shown = gas("preview", "edits", "-n", "4")[1]
    text = " ".join(shown.split())
    for row in rows:
        kind = row["pair"]["edit"].replace("_", " ")
        assert f"pair, {kind}: {row['pair']['caption']} edit: {row['edit']['instruction']}" in text
    answers = [one["answer"] for row in rows for one in row["pair"]["changed"]]
    assert shown.count("of the pair") == 4
    assert all(f" {answer}" in text for answer in answers if answer)


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        ("[object, count]", "object, count (visible: what anybody sees in a picture)"),
        ("{kinds: scene, ask: all}", "scene (all: also what few see in a picture, or nobody)"),
        ("[]", "none"),
    ],
)
def test_preview_and_stats_say_what_is_asked(questions, said, gas):
    change = ("--set", f"questions={questions}")
    assert gas("preview", "sandbox", "-n", "1", *change)[1].splitlines()[0] == f"questions: {said}"
    assert f"questions: {said}" in gas("stats", "sandbox", "--rows", "10", *change)[1].splitlines()
    assert json.loads(gas("stats", "sandbox", "--rows", "10", "--json", *change)[1])["questions"] == said


def test_preview_draws(gas, tmp_path):
    status, out, err = gas(
        "preview", "general", "-n", "2", "--set", "questions=[]", "--png", tmp_path / "scenes.png", "--json"
    )
    assert status == 0
    assert (tmp_path / "scenes.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert len(out.splitlines()) == 2
    assert "scenes.png" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "multi_objct"], "did you mean `multi_object`"),
        (["validate", "multi_object", "--set", "seed=x"], "must be a whole number"),
        (["preview", "multi_object", "--split", "tset"], "did you mean `test`"),
        (["preview", "multi_object", "-n", "0"], "-n"),
        (
            ["preview", "multi_object", "-n", "1", "--png", "/nowhere/at/all.png"],
            "/nowhere/at/all.png: cannot be written",
        ),
    ],
)
def test_mistakes_of_the_user_are_one_message_and_exit_status_2(arguments, message, assert_refused):
    assert_refused(arguments, message)
