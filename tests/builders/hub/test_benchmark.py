"""`gas push --benchmark`: what a repository gets, what stays of it, and what is refused."""

import json

import pytest
import yaml
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.card.edits import split_card
from generate_any_scene.builders.folder.manifest import read_built_manifest
from generate_any_scene.builders.folder.reading import find_split, read_batches
from generate_any_scene.builders.foundation import hub_requests
from generate_any_scene.builders.hub.benchmark import HEADING, Baseline, Benchmark, Exam, Trust
from generate_any_scene.builders.hub.leaderboards import FRAMEWORK
from generate_any_scene.builders.hub.push import push_folder
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.errors import GasError
from hub_server import WRITE_TOKEN

REPO = "org/bench"
NAMES = (
    "exgentic inspect-ai math-arena mteb olmocr-bench harbor ifstruct pier redline-bench archipelago benchflow "
    "apex-evals screenspot-pro swe-bench swe-bench-pro nemo-evaluator yc-bench open-asr-leaderboard mdpbench "
    "real5-omnidocbench parsebench video-mme-v2 claw-eval researchclawbench pbench wildclawbench wbench "
    "nanofold mmmu extractbench"
)
FRAMEWORKS = NAMES.split()
"""`EVALUATION_FRAMEWORKS` of huggingface.js on 21 August 2026."""
EXAM = Exam(
    judge="x/judge|`#abc",
    asked_by="probability",
    version="1",
    scenes=60,
    kinds={"count": Trust(value=0.9, low=0.85, high=0.94, trusted=True)},
)


SPLITS = "splits={train: 20, test: {size: 8, unseen: [structure]}}"


def build(folder, *overrides, splits=SPLITS):
    build_datasets([load_recipe("sandbox", (splits, "questions=[count]", *overrides))], folder)
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    place = tmp_path_factory.mktemp("built")
    return {
        "one": build(place / "one"),
        "more": build(place / "more", "splits.train=30", "version=3.0.0"),
        "changed": build(place / "changed", "seed=1", "version=3.0.0"),
        "other": build(place / "other", "name=other"),
        "untested": build(place / "untested", splits="splits={train: 20, validation: 0, test: 0}"),
    }


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(hub_requests, "WAITS", (0.01,) * 4)


@pytest.fixture(autouse=True)
def log_in(connect, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    return connect(WRITE_TOKEN)


def make_baseline(folder, config="sandbox", **changes):
    source = find_split(folder, config, "test")
    captions = {}
    for batch in read_batches(source, ["id", "caption"], 100):
        captions |= dict(zip(batch["id"].to_pylist(), batch["caption"].to_pylist(), strict=True))
    values = {
        "task": config,
        "model": "mine",
        "metric": "answer_accuracy@words:x",
        "value": 0.5,
        "low": 0.4,
        "high": 0.6,
    }
    return Baseline(**{**values, "scenes": 8, "judge": "x", "captions": captions, **changes})


def push(folder, *baselines, exams=(), listed=True, **options):
    return push_folder(folder, REPO, benchmark=Benchmark(baselines, exams, listed), **options)


def read_eval(hub, path="eval.yaml"):
    return yaml.safe_load(hub.read(REPO, path))


def read_section(hub):
    return split_card(hub.read(REPO, "README.md").decode()).sections[HEADING]


def check_eval(found, frameworks):
    """What the Hub's documentation asks of `eval.yaml`, and nothing else in it."""
    assert set(found) == {"name", "description", "evaluation_framework", "tasks"}
    assert all(isinstance(found[key], str) and found[key] for key in ("name", "description", "evaluation_framework"))
    assert found["evaluation_framework"] in frameworks
    assert found["tasks"]
    for task in found["tasks"]:
        assert set(task) <= {"id", "config", "split"}
        assert task["id"]
    assert len({task["id"] for task in found["tasks"]}) == len(found["tasks"])


def test_a_test_becomes_a_leaderboard_with_the_recipe_that_trains_for_it(hub, built):
    pushed = push(built["one"], make_baseline(built["one"]), exams=[EXAM])
    assert {"eval.yaml", "benchmark.json", "README.md"} <= set(pushed.added)
    found = read_eval(hub)
    check_eval(found, [*FRAMEWORKS, FRAMEWORK])
    assert found["tasks"] == [{"id": "sandbox", "config": "sandbox", "split": "test"}]
    record = json.loads(hub.read(REPO, "benchmark.json"))
    config = read_built_manifest(built["one"]).configs["sandbox"]
    task = record["tasks"]["sandbox"]
    assert (task["fingerprint"], task["scenes"], task["train"]) == (config.fingerprint, 8, 20)
    assert task["unseen"] == ["structure"]
    assert record["baselines"][0]["value"] == 0.5
    assert "captions" not in record["baselines"][0]
    section = read_section(hub)
    assert "| `sandbox` | mine | `answer_accuracy@words:x` | 0.5000 | 0.4000 to 0.6000 | 8 | `x` |" in section
    assert "| `x/judge/'#abc` | probability | count | 0.900 | 0.850 to 0.940 | yes |" in section
    assert "| structure |" in section
    hub.requests.clear()
    assert not push(built["one"], make_baseline(built["one"]), exams=[EXAM]).added
    assert [request for request in hub.requests if request.method == "POST" and "/commit/" in request.path] == []


def test_the_file_is_a_draft_while_the_hub_does_not_know_the_framework(hub, built, gas):
    assert FRAMEWORK not in FRAMEWORKS
    status, out, err = gas("push", built["one"], "--repo", REPO, "--benchmark")
    assert (status, err) == (0, "")
    assert "eval.draft.yaml is kept back" in out
    assert "eval.yaml" not in hub.list_files(REPO)
    check_eval(read_eval(hub, "eval.draft.yaml"), [FRAMEWORK])
    status, out, _ = gas("push", built["one"], "--repo", REPO, "--benchmark", "--listed")
    assert status == 0
    files = hub.list_files(REPO)
    assert "eval.yaml" in files
    assert "eval.draft.yaml" not in files
    assert "[`eval.yaml`](eval.yaml) makes a leaderboard" in read_section(hub)


def test_a_dry_run_names_the_files_and_writes_nothing(hub, built, gas):
    status, out, _ = gas("push", built["one"], "--repo", REPO, "--benchmark", "--dry-run")
    assert status == 0
    assert {"  eval.draft.yaml", "  benchmark.json", "  README.md"} <= set(out.splitlines())
    assert [request for request in hub.requests if request.method != "GET"] == []


def test_what_other_pushes_brought_stays(hub, built):
    push(built["one"], make_baseline(built["one"]))
    stated = read_eval(hub)
    stated |= {"name": "Ours", "tasks": [{**stated["tasks"][0], "id": "objects"}, {"id": "extra", "config": "more"}]}
    hub.commit(REPO, {"eval.yaml": yaml.safe_dump(stated).encode()})
    push(built["other"], make_baseline(built["other"], "other", model="theirs"), exams=[EXAM])
    found = read_eval(hub)
    assert found["name"] == "Ours"
    assert [(task["id"], task["config"]) for task in found["tasks"]] == [
        ("objects", "sandbox"),
        ("extra", "more"),
        ("other", "other"),
    ]
    section = read_section(hub)
    assert "| mine |" in section
    assert "| theirs |" in section
    push_folder(built["more"], REPO)  # more to train on, and the same test
    assert read_section(hub) == section


def test_a_newer_result_of_a_model_takes_the_place_of_the_older(hub, built):
    push(built["one"], make_baseline(built["one"]), make_baseline(built["one"], model="other", value=0.55, high=0.7))
    push(built["one"], make_baseline(built["one"], value=0.58))
    baselines = json.loads(hub.read(REPO, "benchmark.json"))["baselines"]
    assert [(one["model"], one["value"]) for one in baselines] == [("mine", 0.58), ("other", 0.55)]


def test_a_test_is_frozen(hub, built):
    push(built["one"])
    for benchmark in (None, Benchmark(listed=True)):
        with pytest.raises(GasError, match=f"{REPO} is a benchmark, and the test of sandbox would be another one"):
            push_folder(built["changed"], REPO, benchmark=benchmark)
    push_folder(built["changed"], REPO, overwrite=True)


def test_what_people_wrote_into_the_section_is_not_lost(hub, built):
    push(built["one"])
    card = hub.read(REPO, "README.md").decode()
    hub.commit(REPO, {"README.md": card.replace("The tests are frozen", "Dear people! The tests are frozen").encode()})
    with pytest.raises(GasError, match="people changed `## Benchmark`"):
        push(built["one"], make_baseline(built["one"]))
    push(built["one"], make_baseline(built["one"]), overwrite=True)
    assert "Dear people" not in read_section(hub)


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("eval.yaml", b"tasks: [", "eval.yaml is not as the Hub specifies it"),
        ("eval.yaml", b"name: x\ndescription: y\nevaluation_framework: mteb\ntasks: []\n", "at least 1 item"),
        (
            "eval.yaml",
            b"name: x\ndescription: y\nevaluation_framework: mteb\ntasks: [{id: z}]\n",
            "the framework `mteb`",
        ),
        ("benchmark.json", b"[]", "benchmark.json is not as a push wrote it"),
        ("benchmark.json", b'{"tasks": {"../x": {}}}', "benchmark.json is not as a push wrote it"),
    ],
)
def test_what_is_there_and_no_push_wrote_is_not_replaced(path, text, said, hub, built):
    push(built["one"])
    hub.commit(REPO, {path: text})
    with pytest.raises(GasError, match=said):
        push(built["one"], make_baseline(built["one"]))
    assert hub.read(REPO, path) == text


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("untested", None, "has no split `test`, so there is nothing to rank"),
        ("one", {"task": "sandboxes"}, "is of `sandboxes`, of which .* has no test; .*sandbox"),
        ("one", {"captions": {"sandbox/test/000000000": "another"}}, "has scenes that are not in the test"),
        ("one", {"captions": {"sandbox/train/000000000": "another"}}, "has scenes that are not in the test"),
    ],
)
def test_what_cannot_be_a_benchmark_is_refused_before_the_hub_is_asked(name, changes, said, hub, built):
    baselines = [] if changes is None else [make_baseline(built["one"], **changes)]
    with pytest.raises(GasError, match=said):
        push(built[name], *baselines)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--baseline", "runs/x"], "--baseline goes with --benchmark"),
        (["--exam", "judge.json"], "--exam goes with --benchmark"),
        (["--listed"], "--listed goes with --benchmark"),
        (["--benchmark", "--exam", "nowhere.json"], "nowhere.json"),
    ],
)
def test_options_that_say_nothing_are_refused(options, said, hub, built, gas):
    status, _, err = gas("push", built["one"], "--repo", REPO, *options)
    assert status in (1, 2)
    assert said in err
    assert hub.requests == []
