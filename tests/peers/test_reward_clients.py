"""The reward clients of trainers ask `gas serve`, with the judge that is never wrong.

GAS_PEERS names a folder with checkouts of any of yifan123/flow_grpo, verl-project/verl-omni (needs aiohttp),
X-GenGroup/Flow-Factory (needs accelerate and diffusers) and Tencent-Hunyuan/UniRL (needs omegaconf), each under the
name of its repository; their clients run as they are, on a CPU:

    GAS_PEERS=~/peers pytest -m slow tests/peers/test_reward_clients.py
"""

import asyncio
import importlib
import os
import re
import signal
import subprocess
import sys
import types
from pathlib import Path

import generate_any_scene as gas
import numpy as np
import pytest
import torch
from datasets import load_dataset
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.training.sandbox.pictures import choose_seed, draw_scene
from PIL import Image

pytestmark = pytest.mark.slow

SIDE = 288
"""JPEG, which most of them send, leaves shapes of this size as they are."""


@pytest.fixture
def peer(monkeypatch):
    """Makes the packages of a checkout importable: `peer("Flow-Factory", "src")`."""

    def find(*parts):
        if not (folder := os.environ.get("GAS_PEERS")):
            pytest.skip("set GAS_PEERS to a folder with checkouts")
        path = Path(folder).expanduser().joinpath(*parts)
        if not path.is_dir():
            pytest.skip(f"there is no {path}")
        monkeypatch.syspath_prepend(path)
        return path

    return find


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    out = tmp_path_factory.mktemp("clients") / "gas"
    build_datasets([load_recipe("sandbox", ("splits={train: 40, validation: 0, test: 0}",))], out)
    every = list(load_dataset(str(out), split="train"))
    captions = [row["caption"] for row in every]
    return out, [row for row in every if captions.count(row["caption"]) == 1]


@pytest.fixture(scope="module")
def url(rows):
    """A server that was started as users start it, and is stopped by Ctrl-C."""
    command = [sys.executable, "-m", "generate_any_scene", "serve", str(rows[0]), "--judge", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            yield re.match(r"http://[^:]+:\d+", line)[0]
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def draw(row):
    small = draw_scene(row["scene_graph"], choose_seed(row["caption"]))
    return small.resize((SIDE, SIDE), Image.Resampling.NEAREST)


@pytest.fixture(scope="module")
def cases(rows):
    """Prompts, pictures and worth: right ones, then the same with every shape in red, then blank ones."""
    some = rows[1][:12]
    right = [draw(row) for row in some]
    arrays = [np.asarray(picture).copy() for picture in right]
    for array in arrays:
        array[(array != 255).any(axis=2)] = (220, 30, 40)
    red = [Image.fromarray(array) for array in arrays]
    blank = [Image.new("RGB", (SIDE, SIDE), "white")] * 12
    pictures, every = [*right, *red, *blank], some * 3
    worth = gas.rewards.answers("sandbox", read_words=0).images(pictures, every)
    assert worth[:12] == pytest.approx([1] * 12)
    assert min(worth[12:24]) < 1
    assert max(worth[24:]) < 0.5
    return [row["caption"] for row in every], pictures, worth


def make_tensor(pictures):
    """Shape (pictures, 3, height, width), from 0 to 1."""
    return torch.stack([torch.from_numpy(np.asarray(one).copy()).permute(2, 0, 1) for one in pictures]) / 255


def load_flow_grpo(path, url):
    """flow_grpo/rewards.py with the address of the server in it, which users write there, too."""
    source = (path / "flow_grpo" / "rewards.py").read_text()
    source = re.sub(r'"http://[\d.]+:18085"', repr(url), source)
    module = types.ModuleType("flow_grpo_rewards")
    exec(compile(source, "rewards.py", "exec"), module.__dict__)
    return module


def test_flow_grpo(peer, url, cases):
    rewards = load_flow_grpo(peer("flow_grpo"), url)
    captions, pictures, worth = cases
    metadata = [{"tag": "colors", "include": [], "prompt": caption} for caption in captions]
    score = rewards.multi_score(torch.device("cpu"), {"geneval": 1.0})
    details, _ = score(make_tensor(pictures), captions, metadata, only_strict=True)
    assert details["avg"] == pytest.approx(worth)
    assert details["accuracy"][:12] == [1.0] * 12
    assert set(details["strict_accuracy"]) == {0.0, 1.0}
    assert len(details["attribute_strict_accuracy"]) == len(captions)
    score = rewards.unifiedreward_score_remote(torch.device("cpu"))
    found, _ = score(make_tensor(pictures), captions, metadata)
    assert found == pytest.approx(worth)


def test_flow_grpo_stops_at_an_unknown_prompt(peer, url, cases):
    rewards = load_flow_grpo(peer("flow_grpo"), url)
    score = rewards.geneval_score(torch.device("cpu"))
    with pytest.raises(KeyError):
        score(make_tensor(cases[1][:2]), None, [{"prompt": cases[0][0]}, {"prompt": "a dragon"}], True)


def test_verl_omni(peer, url, cases):
    path = peer("verl-omni") / "verl_omni" / "utils" / "reward_score" / "http_scorer_client.py"
    spec = importlib.util.spec_from_file_location("http_scorer_client", path)
    client = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(client)
    captions, pictures, worth = cases
    tensors = (make_tensor(pictures) * 255).round().to(torch.uint8)

    async def score(prompts):
        try:
            asked = (
                client.compute_score(tensor, prompt, url, retry_backoff=0.01)
                for tensor, prompt in zip(tensors, prompts, strict=False)
            )
            return await asyncio.gather(*asked)
        finally:
            await client.compute_score._session.close()

    assert [one["score"] for one in asyncio.run(score(captions))] == pytest.approx(worth)
    with pytest.raises(RuntimeError, match="HTTP 404: picture 0: no row has the prompt `a dragon`"):
        asyncio.run(score(["a dragon"]))


def test_flow_factory(peer, url, cases):
    peer("Flow-Factory", "src")
    remote = importlib.import_module("flow_factory.rewards.my_reward_remote")
    config = types.SimpleNamespace(device=torch.device("cpu"), dtype=torch.float32, server_url=url)
    captions, pictures, worth = cases
    for kind in (remote.RemotePointwiseRewardModel, remote.RemoteGroupwiseRewardModel):
        model = kind(config, types.SimpleNamespace(device=torch.device("cpu")))
        assert model(prompt=captions, image=pictures).rewards.tolist() == pytest.approx(worth)
    with pytest.raises(RuntimeError, match="Server error: picture 0: no row has the prompt `a dragon`"):
        model(prompt=["a dragon"], image=pictures[:1])
    frames = model(prompt=captions[:1], video=[[pictures[0]] * 3]).rewards
    assert frames.tolist() == pytest.approx([1])


def test_unirl(peer, url, cases):
    peer("UniRL")
    pytest.importorskip("omegaconf")
    importlib.import_module("unirl.config.validation")  # first, since its own modules import each other
    remote = importlib.import_module("unirl.reward.remote")
    types_of = importlib.import_module("unirl.types.primitives")
    reward = importlib.import_module("unirl.types.reward")
    names = ("gas", "gas_object")
    spec = remote.RemoteRewardSpec(
        base_url=url, required_rewards=names, reward_weights={"gas": 1.0, "gas_object": 0.0}, max_retries=1
    )
    backend = remote.RemoteRewardBackend(config=spec, base_device="cpu")
    assert backend.is_available()
    captions, pictures, worth = cases

    def ask(texts):
        return backend.compute_rewards(
            reward.RewardRequest(
                primitives={"text": types_of.Texts(texts=texts)},
                generated={"image": types_of.Images(pixels=make_tensor(pictures[: len(texts)]))},
            )
        )

    found = ask(captions)
    assert all(found.successes)
    assert found.component_rewards["gas"] == pytest.approx(worth, abs=1e-6)
    assert found.component_rewards["gas_object"][:12] == pytest.approx([1] * 12)
    lost = ask([captions[0], "a dragon"])
    assert lost.successes == [True, False]  # which its RewardService raises
    assert "no row has the prompt `a dragon`" in lost.errors[1]
    other = remote.RemoteRewardSpec(base_url=url, required_rewards=("gaz",))
    with pytest.raises(ValueError, match="gaz"):
        remote.RemoteRewardBackend(config=other, base_device="cpu").is_available()


def test_unirls_own_service_client(peer, url, cases):
    peer("UniRL", "unirl-reward-service")
    try:
        client = importlib.import_module("reward_service.client")
    except ModuleNotFoundError as error:
        pytest.skip(f"its package needs {error.name}")
    captions, pictures, worth = cases
    service = client.RewardClient(url, image_format="PNG")
    assert service.health()["status"] == "ok"
    assert "gas" in service.rewards()
    asked = [
        client.RewardRequest(history=[(text, picture)], required_rewards=["gas"])
        for text, picture in zip(captions, pictures, strict=True)
    ]
    assert [one["gas"]["score"] for one in service.score(asked)] == pytest.approx(worth)
