"""`gas train` as users run it: from the command line, with small models in the place of the shipped recipes' ones."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import datasets
import pytest
import torch
from diffusers import StableDiffusionPipeline
from generate_any_scene.errors import GasError
from generate_any_scene.training.recipes.loading import load_training
from generate_any_scene.training.trainers.finetune import training_loop
from generate_any_scene.training.trainers.finetune.checkpoints import save_checkpoint
from generate_any_scene.version import __version__
from PIL import Image
from safetensors.torch import load_file
from tiny import save_stable_diffusion

ON_CPU = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
LORA = Path("model/pytorch_lora_weights.safetensors")
SHAPES = "{recipe: sandbox, draw: sandbox, limit: 32, overrides: {splits: {train: 40, validation: 0, test: 0}}}"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_stable_diffusion(tmp_path_factory.mktemp("model") / "sd")


@pytest.fixture
def small(model):
    """What makes a shipped recipe small."""
    settings = {
        "model": model, "data": SHAPES, "resolution": 64, "mixed_precision": "no", "batch_size": 2, "max_steps": 3,
    }  # fmt: skip
    return [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]


def list_files(folder):
    return sorted(path.name for path in folder.iterdir())


# A training from beginning to end.


def test_an_adapter_is_trained_and_written_down(gas, small, empty, model):
    status, out, err = gas("train", "finetune_sd15", *small, "--json")
    assert status == 0
    record = json.loads(out)
    folder = empty / "runs" / "finetune_sd15"
    assert record == json.loads((folder / "run.json").read_text())
    assert list_files(empty / "runs") == ["finetune_sd15"]
    assert list_files(folder) == ["log.jsonl", "model", "recipe.yaml", "run.json"]
    assert (record["recipe"], record["kind"], record["processes"]) == ("finetune_sd15", "finetune", 1)
    assert record["generate_any_scene"] == __version__
    assert record["packages"]["torch"] and record["packages"]["peft"]
    assert (record["data"]["recipe"], record["data"]["draw"], record["data"]["rows"]) == ("sandbox", "sandbox", 32)
    assert record["data"]["fingerprint"] and record["data"]["recipe_fingerprint"]
    assert record["seconds"] >= record["results"]["seconds"] > 0
    assert (record["results"]["updates"], record["results"]["images_per_update"]) == (3, 4)
    assert "update 3 of 3: loss " in err
    recipe = load_training(folder / "recipe.yaml").recipe
    assert recipe == load_training("finetune_sd15", small[1::2]).recipe
    pipeline = StableDiffusionPipeline.from_pretrained(model)
    pipeline.load_lora_weights(folder / "model", weight_name="pytorch_lora_weights.safetensors")
    assert pipeline.get_active_adapters()

    # The same command once more: the training is done.
    before = (folder / "run.json").read_bytes()
    status, out, err = gas("train", "finetune_sd15", *small)
    assert (status, out) == (2, "")
    assert err == (
        "gas: runs/finetune_sd15 holds a training that is done; give another folder with --set output=..., or remove "
        "this one\n"
    )
    assert (folder / "run.json").read_bytes() == before

    # What was written is enough to train the same again.
    status, _, _ = gas("train", folder / "recipe.yaml", "--set", "output=again")
    assert status == 0
    first, second = load_file(folder / LORA), load_file(empty / "again" / LORA)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    again = json.loads((empty / "again" / "run.json").read_text())
    assert again["data"] == record["data"]


def test_a_whole_denoiser_is_trained_and_told_to_people(gas, small, empty):
    status, out, _ = gas("train", "finetune_sd15_full", *small, "--set", "output=there")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("finetune_sd15_full: done in ")
    assert lines[1:] == ["  there/model: the model", "  there/run.json: results, versions, data"]
    StableDiffusionPipeline.from_pretrained(empty / "there" / "model")


# What is refused, and leaves no trace.


def test_a_dry_run_loads_no_weights_and_writes_nothing(gas, small, empty, model, tmp_path):
    bare = tmp_path / "bare"
    for file in model.rglob("*"):
        if file.is_file() and file.suffix != ".safetensors":
            (bare / file.relative_to(model)).parent.mkdir(parents=True, exist_ok=True)
            (bare / file.relative_to(model)).write_bytes(file.read_bytes())
    status, out, err = gas("train", "finetune_sd15", *small, "--set", f"model={bare}", "--dry-run")
    assert (status, err) == (0, "")
    assert out == "finetune_sd15 can begin: 32 rows, results into runs/finetune_sd15\n"
    assert list_files(empty) == []
    record = json.loads(gas("train", "finetune_sd15", *small, "--dry-run", "--json")[1])
    assert record["data"]["rows"] == 32 and "results" not in record


def test_mistakes_are_told_at_once_with_their_places_and_leave_nothing(gas, model, tmp_path, empty):
    pictures = tmp_path / "pictures"
    datasets.Dataset.from_dict(
        {"caption": ["red"], "image": [{"bytes": b"", "path": None}]},
        features=datasets.Features({"caption": datasets.Value("string"), "image": datasets.Image()}),
    ).save_to_disk(pictures)
    path = tmp_path / "mine.yaml"
    path.write_text(
        f"name: mine\nextends: finetune\nmodel: {model}\ndata: {{path: {pictures}}}\nmixed_precision: no\n"
        "lora: {rr: 4}\noptimizer:\n  lr: 1e-4\n  weight_decy: 0.1\nresolution: 100\n"
    )
    status, out, err = gas("train", path, "--set", "lr_scheduler=cosin")
    assert (status, out) == (2, "")
    problems = err.removeprefix("gas: ").splitlines()
    assert problems[0].startswith(f"{path}:9:3: optimizer.weight_decy: AdamW has no key `weight_decy`; did you mean")
    assert problems[1].startswith("--set lr_scheduler: diffusers has no schedule `cosin`; did you mean `cosine`?")
    assert problems[2].startswith(f"{path}:6:8: lora.rr: LoraConfig has no key `rr`; ")
    assert problems[3].startswith(f"{path}:10:1: resolution: 100 is no multiple of 8")
    assert "data: 1 of 1 pictures cannot be trained on; the first, of row 0" in problems[4]
    assert len(problems) == 5
    mended = [part for key in ("lora", "optimizer", "resolution") for part in ("--set", f"{key}=null")]
    status, _, err = gas("train", path, "--set", "data.path=./nowhere", *mended)
    assert (status, err.count("\n")) == (2, 1)
    assert err.startswith("gas: --set data.path: there is no folder `./nowhere`; give a folder, such as ")
    assert list_files(empty) == []


MISTAKES = {
    "nonsense": "1",
    "seed": "-1",
    "epochs": "x",
    "model": "./nowhere",
    "data.path": "nix",
    "data.split": "no-such-split",
    "optimizer.lr": "x",
    "optimizer.weight_decy": "1",
    "lr_scheduler": "cosin",
    "lora.rr": "4",
    "start_from": "nowhere",
    "resolution": "100",
    "pictures": "",
}
"""Settings of which each is wrong alone, found in a step of its own."""


@pytest.mark.parametrize("seed", range(6))
def test_mistakes_of_all_steps_are_told_at_once(seed, gas, small, empty, pictures):
    chance = random.Random(seed)
    chosen = chance.sample(sorted(MISTAKES), chance.randint(2, 8))
    if "data.path" in chosen:  # without which nothing is known of its rows
        chosen = [key for key in chosen if key not in ("data.split", "pictures")]
    if "model" in chosen:
        chosen = [key for key in chosen if key != "resolution"]
    if "data.split" in chosen:
        chosen = [key for key in chosen if key != "pictures"]
    if "pictures" in chosen:
        (pictures / "4.png").write_bytes(b"none")
    data = ["--set", "data=null", "--set", f"data.path={pictures}"]
    wrong = [part for key in chosen if MISTAKES[key] for part in ("--set", f"{key}={MISTAKES[key]}")]
    status, out, err = gas("train", "finetune_sd15", *small, *data, *wrong, "--dry-run")
    assert (status, out) == (2, "")
    told = sorted(line.removeprefix("gas: ").split(": ")[0].removeprefix("--set ") for line in err.splitlines())
    assert told == sorted("data" if key == "pictures" else key for key in chosen), err
    assert list_files(empty) == []


@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["train", "dry_run"])
def test_a_folder_of_other_things_is_left_alone(dry, gas, small, empty):
    (empty / "mine").mkdir()
    (empty / "mine" / "notes.txt").write_text("mine")
    (empty / "file").write_text("mine")
    status, _, err = gas("train", "finetune_sd15", *small, "--set", "output=mine", *dry)
    assert (status, err) == (2, "gas: mine holds something else; give another folder with --set output=...\n")
    status, _, err = gas("train", "finetune_sd15", *small, "--set", "output=file", *dry)
    assert (status, err) == (2, "gas: file is a file; give a folder with --set output=...\n")
    assert list_files(empty) == ["file", "mine"]
    assert list_files(empty / "mine") == ["notes.txt"]


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"kind": 1}', '{"kind": "finetune", "data": []}', "[" * 100_000])
def test_a_folder_with_a_damaged_record_is_left_alone(content, gas, small, empty):
    (empty / "mine").mkdir()
    (empty / "mine" / "recipe.yaml").write_text("name: mine\n")
    (empty / "mine" / "run.json").write_text(content)
    status, _, err = gas("train", "finetune_sd15", *small, "--set", "output=mine", "--dry-run")
    assert (status, "mine/run.json is no record of a training" in err, err.count("\n")) == (2, True, 1)


# Stopping and going on.


def test_a_training_that_is_stopped_goes_on_by_the_same_command(gas, small, empty, monkeypatch):
    def save_and_press_ctrl_c(*arguments):
        save_checkpoint(*arguments)
        signal.raise_signal(signal.SIGINT)

    longer = ["--set", "epochs=4", "--set", "max_steps=30", "--set", "checkpoint_every=10"]
    command = ["train", "finetune_sd15", *small, *longer]
    folder = empty / "runs" / "finetune_sd15"
    with monkeypatch.context() as patch:
        patch.setattr(training_loop, "save_checkpoint", save_and_press_ctrl_c)
        status, out, err = gas(*command)
    assert (status, out) == (1, "")
    assert err.splitlines()[-1] == "gas: stopped; the same command goes on from the last checkpoint"
    assert "results" not in json.loads((folder / "run.json").read_text())
    assert not (folder / "model").exists()

    status, _, err = gas(*command, "--set", "seed=1")
    assert status == 2
    assert err == (
        "gas: runs/finetune_sd15 holds another training, which was stopped: its recipe.yaml differs; give another "
        "folder with --set output=..., or remove this one\n"
    )

    status, out, err = gas(*command, "--json")
    assert status == 0
    assert "goes on after update 10 of 30" in err
    record = json.loads(out)
    assert record["results"]["updates"] == 30
    assert json.loads((folder / "run.json").read_text()) == record
    log = [json.loads(line)["update"] for line in (folder / "log.jsonl").read_text().splitlines()]
    assert log == list(range(1, 31))


@pytest.fixture
def pictures(tmp_path):
    """A folder of pictures, each with its caption in a file of its name."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(8):
        Image.new("RGB", (64, 64), (30 * number, 90, 200)).save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text(f"color {number}\n")
    return folder


def swap_captions(folder, model):
    one, two = folder / "0.txt", folder / "1.txt"
    text = one.read_text()
    one.write_text(two.read_text())
    two.write_text(text)


def change_caption(folder, model):
    (folder / "5.txt").write_text("another")


def change_picture(folder, model):
    before = os.stat(folder / "3.png")
    Image.new("RGB", (64, 64), "red").save(folder / "3.png")
    os.utime(folder / "3.png", (before.st_atime, before.st_mtime))


def change_order(folder, model):
    for suffix in ("png", "txt"):
        (folder / f"0.{suffix}").rename(folder / f"9.{suffix}")


def change_model(folder, model):
    path = model / "scheduler" / "scheduler_config.json"
    path.write_text(path.read_text() + "\n")


def touch_files(folder, model):
    for path in folder.iterdir():
        os.utime(path, (1, 1))


@pytest.mark.parametrize(
    "change", [swap_captions, change_caption, change_picture, change_order, change_model, touch_files]
)
def test_a_training_goes_on_with_the_same_data_alone(
    change, gas, small, empty, pictures, model, tmp_path, monkeypatch
):
    def save_and_press_ctrl_c(*arguments):
        save_checkpoint(*arguments)
        signal.raise_signal(signal.SIGINT)

    own = shutil.copytree(model, tmp_path / "own")
    sources = ["--set", "data=null", "--set", f"data.path={pictures}", "--set", f"model={own}"]
    command = ["train", "finetune_sd15", *small, *sources, "--set", "checkpoint_every=1", "--set", "max_steps=2"]
    with monkeypatch.context() as patch:
        patch.setattr(training_loop, "save_checkpoint", save_and_press_ctrl_c)
        assert gas(*command)[0] == 1
    change(pictures, own)
    for dry in (["--dry-run"], []):
        status, _, err = gas(*command, *dry)
        if change is touch_files:
            assert status == 0
            continue
        assert status == 2
        key = "model" if change is change_model else "data"
        assert f"holds another training, which was stopped: what `{key}` names has changed since; give" in err


@pytest.mark.parametrize("mistake", ["picture", "caption", "crash"])
def test_the_mended_command_starts_after_a_failure_and_dry_run_and_run_agree(
    mistake, gas, small, empty, pictures, monkeypatch
):
    command = ["train", "finetune_sd15", *small, "--set", "data=null", "--set", f"data.path={pictures}"]
    if mistake == "picture":
        (pictures / "4.png").write_bytes((pictures / "4.png").read_bytes()[:-30])
    if mistake == "caption":
        (pictures / "4.txt").write_text(" ")
    if mistake == "crash":  # before the first step
        with monkeypatch.context() as patch:
            patch.setattr(training_loop, "load_model", lambda *_: (_ for _ in ()).throw(GasError("no memory")))
            assert gas(*command, "--set", "optimizer.lr=1")[0] == 2
        assert (empty / "runs" / "finetune_sd15" / "recipe.yaml").is_file()
    else:
        told = [gas(*command, *dry) for dry in ((), ("--dry-run",))]
        assert [status for status, _, _ in told] == [2, 2]
        assert told[0][2] == told[1][2]
        assert told[0][2].count("\n") == 1 and "row 4" in told[0][2]
        (pictures / "4.txt").write_text("color 4")
        Image.new("RGB", (64, 64)).save(pictures / "4.png")
    assert gas(*command)[0] == 0


def test_a_training_that_lost_power_before_its_first_record_begins_again(gas, small, empty):
    folder = empty / "runs" / "finetune_sd15"
    assert gas("train", "finetune_sd15", *small, "--set", "max_steps=1")[0] == 0
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.name != "recipe.yaml":
            path.rmdir() if path.is_dir() else path.unlink()
    status, out, _ = gas("train", "finetune_sd15", *small, "--set", "max_steps=1", "--json")
    assert (status, json.loads(out)["results"]["updates"]) == (0, 1)


# In a Python of its own.


def run_command(*arguments, launch=(), folder):
    command = [sys.executable, *launch, "-m", "generate_any_scene", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=ON_CPU, capture_output=True, text=True, check=False, timeout=300)


def test_without_the_extra_it_is_told_what_to_install(tmp_path):
    code = """
import sys
class Missing:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "transformers", "diffusers", "peft", "accelerate", "trl"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing)
from generate_any_scene.cli import main
sys.argv = ["gas", *sys.argv[1:]]
main()
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        [*command, "train", "sandbox_grpo"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "gas: training needs torch: pip install 'generate-any-scene[train]'\n"
    assert list_files(tmp_path) == []
    done = subprocess.run([*command, "list", "training"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_a_training_that_is_killed_goes_on(small, tmp_path):
    longer = ["--set", "epochs=20", "--set", "max_steps=100", "--set", "checkpoint_every=4"]
    command = ["train", "finetune_sd15", *small, *longer]
    folder = tmp_path / "runs" / "finetune_sd15"
    started = [sys.executable, "-m", "generate_any_scene", *map(str, command)]
    with subprocess.Popen(started, cwd=tmp_path, env=ON_CPU, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + 120
        while not (folder / "checkpoints" / "update_00000008.safetensors").exists() and time.monotonic() < end:
            time.sleep(0.05)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    done = run_command(*command, "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "goes on after update " in done.stderr
    assert json.loads(done.stdout)["results"]["updates"] == 100


@pytest.mark.slow
def test_two_processes_print_one_result(small, tmp_path):
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
    done = run_command("train", "finetune_sd15", *small, "--json", launch=launch, folder=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    record = json.loads(done.stdout)
    assert record == json.loads((tmp_path / "runs" / "finetune_sd15" / "run.json").read_text())
    assert (record["processes"], record["results"]["images_per_update"]) == (2, 8)
    assert done.stderr.count("update 3 of 3: loss ") == 1
    assert "Traceback" not in done.stderr and "destroy_process_group" not in done.stderr
