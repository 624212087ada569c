"""Pictures by a server with OpenAI's images API: vLLM-Omni, SGLang, or one of those that are hosted.

Importing this module loads nothing that speaks HTTP.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar

from PIL import Image
from pydantic import BaseModel, Field

from ....errors import GasError, Problem
from ....regular_files import LARGEST
from ...judges.chat_client import ApiClient, Body
from ...judges.waiting import run_async
from ...recipes.pictures import EndpointPictures
from ..opening import open_bytes
from .protocol import Made, NotMade, PictureFile, PictureRequest

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from ...recipes.evaluation import Evaluation

REFUSALS = ("content_policy", "content_filter", "moderation", "safety", "responsible_ai", "sensitive")
"""What the codes of errors hold by which servers refuse a prompt, or what they have made of it."""
REFUSING = (400, 403, 422, 451)
SUFFIXES: Mapping[str, str] = {"PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp", "GIF": ".gif"}
OURS = ("model", "prompt", "n", "seed", "stream")
"""Fields of requests that options may not hold."""


class _Picture(BaseModel):
    b64_json: str | None = None
    url: str | None = None
    revised_prompt: str | None = None


class _Usage(BaseModel):
    input_tokens: int | None = None
    output_tokens: int | None = None


class _Reply(BaseModel):
    data: list[_Picture] = Field(min_length=1)
    usage: _Usage | None = None


@dataclass
class ImagesClient(ApiClient):
    """Asks a server for pictures, so many at once. A refusal of one is no failure of the server.

    Attributes:
        refused: How often it has refused, by the code that it gives.
        revised: Prompts that it has changed, as it says.
    """

    USER: ClassVar[str] = "the maker of pictures"
    HINT: ClassVar[str] = "mend `url`, or ask for another `response_format` in `options`"

    refused: Counter[str] = field(init=False, default_factory=Counter)
    revised: int = field(init=False, default=0)

    def ask(self, bodies: Sequence[Body]) -> list[Made]:
        """Asks for pictures.

        Raises:
            GasError: All of the first have failed, or many in a row.
        """
        return run_async(lambda: self._send_all(self._ask, bodies, len(bodies)))

    async def _ask(self, client: AsyncOpenAI, body: Body) -> Made:
        from openai import APIStatusError, OpenAIError

        try:
            said = await client.post("/images/generations", body={"model": self.model, **body}, cast_to=object)
            reply = _Reply.model_validate(said)
            made = _read_picture(await self._load(reply.data[0]))
        except (OpenAIError, ValueError, RecursionError) as error:
            if isinstance(error, APIStatusError) and (code := _find_refusal(error)):
                self.refused[code] += 1
                self._failed_in_a_row = 0
                return NotMade(f"refused: {code}")
            return NotMade(self._count_failure(error, self.concurrency))
        usage = reply.usage or _Usage()
        self.revised += bool(reply.data[0].revised_prompt not in (None, "", body["prompt"]))
        self._count_answer(tokens_read=usage.input_tokens, tokens_written=usage.output_tokens)
        return made

    async def _load(self, picture: _Picture) -> bytes:
        """The bytes of a picture, which the server sends, or says where they are.

        Raises:
            ValueError: There are none.
        """
        data = picture.b64_json
        if data is None and (picture.url or "").startswith("data:"):
            data = (picture.url or "").partition(",")[2]
        if data is not None:
            try:
                return base64.b64decode(data, validate=True)
            except binascii.Error as error:
                raise ValueError(f"its b64_json is no base64: {error}") from error
        if not picture.url:
            raise ValueError("its reply has neither b64_json nor url")
        return await self._download(picture.url)

    async def _download(self, url: str) -> bytes:
        """Reads a picture from where the server says that it is; the key stays here, since it may be another's place.

        Raises:
            ValueError: It is not there.
        """
        import httpx2

        try:
            async with (
                httpx2.AsyncClient(timeout=self.timeout, follow_redirects=True) as client,
                client.stream("GET", url) as reply,
            ):
                reply.raise_for_status()
                content = bytearray()
                async for part in reply.aiter_bytes():
                    content += part
                    if len(content) > LARGEST:
                        raise ValueError(f"the picture at its url is larger than {LARGEST:,} bytes")
                return bytes(content)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ValueError(f"the picture at its url cannot be loaded: {error or type(error).__name__}") from error


def _find_refusal(error: Any) -> str:
    """By which code a server refuses a prompt; nothing if it fails of something else."""
    if error.status_code not in REFUSING or not isinstance(error.body, Mapping):
        return ""
    said = [str(error.body.get(key) or "") for key in ("code", "type", "message")]
    code = next((one for one in said[:2] if any(word in one for word in REFUSALS)), "")
    is_said = any(word.replace("_", " ") in said[2].lower() for word in REFUSALS)
    return code or ("content policy" if is_said else "")


def _read_picture(content: bytes) -> PictureFile:
    """A picture as it was sent.

    Raises:
        ValueError: It cannot be read.
    """
    try:
        open_bytes(content)
    except GasError as error:
        raise ValueError(f"the picture that it sends cannot be used: {error}") from error
    return PictureFile(SUFFIXES[str(Image.open(BytesIO(content)).format)], content)


@dataclass
class ImagesEndpoint:
    """A model behind a server.

    Attributes:
        settings: What recipes say of it.
        client: What asks it.
    """

    settings: EndpointPictures
    client: ImagesClient

    @property
    def id(self) -> str:
        return str(self.client.model)

    @property
    def record(self) -> Mapping[str, Any]:
        """What changes pictures; where the server is does not."""
        served = next((one.model_dump(mode="json") for one in self.client.served if one.id == self.id), {})
        return {
            "server": self.client.software,
            "version": self.client.version,
            "root": served.get("root"),
            "options": dict(self.settings.options),
            "send_seed": self.settings.send_seed,
        }

    @property
    def notes(self) -> Mapping[str, Any]:
        """What it took, and what the server did not make or changed."""
        client = self.client
        counts = {name: client.tally[name] for name in ("answered", "failed", "tokens_read", "tokens_written")}
        more = {"refused": dict(client.refused), "revised_prompts": client.revised}
        return {"url": client.url, **counts, **more, "first_failure": client.first_failure}

    def make(self, requests: Sequence[PictureRequest]) -> Sequence[Made]:
        """Asks for each picture by itself, with its own seed.

        Raises:
            GasError: All of the first have failed, or many in a row.
        """
        return self.client.ask([self._write(request) for request in requests])

    def _write(self, request: PictureRequest) -> Body:
        seed = {"seed": request.seed} if self.settings.send_seed else {}
        return {"prompt": request.prompt, "n": 1, **seed, **self.settings.options}


def check_settings(settings: EndpointPictures) -> list[Problem]:
    """Says which options stand elsewhere; the server is not asked."""
    return [
        Problem(f"`{key}` stands elsewhere", key=f"pictures.options.{key}", hint="leave it out")
        for key in settings.options
        if key in OURS
    ]


def open_backend(settings: EndpointPictures, recipe: Evaluation) -> ImagesEndpoint:
    """Opens a server, which is asked what it serves.

    Raises:
        GasError: It cannot be reached, or does not serve the model.
    """
    keys = settings.model_dump(include={"url", "model", "api_key", "concurrency", "timeout", "retries"})
    return ImagesEndpoint(settings, ImagesClient(**keys))
