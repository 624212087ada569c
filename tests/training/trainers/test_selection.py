"""Training on selected pictures, from captions to models: in the sandbox, and with a tiny Stable Diffusion."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
from generate_any_scene.errors import GasError, RecipeError
from generate_any_scene.training.data import load_rows
from generate_any_scene.training.fields import Data
from generate_any_scene.training.json_lines import read_lines, write_lines
from generate_any_scene.training.recipes.loading import load_training
from generate_any_scene.training.reports.contact_sheet import GAP, SIDE, TEXT
from generate_any_scene.training.run import load_checked, run_training
from generate_any_scene.training.sandbox.pictures import CODES, draw_scene
from generate_any_scene.training.trainers.selection import running
from generate_any_scene.training.trainers.selection.students import SandboxStudent
from PIL import Image
from tiny import save_stable_diffusion

SMALL = {
    "seeds": [7],
    "captions": 12,
    "pictures.count": 3,
    "sandbox.model": {"hidden_size": 16, "layers": 1, "heads": 1, "steps": 4, "mismatched_steps": 1, "batch_size": 8},
    "sandbox.model.data": {"overrides": None, "limit": 60},
    "sandbox.steps": 2,
    "sandbox.batch_size": 4,
}  # fmt: skip
HELD_OUT = {"sandbox_selection": {"held_out.test.limit": 8}, "sandbox_distillation": {}}


def start(name="sandbox_selection", **changes):
    """Runs a recipe made small, and gives what it says, and its record."""
    lines = []
    loaded = load_checked(name, {**SMALL, **HELD_OUT[name], "output": "run", **changes})
    return lines, run_training(loaded, report=lines.append)


def list_made(lines):
    return [line.removeprefix("seed_7/").removesuffix(": done") for line in lines if line.endswith(": done")]


STAGES = ["pictures", "scores", "selected", "training", "test"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of two iterations and both arms, with what it said and recorded."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        lines, record = start()
    return folder / "run", lines, record


@pytest.fixture
def again(finished, tmp_path, monkeypatch):
    """A copy of that run which may be changed and started again."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished[0], "run")
    Path("run/run.json").unlink()
    return Path("run/seed_7")


def test_each_iteration_goes_from_captions_to_a_model_that_the_next_one_draws_with(finished):
    folder, lines, record = finished
    iterations = [f"{arm}/iteration_{number}" for arm in ("top", "random") for number in (1, 2)]
    assert list_made(lines) == ["base", "base_test", *(f"{one}/{stage}" for one in iterations for stage in STAGES)]
    place = folder / "seed_7" / "top"
    scores = read_lines(place / "iteration_1/scores/scores.jsonl")
    assert len(scores) == 36 and len({one["id"] for one in scores}) == 12
    assert all((place / "iteration_1/pictures" / one["image"]).is_file() for one in scores)
    chosen = read_lines(place / "iteration_1/selected/metadata.jsonl")
    assert [sorted(one) for one in chosen] == [["caption", "file_name", "id", "score"]] * 3
    best = {}
    for one in scores:
        best[one["id"]] = max(best.get(one["id"], 0.0), one["score"])
    assert sorted(one["score"] for one in chosen) == sorted(best.values())[-3:]
    assert {one["id"] for one in scores}.isdisjoint(
        one["id"] for one in read_lines(place / "iteration_2/scores/scores.jsonl")
    )
    made_from = json.loads((place / "iteration_2/pictures.json").read_text())["made_from"]
    other = json.loads((place / "iteration_1/pictures.json").read_text())["made_from"]
    assert made_from["maker"]["model"] != other["maker"]["model"]
    assert record["results"]["models"] == {
        "7": {arm: f"run/seed_7/{arm}/iteration_2/training/model" for arm in ("top", "random")}
    }
    assert sorted(record["results"]["differences"]["test"]) == ["random 2 - base", "top 2 - base", "top 2 - random 2"]
    assert (
        (folder / "table.md").read_text().startswith("Held out, test: mean score\n\n| seed | base | top 1 | top 2 |")
    )


def test_held_out_pictures_of_all_models_and_their_scores_are_drawn(finished):
    folder, *_ = finished
    with Image.open(folder / "figures/test.png") as sheet, Image.open(folder / "figures/test_scores.png") as curves:
        scenes = [
            folder / place / "pictures/sandbox/test" for place in ("seed_7/base_test", "seed_7/top/iteration_2/test")
        ]
        first = sorted(scenes[0].glob("*.png"))[0].name
        for number, place in enumerate(scenes):
            corner = (GAP + number * (SIDE + GAP), GAP + TEXT)
            with Image.open(place / first) as picture:
                shown = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            inner = sheet.crop((corner[0] + 2, corner[1] + 2, corner[0] + SIDE - 2, corner[1] + SIDE - 2))
            assert inner.tobytes() == shown.crop((2, 2, SIDE - 2, SIDE - 2)).tobytes()
        assert curves.size == (600, 360)


def test_arms_that_begin_alike_have_the_same_first_pictures(finished):
    first, second = (
        read_lines(finished[0] / f"seed_7/{arm}/iteration_1/scores/scores.jsonl") for arm in ("top", "random")
    )
    assert first == second


def test_any_trainer_takes_what_was_selected(finished):
    rows = load_rows(Data(path=str(finished[0] / "seed_7/top/iteration_1/selected")), ("caption", "image"))
    assert rows.num_rows == 3 and rows[0]["image"].size == (72, 72)
    folder = str(finished[0] / "seed_7/top/iteration_1/selected")
    assert datasets.load_dataset("imagefolder", data_dir=folder).num_rows == {"train": 3}


def test_the_last_model_loads_in_plain_transformers(finished):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = finished[0] / "seed_7/top/iteration_2/training/model"
    words = len(AutoTokenizer.from_pretrained(folder))
    assert AutoModelForCausalLM.from_pretrained(folder).config.vocab_size == words + CODES


def test_nothing_is_made_again_where_all_is_there(finished, again):
    lines, record = start()
    assert list_made(lines) == []
    assert record["results"] == finished[2]["results"]


@pytest.mark.parametrize("name", STAGES[:4])
def test_a_run_that_was_killed_in_a_stage_goes_on_in_it(name, again):
    """Each stage has only half of its files and no whole record, and ends as if it had never been stopped."""
    folder = again / "top" / "iteration_2" / name
    before = {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    kept = [file for file in sorted(before) if file.parts[0] != "parts"]  # which are there whole or not at all
    for file in [file for file in kept if file.name not in ("pictures.json", "prompts.jsonl")][::2]:
        (folder / file).unlink()  # but for what is written first
    record = json.loads(folder.with_suffix(".json").read_text())
    folder.with_suffix(".json").write_text(json.dumps({**record, "whole": False}))
    lines, _ = start()
    assert list_made(lines) == [f"top/iteration_2/{name}"]  # and what follows is made from the same
    after = {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert {file: after[file] for file in kept} == {file: before[file] for file in kept}


def test_a_run_that_stops_between_stages_goes_on_after_the_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train = SandboxStudent.train

    def fail(*_):
        raise GasError("killed", exit_status=1)

    monkeypatch.setattr(SandboxStudent, "train", fail)
    with pytest.raises(GasError, match="killed"):
        start(iterations=1)
    monkeypatch.setattr(SandboxStudent, "train", train)
    lines, _ = start(iterations=1)
    assert list_made(lines)[:2] == ["top/iteration_1/training", "top/iteration_1/test"]


def test_a_stage_that_was_replaced_by_hand_is_heeded_by_all_that_follows_and_by_nothing_else(again):
    selected = again / "top/iteration_1/selected"
    (line, *_) = read_lines(selected / "metadata.jsonl")
    picture = Image.open(again.parent.parent / selected / line["file_name"])
    shutil.rmtree(selected)
    selected.mkdir()
    picture.save(selected / "mine.png")
    (selected / "metadata.jsonl").write_text(json.dumps({"file_name": "mine.png", "caption": line["caption"]}) + "\n")
    lines, _ = start()
    assert list_made(lines) == [
        "top/iteration_1/training", "top/iteration_1/test", *(f"top/iteration_2/{stage}" for stage in STAGES)
    ]  # fmt: skip
    assert read_lines(selected / "metadata.jsonl")[0]["file_name"] == "mine.png"


def test_scores_that_were_replaced_by_hand_choose_other_pictures(again):
    path = again / "random/iteration_2/scores/scores.jsonl"
    lines = read_lines(path)
    path.write_text("".join(json.dumps(one) + "\n" for one in lines if one["id"] == lines[0]["id"]))
    assert list_made(start()[0]) == [f"random/iteration_2/{stage}" for stage in STAGES[2:]]
    (chosen,) = read_lines(path.parents[1] / "selected/metadata.jsonl")
    assert chosen["id"] == lines[0]["id"]


def test_real_pairs_take_the_place_of_samples(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("real").mkdir()
    rows = datasets.load_dataset("gas", "sandbox", split="train").select(range(12))
    lines = []
    for number, row in enumerate(rows):
        draw_scene(row["scene_graph"], number).save(f"real/{number}.png")
        lines.append({"file_name": f"{number}.png", "caption": row["caption"]})
    Path("real/metadata.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    monkeypatch.setattr(running, "_score", score_by_place)  # their captions have no questions
    Path("real/3.png").write_bytes(Path("real/3.png").read_bytes()[:60])
    real = {"real": True, "data": {"path": "./real"}, "select": "random", "share": 0.5}
    said, _ = start(iterations=1, **{"arms.real": real, "arms.top": None, "arms.random": None})
    assert any(line.startswith("1 of 12 pictures are left out, such as that of row_000000003: it") for line in said)
    place = Path("run/seed_7/real/iteration_1")
    made = sorted(path.stem for path in (place / "pictures").glob("row_*.png"))
    assert made == [f"row_{number:09}" for number in range(12) if number != 3]
    chosen = read_lines(place / "selected/metadata.jsonl")
    assert len(chosen) == 6
    for one in chosen:
        number = int(one["id"].removeprefix("row_"))
        source = place / "pictures" / f"{one['id']}.png"
        assert (place / "selected" / one["file_name"]).read_bytes() == source.read_bytes()
        assert one["caption"] == lines[number]["caption"]


def score_by_place(recipe, scenes, pictures, folder):
    """A score that needs neither questions nor a network."""
    lines = [
        {"id": row["id"], "caption": row["caption"], "image": f"{row['id']}.png", "score": place / scenes.num_rows}
        for place, row in enumerate(scenes.to_pylist())
        if (pictures / f"{row['id']}.png").is_file()
    ]
    write_lines(folder / "scores.jsonl", lines)


def test_captions_lean_on_what_was_mined(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running.Work, "_mine", lambda work, base: {"heart": -0.3})
    start("sandbox_distillation", captions=40, **{"pictures.count": 1, "held_out.weak": None, "held_out.other": None})
    captions = {
        arm: [one["caption"] for one in read_lines(Path(f"run/seed_7/{arm}/iteration_1/selected/metadata.jsonl"))]
        for arm in ("targeted", "random")
    }
    assert [len(some) for some in captions.values()] == [40, 40]
    hearts = {arm: sum("heart" in caption for caption in some) for arm, some in captions.items()}
    assert hearts["targeted"] > 24 > 16 > hearts["random"]


OTHER = {"score.answer_accuracy": None}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"captions": 1000}, "data: the data has 1,000 captions, and `iterations` of `captions` take 2,000"),
        ({**OTHER, "score.answer_acuracy": {}}, "there is no metric answer_acuracy; did you mean `answer_accuracy`?"),
        ({**OTHER, "score.dino_distance": {}}, "measures all pictures of a scene together"),
        ({**OTHER, "score.vqascore": {"formla": "qwen"}}, "vqascore has no option formla; did you mean `formula`?"),
        ({**OTHER, "score.vqascore": {}, "judge": None}, "nobody answers, whom vqascore would ask"),
        ({"score.dsg": {}}, "such as `score: {answer_accuracy: null}`"),
        ({"judge": None}, "nobody answers, whom answer_accuracy would ask"),
        ({"arms.top": None, "arms.random": None}, "`arms` are none"),
        ({"arms": {"a/b": {}}}, "`a/b` names a folder"),
        ({"arms": {"top": {"mined": True}}}, "`mine` and an arm with `mined: true` go together"),
        (
            {"pictures": {"backend": "diffusers", "model": "x"}},
            "`sandbox` and `pictures: {backend: sandbox}` go together",
        ),
        ({"pictures.model": "x"}, "`pictures` names a model, which `sandbox.model` makes"),
        ({"teacher": {"backend": "sandbox", "model": "./no"}}, "teacher.model: ./no is no folder of a model"),
        ({"arms": {"real": {"real": True, "data": {"path": "./no"}}}}, "./no"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_made(changes, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError) as caught:
        run_training(load_checked("sandbox_selection", {**SMALL, "output": "run", **changes}), dry_run=True)
    assert message in str(caught.value)
    assert not Path("run").exists()


# What comes of it, on a seed that is none of those whose results are shown.


@pytest.mark.slow
def test_the_best_of_its_own_pictures_mend_a_spoiled_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded = load_checked("sandbox_selection", {"seeds": [101], "iterations": 1, "output": "run"})
    found = run_training(loaded, report=lambda line: None)["results"]["differences"]["test"]
    assert found["top 1 - base"]["pooled"]["low"] > 0


@pytest.mark.slow
def test_a_planted_weakness_is_mined_and_pictures_of_it_help_most(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded = load_checked("sandbox_distillation", {"seeds": [101], "output": "run"})
    found = run_training(loaded, report=lambda line: None)["results"]["differences"]["weak"]
    assert next(iter(json.loads(Path("run/seed_101/mined/mined.json").read_text()))) == "heart"
    assert found["targeted 1 - base"]["pooled"]["low"] > 0 < found["targeted 1 - random 1"]["pooled"]["low"]


# A pipeline of diffusers.


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    return save_stable_diffusion(tmp_path_factory.mktemp("pipeline") / "sd")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_tiny_stable_diffusion_improves_itself_twice(method, pipeline, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    changes = {
        "output": "run",
        "iterations": 2,
        "captions": 4,
        "data": {"recipe": "sandbox", "overrides": None},
        "pictures": {"backend": "diffusers", "model": str(pipeline), "dtype": "float32", "count": 2,
                     "options": {"height": 64, "width": 64, "num_inference_steps": 2, "guidance_scale": 1}},
        "judge": {"kind": "sandbox"}, "by": "words", "score": {"clip_flant5": None, "answer_accuracy": {}},
        "arms.top.share": 0.5,
        "training.overrides": {"method": method, "resolution": 64, "mixed_precision": "no", "batch_size": 1,
                               "max_steps": 2},
        "held_out.test": {"recipe": "sandbox", "overrides": None, "limit": 4},
    }  # fmt: skip
    record = run_training(load_checked("self_improvement_sd15", changes), report=lambda line: None)
    place = Path("run/seed_0/top")
    assert len(read_lines(place / "iteration_2/selected/metadata.jsonl")) == 2
    maker = json.loads((place / "iteration_2/pictures.json").read_text())["made_from"]["maker"]
    stage = load_training(place / "iteration_2/training/recipe.yaml").recipe
    earlier = str(place / "iteration_1/training/model")
    if method == "lora":
        assert (maker["lora_strength"], stage.start_from) == (0.75, earlier)
    else:
        assert stage.model == earlier
    (model,) = record["results"]["models"]["0"].values()
    assert Path(model).is_dir() and "top 2 - base" in record["results"]["differences"]["test"]


@pytest.mark.slow
def test_two_processes_do_what_one_does(finished, tmp_path):
    """A process of several makes and scores a part of the pictures; of the rest the first does all."""
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "generate_any_scene"]
    changes = {**SMALL, **HELD_OUT["sandbox_selection"], "output": "run"}
    arguments = [word for key, value in changes.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    values = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *launch, "train", "sandbox_selection", *arguments, "--json"],
        cwd=tmp_path, env=values, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    record = json.loads(done.stdout)
    assert record["processes"] == 2
    assert record["results"] == json.loads((finished[0] / "run.json").read_text())["results"]
    files = [
        "table.md",
        "seed_7/top/iteration_2/selected/metadata.jsonl",
        "seed_7/random/iteration_2/training/model/model.safetensors",
    ]
    for file in files:
        assert (tmp_path / "run" / file).read_bytes() == (finished[0] / file).read_bytes()
