"""All of an evaluation: wherever it runs and however often it is stopped, the same tables; wrong input in a line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import generate_any_scene as gas
import pytest
from datasets import load_dataset
from generate_any_scene.cli import main
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation.requests import read_request
from generate_any_scene.training.evaluation.scoring import open_scorer
from generate_any_scene.training.evaluation.tables import open_run
from generate_any_scene.training.sandbox.pictures import draw_scene

SCENES = 70
OVERRIDES = [f"--set=data.overrides.splits={{train: 1, validation: 0, test: {SCENES}}}"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    rows = load_dataset("gas", "sandbox", split="test", splits={"train": 1, "validation": 0, "test": SCENES})
    for place, row in enumerate(rows):
        path = folder / f"{row['id']}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_scene(rows[place - place % 3]["scene_graph"], place).save(path)
    return folder


def run(monkeypatch, capfd, *arguments):
    monkeypatch.setattr(sys, "argv", ["gas", "evaluate", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    out, err = capfd.readouterr()
    return end.value.code or 0, out, err


def evaluate(monkeypatch, capfd, pictures, out, *more):
    words = ("--images", pictures, "--dataset", "sandbox", "--judge", "sandbox", "--out", out, *OVERRIDES, *more)
    status, said, complaints = run(monkeypatch, capfd, *words)
    assert status == 0, complaints
    return said


def read_tables(folder):
    return {name: (Path(folder) / f"{name}.parquet").read_bytes() for name in ("answers", "scores", "scenes")}


@pytest.fixture
def local(pictures, tmp_path, monkeypatch, capfd):
    evaluate(monkeypatch, capfd, pictures, tmp_path / "local")
    return tmp_path / "local"


def test_the_terminal_shows_what_the_report_says(local, monkeypatch, capfd):
    status, said, _ = run(monkeypatch, capfd, local)
    assert status == 0 and "relation" in said and f"{local / 'report.html'}" in said
    report = json.loads(run(monkeypatch, capfd, local, "--json")[1])
    assert report == json.loads((local / "report.json").read_text())
    assert report["runs"][0]["scenes"] == SCENES


def test_what_stands_beside_an_evaluation_is_checked_before_it(pictures, tmp_path, monkeypatch, capfd):
    """Not after hours of answers."""
    (tmp_path / "ratings.csv").write_text("picture,stars\na.png,3\n")
    words = ("--images", pictures, "--dataset", "sandbox", "--judge", "sandbox", "--out", tmp_path / "out", *OVERRIDES)
    for wrong, message in (
        (("--against", tmp_path / "nowhere"), "is no folder; give the folder of a run"),
        (("--ratings", tmp_path / "ratings.csv"), "has the columns picture, stars; it needs `rating`"),
    ):
        status, said, complaints = run(monkeypatch, capfd, *words, *wrong)
        assert (status, said) == (2, "") and message in " ".join(complaints.split())
    with pytest.raises(GasError, match="nothing is told apart by kinds; did you mean `kind`"):
        gas.evaluate(images=pictures, dataset="sandbox", judge="sandbox", by="kinds", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_runs_are_compared(local, pictures, tmp_path, monkeypatch, capfd):
    evaluate(monkeypatch, capfd, pictures, tmp_path / "other", "--model", "other")
    status, said, _ = run(monkeypatch, capfd, local, "--against", tmp_path / "other", "--json")
    report = json.loads(said)
    assert status == 0 and [one["model"] for one in report["runs"]][1] == "other"
    assert {row["value"] for row in report["differences"]["overall"]} == {0}
    assert json.loads((local / "against" / "other" / "report.json").read_text()) == report
    assert len(json.loads((local / "report.json").read_text())["runs"]) == 1


@pytest.mark.slow
def test_a_cluster_gives_the_same_tables(local, pictures, tmp_path, monkeypatch, capfd):
    pytest.importorskip("ray")
    more = ("--set=engine=ray", "--set=workers=2")
    evaluate(monkeypatch, capfd, pictures, tmp_path / "ray", *more)
    assert read_tables(tmp_path / "ray") == read_tables(local)


@pytest.mark.slow
def test_two_processes_give_the_same_tables(local, pictures, tmp_path):
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "generate_any_scene"]
    words = ["evaluate", "--images", pictures, "--dataset", "sandbox", "--judge", "sandbox", "--out", tmp_path / "two"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [*launch, *map(str, words), *OVERRIDES], capture_output=True, text=True, timeout=500, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert read_tables(tmp_path / "two") == read_tables(local)
    assert done.stdout.count("report.html") == 1


def test_a_dry_run_leaves_nothing(pictures, tmp_path, monkeypatch, capfd):
    said = evaluate(monkeypatch, capfd, pictures, tmp_path / "dry", "--dry-run")
    assert said.startswith("evaluate-") and f"can begin: {SCENES} scenes" in said
    assert not (tmp_path / "dry").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name a recipe, or give --images and --dataset"),
        (["--images", "P"], "name a recipe, or give --images and --dataset"),
        (["smokes"], "did you mean `smoke`"),
        (["--images", "nowhere", "--dataset", "sandbox", "--judge", "sandbox"], "nowhere"),
        (["--images", "P", "--dataset", "sandbx", "--judge", "sandbox"], "sandbx"),
        (["--images", "P", "--dataset", "sandbox"], "nobody answers, whom answer_accuracy, soft_tifa, dsg would ask"),
        (["--images", "P", "--dataset", "gas", "--judge", "sandbox"], "--dataset gas needs --config"),
        (["--images", "P", "--config", "sandbox"], "--config and --split belong to --dataset"),
        (["smoke", "--metric", "answer_acuracy"], "answer_accuracy"),
        (["smoke", "--by", "words"], "soft_tifa needs answers by probability"),
        (["smoke", "--set", "pictures.count=0"], "pictures"),
        (["smoke", "--set", "pictures.backend=difusers"], "diffusers"),
        (["smoke", "--set", "nonsense=1"], "nonsense"),
        (["--images", "P", "--dataset", "multi_object", "--judge", "sandbox"], "P"),
    ],
)
def test_wrong_input_is_a_line(words, said, pictures, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)  # where nothing is built: a folder `gas` would be the data set
    given = [str(pictures) if word == "P" else word for word in words]
    status, out, err = run(monkeypatch, capfd, *given, "--out", tmp_path / "out")
    assert status == 2 and (str(pictures) if said == "P" else said) in err, err
    assert out == "" and len(err.splitlines()) <= 2 and "Traceback" not in err


def test_another_evaluation_is_not_written_over(local, pictures, monkeypatch, capfd):
    before = read_tables(local)
    words = ("--images", pictures, "--dataset", "sandbox", "--judge", "sandbox", "--metric", "dsg", "--out", local)
    status, _, err = run(monkeypatch, capfd, *words, *OVERRIDES)
    assert status == 2 and "holds another evaluation: its recipe.yaml differs" in err
    assert read_tables(local) == before


def test_a_run_that_is_done_takes_no_pictures(local, pictures, monkeypatch, capfd):
    status, _, err = run(monkeypatch, capfd, local, "--images", pictures)
    assert status == 2 and "is an evaluation that is done" in err


@pytest.mark.parametrize("damage", ["record", "answers", "column", "missing"])
def test_a_damaged_run_is_a_line(local, damage, monkeypatch, capfd):
    match damage:
        case "record":
            (local / "run.json").write_text("{")
        case "answers":
            (local / "answers.parquet").write_bytes(b"PAR1 and nothing")
        case "column":
            (local / "answers.parquet").write_bytes((local / "scores.parquet").read_bytes())
        case "missing":
            (local / "scores.parquet").unlink()
    status, _, err = run(monkeypatch, capfd, local)
    assert status == 2 and len(err.splitlines()) == 1 and str(local) in err


def test_what_was_evaluated_is_kept_as_it_was(local, pictures):
    opened = open_run(local)
    assert opened.scenes.num_rows == SCENES and opened.pictures == pictures
    assert opened.record["judge"] == "sandbox" and opened.record["data"]["recipe"] == "sandbox"


def test_a_metric_that_asks_by_itself_asks_the_judge(pictures):
    loaded = read_request(images=pictures, dataset="sandbox", judge="sandbox", metrics=["vqascore", "dsg"])
    scorer = open_scorer(loaded.recipe, "mine")
    assert scorer.metrics[0].judge is scorer.judge and scorer.ids[0] == "vqascore@geneval2:sandbox"


def test_a_dry_run_names_all_that_is_wrong_without_loading_a_metric(pictures, tmp_path, monkeypatch, capfd):
    words = (
        "--images",
        pictures,
        "--dataset",
        "sandbox",
        "--judge",
        "sandbox",
        "--out",
        tmp_path / "out",
        "--dry-run",
    )
    wrong = (
        "--set=metrics={clip_score: {model: ./none, formla: cosine}, soft_tifa: {mean: harmonic}}",
        "--set=exma=1",
    )
    status, _, err = run(monkeypatch, capfd, *words, *wrong)
    assert status == 2
    for said in ("exma", "clip_score has no option formla", "harmonic"):
        assert said in err


def test_models_of_metrics_are_looked_for_before_anything_is_loaded(pictures, tmp_path, monkeypatch, capfd):
    words = ("--images", pictures, "--dataset", "sandbox", "--out", tmp_path / "out", "--dry-run")
    status, _, err = run(monkeypatch, capfd, *words, "--set=metrics={clip_score: {model: ./none}}")
    assert status == 2 and "metrics.clip_score.model: there is no folder `./none`" in err


def make_dataset(folder, **changes):
    rows = load_dataset("gas", "sandbox", split="test", splits={"train": 1, "validation": 0, "test": 20}).to_list()
    folder.mkdir()
    lines = [
        json.dumps({**row, **{key: change(place, row) for key, change in changes.items()}})
        for place, row in enumerate(rows)
    ]
    (folder / "test.jsonl").write_text("\n".join(lines))
    return folder


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": lambda place, row: place}, "the column `id` holds int64, and no texts"),
        ({"questions": lambda place, row: []}, ""),
        ({"scene_graph": lambda place, row: json.dumps(row["scene_graph"])}, ""),
        ({"questions": lambda place, row: json.dumps(row["questions"])}, ""),
    ],
)
def test_odd_columns_are_read_or_refused(changes, said, pictures, tmp_path, monkeypatch, capfd):
    dataset = make_dataset(tmp_path / "odd", **changes)
    words = ("--images", pictures, "--dataset", dataset, "--judge", "sandbox", "--out", tmp_path / "out")
    status, _, err = run(monkeypatch, capfd, *words)
    assert (status, said in err) == ((2, True) if said else (0, True)), err
    assert "Traceback" not in err


def test_who_makes_pictures_replaces_whom_a_parent_names(pictures, tmp_path, monkeypatch, capfd):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(f"extends: smoke\nname: mine\npictures: {{backend: folder, path: '{pictures}'}}\n")
    status, said, err = run(monkeypatch, capfd, recipe, "--dry-run")
    assert status == 0 and said.startswith("mine can begin"), err


def test_the_folder_of_a_training_is_no_evaluation(local, monkeypatch, capfd):
    record = json.loads((local / "run.json").read_text())
    (local / "run.json").write_text(json.dumps({**record, "kind": "grpo"}))
    status, _, err = run(monkeypatch, capfd, local)
    assert status == 2 and "is the folder of a training ('grpo')" in err


def test_metrics_in_python_take_options(pictures, tmp_path):
    def open_metrics(metrics):
        return read_request(images=pictures, dataset="sandbox", judge="sandbox", metrics=metrics).recipe.metrics

    assert open_metrics({"soft_tifa": {"mean": "geometric"}}) == {"soft_tifa": {"mean": "geometric"}}
    assert open_metrics("dsg") == open_metrics(["dsg"]) == {"dsg": {}}


@pytest.mark.parametrize("judge", [object(), 3])
def test_what_is_no_judge_is_refused(judge, pictures):
    with pytest.raises(GasError, match=r"is no judge; give judges\.load"):
        gas.evaluate(images=pictures, dataset="sandbox", judge=judge)


def test_it_says_which_extra_it_needs(monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "PIL", None)
    status, _, err = run(monkeypatch, capfd, "smoke")
    assert (status, err) == (1, "gas: an evaluation needs PIL: pip install 'generate-any-scene[eval]'\n")
