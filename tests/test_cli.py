"""The `gas` command: what it prints, where, and with which exit status."""

import json
import shutil
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
import yaml
from generate_any_scene.builders.recipe.loading import list_recipes
from generate_any_scene.version import __version__

SMALL = ("--set", "splits={train: 20, validation: 0, test: 5}")
PLAIN = (*SMALL, "--set", "questions=[]")
COMMANDS = ("list", "show", "validate", "schema", "preview", "build", "verify", "diff", "train")


def test_list_names_every_recipe(gas):
    status, out, err = gas("list")
    assert (status, err) == (0, "")
    assert all(name in out for name in list_recipes())
    listed = json.loads(gas("list", "--json")[1])
    assert [recipe["name"] for recipe in listed] == list_recipes()
    assert all(recipe["description"] for recipe in listed)


def test_list_names_every_training(gas):
    status, out, err = gas("list", "training")
    assert (status, err) == (0, "")
    assert all(name in out for name in list_recipes("training"))
    listed = json.loads(gas("list", "training", "--json")[1])
    assert [recipe["name"] for recipe in listed] == list_recipes("training")
    assert {recipe["kind"] for recipe in listed} == {"finetune", "grpo"}
    assert all(recipe["description"] for recipe in listed)


def test_show_prints_a_recipe_that_can_be_used(gas, tmp_path):
    status, out, err = gas("show", "video", "--set", "seed=4")
    assert (status, err) == (0, "")
    shown = yaml.safe_load(out)
    assert (shown["name"], shown["seed"], "extends" in shown) == ("video", 4, False)
    path = tmp_path / "video.yaml"
    path.write_text(out)
    assert gas("show", path)[1] == out
    assert json.loads(gas("show", path, "--json")[1])["seed"] == 4


@pytest.mark.parametrize("recipe", list_recipes())
def test_every_shipped_recipe_is_valid_and_fast(recipe, gas):
    (report,) = json.loads(gas("validate", recipe, "--json")[1])
    assert report["row_by_row"] == []
    assert report["structures"] > 10 and report["objects"] >= (8 if recipe == "sandbox" else 1000)


def test_validate_tells_of_slow_templates(gas, write_recipe):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: 3}\nquestions: []")
    path.with_name("mine.jinja").write_text("{{ scene.objects[0].name | upper }}")
    status, out, err = gas("validate", path)
    assert (status, err) == (0, "")
    assert "mine 1.0.0 is valid" in out
    assert "row by row" in out


def test_schema_is_json_schema(gas):
    from jsonschema import Draft202012Validator

    schema = json.loads(gas("schema")[1])
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate({"name": "mine", "extends": "base", "structure": {"complexity": [3, 4]}})


def test_preview_shows_what_a_build_writes(gas, built):
    status, out, err = gas("preview", "multi_object", "-n", "5", "--split", "test", "--json")
    assert (status, err) == (0, "")
    rows = [json.loads(line) for line in out.splitlines()]
    assert rows == pq.read_table(built / "multi_object/test-00000-of-00001.parquet").slice(0, 5).to_pylist()
    text = gas("preview", "multi_object", "-n", "5", "--split", "test")[1].replace("\n", " ")
    for row in rows:
        assert row["id"] in text
        assert row["questions"][0]["question"] in text


def test_preview_draws(gas, tmp_path):
    status, out, err = gas(
        "preview", "general", "-n", "2", "--set", "questions=[]", "--png", tmp_path / "scenes.png", "--json"
    )
    assert status == 0
    assert (tmp_path / "scenes.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert len(out.splitlines()) == 2
    assert "scenes.png" in err


def test_build_writes_a_folder_and_says_how_to_load_it(gas, empty):
    status, out, err = gas("build", "multi_object", "video", *PLAIN)
    assert (status, err) == (0, "")
    assert 'multi_object = load_dataset("gas", "multi_object")' in out
    assert {path.name for path in empty.iterdir()} == {"gas"}
    described = json.loads(gas("build", "video", *PLAIN, "--json")[1])
    assert described["configs"]["video"]["splits"]["train"]["rows"] == 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "multi_objct"], "did you mean `multi_object`"),
        (["build", "nothing.yaml"], "nothing.yaml: there is no such file"),
        (["build", "multi_object", "--set", "structure.complexty=3"], "did you mean `complexity`"),
        (["build", "multi_object", "--set", "structure.complexity=[5,3]"], "write [3, 5]"),
        (["build", "multi_object", "--set", "structure.objects=20"], "exclude each other"),
        (["build", "multi_object", "--set", "nothing"], "sets nothing"),
        (["build", "multi_object", "--set", "content.objects.under=[dgo]"], "did you mean"),
        (["build", "multi_object", "video", "--set", "name=same"], "two recipes are named same"),
        (["build", "base"], "there is no recipe `base`"),
        (["build"], "Missing argument"),
        (["list", "trainings"], "trainings"),
        (["train", "finetune_sd1"], "did you mean `finetune_sd15`"),
        (["train", "nothing.yaml"], "nothing.yaml: there is no such file"),
        (["train", "finetune_sd15", "--set", "resolutoin=64"], "did you mean `resolution`"),
        (["build", "multi_object", "--workers", "0"], "--workers"),
        (["biuld"], "No such command"),
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
def test_mistakes_of_the_user_are_one_message_and_exit_status_2(arguments, message, gas, empty):
    status, out, err = gas(*arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert not list(empty.iterdir())


def test_a_wrong_recipe_is_told_with_its_lines(gas, write_recipe):
    path = write_recipe("structure: {complexity: 3}\ncontent: {objects: {teir: common}}\nquestions: [colour]")
    status, out, err = gas("validate", path)
    assert (status, out) == (2, "")
    assert f"{path}:5" in err and "did you mean `tier`" in err
    assert f"{path}:6" in err
    assert len(err.strip().splitlines()) == 2


def test_a_folder_of_other_files_is_left_alone(gas, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    status, _, err = gas("build", "video", *SMALL, "--out", tmp_path)
    assert status == 2
    assert "--out" in err
    assert {path.name for path in tmp_path.iterdir()} == {"mine.txt", "empty"}


def test_a_build_that_cannot_begin_exits_with_1(gas, built, tmp_path):
    from filelock import FileLock

    shutil.copytree(built, tmp_path / "gas")
    with FileLock(tmp_path / "gas" / ".gas.lock"):
        status, _, err = gas("build", "video", *SMALL, "--out", tmp_path / "gas")
    assert status == 1
    assert "another build" in err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, gas):
    status, out, _ = gas(command, "--help")
    assert status == 0
    assert "Usage" in out


def run_installed(*arguments, folder, **options):
    command = [sys.executable, "-m", "generate_any_scene", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **options)


def test_the_installed_command(tmp_path):
    assert run_installed("--version", folder=tmp_path).stdout.strip() == __version__
    built = run_installed("build", "three_d", *SMALL, folder=tmp_path)
    assert (built.returncode, built.stderr) == (0, "")
    assert "\x1b" not in built.stdout
    wrong = run_installed("build", "three_d", "--set", "seed=x", folder=tmp_path)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("gas: ")


def test_output_may_be_cut_off(tmp_path):
    """`gas preview general -n 50 | head -1` ends without a complaint."""
    preview = f"{sys.executable} -m generate_any_scene preview multi_object -n 200 --set questions=[] --json"
    command = f"{preview} | head -c 100"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert len(done.stdout) == 100
    assert done.stderr == ""
