"""What shells propose at a press of Tab."""

import json
import shutil
import subprocess

import pytest
from generate_any_scene import cli
from generate_any_scene.builders.commands import describe
from generate_any_scene.builders.commands.share import FORMATS
from generate_any_scene.builders.recipe import questions
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.errors import GasError
from generate_any_scene.recipes import list_recipes


@pytest.fixture
def press_tab(capfd, monkeypatch):
    """Completes a line as bash does, which also ends words at `=`: `press_tab("gas build mul")`."""

    def press(line, shell="bash"):
        words = line.replace("=", " = ").split(" ")
        monkeypatch.setenv("_GAS_COMPLETE", f"complete_{shell}")
        monkeypatch.setenv("COMP_WORDS", "\n".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
        with pytest.raises(SystemExit) as stop:
            cli.app(prog_name="gas")
        printed = capfd.readouterr()
        assert (stop.value.code, printed.err) == (0, "")
        return printed.out.split()

    return press


@pytest.fixture
def folder(built, empty):
    shutil.copytree(built, empty / "gas")
    return empty / "gas"


@pytest.mark.parametrize(
    ("line", "proposed"),
    [
        ("gas bui", ["build"]),
        ("gas cache ", ["info", "clear"]),
        ("gas cache clear s", ["structures"]),
        ("gas expl", ["explore"]),
        ("gas cro", ["croissant"]),
        ("gas build mul", ["multi_object"]),
        ("gas build multi_object thr", ["three_d"]),
        ("gas show ", list_recipes()),
        ("gas validate vi", ["video"]),
        ("gas preview sp", ["spatial_relations"]),
        ("gas stats gen", ["general", "geneval2_train"]),
        ("gas diff video gen", ["general", "geneval2_train"]),
        ("gas structures at", ["attribute_binding"]),
        ("gas serve mul", ["multi_object"]),
        ("gas serve sandbox --set pix", ["pixels="]),
        ("gas train ", list_recipes("training")),
        ("gas train sandbox_", [name for name in list_recipes("training") if name.startswith("sandbox_")]),
        ("gas export gas -f ", list(FORMATS)),
        ("gas export gas --format ds", ["dsg"]),
        ("gas build --wo", ["--workers"]),
        ("gas describe graphs.json --template pr", ["prompt"]),
        ("gas describe graphs.json --recipe mul", ["multi_object"]),
        ("gas describe graphs.json --questions m", ["multiple_choice"]),
        ("gas build multi_object --set structure.comp", ["structure.complexity=", "structure.components="]),
        ("gas show video --set splits.test", ["splits.test=", "splits.test.size=", "splits.test.unseen="]),
        ("gas build multi_object --set structure.complexity=", []),
        ("gas build multi_object --set structure.complexity=5", []),
        ("gas train sandbox_grpo --set decoder.g", ["decoder.grid="]),
        ("gas build nothing", []),
        ("gas build --nothing vi", ["video"]),
        ("gas stats general --rows x --set see", ["seed="]),
    ],
)
def test_words_are_proposed(line, proposed, press_tab):
    assert press_tab(line) == proposed


@pytest.mark.parametrize(
    ("line", "proposed"),
    [
        ("gas export gas --config ", ["multi_object", "video"]),
        ("gas export -f trl gas --config v", ["video"]),
        ("gas export gas --config video --split ", ["train", "validation", "test"]),
        ("gas stats gas --split te", ["test"]),
        ("gas decontaminate gas --split ", ["train", "validation", "test"]),
        ("gas diff gas video --config m", ["multi_object"]),
        ("gas explore gas --config v", ["video"]),
        ("gas explore gas --split te", ["test"]),
        ("gas export nowhere --config ", []),
        ("gas export --config ", []),
    ],
)
def test_configs_and_splits_are_those_of_the_folder(line, proposed, press_tab, folder):
    assert press_tab(line) == proposed


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 100_000,
        *(
            json.dumps({"configs": configs}).encode()
            for configs in (None, [], {"a": None}, {"a": {"splits": None}}, {"a": {"splits": [1]}}, {"\ud800": {}})
        ),
    ],
)
def test_a_damaged_manifest_only_means_that_nothing_is_proposed(manifest, press_tab, folder):
    (folder / "manifest.json").write_bytes(manifest)
    assert press_tab("gas export gas --config ") == []
    assert press_tab("gas export gas --split ") == []


def test_other_shells(press_tab):
    assert press_tab("gas build mul", "zsh") == ["_arguments", "'*:", ':(("multi_object"))\'']
    assert press_tab("gas build mul", "fish") == ["multi_object"]
    assert press_tab("gas build multi_object --set seed=5 vi", "fish") == ["video"]
    assert press_tab("gas show video --set structure.av", "fish")[0] == "structure.average_degree="


def test_all_keys_are_keys(press_tab):
    keys = press_tab("gas build multi_object --set ")
    assert len(keys) == len(set(keys)) > 40
    for key in keys:
        # Whatever is wrong with the value, the key is known.
        try:
            load_recipe("multi_object", [f"{key}{{nothing: here}}"])
        except GasError as error:
            assert f"unknown key `{key.split('.')[-1].rstrip('=')}`" not in str(error)
    with pytest.raises(GasError, match="unknown key `sed`"):
        load_recipe("multi_object", ["sed={nothing: here}"])


def test_keys_of_trainings(press_tab):
    keys = press_tab("gas train finetune_sd15 --set ")
    assert len(keys) == len(set(keys))
    assert {"resolution=", "data.recipe=", "judge.model=", "trainer="} <= set(keys)


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_bash_takes_what_is_installed(tmp_path, run_python):
    home = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    code = "import sys\nfrom generate_any_scene import cli\nsys.argv = ['gas', '--{}-completion', 'bash']\ncli.main()"
    script = run_python(code.format("show"), **home)
    run_python(code.format("install"), **home)
    for line in (script, f"source {tmp_path / '.bashrc'}"):
        done = subprocess.run(["bash", "-c", f"{line}\ncomplete -p gas"], capture_output=True, text=True, check=True)
        assert done.stdout == "complete -o default -F _gas_completion gas\n"


def test_describe_knows_all_forms_of_questions():
    """It lists them itself, so that `gas --help` needs no model of recipes."""
    assert describe.FORMS == questions.FORMS
