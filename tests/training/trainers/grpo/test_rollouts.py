"""Rollouts by vLLM: what TRL is told, the server's command line, and a training with a stand-in for the engine."""

import json
import os
import shlex
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from chat_server import ChatServer
from generate_any_scene.errors import GasError, RecipeError
from generate_any_scene.training.recipes.loading import dump_training, load_training
from generate_any_scene.training.run import run_training
from generate_any_scene.training.trainers.grpo import prepare, recipe_check
from generate_any_scene.training.trainers.grpo.rollouts import OURS, list_ids, make_keys, write_command
from generate_any_scene.training.trainers.grpo.training import make_arguments
from trl import GRPOConfig
from vllm_standin import write_standin

CPU = ["trainer.use_cpu=true", "trainer.bf16=false"]


def load(*overrides, name="grpo_simplear"):
    return load_training(name, [*CPU, *overrides]).recipe


def test_a_word_fills_in_what_trl_asks_for(tmp_path):
    recipe = load("rollouts=vllm")
    arguments = make_arguments(recipe, tmp_path, recipe.trainer)
    assert arguments.use_vllm and arguments.vllm_mode == "server"
    assert (arguments.vllm_server_host, arguments.vllm_server_port) == ("localhost", 8000)
    assert arguments.vllm_importance_sampling_mode == "token_truncate"
    assert arguments.generation_kwargs == {"ignore_eos": True, "detokenize": False}
    assert list_ids(151_667, 64_000) == {"allowed_token_ids": list(range(151_667, 215_667))}
    assert OURS.keys() <= GRPOConfig.__dataclass_fields__.keys()


def test_beside_the_training_it_takes_less_memory(tmp_path):
    recipe = load("rollouts={engine: vllm, mode: colocate, tensor_parallel_size: 2, max_model_length: 4608}")
    arguments = make_arguments(recipe, tmp_path, recipe.trainer)
    keys = ("vllm_mode", "vllm_gpu_memory_utilization", "vllm_tensor_parallel_size", "vllm_max_model_length")
    assert [getattr(arguments, key) for key in keys] == ["colocate", 0.3, 2, 4608]


def test_keys_of_the_trainer_stay(tmp_path):
    given = ["trainer.vllm_importance_sampling_mode=token_mask", "trainer.generation_kwargs={seed: 1}"]
    recipe = load("rollouts=vllm", *given)
    keys = make_keys(recipe.rollouts, recipe.trainer)
    assert keys["vllm_importance_sampling_mode"] == "token_mask"
    assert keys["generation_kwargs"] == {"seed": 1, "ignore_eos": True, "detokenize": False}


def test_a_written_recipe_is_read_again(tmp_path):
    for mode in ("server", "colocate"):
        recipe = load(f"rollouts={{engine: vllm, mode: {mode}}}")
        (tmp_path / "recipe.yaml").write_text(dump_training(recipe))
        assert load_training(tmp_path / "recipe.yaml").recipe.rollouts == recipe.rollouts


@pytest.mark.parametrize(
    ("overrides", "key", "words"),
    [
        (["trainer.use_vllm=true"], "trainer.use_vllm", "it is `rollouts` of the recipe"),
        (["trainer.vllm_server_port=80"], "trainer.vllm_server_port", "it is `rollouts` of the recipe"),
        (
            ["trainer.generation_kwargs={allowed_token_ids: [1]}"],
            "trainer.generation_kwargs",
            "fills in `allowed_token_ids` itself",
        ),
        (["trainer.generation_kwargs={detokenize: true}"], "trainer.generation_kwargs", "fills in `detokenize`"),
        (["trainer.generation_kwargs=seed"], "trainer.generation_kwargs", "must be a mapping"),
        (
            ["trainer.vllm_importance_sampling_mode=sequence_mask"],
            "trainer.vllm_importance_sampling_mode",
            "choose token_truncate or token_mask",
        ),
    ],
)
def test_what_contradicts_is_refused(overrides, key, words):
    recipe = load("rollouts={engine: vllm, mode: colocate}", *overrides, name="sandbox_grpo")
    (problem,) = recipe_check.check(recipe, None)
    assert problem.key == key and words in str(problem)


@pytest.mark.parametrize(
    ("name", "rollouts", "words"),
    [
        ("grpo_simplear", "sglang", "`sglang` is not one of vllm"),
        ("grpo_simplear", "{engine: vllm, mode: colocate, port: 80}", "`port` does not go with `mode: colocate`"),
        ("grpo_simplear", "{engine: vllm, gpu_memory_utilization: 70}", "must be at most 1"),
        ("sandbox_grpo", "vllm", "no server can have the sandbox's model"),
    ],
)
def test_rollouts_that_are_none(name, rollouts, words):
    with pytest.raises(RecipeError, match=words):
        load(f"rollouts={rollouts}", name=name)


def test_the_servers_command_line_is_what_trl_runs(tmp_path, monkeypatch):
    """TRL's own script makes a command, too, with further options at vLLM's defaults."""
    from trl.scripts.vllm_serve import ScriptArguments, build_command

    monkeypatch.setattr("trl.scripts.vllm_serve.is_vllm_available", lambda min_version: False)  # only for images
    recipe = load("rollouts={engine: vllm, host: gpu7, port: 8123, max_model_length: 4608}", "revision=main")
    told = ScriptArguments(
        recipe.model, "main", host="gpu7", port=8123, gpu_memory_utilization=0.7, max_model_len=4608
    )
    theirs = build_command(told)
    theirs = theirs[theirs.index("serve") :]
    first, *ours = shlex.split(write_command(recipe))
    assert first == "VLLM_SERVER_DEV_MODE=1" and ours[:3] == ["vllm", *theirs[:2]]
    pairs, all_pairs = [dict(zip(words[::2], words[1::2], strict=True)) for words in (ours[3:], theirs[2:])]
    rest = all_pairs.items() - pairs.items()
    assert pairs.items() <= all_pairs.items()
    assert rest == {
        *(("--data-parallel-size", "1"), ("--dtype", "auto"), ("--kv-cache-dtype", "auto")),
        *(("--model-impl", "vllm"), ("--uvicorn-log-level", "info")),
    }


def test_without_vllm_the_command_is_told_and_what_to_install(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(tmp_path)  # of an older one, if there is any
    write_standin(tmp_path, "0.21.0")
    said = []
    with pytest.raises(GasError) as caught:
        prepare(load("rollouts=vllm"), said.append)
    assert caught.value.exit_status == 1
    assert "TRL does not take vllm 0.21.0: pip install 'trl[vllm]', which is vllm" in str(caught.value)
    assert f"for TRL {version('trl')}" in str(caught.value)
    (line,) = said
    assert line.splitlines()[1].startswith("VLLM_SERVER_DEV_MODE=1 vllm serve Daniel0724/SimpleAR-0.5B-SFT --host")
    prepare(load(), said.append)
    assert len(said) == 1


# With a stand-in for vLLM.


def list_settings(simplear, output):
    """Paths and sizes of `grpo_simplear`, with the sandbox's scenes and judge."""
    rows = "{recipe: sandbox, overrides: {structure: {objects: 1}}, limit: 4}"
    return [
        *(f"model={simplear}", f"decoder.path={simplear / 'decoder.jit'}"),
        *("decoder.codebook=64", "decoder.grid=[4, 4]"),
        *("judge=null", "judge.kind=sandbox", "judge.most_refused=1", "data=null", f"data={rows}", "held_out=null"),
        *("decoder.image_size=72", "trainer.max_completion_length=16", "trainer.max_steps=2", *CPU),
        f"output={output}",
    ]


def test_a_dry_run_tells_the_command(standin, simplear, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(standin)
    said = []
    loaded = load_training("grpo_simplear", [*list_settings(simplear, tmp_path / "run"), "rollouts=vllm"])
    assert run_training(loaded, dry_run=True, report=said.append)["data"]["rows"] == 4
    (line,) = said
    assert line.splitlines()[1] == write_command(loaded.recipe)
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def standin(tmp_path_factory):
    return write_standin(tmp_path_factory.mktemp("site"))


def start(standin, simplear, folder, *overrides):
    """`gas train grpo_simplear` in a Python that finds the stand-in."""
    settings = [*list_settings(simplear, folder / "run"), *overrides]
    words = [word for text in settings for word in ("--set", text)]
    return start_python(standin, folder, "-m", "generate_any_scene", "train", "grpo_simplear", *words)


@pytest.mark.slow
def test_an_engine_beside_the_training_samples_what_the_loss_is_of(standin, simplear, tmp_path):
    """Of ids that are not restricted the ratio of both probabilities would be far from 1."""
    done = start(standin, simplear, tmp_path, "rollouts={engine: vllm, mode: colocate, max_model_length: 500}")
    assert done.returncode == 0, done.stderr[-2000:]
    (engine,) = [json.loads(line) for line in (tmp_path / "engine").read_text().splitlines()]
    assert engine["model"] == str(simplear) and engine["max_model_len"] == 500
    assert engine["gpu_memory_utilization"] == 0.3 and engine["logprobs_mode"] == "processed_logprobs"
    lines = [json.loads(line) for line in (tmp_path / "run" / "rewards.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    for line in lines:
        assert line["ids_out_of_range"] == 0 and line["completions/min_length"] == 16
        for name in ("min", "mean", "max"):
            assert line[f"sampling/importance_sampling_ratio/{name}"] == pytest.approx(1, abs=1e-2)


CLIENT = """
import json, sys
from trl.generation.vllm_client import VLLMClient
asked, url = json.loads(sys.argv[1]), sys.argv[2]
print(json.dumps(VLLMClient(url).generate([[1, 2]], n=2, max_tokens=3, generation_kwargs=asked)))
"""


def complete(body):
    """What vLLM's `/v1/completions` replies: the first ids that are allowed."""
    ids = body["allowed_token_ids"][: body["max_tokens"]]
    names = [f"token_id:{one}" for one in ids]
    logprobs = {"tokens": names, "token_logprobs": [-1.0] * 3, "top_logprobs": [{name: -1.0} for name in names]}
    choice = {"prompt_token_ids": body["prompt"][0], "token_ids": ids, "logprobs": logprobs, "text": ""}
    return {"choices": [choice] * body["n"]}


@pytest.fixture(scope="module")
def server(simplear):
    """What TRL's client asks of a server that was started as it should be."""
    info = {"vllm_config": {"weight_transfer_config": {}, "model_config": {"logprobs_mode": "processed_logprobs"}}}
    with ChatServer(complete, models=(str(simplear),)).run() as one:
        one.places = {"/health": {}, "/server_info": info, "/get_world_size": {"world_size": 1}}
        yield one


def start_python(standin, folder, *words):
    """A Python that finds the stand-in."""
    package = str(Path(recipe_check.__file__).parents[4])
    paths = os.pathsep.join([str(standin), os.environ.get("PYTHONPATH", ""), package])
    places = {"PYTHONPATH": paths, "VLLM_STANDIN_LOG": str(folder / "engine"), "OMP_NUM_THREADS": "1"}
    options = {"capture_output": True, "text": True, "check": False, "timeout": 300}
    return subprocess.run([sys.executable, *words], cwd=folder, env={**os.environ, **places}, **options)


@pytest.mark.slow
def test_a_server_is_asked_for_pictures_alone(standin, server, tmp_path):
    """TRL's client sends what rollouts fill in, as vLLM's API of completions has it."""
    recipe = load("rollouts=vllm")
    asked = make_keys(recipe.rollouts, recipe.trainer)["generation_kwargs"] | list_ids(259, 64)
    done = start_python(standin, tmp_path, "-c", CLIENT, json.dumps(asked), server.url)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["completion_ids"] == [[259, 260, 261]] * 2
    body = server.bodies[-1]
    assert body["allowed_token_ids"] == list(range(259, 323)) and body["ignore_eos"] is True
    assert body["detokenize"] is False and body["logprobs"] == 0


@pytest.mark.slow
def test_a_server_that_cannot_be_used_is_said_in_a_line(standin, server, simplear, tmp_path):
    """Where there is no GPU, weights cannot be sent to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = free.getsockname()[1]
    for port, words in (
        (nobody, f"The vLLM server can't be reached at http://127.0.0.1:{nobody}"),
        (server.http.server_port, "needs a CUDA device, got 'cpu'"),
    ):
        rollouts = f"rollouts={{engine: vllm, host: 127.0.0.1, port: {port}}}"
        done = start(standin, simplear, tmp_path, "trainer.vllm_server_timeout=0", rollouts)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr[-2000:]
        assert f"VLLM_SERVER_DEV_MODE=1 vllm serve {simplear} --host 127.0.0.1 --port {port}" in done.stderr
        last = done.stderr.strip().splitlines()[-1]
        assert "`rollouts` cannot be had: " in last and words in last
