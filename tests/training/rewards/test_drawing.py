"""Some of a scene's questions: as many as fit, with those that they depend on, the same for all of its pictures."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest
from generate_any_scene import scene
from generate_any_scene.training.rewards.drawing import draw_questions

ROWS = [scene("sandbox", place, structure={"objects": [2, 3], "relations": [1, 2]}) for place in range(3)]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 12])
@pytest.mark.parametrize("row", ROWS, ids=range(3))
def test_what_is_drawn_holds_all_that_it_depends_on(row, count):
    asked = row["questions"]
    for step in range(20):
        drawn = draw_questions(asked, count, 0, step)
        assert 0 < len(drawn) <= count
        for one in drawn:
            (own,) = (two for two in asked if (two["question"], two["choices"]) == (one["question"], one["choices"]))
            above = {asked[place]["question"] for place in own["depends_on"]}
            assert {drawn[place]["question"] for place in one["depends_on"]} == above
        assert drawn == draw_questions([dict(one) for one in asked], count, 0, step)


def test_steps_and_seeds_draw_others_and_in_time_all():
    asked = ROWS[0]["questions"]
    drawn = [draw_questions(asked, 4, 0, step) for step in range(200)]
    assert len({str(some) for some in drawn}) > 20
    assert draw_questions(asked, 4, 1, 0) != drawn[0] or draw_questions(asked, 4, 1, 1) != drawn[1]
    seen = Counter(one["question"] for some in drawn for one in some)
    assert seen.keys() == {one["question"] for one in asked}


def test_each_kind_has_its_turn():
    asked = ROWS[0]["questions"]
    kinds = {one["kind"] for one in asked}
    assert all({one["kind"] for one in draw_questions(asked, 8, 0, step)} == kinds for step in range(50))


def test_all_are_asked_where_they_are_few():
    asked = ROWS[0]["questions"]
    assert draw_questions(asked, None, 0, 0) == draw_questions(asked, 99, 0, 0) == asked


def test_another_python_draws_the_same():
    """Sets and hashes of texts are in another order in each."""
    code = (
        "import json, sys; from generate_any_scene.training.rewards.drawing import draw_questions;"
        "print(json.dumps([draw_questions(json.loads(sys.argv[1]), 4, 7, step) for step in range(9)]))"
    )
    asked = json.dumps(ROWS[0]["questions"])
    for seed in ("1", "2"):
        command, places = [sys.executable, "-c", code, asked], {**os.environ, "PYTHONHASHSEED": seed}
        printed = subprocess.run(command, env=places, capture_output=True, text=True, check=True, timeout=120).stdout
        assert json.loads(printed) == [draw_questions(ROWS[0]["questions"], 4, 7, step) for step in range(9)]


GROUP = """
import json
from pathlib import Path
import datasets, torch
from accelerate import PartialState
from generate_any_scene import rewards, scene
from generate_any_scene.training.decoders import CompletionDecoder, SandboxDecoder
from generate_any_scene.training.sandbox.judge import SandboxJudge
from generate_any_scene.training.sandbox.model import make_model, make_tokenizer
from generate_any_scene.training.sandbox.pictures import CODES
from generate_any_scene.training.sandbox.settings import SandboxModel
from generate_any_scene.training.trainers.grpo import mask_text
from trl import GRPOConfig, GRPOTrainer

class Recorder(SandboxJudge):
    asked = {}

    def answer(self, images, questions):
        for image, question in zip(images, questions):
            self.asked.setdefault(id(image), []).append(question)
        return super().answer(images, questions)

scenes = [scene("sandbox", place, structure={"objects": 2, "relations": 1}) for place in range(8)]
tokenizer = make_tokenizer([one["caption"] for one in scenes])
torch.manual_seed(0)
policy = make_model(tokenizer, SandboxModel(hidden_size=8, layers=1, heads=1))
policy.save_pretrained("model")
mask_text(policy, len(tokenizer), CODES)
reward = rewards.answers(Recorder(), CompletionDecoder(SandboxDecoder(), len(tokenizer)), by="words", questions=3)
lines = []

def record(caption, trainer_state, **told):
    Recorder.asked = {}
    values = reward(caption=caption, trainer_state=trainer_state, **told)
    lines.extend([trainer_state.global_step, *pair] for pair in zip(caption, Recorder.asked.values(), strict=True))
    return values

rows = [
    {"prompt": one["caption"], "caption": one["caption"], "questions": json.dumps(one["questions"])} for one in scenes
]
arguments = GRPOConfig(
    "out", max_steps=6, num_generations=4, per_device_train_batch_size=2, max_completion_length=9, report_to="none",
    use_cpu=True, bf16=False, gradient_checkpointing=False, save_strategy="no", disable_tqdm=True, learning_rate=1e-3,
)
data = datasets.Dataset.from_list(rows)
GRPOTrainer(policy, record, args=arguments, train_dataset=data, processing_class=tokenizer).train()
Path(f"asked_{PartialState().process_index}.json").write_text(json.dumps(lines))
PartialState().destroy_process_group()
"""


@pytest.mark.slow
def test_a_group_in_two_processes_is_asked_the_same(tmp_path):
    """Each has two of the four pictures of a caption in a step; in another epoch a caption is asked other things."""
    (tmp_path / "train.py").write_text(GROUP)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "train.py"]
    values = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "random"}
    options = {"capture_output": True, "text": True, "check": False, "timeout": 600}
    done = subprocess.run(launch, cwd=tmp_path, env=values, **options)
    assert done.returncode == 0, done.stderr[-3000:]
    asked = [json.loads((tmp_path / f"asked_{rank}.json").read_text()) for rank in range(2)]
    assert [len(lines) for lines in asked] == [12, 12]
    of_groups = [{(step, caption): questions for step, caption, questions in lines} for lines in asked]
    assert of_groups[0] == of_groups[1]
    assert all(of_groups[0][step, caption] == questions for step, caption, questions in asked[0])
    assert {len(questions) for questions in of_groups[0].values()} <= {2, 3} and len(of_groups[0]) == 6
