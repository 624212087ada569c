"""The `gas` command: what all commands have in common, and `gas list`."""

import json
import shlex
import shutil
import subprocess
import sys

import pytest
import typer
from generate_any_scene import cli
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.recipes import list_recipes
from generate_any_scene.training.recipes.loading import KINDS
from generate_any_scene.version import __version__
from PIL import Image
from rich.markup import render

SMALL = ("--set", "splits={train: 20, validation: 0, test: 5}")
APP = typer.main.get_command(cli.app)
NAMES = tuple(APP.commands)
COMMANDS = [
    path
    for name, command in APP.commands.items()
    for path in ([(name, part) for part in command.commands] if hasattr(command, "commands") else [(name,)])
]


def find_command(words):
    """The command that words begin with, and the words that are left."""
    command = APP
    while hasattr(command, "commands"):
        command, words = command.commands[words[0]], words[1:]
    return command, words


def read_words(example):
    """What the shell gives to `gas`."""
    return shlex.split(example.partition(" > ")[0])[1:]


EXAMPLES = [
    line
    for path in COMMANDS
    for line in find_command(path)[0].epilog.splitlines()
    if f"{line} ".startswith(f"gas {' '.join(path)} ")
]
NOT_RUN = (
    "gas build multi_object",  # takes seconds
    "gas build mine.yaml video",
    "gas export gas -f prompts --wording",  # needs a folder with wordings
    "gas decontaminate gas --benchmarks",  # needs files of benchmarks
    "gas diff gas me/",  # need the network
    "gas push",
    "gas build general --engine jobs",  # tests/builders/build runs it
    "gas explore",  # serve until Ctrl-C
    "gas serve",
    "gas train",  # need weights, or a server
    "gas calibrate Qwen/",
    "gas calibrate http://",
    "gas evaluate --images",
    "gas evaluate qwen_image",
    "gas evaluate runs/",  # need a run that is done
    "gas mine",
    "gas evaluate smoke",  # takes a minute
    "gas taxonomy build",  # needs downloads
)


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
    assert {recipe["kind"] for recipe in listed} == set(KINDS)


def test_list_names_evaluations(gas):
    listed = json.loads(gas("list", "evaluation", "--json")[1])
    assert [recipe["name"] for recipe in listed] == list_recipes("evaluation")
    assert {recipe["kind"] for recipe in listed} == {"evaluation"}
    assert all(recipe["description"] for recipe in listed)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "trainings"], "trainings"),
        (["biuld"], "No such command"),
    ],
)
def test_mistakes_of_the_user_are_one_message_and_exit_status_2(arguments, message, assert_refused):
    assert_refused(arguments, message)


def test_a_mistyped_command_is_told_which_was_meant(gas):
    assert "Did you mean 'build'" in gas("biuld")[2]
    assert "Did you mean 'search'" in gas("taxonomy", "serach")[2]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command, gas):
    status, out, _ = gas(*command, "--help")
    assert status == 0
    assert "Usage" in out
    assert "Example" in out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_is_shown_whole(command):
    """What stands in [brackets] would be markup, and vanish."""
    found = find_command(command)[0]
    for told in (found.help, found.epilog, *(getattr(option, "help", None) for option in found.params)):
        assert render(told or "").plain == (told or "")


def test_help_shows_commands_in_groups(gas):
    out = gas("--help")[1]
    groups = ("Make", "Look", "Share", "Use", "Manage")
    shown = [word for line in out.splitlines() if (word := line.strip("│╭─╮ ").split(" ")[0]) in {*groups, *NAMES}]
    assert shown == [
        *("Make", "build", "describe", "list", "init", "show", "validate", "schema", "preview"),
        *("Look", "explore", "stats", "structures", "diff", "verify"),
        *("Share", "push", "export", "croissant", "decontaminate"),
        *("Use", "evaluate", "mine", "train", "calibrate", "serve", "Manage", "taxonomy", "cache"),
    ]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """Edits that the sandbox draws."""
    folder = tmp_path_factory.mktemp("shapes") / "gas"
    build_datasets([load_recipe("sandbox", ("splits={train: 8}", "pairs=object", "edits=true"))], folder)
    return folder


@pytest.fixture
def workplace(built, shapes, write_recipe, empty, monkeypatch):
    """A folder with what examples name."""
    shutil.copytree(built, empty / "gas")
    shutil.copytree(shapes, empty / "shapes")
    shutil.copytree(built, empty / "old")
    shutil.copy(write_recipe("structure: {complexity: 3}"), empty)
    (empty / "prompts.txt").write_text("a cat\n")
    (empty / "graphs.json").write_text('[{"objects": ["man", "horse"], "relations": [[0, "riding", 1]]}]')
    (empty / "captions.txt").write_text("Two cats on a sofa.\n")
    (empty / "my_images").mkdir()
    Image.new("RGB", (64, 64)).save(empty / "my_images" / "0.png")
    (empty / "my_images" / "0.txt").write_text("a black square")
    (empty / "mine").mkdir()
    (empty / "mine" / "objects.tsv").write_text("id\tname\tparent\tkinds\nwug.x.01\twug\tbird.n.01\tanimal\n")
    for name in ("DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(empty / name))
    return empty


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_right(example):
    """Each is a command with options that it has, and the shipped recipes that it names are there."""
    command, words = find_command(read_words(example))
    params = command.make_context("gas", words).params
    kind = {"train": "training", "evaluate": "evaluation"}.get(example.split()[1], "datasets")
    for recipe in [params.get("recipe"), *(params.get("recipes") or ())]:
        assert recipe is None or recipe.endswith(".yaml") or "/" in recipe or recipe in list_recipes(kind)


@pytest.mark.parametrize("example", [example for example in EXAMPLES if not example.startswith(NOT_RUN)])
def test_examples_run(example, gas, workplace):
    status, out, err = gas(*read_words(example))
    assert status == 0, err
    assert out or err


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
