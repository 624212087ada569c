"""Metrics as modules of `evaluate`: loaded from their folders, they give what the metrics give."""

import io
import json

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.data import load_rows
from generate_any_scene.training.fields import Data
from generate_any_scene.training.judges.asking import judge_questions
from generate_any_scene.training.metrics.intervals import estimate_mean
from generate_any_scene.training.metrics.loading import find_evaluate_module, find_metric, list_metrics, open_metric
from generate_any_scene.training.sandbox.judge import SandboxJudge
from PIL import Image

evaluate = pytest.importorskip("evaluate")
ANSWERS = [name for name in list_metrics() if find_metric(name).needs == "answers"]


@pytest.fixture(scope="module")
def rows():
    """Scenes, each with the picture of the one before it, so that some answers are wrong."""
    overrides = {"splits": {"train": 8, "validation": 0, "test": 0}}
    found = load_rows(Data(recipe="sandbox", draw="sandbox", overrides=overrides), ["caption", "questions", "image"])
    images = found["image"][:]
    return found["questions"][:], [*images[1:], images[0]]


@pytest.mark.parametrize("name", ANSWERS)
def test_a_module_gives_the_numbers_of_its_metric(name, rows):
    questions, images = rows
    judged = judge_questions(SandboxJudge(), images, questions, by="probability")
    expected = open_metric(name).measure(questions, judged)
    assert any(value != 1 for value in expected)
    found = evaluate.load(str(find_evaluate_module(name))).compute(
        predictions=images, references=questions, judge=SandboxJudge(), by="probability"
    )
    mean = estimate_mean(expected)
    assert found == {name: mean.value, "interval": [mean.low, mean.high], "values": expected}


def test_options_of_the_metric_are_arguments_and_questions_may_be_json(rows):
    questions, images = rows
    module = evaluate.load(str(find_evaluate_module("dsg")))
    module.add_batch(predictions=images[:3], references=[json.dumps(some) for some in questions[:3]])
    module.add_batch(predictions=images[3:], references=[json.dumps(some) for some in questions[3:]])
    found = module.compute(judge=SandboxJudge(), rule="paper", questions="all")
    judged = judge_questions(SandboxJudge(), images, questions)
    assert found["values"] == open_metric("dsg", rule="paper", questions="all").measure(questions, judged)


def test_pictures_without_questions_have_no_number(rows):
    _, images = rows
    module = evaluate.load(str(find_evaluate_module("answer_accuracy")))
    found = module.compute(predictions=images[:2], references=["[]", "[]"], judge=SandboxJudge())
    assert found == {"answer_accuracy": None, "interval": None, "values": [None, None]}


def test_a_module_without_a_judge_says_so(rows):
    questions, images = rows
    module = evaluate.load(str(find_evaluate_module("tifa")))
    with pytest.raises(GasError, match="tifa needs to know who answers; give `judge`"):
        module.compute(predictions=images, references=questions)


def test_pictures_are_measured_as_they_were_given(tmp_path):
    """Also what was read from a JPEG, and paths."""

    class Reader:
        id = "reader"

        def answer(self, images, questions):
            self.seen = [list(image.get_flattened_data()) for image in images]
            return ["open"] * len(images)

    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((32, 32)).save(file, "JPEG")
    picture = Image.open(file)
    picture.save(tmp_path / "one.png")
    pixels, reader = list(picture.convert("RGB").get_flattened_data()), Reader()
    module = evaluate.load(str(find_evaluate_module("ocr_accuracy")))
    captions = ['It says "open".', "It says nothing", 'It says "open daily".']
    found = module.compute(
        predictions=[picture, picture, str(tmp_path / "one.png")], references=captions, reader=reader
    )
    assert found["values"] == [1, None, 0.5]
    assert reader.seen == [pixels, pixels]
