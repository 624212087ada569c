"""The exam as inspect-ai runs it: by the package's task, and by `eval.yaml` from the Hub, with the real client."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("inspect_ai", reason="install the extra `inspect`")

import yaml
from chat_server import ChatServer, read_images
from generate_any_scene.training.exam.dataset import write_exam
from generate_any_scene.training.exam.inspect_task import judge_exam
from generate_any_scene.training.exam.judge import find_things, reply
from generate_any_scene.training.exam.papers import make_exam
from generate_any_scene.training.exam.report import describe_exam
from generate_any_scene.training.exam.sitting import sit_exam
from generate_any_scene.training.sandbox.judge import SandboxJudge
from hub_server import WRITE_TOKEN
from inspect_ai import eval as run_eval
from inspect_ai._eval.task.hf import HFTask
from inspect_ai.log import read_eval_log
from inspect_ai.model import ModelOutput, ModelUsage, get_model

SCENES = 2
INSPECT = Path(sys.executable).with_name("inspect")


def run_task(task, said, folder):
    """The metrics of inspect-ai's mock model, whose replies are those of a function of what it is shown."""

    def complete(messages, tools, tool_choice, config):
        image, text = messages[-1].content
        body = {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": image.image}}]}]}
        output = ModelOutput.from_content("mockllm/model", said(text.text, read_images(body)[0]))
        output.usage = ModelUsage()  # or it would fetch a tokenizer to count with
        return output

    model = get_model("mockllm/model", custom_outputs=complete, memoize=False)
    (log,) = run_eval(task, model=model, log_dir=str(folder), display="none")
    assert log.status == "success", log.error
    return {name: metric.value for score in log.results.scores for name, metric in score.metrics.items()}


def test_whoever_sees_everything_is_right_everywhere(tmp_path):
    found = run_task(judge_exam(SCENES), lambda text, picture: reply(text, find_things(picture)), tmp_path)
    assert found["accuracy"] == found["balanced"] == 1
    assert found["refused"] == found["stderr"] == 0


def test_figures_are_those_of_gas_calibrate(tmp_path):
    found = run_task(judge_exam(SCENES), lambda text, picture: "yes", tmp_path)
    judge = SandboxJudge(find_things, lambda text, things: "yes")
    kinds = describe_exam(judge, sit_exam(judge, make_exam(SCENES), most_refused=1), 0, "words")
    for kind, figures in kinds["kinds"].items():
        share = figures["balanced_accuracy"]
        if share and figures["sensitivity"] and figures["specificity"]:
            assert found[f"balanced_{kind}"] == pytest.approx(share["value"])
    assert found["refused"] > 0  # yes is no number


def test_a_written_exam_is_read_as_the_same_questions(tmp_path):
    write_exam(tmp_path / "exam", make_exam(SCENES), seed=0)
    read, made = judge_exam(dataset=str(tmp_path / "exam")), judge_exam(SCENES)
    for one, other in zip(read.dataset, made.dataset, strict=True):
        assert (one.id, one.target, one.metadata) == (other.id, other.target, other.metadata)
        assert [part.model_dump() for part in one.input[0].content] == [
            part.model_dump() for part in other.input[0].content
        ]


def test_eval_yaml_is_as_inspect_specifies_it(tmp_path):
    write_exam(tmp_path / "exam", make_exam(SCENES), seed=0)
    stated = yaml.safe_load((tmp_path / "exam" / "eval.yaml").read_text())
    assert set(stated) == {"name", "description", "evaluation_framework", "tasks"}
    (task,) = [HFTask.model_validate(one) for one in stated["tasks"]]
    assert (task.id, task.config, task.split) == ("judge_exam", "multiple_choice", "test")


def choose_letter(body):
    """What the exact judge says to a question that inspect-ai has put as multiple choice."""
    (picture,) = read_images(body)
    text = next(part["text"] for part in body["messages"][-1]["content"] if part["type"] == "text")
    question = next(line for line in text.splitlines() if line.endswith("?"))
    choices = dict(line.split(") ", 1)[::-1] for line in text.splitlines() if line[1:3] == ") ")
    given = ["yes", "no"] if "yes" in choices else list(choices)
    listed = "\n".join([question, "Choose one:", *(f"- {choice}" for choice in given)])
    asked = question if "yes" in choices or "zero" in choices else listed
    said = choices[reply(asked, find_things(picture))]
    message = {"role": "assistant", "content": f"ANSWER: {said}"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "exact",
        "choices": [choice],
        "usage": usage,
    }


@pytest.mark.slow
def test_the_command_runs_an_exam_from_the_hub(hub, connect, tmp_path):
    write_exam(tmp_path / "exam", make_exam(SCENES), seed=0)
    api = connect(WRITE_TOKEN)
    api.create_repo("org/exam", repo_type="dataset")
    api.upload_folder(repo_id="org/exam", repo_type="dataset", folder_path=tmp_path / "exam")
    with ChatServer(choose_letter).run() as chat:
        settings = {"GAS_API_KEY": "none", "GAS_BASE_URL": f"{chat.url}/v1", "INSPECT_DISPLAY": "none"}
        environment = {**os.environ, **hub.environment(tmp_path / "home", token=None, xet=False), **settings}
        command = [INSPECT, "eval", "hf/org/exam", "--model", "openai-api/gas/exact", "--log-dir", tmp_path / "logs"]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (log,) = [read_eval_log(str(path)) for path in (tmp_path / "logs").iterdir()]
    assert log.status == "success"
    asked = sum(item.question["form"] != "open" for sheet in make_exam(SCENES) for item in sheet.items)
    assert log.results.completed_samples == len(chat.bodies) == asked
    assert log.results.scores[0].metrics["accuracy"].value == 1
