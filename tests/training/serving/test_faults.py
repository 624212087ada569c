"""What goes wrong is told, nothing is lost, and nothing that goes wrong is a zero."""

import asyncio
import json
import os
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from unittest.mock import ANY
from urllib.request import urlopen

import aiohttp
import numpy as np
import pytest
from chat_server import ChatServer
from generate_any_scene.errors import GasError
from generate_any_scene.training.judges.endpoint import EndpointJudge
from generate_any_scene.training.sandbox.judge import SandboxJudge
from generate_any_scene.training.serving.running import raise_limit
from generate_any_scene.training.serving.waiting_line import Room
from PIL import Image, PngImagePlugin
from reward_clients import draw, encode, save


@dataclass(frozen=True)
class SlowJudge(SandboxJudge):
    """The right judge, which waits until it is let go on."""

    go: threading.Event = field(default_factory=threading.Event)
    batches: list = field(default_factory=list)

    def answer(self, images, questions):
        self.batches.append(len({id(one) for one in images}))
        assert self.go.wait(60)
        return super().answer(images, questions)


GONE = GasError("the judge at http://gone: no connection")


@dataclass(frozen=True)
class BrokenJudge(SandboxJudge):
    """The right judge, which fails where `fails` says so."""

    fails: object = lambda images, questions: True
    error: Exception = GONE
    calls: list = field(default_factory=list)

    def answer(self, images, questions):
        self.calls.append(len(questions))
        if self.fails(images, questions):
            raise self.error
        return super().answer(images, questions)


class MuteJudge(SandboxJudge):
    """A judge whose server gives no reply to questions about colors."""

    def answer(self, images, questions):
        replies = super().answer(images, questions)
        return ["" if "color" in asked else reply for reply, asked in zip(replies, questions, strict=True)]

    def probability(self, images, questions, answers):
        found = super().probability(images, questions, answers)
        return [None if "color" in asked else one for one, asked in zip(found, questions, strict=True)]


class ThinkingJudge(SandboxJudge):
    """A judge whose every reply is a thought that is cut off."""

    def answer(self, images, questions):
        return ["<think>Let me look at"] * len(questions)

    def probability(self, images, questions, answers):
        return [0.0] * len(answers)


def wait_for(happens, seconds=30):
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_dead_judge_is_an_error_in_every_dialect(serve, rows, show):
    running = serve(BrokenJudge())
    pair = rows[0]["caption"], show(rows[0])
    status, answer = running.ask_unirl(pair)
    assert (status, answer["results"]) == (200, [{}])
    assert "no connection" in answer["errors"][0]["gas"]
    assert running.ask_flow_factory(pair) == (502, {"error": "picture 0: " + answer["errors"][0]["gas"]})
    assert running.ask_pickled(pair)[0] == 502
    health = json.loads(running.get("/health"))
    assert (health["status"], "no connection" in health["failure"]) == ("failing", True)
    assert running.count("gas_pictures_total", outcome="failed") == 3
    assert running.count("gas_pictures_total", outcome="scored") == 0
    assert any("no connection" in line for line in running.told)


def test_a_judge_that_comes_back_scores_again(serve, rows, show):
    gone = [True]
    running = serve(BrokenJudge(fails=lambda *_: gone[0]))
    pair = rows[0]["caption"], show(rows[0])
    assert running.ask_flow_factory(pair)[0] == 502
    gone[0] = False
    assert running.ask_flow_factory(pair) == (200, {"rewards": [pytest.approx(1)], "kinds": [ANY]})
    assert json.loads(running.get("/health"))["status"] == "ok"


def test_an_error_of_any_type_is_told_and_the_server_goes_on(serve, rows, show):
    gone = [True]
    running = serve(BrokenJudge(fails=lambda *_: gone[0], error=MemoryError("CUDA out of memory")))
    pair = rows[0]["caption"], show(rows[0])
    status, answer = running.ask_flow_factory(pair)
    assert (status, answer["error"]) == (502, "picture 0: the judge fails: MemoryError: CUDA out of memory")
    gone[0] = False
    assert running.ask_flow_factory(pair)[0] == 200


def test_one_picture_that_a_judge_cannot_take_leaves_the_others_their_scores(serve, rows, show):
    size = (288, 288)
    broken = BrokenJudge(fails=lambda images, _: any(one.size != size for one in images))
    running = serve(broken)
    odd = save(draw(rows[2]).resize((144, 144), Image.Resampling.NEAREST))
    pairs = [(row["caption"], odd if place == 2 else show(row)) for place, row in enumerate(rows[:6])]
    status, answer = running.ask_unirl(*pairs)
    assert status == 200
    assert [one.get("gas", {}).get("score") for one in answer["results"]] == [
        pytest.approx(1) if place != 2 else None for place in range(6)
    ]
    assert [bool(one) for one in answer["errors"]] == [place == 2 for place in range(6)]


def test_a_judge_that_is_gone_is_not_asked_about_every_picture(serve, rows, show):
    broken = BrokenJudge()
    running = serve(broken, "batch=32")
    _, answer = running.ask_unirl(*((row["caption"], show(row)) for row in rows[:20]))
    assert len(broken.calls) == 3  # all at once, and two alone
    assert all("no connection" in one["gas"] for one in answer["errors"])


def test_a_question_without_a_reply_is_an_error(serve, rows, show):
    running = serve(MuteJudge())
    colored = next(row for row in rows if any("color" in one["question"] for one in row["questions"]))
    plain = next(row for row in rows if not any("color" in one["question"] for one in row["questions"]))
    _, answer = running.ask_unirl((colored["caption"], show(colored)), (plain["caption"], show(plain)))
    assert "the judge sandbox gave no reply to" in answer["errors"][0]["gas"]
    assert answer["results"][1]["gas"]["score"] == pytest.approx(1)


def test_a_judge_that_answers_nothing_is_an_error_and_no_zero(serve, rows, show):
    running = serve(ThinkingJudge(), "by=words", most_refused=0.5)
    for _ in range(2):
        status, answer = running.ask_flow_factory((rows[0]["caption"], show(rows[0])))
        assert status == 502
        assert "the judge gives no answer to" in answer["error"]
        assert "enable_thinking: false" in answer["error"]


class DividingJudge(SandboxJudge):
    """A judge that finds all answers not a number, as a model does whose activations overflow."""

    def probability(self, images, questions, answers):
        return [float("nan")] * len(answers)


def test_a_probability_that_is_no_number_is_an_error_in_every_dialect(serve, rows, show):
    running = serve(DividingJudge())
    pair = rows[0]["caption"], show(rows[0])
    told = "the judge gave nan as a probability"
    assert told in running.ask_unirl(pair)[1]["errors"][0]["gas"]
    for ask in (running.ask_flow_factory, running.ask_pickled):
        status, answer = ask(pair)
        assert (status, told in answer["error"]) == (502, True)


def test_a_blank_picture_is_no_fault_of_the_judge(serve, rows, blank):
    running = serve()
    status, answer = running.ask_flow_factory(*((row["caption"], blank) for row in rows[:20]))
    assert status == 200
    assert max(answer["rewards"]) < 0.5


def test_a_slow_judge_is_waited_for_and_then_told(serve, rows, show):
    slow = SlowJudge()
    running = serve(slow, "timeout=5")
    pair = rows[0]["caption"], show(rows[0])
    began = time.monotonic()
    status, answer = running.ask_flow_factory(pair)
    assert (status, "no score within 5 seconds, with 1 requests open" in answer["error"]) == (504, True)
    assert time.monotonic() - began < 20
    slow.go.set()
    assert running.ask_flow_factory(pair) == (200, {"rewards": [pytest.approx(1)], "kinds": [ANY]})
    wait_for(lambda: running.server.places.taken == 0)


def test_what_nobody_waits_for_is_not_judged(serve, rows, show):
    slow = SlowJudge()
    running = serve(slow, "batch=1", "timeout=5")
    pairs = [(row["caption"], show(row)) for row in rows[:8]]
    status, _ = running.ask_flow_factory(*pairs)
    assert status == 504
    slow.go.set()
    assert running.ask_flow_factory(pairs[0])[0] == 200
    assert len(slow.batches) == 2  # of the eight, the first had begun


def test_a_client_that_goes_away_takes_its_pictures_along(serve, rows, show):
    slow = SlowJudge()
    running = serve(slow, "batch=1")
    body = pickle.dumps({"images": [show(row) for row in rows[:8]], "prompts": [row["caption"] for row in rows[:8]]})

    async def go_away():
        async with aiohttp.ClientSession() as session:
            with pytest.raises(TimeoutError):
                await session.post(running.url + "/", data=body, timeout=aiohttp.ClientTimeout(total=1))

    asyncio.run(go_away())
    wait_for(lambda: running.server.places.taken == 0)
    slow.go.set()
    assert running.ask_flow_factory((rows[0]["caption"], show(rows[0])))[0] == 200
    assert len(slow.batches) == 2


def test_a_server_that_stops_answers_what_it_has(serve, rows, show):
    slow = SlowJudge()
    running = serve(slow)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(running.ask_flow_factory, (rows[0]["caption"], show(rows[0])))
        wait_for(lambda: slow.batches)
        running.uvicorn.should_exit = True
        time.sleep(0.5)
        slow.go.set()
        assert asked.result(30) == (
            200,
            {"rewards": [pytest.approx(1)], "kinds": [pytest.approx(asked.result()[1]["kinds"][0])]},
        )


def test_pictures_that_do_not_fit_wait_for_their_turn(serve, rows, show):
    """Thirty requests of four pictures, where eight pictures are held: all are scored."""
    running = serve(None, "pictures=8", "batch=3")
    pairs = [(row["caption"], show(row)) for row in rows[:4]]
    held = []
    with ThreadPoolExecutor(30) as pool:
        asked = [pool.submit(running.ask_pickled, *pairs) for _ in range(30)]
        while not all(one.done() for one in asked):
            held.append(running.server.places.taken)
            time.sleep(0.005)
        assert all(one.result()[1]["scores"] == pytest.approx([1.0] * 4) for one in asked)
    assert max(held) <= 8
    assert running.count("gas_pictures_total", outcome="scored") == 120


def test_requests_beyond_memory_wait_unread(serve, rows, show):
    slow = SlowJudge()
    running = serve(slow, "memory=1")
    big = save(draw(rows[0])) + bytes(600_000)  # which decoders pass over
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(running.ask_pickled, (rows[0]["caption"], big)) for _ in range(4)]
        wait_for(lambda: slow.batches and running.server.open == 4)
        assert len(running.server.bytes.line) == 3
        assert running.server.bytes.taken < 2**20
        slow.go.set()
        assert all(one.result()[1]["scores"] == [pytest.approx(1)] for one in asked)


def test_too_many_requests_are_told_to_come_again(serve, rows, show):
    slow = SlowJudge()
    running = serve(slow, "waiting=2")
    pair = rows[0]["caption"], show(rows[0])
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(running.ask_pickled, pair) for _ in range(2)]
        wait_for(lambda: running.server.open == 2)
        status, answer = running.ask_pickled(pair)
        assert (status, answer["error"]) == (503, "2 requests are open already; come again")
        assert running.ask_flow_factory(pair)[0] == running.ask_unirl(pair)[0] == 503
        slow.go.set()
        assert all(one.result()[0] == 200 for one in asked)
    assert running.ask_pickled(pair)[0] == 200


async def flood(url, bodies, path="/score"):
    """Sends all at once; the answers, and how many were turned away on the way."""
    turned_away = 0

    async def ask(session, body):
        nonlocal turned_away
        wait = 1
        while True:
            async with session.post(url + path, data=body) as answer:
                if answer.status != 503:
                    return answer.status, await answer.read()
                assert answer.headers["Retry-After"] == "1"
            turned_away += 1
            await asyncio.sleep(wait)
            wait = min(2 * wait, 16)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=300)) as session:
        return await asyncio.gather(*(ask(session, body) for body in bodies)), turned_away


def test_200_requests_at_once_are_all_scored(serve, rows, show):
    running = serve()
    files = [show(row) for row in rows[:20]]
    bodies = [
        pickle.dumps({"images": [files[place % 20]], "prompts": [rows[place % 20]["caption"]]}) for place in range(200)
    ]
    answers, _ = asyncio.run(flood(running.url, bodies, "/"))
    assert [pickle.loads(answer)["scores"] for _, answer in answers] == [[pytest.approx(1)]] * 200
    assert running.count("gas_pictures_total", outcome="scored") == 200


@pytest.mark.slow
@pytest.mark.parametrize(("waiting", "number"), [(16384, 10_000), (400, 2_000)])
def test_10_000_prompts_at_once_are_all_scored(waiting, number, start, shapes, rows):
    """Each in a request of its own: those that find no place are turned away, come again, and none is lost."""
    raise_limit()
    bounds = [f"waiting={waiting}", "timeout=280", "pictures=1024"]
    _, lines = start(str(shapes), "--judge", "sandbox", *(word for one in bounds for word in ("--set", one)))
    url = lines[0].partition(": ")[0]
    files = [save(draw(row).resize((72, 72), Image.Resampling.NEAREST)) for row in rows[:50]]
    some = []
    for row, file in zip(rows, files, strict=False):
        turns = [{"text": row["caption"], "image_b64": encode(file)}]
        some.append(json.dumps({"requests": [{"history": turns, "required_rewards": ["gas"]}]}).encode())
    answers, turned_away = asyncio.run(flood(url, [some[place % 50] for place in range(number)]))
    scores = [json.loads(answer)["results"][0]["gas"]["score"] for _, answer in answers]
    assert scores == [pytest.approx(1)] * number
    assert bool(turned_away) == (waiting < number)
    with urlopen(f"{url}/metrics", timeout=60) as answer:
        assert f'gas_pictures_total{{outcome="scored"}} {number}.0' in answer.read().decode()


def test_10_000_prompts_in_one_request_are_refused(exact, rows):
    body = {"images": [b"x"] * 10_000, "prompts": [rows[0]["caption"]] * 10_000}
    status, answer = exact.post("/", pickle.dumps(body))
    assert status == 413
    assert "the request has 10,000 pictures, and 4,096 are the most" in pickle.loads(answer)["error"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(serve, rows, show):
    running = serve(None, "body=1")
    status, answer = running.ask_pickled((rows[0]["caption"], show(rows[0]) + bytes(2**21)))
    assert status == 413
    assert "1,048,576 are the most; send fewer pictures, or start the server with --set body" in answer["error"]
    assert running.ask_pickled((rows[0]["caption"], show(rows[0])))[0] == 200


def test_bodies_of_unknown_length_or_packed_are_refused(exact):
    async def send(data, **headers):
        async with (
            aiohttp.ClientSession() as session,
            session.post(exact.url + "/compute", data=data, headers=headers) as got,
        ):
            return (await got.json())["error"]

    async def drip():
        yield b"{}"

    assert "send Content-Length" in asyncio.run(send(drip()))
    packed = asyncio.run(send(b"x", **{"Content-Encoding": "gzip"}))
    assert "a body that is packed is not read" in packed


def make_text_bomb():
    """A PNG whose text unpacks to 100 MB."""
    info = PngImagePlugin.PngInfo()
    info.add_text("x", "a" * 100_000_000, zip=True)
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: save(Image.new("1", (20_000, 20_000))), "send at most 4,194,304"),
        (lambda: save(Image.new("1", (3_000, 3_000))), "has 3000 x 3000 pixels"),
        (lambda: save(Image.fromarray(np.arange(90_000, dtype=np.uint8).reshape(300, 300)))[:200], "cannot be"),
        (lambda: save(Image.new("RGB", (64, 64)), "JPEG")[:-300], "cannot be"),
        (lambda: save(Image.new("RGB", (8, 8)), "GIF"), "is no picture"),
        (lambda: save(Image.new("RGB", (8, 8)), "TIFF"), "is no picture"),
        (lambda: save(Image.new("RGB", (8, 8)), "BMP"), "is no picture"),
        (make_text_bomb, "cannot be"),
        (lambda: b"", "is no picture"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no picture"),
    ],
)
def test_pictures_that_are_none_or_too_large_are_errors(make, told, exact, rows, show):
    """Beside others, which have their scores."""
    bad = make()
    status, answer = exact.ask_unirl((rows[0]["caption"], bad), (rows[1]["caption"], show(rows[1])))
    assert status == 200
    assert told in answer["errors"][0]["gas"]
    assert answer["results"][1]["gas"]["score"] == pytest.approx(1)


def test_hostile_pickles_are_refused_over_http_too(exact, tmp_path):
    class Owned:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'owned'}",)

    status, answer = exact.post("/", pickle.dumps({"images": [b"x"], "prompts": [Owned()]}))
    assert status == 400
    assert "names posix.system, which is no plain data" in pickle.loads(answer)["error"]
    assert not list(tmp_path.iterdir())


def test_of_several_judges_each_counts(serve, rows, show):
    @dataclass(frozen=True)
    class Denying(SandboxJudge):
        id = "denying"

        def answer(self, images, questions):
            return ["no"] * len(questions)

    pair = rows[0]["caption"], show(rows[0])
    mean = serve((SandboxJudge(), Denying()), "combine=mean").ask_flow_factory(pair)[1]["rewards"][0]
    least = serve((SandboxJudge(), Denying()), "combine=least").ask_flow_factory(pair)[1]["rewards"][0]
    alone = serve(Denying()).ask_flow_factory(pair)[1]["rewards"][0]
    assert least == pytest.approx(alone)
    assert alone < mean < 1
    dead = serve((SandboxJudge(), BrokenJudge())).ask_flow_factory(pair)
    assert dead[0] == 502


def test_a_judge_behind_a_server_that_dies(serve, rows, show):
    """A real endpoint judge: its server says yes to all, then fails for a while, then is slow, then is gone."""
    pair = rows[0]["caption"], show(rows[0])
    with ChatServer().run() as chat:
        judge = EndpointJudge(chat.url, retries=0, timeout=90, top_logprobs=0)
        running = serve(judge, "timeout=8")
        assert running.ask_flow_factory(pair)[0] == 200
        chat.mood = 500
        status, answer = running.ask_flow_factory(pair)
        assert (status, "gave no reply to" in answer["error"]) == (502, True)
        chat.mood = 60.0
        began = time.monotonic()
        status, answer = running.ask_flow_factory(pair)
        assert (status, "no score within 8 seconds" in answer["error"]) == (504, True)
        chat.mood = ""
        assert running.ask_flow_factory(pair)[0] == 200  # what was asked of the slow one was stopped
        assert time.monotonic() - began < 50
    status, answer = running.ask_flow_factory(pair)
    assert (status, "gave no reply to" in answer["error"] or "no connection" in answer["error"]) == (502, True)


def test_room_is_given_in_turn_and_given_back():
    async def play():
        room, order = Room(10), []

        async def take(much, name, hold):
            async with room.take(much):
                assert room.taken <= 10
                order.append(name)
                await hold.wait()

        hold = asyncio.Event()
        first = asyncio.create_task(take(8, "first", hold))
        await asyncio.sleep(0)
        tasks = [
            asyncio.create_task(take(much, name, hold)) for much, name in ((5, "large"), (1, "small"), (99, "all"))
        ]
        await asyncio.sleep(0)
        assert order == ["first"]  # what is small does not pass what is large
        tasks[0].cancel()
        await asyncio.sleep(0.01)
        assert order == ["first", "small"]
        hold.set()
        await asyncio.gather(first, *tasks, return_exceptions=True)
        assert order == ["first", "small", "all"]
        assert (room.taken, len(room.line)) == (0, 0)

    asyncio.run(play())
