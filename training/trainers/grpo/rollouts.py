"""Pictures that vLLM samples in the training's place: what TRL is told of it, and how its server is started.

vLLM has the model without the bias that masks its text ids, so it is told which ids there are; what it reports of
their probabilities is then what the loss computes, token by token.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

from ....errors import GasError, Problem, describe_error
from ...recipes.grpo import Grpo, Rollouts

OURS = dict.fromkeys(
    (
        *("use_vllm", "vllm_mode", "vllm_server_base_url", "vllm_server_host", "vllm_server_port"),
        *("vllm_gpu_memory_utilization", "vllm_tensor_parallel_size", "vllm_max_model_length"),
    ),
    "it is `rollouts` of the recipe, such as `rollouts: {engine: vllm, mode: server, port: 8000}`",
)
"""Keys of `trl.GRPOConfig` that `rollouts` stands for."""
WHOLE_PICTURES: Mapping[str, Any] = {"ignore_eos": True, "detokenize": False}
"""Every completion is a picture, and no text: there is no end before the last token, and nothing to spell."""
IMPORTANCE = "vllm_importance_sampling_mode"


def make_keys(rollouts: Rollouts, values: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of `trl.GRPOConfig` that stand for rollouts, beside those that a recipe has itself."""
    if rollouts.mode == "server":
        place = {"vllm_server_host": rollouts.host, "vllm_server_port": rollouts.port}
    else:
        place = {
            "vllm_gpu_memory_utilization": rollouts.memory,
            "vllm_tensor_parallel_size": rollouts.tensor_parallel_size,
            "vllm_max_model_length": rollouts.max_model_length,
        }
    return {
        "use_vllm": True,
        "vllm_mode": rollouts.mode,
        **place,
        IMPORTANCE: values.get(IMPORTANCE, "token_truncate"),
        "generation_kwargs": {**(values.get("generation_kwargs") or {}), **WHOLE_PICTURES},
    }


def check_keys(values: Mapping[str, Any]) -> list[Problem]:
    """Finds keys of a recipe's `trainer` that do not go with its rollouts."""
    problems = []
    sampling = values.get("generation_kwargs") or {}
    if given := [key for key in (*WHOLE_PICTURES, "allowed_token_ids") if key in sampling]:
        what = f"`rollouts` fills in `{given[0]}` itself"
        problems.append(Problem(what, key="trainer.generation_kwargs", hint="leave it out"))
    if str(values.get(IMPORTANCE)).startswith("sequence"):
        what = "the ratio of a whole picture is a product over its tokens, far from 1 where each is near it"
        problems.append(Problem(what, key=f"trainer.{IMPORTANCE}", hint="choose token_truncate or token_mask"))
    return problems


def list_ids(offset: int, codebook: int) -> dict[str, list[int]]:
    """What `generation_kwargs` says of visual ids, as vLLM takes it."""
    return {"allowed_token_ids": list(range(offset, offset + codebook))}


def prepare(recipe: Grpo, report: Callable[[str], None]) -> None:
    """Tells how the server of a recipe is started, and sees that there is what speaks to it.

    Raises:
        GasError: vLLM is not installed, or in a version that TRL does not take.
    """
    if recipe.rollouts is None:
        return
    if recipe.rollouts.mode == "server":
        report(f"first start the server, on GPUs that the training does not use:\n{write_command(recipe)}")
    require_vllm()


def write_command(recipe: Grpo) -> str:
    """The command line of the server that TRL's client speaks to.

    `VLLM_SERVER_DEV_MODE` and the weight transfer are how weights get there after each step; of log-probabilities the
    client wants those of what was sampled from.
    """
    rollouts = recipe.rollouts
    assert rollouts and recipe.model
    options: dict[str, Any] = {
        "--revision": recipe.revision,
        "--host": rollouts.host,
        "--port": rollouts.port,
        "--tensor-parallel-size": rollouts.tensor_parallel_size,
        "--gpu-memory-utilization": rollouts.memory,
        "--max-model-len": rollouts.max_model_length,
        "--weight-transfer-config": json.dumps({"backend": "nccl"}),
        "--logprobs-mode": "processed_logprobs",
        "--max-logprobs": -1,
    }
    words = [str(word) for pair in options.items() if pair[1] is not None for word in pair]
    return f"VLLM_SERVER_DEV_MODE=1 {shlex.join(['vllm', 'serve', recipe.model, *words])}"


def require_vllm() -> None:
    """Sees that vLLM is there.

    Raises:
        GasError: It is not, or TRL does not take its version; it says what to install.
    """
    named = [one for text in requires("trl") or () if (one := Requirement(text)).name == "vllm"]
    try:
        there = version("vllm")
    except PackageNotFoundError:
        there = ""
    if there and all(Version(there).base_version in one.specifier for one in named):
        return
    taken = ", ".join(f"vllm{one.specifier}" for one in named)
    what = f"`rollouts` needs vLLM{f', and TRL does not take vllm {there}' if there else ''}"
    raise GasError(f"{what}: pip install 'trl[vllm]', which is {taken} for TRL {version('trl')}", exit_status=1)


@contextmanager
def explain_server(recipe: Grpo) -> Iterator[None]:
    """Says in a line what TRL's client says of a server that is not there, or is not as it needs it.

    Raises:
        GasError: The server cannot be used.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        if recipe.rollouts is None or "vLLM" not in str(error):
            raise
        told = describe_error(error)
        raise GasError(f"`rollouts` cannot be had: {told}", exit_status=1) from error
