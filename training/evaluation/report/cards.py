"""A picture with its caption, answers and scene graph, small enough that a page can hold two dozen."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from markupsafe import Markup
from PIL import Image

from ....builders.drawing.scene_graphs import draw_graph
from ....errors import GasError
from ...pictures import lay_grid, open_shown
from ..opening import open_file
from ..tables import Run
from .blocks import Shot
from .numbers import write_number

SIDE = 384
"""Pixels of the longer side of a picture on the page."""
MOST_BYTES = 45_000
QUALITIES = (82, 65, 45, 25, 8)
MOST_ANSWERS, LONGEST = 60, 700


@dataclass(frozen=True)
class Thumbnail:
    """A picture as the page holds it."""

    address: str
    width: int
    height: int


@dataclass(frozen=True)
class Answer:
    """A question, and what became of it: `right`, `wrong` or `refused`."""

    question: str
    expected: str
    reply: str
    looks: str


@dataclass(frozen=True)
class Card:
    """What the page shows of a picture.

    Attributes:
        model: Who made it.
        scene: Of which scene.
        score: What it earned.
        caption: Of the scene.
        picture: None where it cannot be shown.
        missing: Why it cannot.
        answers: The wrong ones first.
        more: How many of them are left out.
        graph: Of the scene, as SVG.
    """

    model: str
    scene: str
    score: str
    caption: str
    picture: Thumbnail | None
    missing: str
    answers: Sequence[Answer]
    more: int
    graph: Markup | None


def make_card(shot: Shot, run: Run | None) -> Card:
    """Reads a picture and says what became of its questions.

    Args:
        shot: What report.json has of it.
        run: Whose pictures it is among; without one it cannot be shown.
    """
    one = shot.picture
    thumbnail, missing = None, "The picture was not kept."
    if run and one.get("image"):
        path = run.pictures / str(one["image"])
        try:
            thumbnail = make_thumbnail(path)
        except (GasError, OSError, ValueError):  # a name may be none that a file can have
            is_spoiled = is_there(run, str(one["image"]))
            missing = "The picture cannot be read." if is_spoiled else "The picture is not where it was."
    answers = sorted(map(_read_answer, one.get("answers") or []), key=lambda answer: ORDER.index(answer.looks))
    right = sum(answer.looks == "right" for answer in answers)
    value = write_number(one.get("value"))
    score = f"{right} of {len(answers)} right" if answers else value
    more = max(0, len(answers) - MOST_ANSWERS)
    graph = Markup(_draw(one["scene_graph"], str(one["scene"]))) if one.get("scene_graph") else None
    caption = _cut(str(one.get("caption") or ""))
    return Card(shot.model, str(one["scene"]), score, caption, thumbnail, missing, answers[:MOST_ANSWERS], more, graph)


def is_there(run: Run, image: str) -> bool:
    """Whether a picture is still where it was."""
    try:
        return os.path.lexists(run.pictures / image)
    except ValueError:  # a name that no file can have
        return False


ORDER = ("wrong", "refused", "right")


def _read_answer(answer: Mapping[str, Any]) -> Answer:
    looks = {True: "right", False: "wrong", None: "refused"}[answer.get("right")]
    reply = _cut(str(answer.get("reply") or "no answer"), 120)
    return Answer(
        _cut(str(answer.get("question") or "a question that the dataset no longer has"), 300),
        _cut(str(answer["expected"]), 120),
        reply,
        looks,
    )


def _cut(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _draw(graph: Mapping[str, Any], scene: str) -> str:
    return draw_graph({"scene_graph": graph, "scene_attributes": []}, f"Scene graph of {scene}", styled=False)


def make_thumbnail(path: Path) -> Thumbnail:
    """A picture, or four frames of it in a square, as an address that holds it.

    Raises:
        GasError: There is none, or it cannot be read.
    """
    shown = open_shown(open_file(path))
    image = shown if isinstance(shown, Image.Image) else lay_grid(shown)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    if max(image.size) < SIDE / 2:  # small ones stay sharp when the page makes them larger
        times = SIDE // max(image.size)
        image = image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)
    return Thumbnail(_encode(image), image.width, image.height)


def _encode(image: Image.Image) -> str:
    for quality in QUALITIES:
        buffer = BytesIO()
        image.save(buffer, "WEBP", quality=quality, method=4)
        if buffer.tell() <= MOST_BYTES:
            break
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
