"""OCR accuracy: quoted texts of captions, and how much of them is read."""

import random
import re
import sys
from collections import Counter

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.metrics import ocr_accuracy
from generate_any_scene.training.metrics.ocr_accuracy import Metric, clean_text, count_edits
from PIL import Image, ImageDraw, ImageFont


class Reader:
    """A judge that reads what is written beside each picture."""

    id = "reader"

    def answer(self, images, questions):
        assert set(questions) == {ocr_accuracy.PROMPT}
        return [image.info["text"] for image in images]


def write(text):
    image = Image.new("RGB", (8, 8), "white")
    image.info["text"] = text
    return image


def measure(caption, *texts, **options):
    """The number of a picture, or of frames, in which each text is read."""
    frames = [write(text) for text in texts]
    (found,) = Metric(reader=Reader(), **options).measure(
        [frames if len(frames) > 1 else frames[0]], [{"caption": caption}]
    )
    return found


def count_as_longtext(wanted, read):
    """`summary_scores.py` of LongText-Bench, by its formula: words, each as often as it stands there."""

    def prepare(text):
        return re.sub(r"\s+", " ", re.sub(r"[^a-zA-Z0-9\s]", "", text)).strip().lower()

    wanted, read = prepare(wanted), prepare(read)
    matched = Counter(wanted.split()) & Counter(read.split())
    return sum(matched.values()) / len(wanted.split())


@pytest.mark.parametrize("seed", range(20))
def test_words_are_counted_as_in_longtext_bench(seed):
    draw = random.Random(seed)
    words = ["Open", "open", "don't", "24/7", "ice-cream", "Daily!", "the", "the", "The"]
    wanted, read = (" ".join(draw.choices(words, k=draw.randint(1, 12))) for _ in range(2))
    assert measure(f'A poster: "{wanted}"', read) == pytest.approx(count_as_longtext(wanted, read))


@pytest.mark.parametrize(
    ("text", "other", "edits"), [("kitten", "sitting", 3), ("", "abc", 3), ("flaw", "lawn", 2), ("same", "same", 0)]
)
def test_edits_are_counted(text, other, edits):
    assert count_edits(text, other) == count_edits(other, text) == edits


def test_letters_are_compared_in_their_order():
    assert measure('It says "open daily".', "OPEN, DAILY!", compare="letters") == 1
    assert measure('It says "open daily".', "open dally", compare="letters") == pytest.approx(0.9)
    assert measure('It says "open".', "open and more", compare="letters") == pytest.approx(4 / 13)
    assert measure('It says "open".', "open and more") == 1


def test_letters_of_scripts_without_spaces_are_words():
    assert measure("A sign: 「营业中」", "营业") == pytest.approx(2 / 3)


def test_a_caption_without_quotes_has_no_number_and_is_not_read():
    assert measure("A dog's bowl", "bowl") is None
    assert measure('A sign that says "!"', "!") is None
    assert Metric(reader=Reader()).measure([], []) == []


def test_no_text_is_a_zero_but_no_reply_is_none():
    assert measure('It says "open".', "No text recognized.") == 0
    assert measure('It says "open".', "<think>It may say open.</think>") is None
    assert measure('It says "open".', "<think>Hm.</think> Open") == 1


def test_the_best_of_several_views_counts():
    assert measure('It says "open daily".', "No text recognized", "open", "Open daily", "") == 1
    assert measure('It says "open daily".', "", "") is None


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    ocr_accuracy.load_reader.cache_clear()
    with pytest.raises(GasError, match="ocr_accuracy needs rapidocr: pip install rapidocr onnxruntime") as error:
        Metric()
    assert error.value.exit_status == 1


def test_text_is_cleaned():
    assert clean_text("Don't  PANIC — ½ Ｃafé_\n") == "dont panic 12 café"


@pytest.mark.slow
def test_the_package_reads_pictures():
    pytest.importorskip("rapidocr")
    ocr_accuracy.load_reader.cache_clear()

    def draw(text):
        image = Image.new("RGB", (400, 120), "white")
        ImageDraw.Draw(image).text((20, 30), text, fill="black", font=ImageFont.load_default(40))
        return image

    pictures = [draw("OPEN DAILY"), draw("BAKERY"), Image.new("RGBA", (64, 64)), [draw("SHUT"), draw("OPEN DAILY")]]
    metric = Metric()
    assert metric.measure(pictures, [{"caption": 'A sign that says "Open daily"'}] * 4) == [1, 0, 0, 1]
    assert metric.id.startswith("ocr_accuracy@words:rapidocr#")
