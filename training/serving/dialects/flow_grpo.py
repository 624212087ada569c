"""Pickled data as Flow-GRPO's and VeRL-Omni's clients have it; see `plain_pickle.py`.

After yifan123/flow_grpo: flow_grpo/rewards.py (geneval_score, unifiedreward_score_remote); yifan123/reward-server:
app_geneval.py, reward_server/gen_eval.py; verl-project/verl-omni: verl_omni/utils/reward_score/http_scorer_client.py.
An answer has the keys that any of them reads. Flow-GRPO asks again at 500, and at 503 after the time that it is told;
VeRL-Omni at any 5xx. An answer without scores stops both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from starlette.responses import Response

from ....builders.recipe.questions import QUESTION_KINDS
from ..plain_pickle import read_plain, write_plain
from ..requests import Ask, RequestError
from ..scoring import WHOLE, Outcome, Score

PATH = "/"
NOT_OF_IT = -10.0
"""Stands in a group of Flow-GRPO's for a picture that is none of the group."""


def read(body: bytes) -> list[Ask]:
    """A picture of each prompt; prompts stand in `prompts`, or in the metadata that GenEval's server gets.

    Raises:
        RequestError: It is no such request, or no plain data.
    """
    sent = read_plain(body)
    if type(sent) is not dict or type(sent.get("images")) is not list:
        raise RequestError("the pickle is no mapping with a list `images`", 422)
    images = sent["images"]
    if wrong := next((one for one in images if not isinstance(one, bytes | bytearray)), None):
        raise RequestError(f"`images` holds a {type(wrong).__name__}; send the bytes of JPEG or PNG files", 422)
    known = sent.get("meta_datas")
    known = known if type(known) is list and all(type(one) is dict for one in known) else [{}] * len(images)
    prompts = _list_texts(sent["prompts"]) if "prompts" in sent else [one.get("prompt") for one in known]
    if len(prompts) != len(images) or len(known) != len(images):
        raise RequestError(f"there are {len(images):,} pictures, but {len(prompts):,} prompts", 422)
    if not all(isinstance(one, str) for one in prompts):
        raise RequestError("a picture has no prompt; send `prompts`, or `meta_datas` with a `prompt` each", 422)
    return [
        Ask(prompt, (bytes(image),), scene if isinstance(scene := one.get("id"), str) else None)
        for prompt, image, one in zip(prompts, images, known, strict=True)
    ]


def _list_texts(value: Any) -> list[Any]:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return list(value) if type(value) in (list, tuple) else []


def write(asks: Sequence[Ask], outcomes: Sequence[Outcome]) -> Response:
    """Scores of all; or what is wrong with the first that has none."""
    scores = [one for one in outcomes if isinstance(one, Score)]
    if len(scores) < len(outcomes):
        place, error = next((place, one) for place, one in enumerate(outcomes) if not isinstance(one, Score))
        return refuse(RequestError(f"picture {place}: {error}", getattr(error, "status", 500)))
    values = [one.value for one in scores]
    perfect = [float(one.is_perfect) for one in scores]
    groups = {kind: [one.kinds.get(kind, NOT_OF_IT) for one in scores] for kind in QUESTION_KINDS}
    strict = {kind: [value if value in (1, NOT_OF_IT) else 0.0 for value in own] for kind, own in groups.items()}
    found = {"scores": values, "outputs": values, "rewards": perfect, "strict_rewards": perfect}
    return _answer({**found, "group_rewards": groups, "group_strict_rewards": strict})


def refuse(error: RequestError) -> Response:
    """In `error`, which VeRL-Omni shows."""
    return _answer({"error": str(error)}, error.status)


def _answer(value: Any, status: int = 200) -> Response:
    return Response(write_plain(value), status, media_type="application/octet-stream")


def describe(url: str) -> str:
    """The keys of both."""
    ours = f'config.reward_fn = {{"geneval": 1.0}}, with url = "{url}" in geneval_score of flow_grpo/rewards.py'
    key = f"+reward.reward_functions.{WHOLE}"
    path = "pkg://verl_omni.utils.reward_score.http_scorer_client"
    return (
        f"Flow-GRPO: {ours}\n"
        f"VeRL-Omni: {key}.path={path} {key}.name=compute_score {key}.weight=1.0 {key}.required=true "
        f"{key}.server_url={url}"
    )
