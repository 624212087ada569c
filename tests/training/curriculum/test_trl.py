"""TRL's own `GRPOTrainer` on a stream, with a tiny model; and `gas train` with a curriculum."""

import json
import os
import subprocess
import sys
from pathlib import Path

import generate_any_scene as gas
import pytest
from generate_any_scene.errors import RecipeError
from generate_any_scene.training.curriculum.log import read_log
from generate_any_scene.training.recipes.loading import load_training
from generate_any_scene.training.run import run_training
from generate_any_scene.training.sandbox.model import make_model, make_tokenizer
from generate_any_scene.training.sandbox.settings import SandboxModel
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig, GRPOTrainer

SETTINGS = {
    "max_steps": 8,
    "num_generations": 4,
    "per_device_train_batch_size": 16,
    "max_completion_length": 2,
    "learning_rate": 1e-6,
    "logging_steps": 1,
    "report_to": "none",
    "disable_tqdm": True,
    "use_cpu": True,
    "bf16": False,
    "dataloader_pin_memory": False,
}


def reward_middle(completion_ids, level, **_):
    """Level 2 alone has completions of unlike rewards: by their turn, so that no process knows of another's."""
    return [float(one == 2 and ids[0] % 2) + float(one == 1) for one, ids in zip(level, completion_ids, strict=True)]


def save_model(folder):
    tokenizer = make_tokenizer([row["prompt"] for row in gas.stream("sandbox", policy="uniform").take(200)])
    tokenizer.save_pretrained(folder)
    make_model(tokenizer, SandboxModel(hidden_size=8, layers=1, heads=1)).save_pretrained(folder)
    return folder


def train(model, output, log, resume=False, replay=None, **options):
    """Trains as anybody would: nothing but TRL, `gas.stream` and `stream.follow`."""
    stream = gas.stream("sandbox", policy=None if replay else "spread", log=log, replay=replay)
    trainer = GRPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(model),
        reward_funcs=stream.follow(reward_middle),
        args=GRPOConfig(output_dir=str(output), **{**SETTINGS, "save_strategy": "no", **options}),
        train_dataset=stream,
        processing_class=AutoTokenizer.from_pretrained(model, padding_side="left"),
    )
    trainer.train(resume_from_checkpoint=resume)
    stream.settle()
    return stream, trainer.state.log_history


def split_log(path):
    """The draws of a log, and its reports."""
    events = read_log(path)[1]
    draws = [event for event in events if hasattr(event, "index")]
    return draws, [event for event in events if not hasattr(event, "index")]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("model"))


def test_trl_trains_on_a_stream_that_follows_its_rewards(model, tmp_path):
    stream, history = train(model, tmp_path / "run", tmp_path / "log.jsonl")
    draws, reports = split_log(tmp_path / "log.jsonl")
    assert [report.place for report in reports] == list(range(8 * 4))
    assert {report.count for report in reports} == {4}
    assert [report.step for report in reports] == [step for step in range(8) for _ in range(4)]
    # TRL reads one batch ahead, so that the third one is the first that can follow the rewards of the first.
    assert [draw.level for draw in draws[:8]] == [1, 2, 3, 1, 2, 3, 1, 2]
    assert [draw.level for draw in draws[-12:]].count(2) >= 9
    assert stream.levels[0].idle == stream.levels[2].idle == 1
    idle = [line["frac_reward_zero_std"] for line in history if "frac_reward_zero_std" in line]
    assert idle[-1] <= 0.5 < idle[0]
    assert next(line["level"] for line in history if "level" in line) == pytest.approx(7 / 4)


def test_a_replay_gives_trl_the_same_prompts(model, tmp_path):
    train(model, tmp_path / "run", tmp_path / "log.jsonl")
    train(model, tmp_path / "again", tmp_path / "again.jsonl", replay=tmp_path / "log.jsonl", temperature=2.0, seed=9)
    (draws, reports), (again, other) = (split_log(tmp_path / name) for name in ("log.jsonl", "again.jsonl"))
    assert again == draws
    assert [report.place for report in other] == [report.place for report in reports]
    assert other != reports


def test_a_stopped_training_goes_on_with_the_same_prompts(model, tmp_path):
    train(model, tmp_path / "whole", tmp_path / "whole.jsonl", save_strategy="steps", save_steps=4, max_steps=8)
    log = (tmp_path / "whole.jsonl").read_text().splitlines(keepends=True)
    stopped = next(place for place, line in enumerate(log) if '"step": 5' in line)  # a step after its checkpoint
    (tmp_path / "log.jsonl").write_text("".join(log[:stopped]))
    checkpoint = str(tmp_path / "whole" / "checkpoint-4")
    train(model, tmp_path / "on", tmp_path / "log.jsonl", resume=checkpoint, max_steps=8)
    assert (tmp_path / "log.jsonl").read_text() == "".join(log)


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from test_trl import train
from accelerate import PartialState
stream, _ = train(*sys.argv[2:5], per_device_train_batch_size=8)
path = f"{sys.argv[4]}.{PartialState().process_index}"
open(path, "w").write("".join(f"{draw.level} {draw.index} " for draw in stream.drawn) + str(stream.levels))
PartialState().destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_hear_of_each_other_and_draw_the_same(model, tmp_path):
    """Each rewards half of the pictures, and some scenes' pictures are shared out to both."""
    (tmp_path / "train.py").write_text(SCRIPT)
    log = tmp_path / "log.jsonl"
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command = [*launch, tmp_path / "train.py", Path(__file__).parent, model, tmp_path / "run", log]
    values = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=values, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (Path(f"{log}.{rank}").read_text() for rank in (0, 1))
    assert first == second
    draws, reports = split_log(log)
    assert {report.count for report in reports} == {4}
    assert [report.place for report in reports] == list(range(8 * 4))
    assert [draw.level for draw in draws[-12:]].count(2) >= 9
    train(model, tmp_path / "alone", tmp_path / "alone.jsonl", max_steps=2)
    alone, _ = split_log(tmp_path / "alone.jsonl")
    assert alone[:8] == draws[:8]


# `gas train`.


def shrink(output, *more):
    """Sizes that make the recipe `sandbox_curriculum` a matter of seconds."""
    return [
        "sandbox_model.hidden_size=32",
        "sandbox_model.data.limit=300",
        "sandbox_model.steps=20",
        "sandbox_model.batch_size=32",
        "trainer.max_steps=4",
        "trainer.per_device_train_batch_size=32",
        "trainer.use_cpu=true",
        "held_out.data.limit=10",
        f"output={output}",
        *more,
    ]


def test_gas_train_follows_rewards_and_keeps_the_log(tmp_path):
    loaded = load_training("sandbox_curriculum", shrink(tmp_path / "run"))
    record = run_training(loaded, report=lambda line: None)
    draws, reports = split_log(tmp_path / "run" / "curriculum.jsonl")
    assert [report.place for report in reports] == list(range(4 * 4))
    assert {draw.level for draw in draws} == {1, 2, 3, 4, 5}
    lines = [json.loads(line) for line in (tmp_path / "run" / "rewards.jsonl").read_text().splitlines()]
    for step, line in enumerate(lines):
        own = [report for report in reports if report.step == step]
        assert line["reward"] == pytest.approx(sum(report.reward for report in own) / 4, abs=1e-5)
        assert line["level"] == sum(draws[report.place].level for report in own) / 4
    assert record["results"]["level"]["first"] == lines[0]["level"]


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["curriculum=sprad"], "did you mean `spread`"),
        (["curriculum={policy: spread, success: 0.5, width: 2}"], "`width` does not go with `policy: spread`"),
        (["curriculum.least=1.5"], "must be at most 1"),
        (["data.limit=10"], "`data.limit` does not go with `curriculum`"),
        (["data={path: rows}"], "`data.path` does not go with `curriculum`"),
        (["data.overrides.difficulty={levels: 5, order: ascending}"], "leave `difficulty.order` out"),
        (["data.overrides.difficulty=2"], "level 2 alone"),
        (["data.split=train[:10%]"], "has no split `train\\[:10%\\]`"),
        (["trainer.max_steps=-1"], "a curriculum has no end"),
    ],
)
def test_what_makes_no_stream_is_told_before_anything_is_loaded(overrides, told, tmp_path):
    with pytest.raises(RecipeError, match=told):
        run_training(load_training("sandbox_curriculum", [*overrides, f"output={tmp_path / 'run'}"]), dry_run=True)
