"""Shipped evaluations of models that a command or a server draws, from the recipe to the report."""

import base64
import sys
from dataclasses import dataclass
from io import BytesIO

import generate_any_scene as gas
import pytest
from chat_server import ChatServer
from generate_any_scene.builders.recipe.loading import list_recipes
from generate_any_scene.training.recipes.loading import load_evaluation
from PIL import Image

SCRIPT = """
import json, pathlib, sys
from PIL import Image

for line in sys.stdin:
    asked = json.loads(line)
    path = pathlib.Path(asked["path"])
    draw = [Image.new("RGB", (16, 16), (asked["seed"] % 256, 20 * frame, 0)) for frame in range(9)]
    if path.suffix == ".gif":
        draw[0].save(path, save_all=True, append_images=draw[1:])
    elif path.suffix:
        draw[0].save(path)
    else:
        path.mkdir()
        for frame, image in enumerate(draw, 1):
            image.save(path / f"{frame:02}.png")
"""
DRAWN = [
    name
    for name in list_recipes("evaluation")
    if load_evaluation(name).recipe.pictures.backend in ("command", "images_endpoint")
]


@dataclass
class YesJudge:
    """Says yes; it has to look at each picture."""

    id: str = "yes"

    def answer(self, images, questions):
        assert all(
            frame.size == (16, 16) for shown in images for frame in (shown if isinstance(shown, tuple) else [shown])
        )
        return ["yes"] * len(questions)

    def probability(self, images, questions, answers):
        return [float(answer == "yes") for answer in answers]


def reply(body):
    buffer = BytesIO()
    Image.new("RGB", (16, 16), "red").save(buffer, "PNG")
    return {"created": 1, "data": [{"b64_json": base64.b64encode(buffer.getvalue()).decode()}]}


@pytest.mark.parametrize("name", DRAWN)
def test_a_shipped_recipe_goes_from_its_command_to_its_report(name, tmp_path, monkeypatch):
    pictures = load_evaluation(name).recipe.pictures
    (tmp_path / "draw.py").write_text(SCRIPT)
    overrides = {"data.overrides.splits": {"test": 2}, "metrics": {"clip_flant5": None, "answer_accuracy": {}}}
    overrides |= {f"metrics.{metric}": None for metric in load_evaluation(name).recipe.metrics}
    overrides["metrics.answer_accuracy"] = {}
    with ChatServer(reply, models=(getattr(pictures, "model", None) or "painter",)).run() as server:
        if pictures.backend == "command":
            overrides["pictures.command"] = [sys.executable, str(tmp_path / "draw.py"), *pictures.command[2:]]
            overrides |= {"pictures.suffix": ".gif"} if pictures.suffix == ".mp4" else {}
        else:
            monkeypatch.setenv(pictures.api_key, "key")
            overrides["pictures.url"] = f"{server.url}/v1"
        report = gas.evaluate(name, judge=YesJudge(), out=tmp_path / "run", overrides=overrides)
    (run,) = report.runs
    assert run.record["left_out"]["without"] == 0 and run.scenes.num_rows == 2
    assert set(run.answers["right"].to_pylist()) >= {True, False} and run.record["judge"] == "yes"
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000
