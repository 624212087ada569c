"""`gas train`: what it refuses before anything is loaded. `gas calibrate`: what it prints and writes."""

import json
import sys
from pathlib import Path

import pytest
from datasets import load_dataset
from generate_any_scene.training.judges.trust import read_weights


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "finetune_sd1"], "did you mean `finetune_sd15`"),
        (["train", "nothing.yaml"], "nothing.yaml is missing"),
        (["train", "finetune_sd15", "--set", "resolutoin=64"], "did you mean `resolution`"),
        (["calibrate"], "name a judge, such as gas calibrate sandbox"),
        (["calibrate", "--out", "exam", "--baselines", "sandbox"], "name a judge"),
        (["calibrate", "sandbox", "--set", "batch_sise=4"], "did you mean `batch_size`"),
        (["calibrate", "sandbox", "--scenes", "0"], "greater than or equal to 1"),
        (["calibrate", "sandbox", "--pictures", "."], "--pictures goes with --baselines"),
        (["calibrate", "sandbox", "--baselines", "sandbox", "--split", "tset"], "Unknown split"),
        (["calibrate", "sandbox", "--baselines", "./nowhere"], "there is no recipe `./nowhere`, nor a folder of that"),
        (["calibrate", "sandbox", "--split", "train"], "--split goes with --baselines; give both"),
        (["calibrate", "--out", "exam", "--set", "batch_size=3"], "--set goes with a judge; name one, such as"),
        (["calibrate", "--out", "exam", "--by", "words"], "--by goes with a judge"),
        (["calibrate", "--out", "exam", "--split", "test"], "--split goes with --baselines"),
        (["calibrate", "nothing.yaml"], "there is no file `nothing.yaml`; a judge is a .yaml file with its keys"),
        (["calibrate", "."], "it has no config.json; if it is a dataset, give a judge and --baselines"),
        (["calibrate", "sandbo"], "there is no judge `sandbo`; did you mean `sandbox`?"),
        (["calibrate", "localhost:8000/v1"], "did you mean `http://localhost:8000/v1`?"),
        (["calibrate", "gpu-7:8000"], "did you mean `http://gpu-7:8000`?"),
        (["calibrate", "api.example.com/v1"], "did you mean `https://api.example.com/v1`?"),
        (["calibrate", "sandbox", "--baselines", "sandbx"], "there is no recipe `sandbx`, nor a folder of that name"),
    ],
)
def test_mistakes_of_the_user_are_one_message_and_exit_status_2(arguments, message, assert_refused):
    assert_refused(arguments, message)


@pytest.mark.slow
def test_weights_that_cannot_be_read_are_a_mistake_of_the_recipe(assert_refused, tmp_path):
    arguments = ["train", "sandbox_grpo", "--dry-run", "--set"]
    assert_refused([*arguments, "judge.weights=no.json"], "judge.weights: no.json cannot be read")
    other = tmp_path / "judge.json"
    other.write_text(json.dumps({"judge": "other", "kinds": {"object": {"weight": 1}}}))
    assert_refused([*arguments, f"judge.weights={other}"], "is about the judge `other`, not `sandbox`")


def test_calibrate_says_what_a_judge_can_be_trusted_with_and_writes_its_weights(gas):
    status, out, _ = gas("calibrate", "sandbox", "--scenes", 12)
    assert status == 0
    assert "It can be trusted with attribute, comparison, count, object, relation." in out
    assert "Written: runs/calibrate-sandbox/judge.json" in out
    assert "  left and right" in out and "  swapped color" in out and "  level 3" in out
    assert max(map(len, out.splitlines())) <= 119
    weights = read_weights(Path("runs/calibrate-sandbox"), "sandbox")
    assert weights == dict.fromkeys(("attribute", "comparison", "count", "object", "relation"), 1.0)


def test_calibrate_writes_over_exams_of_the_same_judge_alone(gas, empty):
    arguments = ["calibrate", "sandbox", "--scenes", "2", "--out", "judged"]
    assert "earlier exam" not in gas(*arguments)[1]
    assert "in the place of an earlier exam of this judge" in gas(*arguments, "--seed", 1)[1]
    path = empty / "judged/judge.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"judge": "other"}))
    message = "gas: judged/judge.json is there, of the judge `other`, not `sandbox`; give another folder with --out\n"
    assert gas(*arguments) == (2, "", message)
    path.write_text("mine")
    message = "gas: judged/judge.json is there, and of something else; give another folder with --out\n"
    assert gas(*arguments) == (2, "", message)
    assert path.read_text() == "mine"


def test_baselines_are_not_written_over_those_of_another_split(gas):
    arguments = ["calibrate", "sandbox", "--baselines", "sandbox", "--scenes", "2"]
    assert gas(*arguments)[0] == gas(*arguments)[0] == 0
    status, out, err = gas(*arguments, "--split", "train")
    assert (status, out) == (2, "") and "baselines.json is there, of the split `test`, not `train`" in err


def test_calibrate_prints_what_it_writes_for_programs(gas, empty):
    status, out, _ = gas("calibrate", "sandbox", "--scenes", 3, "--by", "probability", "--out", "judged", "--json")
    record = json.loads(out)
    assert status == 0
    assert record == json.loads((empty / "judged/judge.json").read_text())
    assert record["exam"] == {"version": "1", "scenes": 3, "seed": 0, "asked_by": "probability"}
    assert record["kinds"]["object"]["sensitivity"]["value"] == 1
    assert record["cost"]["questions"] == sum(one["asked"] for one in record["kinds"].values())


def test_calibrate_says_which_extra_it_needs(gas, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    message = "gas: an exam needs PIL: pip install 'generate-any-scene[eval]'\n"
    assert gas("calibrate", "sandbox") == (1, "", message)


def test_calibrate_writes_the_exam_alone(gas):
    status, out, _ = gas("calibrate", "--out", "exam", "--scenes", 3)
    rows = load_dataset("./exam", split="test")
    assert (status, out) == (0, f"exam: {rows.num_rows} questions\n")


def test_calibrate_measures_what_needs_no_picture(gas, empty):
    status, out, _ = gas("calibrate", "sandbox", "--baselines", "sandbox", "--scenes", 8)
    assert status == 0
    lines = {line.split()[0]: line.split()[1] for line in out.splitlines()[1:5]}
    record = json.loads((empty / "runs/calibrate-sandbox/baselines.json").read_text())
    assert list(lines) == ["pictures", "other_picture", "blank", "always_yes"]
    for name, shown in lines.items():
        assert float(shown) == round(record["baselines"][name]["accuracy"]["value"], 3)
    assert "no_picture: not measured" in out


def test_calibrate_on_a_folder_that_holds_something_else_is_refused(gas, empty):
    (empty / "notes.txt").write_text("mine")
    status, _, err = gas("calibrate", "--out", ".", "--scenes", 3)
    assert status == 2
    assert "holds something else than an exam" in err
