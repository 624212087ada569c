"""`gas build`: what it prints, where, and with which exit status."""

import json
import shutil

import pytest

SMALL = ("--set", "splits={train: 20, validation: 0, test: 5}")
PLAIN = (*SMALL, "--set", "questions=[]")


def test_build_writes_a_folder_and_says_how_to_load_it(gas, empty):
    status, out, err = gas("build", "multi_object", "video", *PLAIN)
    assert (status, err) == (0, "")
    assert 'multi_object = load_dataset("./gas", "multi_object")' in out
    assert "Look at it with `gas explore gas`, share it with `gas push gas --repo OWNER/NAME`" in out
    assert {path.name for path in empty.iterdir()} == {"gas"}
    described = json.loads(gas("build", "video", *PLAIN, "--json")[1])
    assert described["configs"]["video"]["splits"]["train"]["rows"] == 20


@pytest.mark.parametrize("stated", ["", "splits: {train: 7}", "splits: {train: 7, test: 3}"])
@pytest.mark.parametrize("override", [(), ("--set", "splits.test=2"), ("--set", "splits={train: 4}")])
@pytest.mark.parametrize("parent", ["parent.yaml", "sandbox"])
def test_the_end_of_a_build_names_all_splits_and_which_were_inherited(parent, override, stated, gas, empty):
    (empty / "parent.yaml").write_text("extends: sandbox\nname: parent\nsplits: {train: 9, validation: 1, test: 2}\n")
    (empty / "mine.yaml").write_text(f"extends: {parent}\nname: mine\n{stated}\n")
    small = () if parent.endswith(".yaml") or stated else ("--set", "splits.validation=1", "--set", "splits.train=5")
    status, out, err = gas("build", "mine.yaml", *small, *override, "--set", "questions=[]")
    assert (status, err) == (0, "")
    manifest = json.loads((empty / "gas/manifest.json").read_text())["configs"]["mine"]["splits"]
    named = {"train": "train" in stated, "validation": False, "test": "test: 3" in stated}
    named |= {text.split("=")[0][7:]: True for text in (*small, *override) if text.startswith("splits.")}
    named |= dict.fromkeys(("train",), True) if "splits={train: 4}" in override else {}
    lines = {line.split(": ")[1].split(" ")[0]: line for line in out.splitlines() if line.startswith("gas/mine: ")}
    assert lines.keys() == manifest.keys()
    for split, line in lines.items():
        assert f"{split} {manifest[split]['rows']:,} scenes" in line
        origin = parent if parent.endswith(".yaml") else parent.removeprefix("./")
        assert (f"(inherited from {origin})" in line) == (not named[split])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "multi_objct"], "did you mean `multi_object`"),
        (["build", "nothing.yaml"], "nothing.yaml is missing"),
        (["build", "multi_object", "--set", "structure.complexty=3"], "did you mean `complexity`"),
        (["build", "multi_object", "--set", "structure.complexity=[5,3]"], "write [3, 5]"),
        (["build", "multi_object", "--set", "structure.objects=20"], "exclude each other"),
        (["build", "multi_object", "--set", "nothing"], "sets nothing"),
        (["build", "multi_object", "--set", "content.objects.under=[dogg]"], "did you mean"),
        (["build", "multi_object", "video", "--set", "name=same"], "two recipes are named same"),
        (["build", "base"], "there is no recipe `base`"),
        (["build"], "Missing argument"),
        (["build", "multi_object", "--workers", "0"], "--workers"),
    ],
)
def test_mistakes_of_the_user_are_one_message_and_exit_status_2(arguments, message, assert_refused):
    assert_refused(arguments, message)


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
