"""Questions of one picture are read together, and get what each gets alone: on tiny models of eight architectures."""

import inspect
import warnings

import numpy as np
import pytest
from architectures import ARCHITECTURES
from generate_any_scene.errors import GasWarning
from generate_any_scene.training.judges.chats import Chat, render_chat
from generate_any_scene.training.judges.reading import Request, pack_requests
from generate_any_scene.training.judges.sharing import count_common
from generate_any_scene.training.judges.vision_language import VisionLanguageJudge
from generate_any_scene.training.pictures import lay_grid
from PIL import Image

QUESTIONS = [
    "Is there a cup?",
    "Are the two dogs to the left of the very tall blue lamp that stands beside the window?",
    "What?",
    "Is there a cat?",
]
ANSWERS = ["yes", "a horse", "two", "no"]
SLIDING = {"gemma3", "gemma4", "qwen3_5"}
"""Not all of their layers see all that was read."""
COMMON = ("idefics3", "qwen3_vl", "gemma3")


def make_picture(seed, height=64, width=84):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def open_judge(tmp_path_factory):
    """Judges by architecture and options, each made once."""
    folders, judges = {}, {}

    def open_one(architecture, **options):
        if architecture not in folders:
            folders[architecture] = ARCHITECTURES[architecture](tmp_path_factory.mktemp("model") / architecture)
        key = architecture, *sorted(options.items())
        if key not in judges:
            judges[key] = VisionLanguageJudge(str(folders[architecture]), device="cpu", **options)
        return judges[key]

    return open_one


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[] if name in COMMON else [pytest.mark.slow], id=name) for name in ARCHITECTURES],
)
def architecture(request):
    return request.param


def ask_alone(judge, *lists):
    return [judge.probability(*([one] for one in each))[0] for each in zip(*lists, strict=True)]


def watch(network, monkeypatch, name="forward"):
    """The keywords of each call of a method from now on."""
    method, calls = getattr(network, name), []

    def call(**inputs):
        calls.append(inputs)
        return method(**inputs)

    call.__signature__ = inspect.signature(method)
    monkeypatch.setattr(network, name, call)
    return calls


def list_pixels(calls):
    """The first dimensions of what was read of pictures."""
    return [len(value) for call in calls for name, value in call.items() if name.startswith("pixel_values")]


def test_pictures_are_read_once_and_probabilities_are_the_same(architecture, open_judge, monkeypatch):
    judge = open_judge(architecture)
    first, second, third = make_picture(0), make_picture(1), make_picture(2, 80, 60)
    images = [first] * 4 + [second] * 3 + [third] * 2
    questions, answers = QUESTIONS + QUESTIONS[:3] + QUESTIONS[:2], ANSWERS + ANSWERS[:3] + ANSWERS[:2]
    expected = ask_alone(judge, images, questions, answers)
    judge.probability(images, questions, answers)  # which tries for the first time whether it can share
    assert judge._reader.shares
    calls = watch(judge.network, monkeypatch)
    assert judge.probability(images, questions, answers) == pytest.approx(expected, rel=1e-4)
    # Two pictures of one size, then the third, each with the rests of their chats after it.
    assert len(calls) == 4
    assert len(list_pixels(calls)) == 2
    assert len({f"{one:.5g}" for one in expected}) == len(expected)


def test_replies_are_the_same(architecture, open_judge, monkeypatch):
    judge = open_judge(architecture, batch_size=4, max_new_tokens=4)
    alone = open_judge(architecture, batch_size=1, max_new_tokens=4)
    first, second = make_picture(0), make_picture(2, 80, 60)
    images, questions = [first] * 4 + [second] + [first], [*QUESTIONS, QUESTIONS[0], "Is it red?"]
    expected = alone.answer(images, questions)
    judge.answer(images, questions)
    calls = watch(judge.network, monkeypatch, "generate")
    assert judge.answer(images, questions) == expected
    assert len(set(expected)) > 1
    cached = [any(name in call for name in ("cache", "past_key_values")) for call in calls]
    assert cached == [architecture not in SLIDING, False]


def test_a_picture_with_more_questions_than_fit(open_judge, monkeypatch):
    judge = open_judge("qwen3_vl", batch_size=3)
    picture, questions = make_picture(0), [f"Are there {number} cups?" for number in range(7)]
    lists = [picture] * 7, questions, ["yes"] * 7
    expected = ask_alone(judge, *lists)
    judge.probability(*lists)
    calls = watch(judge.network, monkeypatch)
    assert judge.probability(*lists) == pytest.approx(expected, rel=1e-4)
    assert [len(call["input_ids"]) for call in calls] == [1, 1, 3, 1, 3]  # the seventh alone, first


def test_many_answers_to_one_question_share_it(open_judge):
    judge = open_judge("qwen3_vl")
    answers = ["a red kite", "a blue kite", "a horse", "three", "yes"]
    lists = [make_picture(0)] * 5, [QUESTIONS[1]] * 5, answers
    assert judge.probability(*lists) == pytest.approx(ask_alone(judge, *lists), rel=1e-4)


def test_a_network_that_cannot_go_on(open_judge, monkeypatch):
    """It reads each question by itself, says so once, and gives the same."""
    judge = open_judge("idefics3")
    lists = [make_picture(0)] * 4, QUESTIONS, ANSWERS
    expected = ask_alone(judge, *lists)
    forward = judge.network.forward

    def refuse(**inputs):
        if len(inputs.get("cache") or inputs.get("past_key_values") or ()):
            raise NotImplementedError("no multi-token continuation")
        return forward(**inputs)

    refuse.__signature__ = inspect.signature(forward)
    monkeypatch.setattr(judge.network, "forward", refuse)
    monkeypatch.setattr(judge._reader, "shares", None)
    with pytest.warns(GasWarning, match="Idefics3ForConditionalGeneration reads a picture anew for each question"):
        assert judge.probability(*lists) == pytest.approx(expected, rel=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert judge.probability(*lists) == pytest.approx(expected, rel=1e-4)


def test_a_network_that_goes_on_wrongly_is_found_out(open_judge, monkeypatch):
    judge = open_judge("idefics3")
    lists = [make_picture(0)] * 4, QUESTIONS, ANSWERS
    expected = ask_alone(judge, *lists)
    forward = judge.network.forward

    def forget(**inputs):
        names = [name for name in ("cache", "past_key_values") if inputs.get(name) is not None]
        return forward(**{name: value for name, value in inputs.items() if name not in names})

    forget.__signature__ = inspect.signature(forward)
    monkeypatch.setattr(judge.network, "forward", forget)
    monkeypatch.setattr(judge._reader, "shares", None)
    with pytest.warns(GasWarning, match="anew for each question"):
        assert judge.probability(*lists) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("architecture", ["llava", "gemma3"])
def test_chats_in_which_the_picture_comes_last(open_judge, architecture, monkeypatch):
    """Nothing behind the picture differs, so each chat is read by itself."""
    judge = open_judge(architecture, max_new_tokens=3)
    template = judge.processor.chat_template.replace("message['content']", "message['content'] | reverse")
    monkeypatch.setattr(judge.processor, "chat_template", template)
    monkeypatch.setattr(judge._reader, "shares", None)
    lists = [make_picture(0)] * 4, QUESTIONS, ANSWERS
    assert render_chat(judge.processor, Chat((), QUESTIONS[0]), {}).index("cup") < 40
    with pytest.warns(GasWarning, match="anew for each question"):
        found = judge.probability(*lists)
    assert found == pytest.approx(ask_alone(judge, *lists), rel=1e-4)


@pytest.mark.parametrize("question", ["\nIs it?", "\n\nIs it?", "  Is it?"])
def test_white_space_behind_a_picture_that_ends_with_line_breaks(open_judge, question):
    judge = open_judge("gemma3")
    lists = [make_picture(0)] * 4, [question, *QUESTIONS[1:]], ANSWERS
    assert judge.probability(*lists) == pytest.approx(ask_alone(judge, *lists), rel=1e-4)


# Videos.


@pytest.mark.parametrize("architecture", ["qwen3_vl", pytest.param("gemma4", marks=pytest.mark.slow)])
def test_frames_are_read_as_a_video(open_judge, architecture, monkeypatch):
    judge = open_judge(architecture)
    assert judge.reads_videos
    frames = [make_picture(seed) for seed in range(4)]
    lists = [frames] * 4, QUESTIONS, ANSWERS
    expected = ask_alone(judge, *lists)
    calls = watch(judge.network, monkeypatch)
    assert judge.probability(*lists) == pytest.approx(expected, rel=1e-4)
    assert any("pixel_values_videos" in call for call in calls)
    assert judge.probability([frames[::-1]] * 4, QUESTIONS, ANSWERS) != pytest.approx(expected, rel=1e-3)
    grid = open_judge(architecture, grid=2)
    assert grid.probability(*lists) != pytest.approx(expected, rel=1e-3)
    assert judge.answer([frames] * 2, QUESTIONS[:2]) == [
        judge.answer([frames], [question])[0] for question in QUESTIONS[:2]
    ]


@pytest.mark.parametrize("architecture", ["idefics3", "llava"])
def test_frames_are_read_as_a_grid(open_judge, architecture):
    judge = open_judge(architecture)
    assert not judge.reads_videos
    frames = [make_picture(seed) for seed in range(5)]
    laid = [lay_grid(frames)] * 4
    assert judge.probability([frames] * 4, QUESTIONS, ANSWERS) == judge.probability(laid, QUESTIONS, ANSWERS)


# What is read at once.


def make_requests(counts, sizes):
    class Sized:
        def __init__(self, size):
            self.size = size

    return [
        [Request((place, str(number)), Sized(size), (), ()) for number in range(count)]
        for place, (count, size) in enumerate(zip(counts, sizes, strict=True))
    ]


def test_packs_are_of_one_size_and_not_too_large():
    random = np.random.default_rng(0)
    for most in (1, 2, 5, 32):
        counts, sizes = random.integers(1, 12, 40).tolist(), [(1, int(one)) for one in random.integers(0, 3, 40)]
        requests = make_requests(counts, sizes)
        packs = pack_requests(requests, most)
        keys = [request.key for pack in packs for part in pack for request in part]
        assert sorted(keys) == sorted(request.key for some in requests for request in some)
        for pack in packs:
            assert max(map(len, pack)) * len(pack) <= most
            assert len({request.chat.size for part in pack for request in part}) == 1 or max(map(len, pack)) == 1
            assert all(len({request.key[0] for request in part}) == 1 for part in pack)


@pytest.mark.parametrize(
    ("every", "count"), [(["abc", "abd", "ab"], 2), (["abc"], 3), (["", "a"], 0), ([(1, 2), (1, 3), (1, 2, 4)], 1)]
)
def test_what_all_begin_with(every, count):
    assert count_common(every) == count
