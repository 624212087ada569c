"""Rewards that an event loop waits for, over a real endpoint that misbehaves on demand."""

import asyncio
import os
import threading
import time
from contextlib import nullcontext

import datasets
import pytest
import torch
from chat_server import ChatServer, read_images
from generate_any_scene import rewards, scene
from generate_any_scene.errors import GasError
from generate_any_scene.training.decoders import CompletionDecoder, SandboxDecoder
from generate_any_scene.training.judges.endpoint import EndpointJudge
from generate_any_scene.training.judges.waiting import run_async, wait_in_thread
from generate_any_scene.training.sandbox.judge import SandboxJudge
from generate_any_scene.training.sandbox.model import make_model, make_tokenizer
from generate_any_scene.training.sandbox.pictures import CODES, draw_scene
from generate_any_scene.training.sandbox.settings import SandboxModel
from generate_any_scene.training.trainers.grpo import mask_text
from trl import GRPOConfig, GRPOTrainer
from trl.trainer.utils import is_async_callable

THREADS = min(32, (os.cpu_count() or 1) + 4)
"""How many an event loop has of its own."""
RULE = {"by": "words", "dependencies": False, "mean": "questions"}


def reply(body):
    """What the sandbox's judge says."""
    (said,) = SandboxJudge().answer(read_images(body), [body["messages"][-1]["content"][-1]["text"]])
    return {"choices": [{"message": {"role": "assistant", "content": said}}]}


@pytest.fixture
def server():
    with ChatServer(reply).run() as one:
        yield one


@pytest.fixture(scope="module")
def rows():
    return [scene("sandbox", place, structure={"objects": 2, "relations": 1}) for place in range(2)]


@pytest.fixture(scope="module")
def pictures(rows):
    """Those of the scenes, one place on: each is wrong about something."""
    return [draw_scene(row["scene_graph"], 0) for row in [*rows[1:], rows[0]]]


def make(server, judge=None, **options):
    options = {"instruction": "", "retries": 1, "concurrency": 4, **options}
    return rewards.answers(judge or EndpointJudge(server.url, **options), **RULE)


def test_what_is_waited_for_is_what_is_called_for(server, pictures, rows):
    here, there = rewards.answers("sandbox", **RULE), make(server)
    wanted = here.images(pictures, rows)
    assert len(set(wanted)) > 1
    assert asyncio.run(there.images_async(pictures, rows)) == wanted == there.images(pictures, rows)
    assert there.figures == here.figures
    assert asyncio.run(here.images_async(pictures, rows)) == wanted  # a judge that computes


def test_all_calls_together_have_no_more_in_hand_than_the_judge_may(server, pictures, rows):
    server.mood = 0.01

    async def ask():
        reward = make(server, concurrency=3)
        return await asyncio.gather(*(reward.images_async(pictures, rows) for _ in range(4)))

    first, *others = asyncio.run(ask())
    assert all(other == first for other in others)
    assert server.most_in_flight == 3


def test_many_calls_do_not_wait_for_each_others_threads(server, pictures, rows):
    async def ask():
        reward = make(server, concurrency=8)
        row = {"questions": rows[0]["questions"][:1]}
        calls = [reward.images_async(pictures[:1], [row]) for _ in range(THREADS + 1)]
        async with asyncio.timeout(30):
            return await asyncio.gather(*calls)

    assert len(asyncio.run(ask())) == THREADS + 1


@pytest.mark.parametrize("stop", ["cancel", "timeout", "failure of another"])
def test_nothing_is_left_running_where_the_wait_is_cancelled(stop, server, pictures, rows):
    server.mood = 0.2
    threads = set(threading.enumerate())

    async def fail(wait):
        await wait()
        raise LookupError

    async def ask():
        reward = make(server, concurrency=2)

        async def wait():
            while server.in_flight < 2:
                await asyncio.sleep(0.001)

        work = asyncio.create_task(reward.images_async(pictures, rows))
        await wait()
        if stop == "cancel":
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
        elif stop == "timeout":
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await work
        else:
            with pytest.raises(ExceptionGroup, match="unhandled errors"):
                async with asyncio.TaskGroup() as both:
                    both.create_task(reward.images_async(pictures, rows))
                    both.create_task(fail(wait))
            work.cancel()
            await asyncio.wait([work])
        assert asyncio.all_tasks() == {asyncio.current_task()}
        left = {one for one in set(threading.enumerate()) - threads if one.name.startswith("ThreadPoolExecutor")}
        assert not left
        asked = len(server.bodies)
        await asyncio.sleep(0.3)
        assert len(server.bodies) == asked < sum(len(row["questions"]) for row in rows)
        server.mood = ""
        assert len(await reward.images_async(pictures, rows)) == 2  # and it can be asked again

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("mood", "is_passing"), [("drop", True), ((503, {"Retry-After": "0"}), True), ("a list", False)]
)
def test_one_failure_spoils_one_question_at_most(mood, is_passing, server, pictures, rows):
    reward, shown = make(server, concurrency=1), (pictures[1:], rows[:1])
    assert reward.images(*shown) == [1]
    server.moods = ["", mood]
    with nullcontext() if is_passing else pytest.warns(match="count as not answered"):
        found = asyncio.run(reward.images_async(*shown))
    assert found == [1 if is_passing else pytest.approx(1 - 1 / len(rows[0]["questions"]))]


def test_a_server_that_dies_stops_every_wait(server, pictures, rows):
    reward = make(server)
    server.mood = (400, {})

    async def ask():
        calls = [reward.images_async(pictures, rows) for _ in range(3)]
        return await asyncio.gather(*calls, return_exceptions=True)

    assert [type(error) for error in asyncio.run(ask())] == [GasError] * 3


def test_work_that_begins_after_the_wait_was_cancelled_is_stopped(server):
    """Between two batches of questions a judge asks nothing."""
    begun, go = threading.Event(), threading.Event()
    asked = []

    async def work():
        asked.append("begun")
        await asyncio.sleep(60)

    def ask():
        begun.set()
        go.wait(10)
        run_async(work)

    async def wait():
        task = asyncio.create_task(wait_in_thread(ask))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        await asyncio.sleep(0)
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    started = time.monotonic()
    asyncio.run(wait())
    assert asked in ([], ["begun"]) and time.monotonic() - started < 10


# As TRL takes them.

ABOVE = [[1, 0, 0, 0, 0, 0, 0, 0, 5], [5, 0, 0, 0, 0, 0, 0, 0, 1]]


def test_a_coroutine_function_is_what_the_function_is(rows):
    reward = rewards.answers("sandbox", CompletionDecoder(SandboxDecoder(), 0), **RULE)
    logged, logged_async = {}, {}
    columns = {"completion_ids": ABOVE, "questions": [row["questions"] for row in rows[:2]], "prompts": ["?"] * 2}
    found = asyncio.run(reward.to_async()(**columns, log_metric=logged_async.__setitem__))
    assert found == reward(**columns, log_metric=logged.__setitem__)
    assert logged == logged_async and {"ids_out_of_range", "distinct_pictures", "by_kind/object"} <= logged.keys()
    assert is_async_callable(reward.to_async()) and not is_async_callable(reward)
    assert reward.to_async().__name__ == "answers"


def test_coroutine_functions_of_each_kind_ask_the_judge_once(server, rows):
    judge = EndpointJudge(server.url, instruction="")
    reward = rewards.answers(judge, CompletionDecoder(SandboxDecoder(), 0), **RULE)
    asked = [row["questions"] for row in rows[:2]]
    kinds = sorted({one["kind"] for some in asked for one in some})
    functions = [one.to_async() for one in reward.split(kinds)]

    async def ask():
        return await asyncio.gather(*(one(completion_ids=ABOVE, questions=asked) for one in functions))

    of_kinds = asyncio.run(ask())
    assert len(server.bodies) == sum(map(len, asked))
    assert [one.__name__ for one in functions] == kinds
    assert of_kinds == [[values.get(kind) for values in reward.kinds] for kind in kinds]


@pytest.mark.slow
def test_trl_trains_alike_by_functions_and_by_coroutine_functions(tmp_path):
    scenes = [scene("sandbox", place, structure={"objects": 2, "relations": 1}) for place in range(8)]
    tokenizer = make_tokenizer([one["caption"] for one in scenes])
    data = datasets.Dataset.from_list([{"prompt": one["caption"], "questions": one["questions"]} for one in scenes])
    reward = rewards.answers("sandbox", CompletionDecoder(SandboxDecoder(), len(tokenizer)))
    parts = reward.split(["object", "relation"])

    def train(functions):
        torch.manual_seed(0)
        model = make_model(tokenizer, SandboxModel(hidden_size=8, layers=1, heads=1))
        model.save_pretrained(tmp_path)  # which TRL asks for the name of
        mask_text(model, len(tokenizer), CODES)
        size = {"max_steps": 2, "num_generations": 4, "per_device_train_batch_size": 8, "max_completion_length": 9}
        off = dict.fromkeys(("bf16", "gradient_checkpointing"), False)
        told = {"save_strategy": "no", "report_to": "none", "logging_steps": 1, "disable_tqdm": True, "use_cpu": True}
        arguments = GRPOConfig(tmp_path, **size, **off, **told)
        trainer = GRPOTrainer(model, functions, args=arguments, train_dataset=data, processing_class=tokenizer)
        trainer.train()
        return [
            {name: value for name, value in line.items() if name != "step_time"}
            for line in trainer.state.log_history
            if "reward" in line
        ]

    whole, in_parts = train(reward), train(parts)
    assert len(whole) == 2 and whole != in_parts
    assert train(reward.to_async()) == whole
    assert train([part.to_async() for part in parts]) == in_parts
