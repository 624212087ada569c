"""Words in pictures that answer questions about them."""

import sys

import pytest
from generate_any_scene import rewards
from generate_any_scene.training.metrics.ocr_accuracy import load_reader
from generate_any_scene.training.rewards.words import find_reader, measure_words
from PIL import Image, ImageDraw, ImageFont

CIRCLE = "What color is the circle?"


def ask(answer, form="open", **more):
    return {"question": "What?", "answer": answer, "choices": [], "form": form, "kind": "attribute", **more}


def measure(text, questions, caption="A dog.", most=4):
    """Of one picture in which a text stands."""
    row = {"caption": caption, "questions": questions}
    return measure_words(lambda image: text, [Image.new("RGB", (8, 8))], [row], most)


@pytest.mark.parametrize(
    ("text", "question", "answers"),
    [
        ("it is RED!", ask("red"), True),
        ("a tired dog", ask("red"), False),
        ("no", ask("yes", "yes_no"), False),
        ("Yes", ask("yes", "yes_no"), True),
        ("3 dogs", ask("three", "count"), True),
        ("three", ask("three", "count"), True),
        ("13 dogs", ask("three", "count"), False),
        ("3", ask("three"), False),
        ("light  Blue", ask("light blue"), True),
        ("gray", ask("grey", aliases=["gray"]), True),
        ("", ask("red"), False),
    ],
)
def test_a_word_that_answers_is_a_whole_word_of_a_right_answer(text, question, answers):
    assert measure(text, [ask("none of it"), question]) == {"words_that_answer": float(answers)}


def test_what_a_caption_quotes_may_stand_there():
    caption = 'A dog beside a sign that says "Red door".'
    assert measure("RED DOOR", [ask("red")], caption) == {"words_that_answer": 0}
    assert measure("RED DOOR red", [ask("red")], caption) == {"words_that_answer": 1}


def test_some_pictures_of_all_scenes_are_read():
    read = []
    images = [[Image.new("RGB", (8, 8), (frame, place, 0)) for frame in range(3)] for place in range(10)]
    rows = [{"questions": [ask("red")]}] * 5 + [{"caption": "none are asked"}] + [{"questions": []}] * 4

    def keep(image):
        read.append(image.getpixel((0, 0))[:2])
        return "red"

    assert measure_words(keep, images, rows, 4) == {"words_that_answer": 0.5}
    assert read == [(1, place) for place in (0, 2, 6, 9)]  # the middle of three frames
    assert measure_words(keep, images[:1], [{"caption": "a"}], 4) == {}


def test_without_an_ocr_nothing_is_logged(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    load_reader.cache_clear()
    assert find_reader() is None
    reward = rewards.answers("sandbox", read_words=1)
    reward.images([Image.new("RGB", (72, 72), "white")], [{"questions": [ask("red", question=CIRCLE)]}])
    assert "words_that_answer" not in reward.figures and "distinct_pictures" in reward.figures
    load_reader.cache_clear()


@pytest.mark.slow
def test_the_package_reads_an_answer():
    pytest.importorskip("rapidocr")
    picture = Image.new("RGB", (320, 120), "white")
    ImageDraw.Draw(picture).text((20, 30), "a RED one", fill="black", font=ImageFont.load_default(40))
    reward = rewards.answers("sandbox")
    rows = [{"questions": [ask(color, question=CIRCLE)]} for color in ("red", "blue")]
    reward.images([picture, picture], rows)
    assert reward.figures["words_that_answer"] == 0.5
