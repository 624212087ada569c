"""Judges behind a server: a real one that serves a tiny model, and misbehaves on demand."""

import asyncio
import inspect
import json
import math
import socket

import numpy as np
import pytest
import tiny
from chat_server import ChatServer, reply_by
from generate_any_scene.errors import GasError, GasWarning
from generate_any_scene.training.judges.asking import judge_questions
from generate_any_scene.training.judges.chat_client import read_url
from generate_any_scene.training.judges.endpoint import EndpointJudge, fit_pixels
from generate_any_scene.training.judges.settings import JudgeSettings, open_judge
from generate_any_scene.training.judges.vision_language import INSTRUCTION, REQUEST, VisionLanguageJudge
from PIL import Image

TOKENS = 300
"""More than there are, so that the server tells of all."""

QUESTIONS = ["Is there a cup?", "Are the two dogs to the left of the very tall blue lamp?", "What?", "How many cats?"]


@pytest.fixture(scope="module")
def images():
    random = np.random.default_rng(0)
    sizes = [(64, 84), (80, 60), (140, 110)]
    return [Image.fromarray(random.integers(0, 255, (*size, 3), dtype=np.uint8)) for size in sizes]


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A tiny model that mostly says yes or no, as judges do."""
    import torch

    folder = tiny.save_idefics3(tmp_path_factory.mktemp("model") / "idefics3")
    judge = VisionLanguageJudge(str(folder), device="cpu", max_new_tokens=6)
    head = judge.network.get_output_embeddings()
    seen = []
    hook = head.register_forward_hook(lambda module, inputs, outputs: seen.append(inputs[0][0, -1]))
    judge.answer([Image.new("RGB", (64, 64), "white")], ["Is there a cup?"])
    hook.remove()
    tokenizer = judge.processor.tokenizer
    with torch.no_grad():
        for text in ("Yes", "No", " Yes", "no"):
            (token,) = tokenizer.encode(text, add_special_tokens=False)
            head.weight[token] += 25 * seen[0] / seen[0].square().sum()
    return judge


@pytest.fixture(scope="module")
def tiny_server(local):
    with ChatServer(reply_by(local)).run() as server:
        yield server


@pytest.fixture
def server():
    with ChatServer().run() as one:
        yield one


def pair(images, questions):
    """Each question about each image."""
    pairs = [(image, question) for image in images for question in questions]
    return [list(some) for some in zip(*pairs, strict=True)]


def write_logprobs(**shares):
    """What a server replies whose first token is one of these, by their probabilities."""
    likely = [{"token": token, "logprob": math.log(share)} for token, share in shares.items()]
    content = [{**likely[0], "top_logprobs": likely}]
    return {"choices": [{"message": {"content": likely[0]["token"]}, "logprobs": {"content": content}}]}


# The same as the model itself


def test_replies_are_those_of_the_model(tiny_server, local, images):
    judge = EndpointJudge(tiny_server.url, max_new_tokens=6)
    asked = pair(images, QUESTIONS)
    replies = judge.answer(*asked)
    assert replies == local.answer(*asked)
    assert len(set(replies)) > 1
    assert judge.record["tokens_read"] > 12 * 20 and 12 <= judge.record["tokens_written"] <= 12 * 6


def test_probabilities_are_those_of_the_model(tiny_server, local, images):
    judge = EndpointJudge(tiny_server.url, top_logprobs=TOKENS)
    asked = pair(images, QUESTIONS)
    for answer in ("yes", "No", "2"):
        answers = [answer] * len(asked[0])
        assert judge.probability(*asked, answers) == pytest.approx(local.probability(*asked, answers), rel=1e-4)
    images, questions = ([one for one in some for _ in "yn"] for some in asked)
    answers = ["yes", "no"] * len(asked[0])
    found = judge.probability(images, questions, answers)
    assert found == pytest.approx(local.probability(images, questions, answers), rel=1e-4)
    assert all(yes + no > 0.1 for yes, no in zip(found[::2], found[1::2], strict=True))


def test_few_tokens_make_a_lower_bound(tiny_server, local, images):
    judge = EndpointJudge(tiny_server.url, top_logprobs=1)
    asked = [*pair(images, QUESTIONS), ["yes"] * 12]
    found, known = judge.probability(*asked), local.probability(*asked)
    assert all(one <= other * (1 + 1e-4) for one, other in zip(found, known, strict=True))
    assert sum(one < other * 0.99 for one, other in zip(found, known, strict=True)) > 2
    assert judge.is_lower_bound


def test_questions_of_rows_are_answered_as_by_the_model(tiny_server, local, images):
    def ask(form, answer, choices=()):
        return {"question": QUESTIONS[0], "answer": answer, "choices": choices, "form": form, "kind": "object"}

    questions = [[ask("yes_no", "yes"), ask("open", "cup"), ask("yes_no", "no")]] * len(images)
    judges = EndpointJudge(tiny_server.url, top_logprobs=TOKENS, max_new_tokens=6), local
    served, known = (judge_questions(judge, images, questions, "probability") for judge in judges)
    assert served.replies == known.replies
    assert served.marks == known.marks
    flat = [[one or 0 for some in judged.probabilities for one in some] for judged in (served, known)]
    assert flat[0] == pytest.approx(flat[1], rel=1e-4)
    assert served.refused < served.asked


# What is sent


def test_a_chat_has_the_images_first(server, images):
    judge = EndpointJudge(server.url, system="Be brief.", chat_template={"enable_thinking": False}, max_new_tokens=7)
    assert judge.answer([images[0], images[:2]], ["Cup?", "Dog?"]) == ["Yes.", "Yes."]
    first, second = sorted(server.bodies, key=lambda body: "Dog" in body["messages"][1]["content"][-1]["text"])
    assert first["messages"][0] == {"role": "system", "content": "Be brief."}
    assert [part["type"] for part in first["messages"][1]["content"]] == ["image_url", "text"]
    assert [part["type"] for part in second["messages"][1]["content"]] == ["image_url", "image_url", "text"]
    assert first["messages"][1]["content"][-1]["text"] == REQUEST.format(question="Cup?", instruction=INSTRUCTION)
    assert first["chat_template_kwargs"] == {"enable_thinking": False}
    assert (first["model"], first["max_tokens"], first["temperature"]) == ("tiny", 7, 0)
    assert first["repetition_penalty"] == 1
    assert "logprobs" not in first


def test_any_field_of_the_request_can_be_said(server):
    extra = {"max_completion_tokens": 9, "mm_processor_kwargs": {"max_pixels": 99}}
    EndpointJudge(server.url, extra_body=extra).answer([Image.new("RGB", (8, 8))], ["Cup?"])
    (body,) = server.bodies
    assert "max_tokens" not in body
    assert (body["max_completion_tokens"], body["mm_processor_kwargs"]) == (9, {"max_pixels": 99})


def test_hosted_servers_get_no_fields_that_they_do_not_know():
    with ChatServer(owner="system", version=None).run() as server:
        EndpointJudge(server.url).answer([Image.new("RGB", (8, 8))], ["Cup?"])
        assert set(server.bodies[0]) == {"model", "messages", "max_tokens", "temperature"}


def test_questions_of_one_image_are_sent_side_by_side(server, images):
    judge = EndpointJudge(server.url, concurrency=1)
    questions = [f"{number}?" for number in range(6)]
    judge.answer([images[number % 2] for number in range(6)], questions)
    assert [text[0] for text in server.texts] == ["0", "2", "4", "1", "3", "5"]
    for (seen,), image in zip(server.images, [images[0]] * 3 + [images[1]] * 3, strict=True):
        assert np.array_equal(np.asarray(seen), np.asarray(image))


def test_an_image_is_encoded_once(server, images, monkeypatch):
    saved, save = [], Image.Image.save

    def count(image, *some, **options):
        saved.append(image)
        save(image, *some, **options)

    monkeypatch.setattr(Image.Image, "save", count)
    EndpointJudge(server.url).answer(*pair(images, ["Cup?"] * 5))
    assert (len(server.bodies), len(saved)) == (15, 3)


def test_answers_to_one_question_are_read_off_one_reply():
    with ChatServer(lambda body: write_logprobs(Yes=0.5, No=0.25, two=0.125)).run() as server:
        judge = EndpointJudge(server.url)
        image = Image.new("RGB", (8, 8))
        found = judge.probability([image] * 4, ["Cup?", "Many?", "Cup?", "Cup?"], ["yes", "two", "no", "yes"])
        assert found == pytest.approx([0.5, 0.125, 0.25, 0.5])
        assert sorted(server.texts) == ["Cup?", "Many?"]
        assert all(body["logprobs"] is True and body["top_logprobs"] == 20 for body in server.bodies)
        assert all(body["max_tokens"] == 3 for body in server.bodies)


def test_pictures_are_scaled_before_they_are_sent(server):
    judge = EndpointJudge(server.url, min_pixels=100, max_pixels=2000)
    sizes = [(80, 60), (8, 6), (20, 20), (3000, 1)]
    judge.answer([Image.new("RGB", size) for size in sizes], [str(size) for size in sizes])
    seen = sorted(image.size for (image,) in server.images)
    assert seen == [(12, 9), (20, 20), (51, 38), (2449, 1)]
    assert fit_pixels(Image.new("RGB", (20, 20)), None, None).size == (20, 20)


def test_frames_are_images_or_a_grid(server, images):
    for grid in (None, 2):
        EndpointJudge(server.url, grid=grid).answer([[images[0]] * 5], ["Cup?"])
    assert [[image.size for image in some] for some in server.images] == [[(84, 64)] * 5, [(168, 128)]]


def test_transparent_pictures_are_sent_as_they_are_seen(server):
    EndpointJudge(server.url).answer([Image.new("RGBA", (4, 4), (255, 0, 0, 0))], ["Cup?"])
    assert server.images[0][0].getpixel((0, 0)) == (255, 255, 255)


def test_a_picture_that_cannot_be_judged_is_named(server, images):
    judge = EndpointJudge(server.url)
    with pytest.raises(GasError, match="picture 3 cannot be judged: it has no frames"):
        judge.answer([*images[:2], []], QUESTIONS[:3])
    with pytest.raises(GasError, match="picture 2 cannot be judged: there is no picture"):
        judge.probability([images[0], None], QUESTIONS[:2], ["yes", "yes"])


def test_no_more_are_in_flight_than_are_allowed(server, images):
    judge = EndpointJudge(server.url, concurrency=3)
    server.mood = 0.05
    assert len(judge.answer(*pair(images, QUESTIONS))) == 12
    assert server.most_in_flight == 3


def test_it_is_asked_from_a_running_event_loop(server, images):
    async def ask():
        judge = EndpointJudge(server.url)
        return judge.answer(images, QUESTIONS[:3])

    assert asyncio.run(ask()) == ["Yes."] * 3


def test_nothing_is_asked_about_nothing(server):
    judge = EndpointJudge(server.url)
    assert (judge.answer([], []), judge.probability([], [], []), server.bodies) == ([], [], [])


def test_lists_of_different_lengths(server, images):
    judge = EndpointJudge(server.url)
    with pytest.raises(ValueError, match="shorter"):
        judge.answer(images, ["Cup?"])
    with pytest.raises(ValueError, match="shorter"):
        judge.probability(images, QUESTIONS[:3], ["yes"])
    with pytest.raises(ValueError, match="must have words"):
        judge.probability(images[:1], ["Cup?"], [" "])


# Who is asked


def test_what_is_told_of_the_server(server):
    judge = EndpointJudge(f"{server.url}/v1/")
    assert judge.model == "tiny"
    record = judge.record
    assert json.loads(json.dumps(record)) == record
    assert record["served"] == server.models[0]
    assert [record[key] for key in ("server", "version", "answered", "failed")] == ["vllm", "0.33.0", 0, 0]
    assert judge.id == "tiny@vllm-0.33.0[probability=top 20]"


def test_what_changes_answers_changes_the_id(server):
    options = [{}, {"system": "Be brief."}, {"instruction": ""}, {"min_pixels": 9}, {"max_pixels": 99}]
    options += [{"chat_template": {"enable_thinking": False}}, {"top_logprobs": 5}, {"top_logprobs": 0}]
    options += [{"max_new_tokens": 5}, {"extra_body": {"seed": 1}}, {"grid": 2}]
    ids = [EndpointJudge(server.url, **some).id for some in options]
    assert len(set(ids)) == len(options)
    assert EndpointJudge(server.url, concurrency=2, timeout=9, retries=1).id == ids[0]


def test_a_server_of_several_models_needs_the_name():
    with ChatServer(models=("first", "second")).run() as server:
        with pytest.raises(GasError, match=r"needs `model`, since it serves first, second") as error:
            EndpointJudge(server.url)
        assert error.value.exit_status == 2
        judge = EndpointJudge(server.url, "second")
        judge.answer([Image.new("RGB", (8, 8))], ["Cup?"])
        assert server.bodies[0]["model"] == judge.record["served"]["id"] == "second"


def test_a_model_that_the_server_does_not_list_is_refused():
    with ChatServer(models=("first", "owner/second")).run() as server:
        with pytest.raises(GasError, match=r"does not serve the model `zzz`; it serves first, owner/second") as error:
            EndpointJudge(server.url, "zzz")
        assert error.value.exit_status == 2 and not server.bodies
        # behind a colon some servers take who is to compute
        assert EndpointJudge(server.url, "owner/second:fastest").model == "owner/second:fastest"


def test_a_server_that_lists_no_models(server):
    server.models = None
    with pytest.raises(GasError, match="HTTP 404"):
        EndpointJudge(server.url)
    judge = EndpointJudge(server.url, "tiny")
    assert judge.record["served"] is None
    assert judge.id.startswith(f"tiny@{server.url.removeprefix('http://')}")


def test_a_key_is_sent_only_when_it_is_named(server, images, monkeypatch):
    names = {"OPENAI_API_KEY": "sk-one", "OPENAI_ORG_ID": "org", "OPENAI_PROJECT_ID": "project", "HF_TOKEN": "hf_two"}
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    judges = [EndpointJudge(server.url, api_key=name) for name in (None, "OPENAI_API_KEY", "HF_TOKEN")]
    for judge in judges:
        judge.answer(images[:1], ["Cup?"])
    sent = [str(headers) for headers in server.headers]
    assert [("sk-one" in some, "hf_two" in some) for some in sent] == [(False, False), (True, False), (False, True)]
    assert not any("org" in key.lower() or "project" in key.lower() for some in server.headers for key in some)
    assert not any(key in f"{judge!r} {judge.id} {judge.record}" for judge in judges for key in names.values())


def test_settings_make_one(server):
    settings = JudgeSettings(kind="endpoint", url=server.url, top_logprobs=0, concurrency=2)
    judge = open_judge(settings)
    assert (judge.url, judge.concurrency, judge.top_logprobs) == (f"{server.url}/v1", 2, 0)
    assert JudgeSettings.model_fields.keys() >= inspect.signature(EndpointJudge).parameters.keys()


# Without log-probabilities


def test_words_stand_for_probabilities(server, images):
    judge = EndpointJudge(server.url, top_logprobs=0)
    found = judge.probability([images[0]] * 3, ["Cup?"] * 3, ["yes", "no", "two"])
    assert found == [1, 0, 0]
    assert "logprobs" not in server.bodies[0]
    assert "words" in judge.id and not judge.is_lower_bound


# What fails for a while


@pytest.mark.parametrize("mood", [(429, {"Retry-After": "0.05"}), (503, {"Retry-After": "0.05"}), "drop", "cut"])
def test_what_fails_for_a_while_is_asked_again(server, images, mood):
    server.moods = [mood]
    judge = EndpointJudge(server.url, retries=1)
    assert judge.answer(images[:1], ["Cup?"]) == ["Yes."]
    assert (len(server.bodies), judge.record["failed"]) == (2, 0)


def test_the_time_that_a_server_asks_for_is_waited(server, images):
    server.moods = [(429, {"Retry-After": "1.2"})]  # without it, half a second would do
    EndpointJudge(server.url).answer(images[:1], ["Cup?"])
    first, second = server.times
    assert 1.2 <= second - first < 5


def test_a_slow_reply_is_asked_for_again(server, images):
    server.moods = [1.0]
    judge = EndpointJudge(server.url, timeout=0.3, retries=2)
    assert judge.answer(images[:1], ["Cup?"]) == ["Yes."]
    assert len(server.bodies) == 2


# What fails for good

FOR_GOOD = [(400, {}), (500, {}), "cut", "half of JSON", "deep JSON", "a page", "a list", "no choices"]


@pytest.mark.parametrize("mood", FOR_GOOD)
def test_one_failure_is_a_question_without_an_answer(server, images, mood):
    server.moods = ["", mood]
    judge = EndpointJudge(server.url, concurrency=1, retries=0)
    question = {"question": "Cup?", "answer": "yes", "choices": [], "form": "yes_no", "kind": "object"}
    with pytest.warns(GasWarning, match="1 of 3 questions, and those that fail") as warned:
        judged = judge_questions(judge, images, [[question]] * 3)
    assert len(warned) == 1
    assert judged.replies == [["Yes."], [""], ["Yes."]]
    assert judged.marks == [[True], [None], [True]]
    assert (judged.refused, judge.record["failed"], judge.record["answered"]) == (1, 1, 2)
    assert server.url in judge.record["first_failure"]


@pytest.mark.parametrize("mood", [*FOR_GOOD, "no log-probabilities", "half a log-probability"])
def test_one_failure_is_no_probability(images, mood):
    with ChatServer(lambda body: write_logprobs(Yes=0.5, No=0.25)).run() as server:
        server.moods = ["", mood]
        judge = EndpointJudge(server.url, concurrency=1, retries=0)
        question = {"question": "Cup?", "answer": "yes", "choices": [], "form": "yes_no", "kind": "object"}
        with pytest.warns(GasWarning):
            judged = judge_questions(judge, images, [[question]] * 3, "probability")
        assert judged.marks == [[True], [None], [True]]
        assert judged.probabilities == [[pytest.approx(0.5)], [None], [pytest.approx(0.5)]]


def test_what_the_server_refuses_is_not_asked_again(server, images):
    server.moods = ["", (400, {"Retry-After": "0.01"})]
    with pytest.warns(GasWarning):
        EndpointJudge(server.url, concurrency=1).answer(images[:2], QUESTIONS[:2])
    assert len(server.bodies) == 2


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        ((400, {}), "HTTP 400: status 400 for Bearer"),
        ((429, {"Retry-After": "0.01"}), "lower `concurrency`"),
        ((401, {}), "see that MY_KEY holds its key"),
        ((404, {}), "mend `model`: did you mean `tiny`?"),
        ("a page", "no reply of an OpenAI-compatible server"),
        ("half of JSON", "cannot be read"),
        ("no choices", "choices"),
        ("drop", "no connection"),
        ("cut", "no connection"),
        (0.5, "no reply within 0.2 seconds; raise `timeout`"),
        ("no log-probabilities", "set `top_logprobs: 0`"),
        ("half a log-probability", "top_logprobs"),
    ],
)
def test_a_first_batch_that_fails_wholly_stops_it(server, images, monkeypatch, mood, words):
    monkeypatch.setenv("MY_KEY", "sk-secret-123")
    judge = EndpointJudge(server.url, api_key="MY_KEY", concurrency=4, retries=0, timeout=0.2)
    server.mood = mood
    asked = pair(images, QUESTIONS)
    with pytest.raises(GasError) as error:
        judge.probability(*asked, ["yes"] * 12)
    said = str(error.value)
    assert words in said and server.url in said
    assert "\n" not in said and len(said) < 1000 and "sk-secret" not in said
    assert error.value.exit_status == 1
    assert len(server.bodies) <= 8


def test_a_server_that_has_worked_and_dies_stops_it(server, images):
    judge = EndpointJudge(server.url, concurrency=4, retries=0)
    judge.answer(images, QUESTIONS[:3])
    server.mood = (500, {})
    with pytest.warns(GasWarning):
        assert judge.answer(images, QUESTIONS[:3]) == [""] * 3
    with pytest.raises(GasError, match="HTTP 500"):
        judge.answer(*pair(images, ["Cup?"] * 40))
    assert len(server.bodies) < 3 + 3 + 64 + 4


@pytest.mark.parametrize(("status", "words"), [(401, "set `api_key`"), (404, "mend `url` or `model`")])
def test_a_server_that_refuses_at_the_start(server, status, words):
    server.mood = (status, {})
    with pytest.raises(GasError, match=words) as error:
        EndpointJudge(server.url)
    assert error.value.exit_status == 1


def test_a_server_that_is_not_there():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(GasError, match=f"the judge at {url}/v1: no connection") as error:
            EndpointJudge(url, retries=0)
    assert error.value.exit_status == 1
    assert "see that the server runs" in str(error.value)


def test_models_that_are_none(server):
    server.models = "many"
    with pytest.raises(GasError, match="OpenAI-compatible"):
        EndpointJudge(server.url)


# What the user gives

NO_ADDRESSES = ["", "localhost:8000", "ftp://host", "http://", "http://host:99999", "http://[", "http://[v1.x]"]
NO_ADDRESSES += ["http://h\ud800", "http://host\0", "http://localhost/\x1b[31m", f"http://localhost/{'a' * 9999}"]


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("http://localhost:8000", "http://localhost:8000/v1"),
        ("http://localhost:8000/", "http://localhost:8000/v1"),
        (" https://api.openai.com/v1/ ", "https://api.openai.com/v1"),
        ("https://host/v1beta/openai", "https://host/v1beta/openai"),
    ],
)
def test_addresses(url, read):
    assert read_url(url) == read


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_address(url):
    with pytest.raises(GasError, match="http://localhost:8000/v1") as error:
        EndpointJudge(url)
    assert len(str(error.value)) < 200 and str(error.value).isprintable()
    assert error.value.exit_status == 2


@pytest.mark.parametrize("url", ["http://me:secret@host/v1", "http://host/v1?key=secret", "http://host/v1#secret"])
def test_an_address_with_secrets(url):
    with pytest.raises(GasError, match="api_key") as error:
        EndpointJudge(url)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("key", ["", " ", "sk-\u20ac", "sk\nfour"])
def test_variables_that_hold_no_key(key, monkeypatch):
    monkeypatch.setenv("MY_KEY", key)
    with pytest.raises(GasError, match="MY_KEY") as error:
        EndpointJudge("http://localhost:1", api_key="MY_KEY")
    assert error.value.exit_status == 2


@pytest.mark.parametrize(
    "options", [{"concurrency": 0}, {"retries": -1}, {"max_new_tokens": 0}, {"top_logprobs": -1}, {"timeout": 0}]
)
def test_numbers_that_are_too_small(options):
    with pytest.raises(GasError, match=f"{next(iter(options))} of the judge must be"):
        EndpointJudge("http://localhost:1", **options)


def test_without_what_speaks_http(run_python):
    code = """
import sys
sys.modules["openai"] = None
from generate_any_scene.errors import GasError
from generate_any_scene.training.judges.endpoint import EndpointJudge
try:
    EndpointJudge("http://localhost:1")
except GasError as error:
    print(error.exit_status, error)
"""
    assert run_python(code).strip() == (
        "1 the judge behind a server needs the package openai: pip install 'generate-any-scene[eval]'"
    )
