"""JSON as UniRL's reward service has it.

After Tencent-Hunyuan/UniRL: unirl-reward-service/reward_service/schemas.py and server.py, unirl/reward/remote.py. A
picture without a score stands in `errors`, which UniRL raises; it takes the first number of a reward as its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.responses import JSONResponse

from ....builders.recipe.questions import QUESTION_KINDS
from ....errors import advise
from ..requests import Ask, RequestError, decode_base64
from ..scoring import WHOLE, Outcome, Score

PATH = "/score"
REWARDS = (WHOLE, *(f"{WHOLE}_{kind}" for kind in QUESTION_KINDS))
"""The whole reward, and its part by each kind of questions."""


class _Turn(BaseModel):
    text: str
    image_b64: str | None = None
    video_b64: str | None = None
    video_path: str | None = None


class _Request(BaseModel):
    history: list[_Turn]
    required_rewards: list[str]
    metadata: dict[str, Any] | None = None


class _Body(BaseModel):
    requests: list[_Request]


def read(body: bytes) -> list[Ask]:
    """The picture of the last turn of each request, with its text; a turn before it has the one that is edited.

    Raises:
        RequestError: It is no such request, or asks for a video or a reward that there is not.
    """
    try:
        asked = _Body.model_validate_json(body).requests
    except ValidationError as error:
        raise refuse_body(error) from error
    return [_read_request(one, place) for place, one in enumerate(asked)]


def refuse_body(error: ValidationError) -> RequestError:
    """What is wrong with a body of JSON, first of all."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return RequestError(f"the body is no such request: {place + ': ' if place else ''}{first['msg']}", 422)


def _read_request(one: _Request, place: int) -> Ask:
    name = f"requests.{place}"
    if wrong := next((reward for reward in one.required_rewards if reward not in REWARDS), None):
        raise RequestError(f"{name}: there is no reward `{wrong[:60]}`; {advise(wrong[:60], REWARDS)}", 400)
    if not one.required_rewards:
        raise RequestError(f"{name}: it asks for no reward; write `required_rewards: [{WHOLE}]`", 400)
    if not one.history:
        raise RequestError(f"{name}: history must not be empty", 400)
    turn = one.history[-1]
    if turn.image_b64 is None:
        raise RequestError(f"{name}: it has no image_b64, and videos are not scored here; send pictures", 400)
    scene = (one.metadata or {}).get("id")
    picture = decode_base64(turn.image_b64, f"{name}.image_b64")
    return Ask(turn.text, (picture,), scene if isinstance(scene, str) else None, tuple(one.required_rewards))


def write(asks: Sequence[Ask], outcomes: Sequence[Outcome]) -> JSONResponse:
    """Scores by reward; what has none stands in `errors`."""
    results, errors = [], []
    for ask, outcome in zip(asks, outcomes, strict=True):
        found: dict[str, dict[str, float]] = {}
        wrong: dict[str, str] = {}
        for name in ask.rewards:
            if not isinstance(outcome, Score):
                wrong[name] = str(outcome)
            elif name in outcome.rewards:
                found[name] = {"score": outcome.rewards[name], **(outcome.kinds if name == WHOLE else {})}
            else:
                wrong[name] = f"the prompt has no questions of the kind {name.removeprefix(f'{WHOLE}_')}"
        results.append(found)
        errors.append(wrong)
    return JSONResponse({"results": results, "errors": errors})


def refuse(error: RequestError) -> JSONResponse:
    """As its server does."""
    return JSONResponse({"detail": str(error)}, error.status)


def describe(url: str) -> str:
    """Its `reward.backend.config`."""
    return f"UniRL: unirl.reward.remote.RemoteRewardSpec with base_url: {url}, required_rewards: [{WHOLE}]"
