"""JSON as Flow-Factory's remote rewards have it.

After X-GenGroup/Flow-Factory: src/flow_factory/rewards/my_reward_remote.py, reward_server/example_server.py. A status
of 400 and above makes its client ask again, and then say that there is no connection; what asking again does not mend
is told in `error`, which it raises as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ValidationError
from starlette.responses import JSONResponse

from ..requests import Ask, RequestError, decode_base64
from ..scoring import WHOLE, Outcome, Score
from .unirl import refuse_body

PATH = "/compute"


class _Body(BaseModel):
    prompt: list[str]
    image: list[str] | None = None
    video: list[list[str]] | None = None


def read(body: bytes) -> list[Ask]:
    """A picture, or the frames of a video, of each prompt; pictures that were given to the model are passed over.

    Raises:
        RequestError: It is no such request.
    """
    try:
        asked = _Body.model_validate_json(body)
    except ValidationError as error:
        raise refuse_body(error) from error
    if (asked.image is None) == (asked.video is None):
        raise RequestError("the body has `image` or `video`, one for each prompt, and not both", 422)
    shown = asked.video if asked.video is not None else [[one] for one in asked.image or ()]
    if len(shown) != len(asked.prompt):
        raise RequestError(f"there are {len(asked.prompt):,} prompts, but {len(shown):,} pictures or videos", 422)
    return [
        Ask(prompt, tuple(decode_base64(one, f"picture {place}") for one in frames))
        for place, (prompt, frames) in enumerate(zip(asked.prompt, shown, strict=True))
    ]


def write(asks: Sequence[Ask], outcomes: Sequence[Outcome]) -> JSONResponse:
    """Scores of all; or what is wrong with the first that has none."""
    scores = [one for one in outcomes if isinstance(one, Score)]
    if len(scores) == len(outcomes):
        return JSONResponse({"rewards": [one.value for one in scores], "kinds": [dict(one.kinds) for one in scores]})
    place, error = next((place, one) for place, one in enumerate(outcomes) if not isinstance(one, Score))
    return refuse(RequestError(f"picture {place}: {error}", getattr(error, "status", 500)))


def refuse(error: RequestError) -> JSONResponse:
    """In words where the client has to change something; by status where it may ask again."""
    return JSONResponse({"error": str(error)}, 200 if error.status < 500 else error.status)


def describe(url: str) -> str:
    """An entry of its `rewards`."""
    model = "flow_factory.rewards.my_reward_remote.RemotePointwiseRewardModel"
    return (
        f"Flow-Factory: rewards: [{{name: {WHOLE}, reward_model: {model}, server_url: {url}, batch_size: 16, "
        "timeout: 120}]"
    )
