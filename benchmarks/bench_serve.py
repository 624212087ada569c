"""Measures `gas serve`: so many requests at once, round after round, with the judge of the sandbox, which sees all.

Run with `python benchmarks/bench_serve.py`. A request has a picture of 288 x 288 pixels as JPEG. Each round sends all
its requests at once and waits for all; pictures a second, seconds until half and until nearly all have their score,
and the server's memory after the round. A score that is missing, or is not that of the reward function, ends it.
`--pictures 16` puts so many into a request; `--dialect` takes another client's form.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import pickle
import re
import signal
import subprocess
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import generate_any_scene as gas
import psutil
from generate_any_scene.training.sandbox.pictures import choose_seed, draw_scene
from PIL import Image

SIDE = 288
ROWS = 200
PATHS = {"unirl": "/score", "flow_factory": "/compute", "flow_grpo": "/"}


def make_cases(folder: Path) -> list[tuple[str, bytes, float]]:
    """Prompts, files of pictures, and their rewards: every other picture is that of another prompt."""
    recipe = gas.Recipe.load("sandbox", splits={"train": ROWS, "validation": 0, "test": 0})
    rows = list(gas.build(recipe, out=folder).dataset()["train"])
    first = {row["caption"]: row for row in reversed(rows)}
    rows = list(first.values())
    shown = [rows[place - place % 2] for place in range(len(rows))]
    files = [save(draw_scene(row["scene_graph"], choose_seed(row["caption"]))) for row in shown]
    reward = gas.rewards.answers("sandbox", read_words=0)
    worth = reward.images([Image.open(BytesIO(file)) for file in files], rows)
    return [(row["caption"], file, value or 0.0) for row, file, value in zip(rows, files, worth, strict=True)]


def save(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.resize((SIDE, SIDE), Image.Resampling.NEAREST).save(file, "JPEG")
    return file.getvalue()


def write_request(dialect: str, cases: list[tuple[str, bytes, float]]) -> bytes:
    """A request as the clients of a dialect send it."""
    prompts, files = [case[0] for case in cases], [case[1] for case in cases]
    texts = [base64.b64encode(file).decode() for file in files]
    if dialect == "flow_grpo":
        return pickle.dumps({"images": files, "prompts": prompts, "metadata": {}})
    if dialect == "flow_factory":
        return json.dumps({"prompt": prompts, "image": texts}).encode()
    turns = [[{"text": prompt, "image_b64": text}] for prompt, text in zip(prompts, texts, strict=True)]
    return json.dumps({"requests": [{"history": one, "required_rewards": ["gas"]} for one in turns]}).encode()


def read_scores(dialect: str, answer: bytes) -> list[float]:
    if dialect == "flow_grpo":
        return pickle.loads(answer)["scores"]
    found = json.loads(answer)
    return found["rewards"] if dialect == "flow_factory" else [one["gas"]["score"] for one in found["results"]]


async def send_round(session: Any, url: str, dialect: str, bodies: list[bytes]) -> list[tuple[float, bytes]]:
    """Sends all at once; of each the seconds that it took, and the answer."""

    async def send(body: bytes) -> tuple[float, bytes]:
        began = time.perf_counter()
        async with session.post(url + PATHS[dialect], data=body) as answer:
            assert answer.status == 200, await answer.text()
            return time.perf_counter() - began, await answer.read()

    return list(await asyncio.gather(*map(send, bodies)))


async def measure(url: str, server: psutil.Process, cases: list[tuple[str, bytes, float]], told: Any) -> None:
    sent = [
        [cases[(request * told.pictures + place) % len(cases)] for place in range(told.pictures)]
        for request in range(told.requests)
    ]
    bodies = [write_request(told.dialect, some) for some in sent]
    print(f"{told.requests} requests of {told.pictures} at once, {told.dialect}")
    print("round  pictures/s  half, s  99 %, s  CPU, ms a picture  memory, MB")
    rates, costs = [], []
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=600)) as session:
        for number in range(told.rounds):
            began, before = time.perf_counter(), sum(server.cpu_times()[:2])
            answers = await send_round(session, url, told.dialect, bodies)
            rates.append(told.requests * told.pictures / (time.perf_counter() - began))
            costs.append((sum(server.cpu_times()[:2]) - before) * 1000 / (told.requests * told.pictures))
            for some, (_, answer) in zip(sent, answers, strict=True):
                scores = read_scores(told.dialect, answer)
                assert len(scores) == len(some), "a picture was lost"
                pairs = zip(scores, some, strict=True)
                assert all(abs(score - case[2]) < 1e-6 for score, case in pairs), "another score"
            seconds = sorted(one for one, _ in answers)
            late, memory = seconds[int(0.99 * (len(seconds) - 1))], server.memory_info().rss / 1e6
            figures = f"{rates[-1]:10,.0f}  {median(seconds):7.2f}  {late:7.2f}  {costs[-1]:17.1f}  {memory:10,.0f}"
            print(f"{number:5}  {figures}", flush=True)
    print(
        f"medians of rounds: {median(rates):,.0f} pictures a second, {median(costs):.1f} ms of the processor a picture"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--pictures", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--dialect", choices=PATHS, default="unirl")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cases = make_cases(Path(folder, "gas"))
        served = ["serve", f"{folder}/gas", "--judge", "sandbox", "--port", "0"]
        command = [sys.executable, "-m", "generate_any_scene", *served]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            line = process.stdout.readline()
            print(line.strip())
            try:
                url = re.match(r"http://[^:]+:\d+", line)
                assert url, "the server has not started"
                asyncio.run(measure(url[0], psutil.Process(process.pid), cases, told))
            finally:
                process.send_signal(signal.SIGINT)


if __name__ == "__main__":
    main()
