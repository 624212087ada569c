"""A judge behind an OpenAI-compatible server: vLLM, SGLang, or one of those that are hosted.

Importing this module loads nothing that speaks HTTP.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from ...errors import GasError, advise, escape
from .chat_replies import ChatReply, find_answers, weigh_answers
from .protocol import Shown
from .vision_language import INSTRUCTION, REQUEST

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from PIL.Image import Image

T = TypeVar("T")

PATIENCE = 64
"""So many failures in a row say that a server which has worked has stopped."""
INTRODUCTION_RETRIES = 2
CONNECT_SECONDS = 10.0
MOST_SAID = 300
"""Letters of what a server says of an error that are shown."""

VERSIONS = {"vllm": "/version", "sglang": "/server_info"}
"""Where servers, by what `/v1/models` says that they are, tell their version.

These read a model's own settings of generation, some of which penalise the words of the question; others take none of
the fields that undo it.
"""


class _Served(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str
    owned_by: str | None = None


class _Models(BaseModel):
    data: list[_Served]


@dataclass
class _Picture:
    """What is shown in several questions, encoded for the first of them."""

    shown: Shown
    limits: tuple[int | None, int | None]
    encoding: asyncio.Task[list[str]] | None = None

    async def encode(self) -> list[str]:
        """The URLs of its images."""
        if self.encoding is None:
            self.encoding = asyncio.create_task(asyncio.to_thread(self._encode))
        return await self.encoding

    def _encode(self) -> list[str]:
        images: Any = self.shown if isinstance(self.shown, Sequence) else [self.shown]
        return [encode_image(fit_pixels(image.convert("RGB"), *self.limits)) for image in images]


@dataclass(frozen=True)
class _Request:
    """A question about a picture, and how long the reply can be, in tokens."""

    picture: Shown
    question: str
    most: int


@dataclass
class EndpointJudge:
    """A vision-language model that a server answers for, asked about many images at once.

    A message has the images first and the question behind them, and questions of one image are sent side by side, so
    that a server which keeps what it has read reads each image once. Frames of a video are so many images.

    What fails for a passing reason (429, 5xx, no connection, no reply in time) is asked again, after a time that
    doubles, or that the server asks for; the rest is not. A question that fails for good is one without an answer:
    the reply "", no probability. Where the first questions all fail, or many in a row, the judge stops.

    Attributes:
        url: Where the server is, such as `http://localhost:8000/v1`; `/v1` may be left out where there is no path.
        model: What the server calls the model; when left out the only one that it serves, and then its name.
        api_key: The environment variable that holds the key, such as `OPENAI_API_KEY` or `HF_TOKEN`. None for a server
            that wants none; no variable is read unless it is named.
        concurrency: How many questions the server has in hand at once.
        timeout: Seconds that it may take for one.
        retries: How often one is asked again.
        max_new_tokens: How long a reply can be, in tokens.
        system: What the system says at the beginning of each chat; "" for nothing.
        instruction: What `answer` adds to each question, as `REQUEST` says; "" for nothing.
        chat_template: Arguments of the model's chat template, such as `{"enable_thinking": False}`, for servers that
            take them (`chat_template_kwargs`).
        min_pixels, max_pixels: To how many pixels images are scaled at least and at most, before they are sent.
        top_logprobs: Of how many tokens at each place the server is asked for the probability; 20 are the most that
            most servers give. 0 for servers that give none: a probability is then 1 or 0, by what the reply says.

    Raises:
        GasError: The server cannot be reached, or does not serve the model.
    """

    url: str
    model: str | None = None
    api_key: str | None = None
    concurrency: int = 16
    timeout: float = 120.0
    retries: int = 5
    max_new_tokens: int = 32
    system: str = ""
    instruction: str = INSTRUCTION
    chat_template: Mapping[str, Any] = field(default_factory=dict)
    min_pixels: int | None = None
    max_pixels: int | None = None
    top_logprobs: int = 20
    _key: str | None = field(init=False, repr=False, default=None)
    _served: list[_Served] = field(init=False, repr=False, default_factory=list)
    _version: str | None = field(init=False, repr=False, default=None)
    _tally: Counter[str] = field(init=False, repr=False, default_factory=Counter)
    _failed_in_a_row: int = field(init=False, repr=False, default=0)
    _first_failure: str | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        for name, least in {"concurrency": 1, "max_new_tokens": 1, "retries": 0, "top_logprobs": 0}.items():
            if getattr(self, name) < least:
                raise GasError(f"{name} of a judge must be at least {least}, not {getattr(self, name)}")
        self.url = read_url(self.url)
        self._key = read_key(self.api_key)
        try:
            import openai  # noqa: F401
        except ImportError as error:
            mend = "pip install 'generate-any-scene[eval]'"
            raise GasError(f"a judge behind a server needs the package openai: {mend}", exit_status=1) from error
        _run(self._introduce)

    @property
    def id(self) -> str:
        """The model, the server with its version, how probabilities are read, and what differs from the defaults."""
        name = self._software
        server = f"{name}-{self._version or 'unknown'}" if name in VERSIONS else urlsplit(self.url).netloc
        options: dict[str, Any] = {
            "probability": f"top{self.top_logprobs}" if self.top_logprobs else "words",
            "system": self.system,
            "instruction": self.instruction if self.instruction != INSTRUCTION else None,
            "chat_template": dict(self.chat_template),
            "min_pixels": self.min_pixels,
            "max_pixels": self.max_pixels,
        }
        said = ",".join(f"{key}={value}" for key, value in options.items() if value or value == "" != self.system)
        return f"{self.model}@{server}[{said}]"

    @property
    def is_lower_bound(self) -> bool:
        """Whether probabilities leave out what is not among the likeliest tokens, which servers keep to themselves."""
        return self.top_logprobs > 0

    @property
    def record(self) -> dict[str, Any]:
        """What to keep of it beside results, as JSON can have it: who answered, how often, and at what cost."""
        served = next((one.model_dump(mode="json") for one in self._served if one.id == self.model), None)
        return {
            "url": self.url,
            "model": self.model,
            "served": served,
            "server": self._software,
            "version": self._version,
            "first_failure": self._first_failure,
            **{name: self._tally[name] for name in ("answered", "failed", "tokens_read", "tokens_written")},
        }

    def answer(self, images: Sequence[Shown], questions: Sequence[str]) -> list[str]:
        """Replies to each question about the image at the same place, by the likeliest token at each step.

        Args:
            images: Images, of any sizes, or frames of videos.
            questions: As many questions. `instruction` is added to each.

        Returns: As many replies, without white space around them; "" where the server has given none.

        Raises:
            ValueError: There are not as many questions as images.
            GasError: The server gives no replies at all.
        """
        asked = [
            _Request(
                image,
                REQUEST.format(question=question, instruction=self.instruction) if self.instruction else question,
                self.max_new_tokens,
            )
            for image, question in zip(images, questions, strict=True)
        ]
        return [reply.text if reply else "" for reply in _run(lambda: self._ask_all(asked, False))]

    def probability(
        self, images: Sequence[Shown], questions: Sequence[str], answers: Sequence[str]
    ) -> list[float | None]:
        """The probability that the reply to a question begins with an answer, as far as the server tells it.

        All answers to one question about one image (the same object in Python) are read off one reply, for which the
        server tells the `top_logprobs` likeliest tokens at each place. The spellings of an answer are added, as
        `VisionLanguageJudge.probability` does.

        - Of an answer that is one token, such as yes, no or most numbers, that is the probability itself if all its
          spellings are among those tokens, and else a lower bound, 0 if none is.
        - An answer of several tokens is followed along the reply that the server made. Where the reply takes another
          way, the answer gets the probability of the tokens that begin it and none of the other answers there (of
          `giraffe` beside `zebra` that of `gir`), which can be a little too much; what begins several is left out.

        With `top_logprobs` 0 it is 1 for the answers that the reply in words begins with, and 0 for others.

        Args:
            images: Images, of any sizes, or frames of videos.
            questions: As many questions. They are asked as they are, without `instruction`.
            answers: As many answers.

        Returns: As many probabilities, from 0 to 1; None where the server has given no reply.

        Raises:
            ValueError: There are not as many questions or answers as images, or an answer is empty.
            GasError: The server gives no replies at all, or no log-probabilities.
        """
        if not all(answer.strip() for answer in answers):
            raise ValueError("an answer must have words")
        images = list(images)  # some sequences make a new object each time that one is taken out
        keys = [(id(image), question) for image, question in zip(images, questions, strict=True)]
        of_each: dict[tuple[int, str], dict[str, None]] = {}
        for key, answer in zip(keys, answers, strict=True):
            of_each.setdefault(key, {})[answer] = None
        seen = dict(zip(keys, images, strict=True))
        # Each token has at least a letter.
        most = {
            key: max(map(len, some)) if self.top_logprobs else self.max_new_tokens for key, some in of_each.items()
        }
        asked = [_Request(seen[key], key[1], most[key]) for key in of_each]
        replies = _run(lambda: self._ask_all(asked, self.top_logprobs > 0))
        found = {key: self._weigh(reply, of_each[key]) for key, reply in zip(of_each, replies, strict=True)}
        return [found[key].get(answer) for key, answer in zip(keys, answers, strict=True)]

    def _weigh(self, reply: ChatReply | None, answers: Mapping[str, None]) -> dict[str, float]:
        if reply is None:
            return {}
        return weigh_answers(reply.steps, answers) if self.top_logprobs else find_answers(reply.text, answers)

    @property
    def _software(self) -> str | None:
        return next((one.owned_by for one in self._served), None)

    def _open_client(self, retries: int) -> AsyncOpenAI:
        from openai import AsyncOpenAI, Timeout

        client = AsyncOpenAI(
            base_url=self.url,
            api_key=self._key or "none",  # left out, it would be looked for in the environment
            timeout=Timeout(self.timeout, connect=min(self.timeout, CONNECT_SECONDS)),
            max_retries=retries,
        )
        client.organization = client.project = None  # which it takes from the environment, too
        return client

    async def _introduce(self) -> None:
        """Finds out what the server serves, and what it is."""
        from openai import APIStatusError, OpenAIError

        async with self._open_client(min(self.retries, INTRODUCTION_RETRIES)) as client:
            try:
                self._served = _Models.model_validate(await client.get("/models", cast_to=object)).data
            except (OpenAIError, ValueError) as error:
                lists_none = isinstance(error, APIStatusError) and error.status_code in (404, 405, 501)
                if self.model is None or not lists_none:
                    raise self._explain(error) from None
            self.model = self.model or self._choose_model()
            self._version = await self._ask_version(client)

    def _choose_model(self) -> str:
        names = [one.id for one in self._served]
        if len(names) == 1:
            return names[0]
        which = f"it serves {', '.join(names[:10])}{', ...' if names[10:] else ''}" if names else "it serves none"
        raise GasError(escape(f"the judge at {self.url} needs `model`, since {which}"))

    async def _ask_version(self, client: AsyncOpenAI) -> str | None:
        from openai import OpenAIError

        if self._software not in VERSIONS:
            return None
        try:
            place = self.url.removesuffix("/v1") + VERSIONS[self._software]
            said: Any = await client.get(place, cast_to=object)
            return str(said["version"])
        except (OpenAIError, ValueError, LookupError, TypeError):  # then it is unknown
            return None

    async def _ask_all(self, asked: Sequence[_Request], with_logprobs: bool) -> list[ChatReply | None]:
        """The replies in the order of what is asked, which is sent image by image."""
        replies: list[ChatReply | None] = [None] * len(asked)
        batch = min(self.concurrency, len(asked))
        left = self._sort(asked)

        async def work(client: AsyncOpenAI) -> None:
            for place, picture in left:
                body = self._write_body(await picture.encode(), asked[place], with_logprobs)
                replies[place] = await self._ask(client, body, batch)

        async with self._open_client(self.retries) as client:
            try:
                async with asyncio.TaskGroup() as workers:
                    for _ in range(batch):
                        workers.create_task(work(client))
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None
        return replies

    def _sort(self, asked: Sequence[_Request]) -> Iterator[tuple[int, _Picture]]:
        places: dict[int, list[int]] = {}
        for place, request in enumerate(asked):
            places.setdefault(id(request.picture), []).append(place)
        for some in places.values():
            picture = _Picture(asked[some[0]].picture, (self.min_pixels, self.max_pixels))
            for place in some:
                yield place, picture

    def _write_body(self, images: Sequence[str], request: _Request, with_logprobs: bool) -> dict[str, Any]:
        shown = [{"type": "image_url", "image_url": {"url": url}} for url in images]
        chat: list[dict[str, Any]] = [{"role": "system", "content": self.system}] if self.system else []
        chat.append({"role": "user", "content": [*shown, {"type": "text", "text": request.question}]})
        body = {"model": self.model, "messages": chat, "max_tokens": request.most, "temperature": 0}
        if with_logprobs:
            body |= {"logprobs": True, "top_logprobs": self.top_logprobs}
        if self.chat_template:
            body["chat_template_kwargs"] = dict(self.chat_template)
        if self._software in VERSIONS:
            body["repetition_penalty"] = 1.0
        return body

    async def _ask(self, client: AsyncOpenAI, body: Mapping[str, Any], batch: int) -> ChatReply | None:
        """The reply to a chat; None where there is none.

        Raises:
            GasError: None of the first batch has got one, or none of many after each other.
        """
        from openai import OpenAIError

        try:
            reply = ChatReply.model_validate(await client.post("/chat/completions", body=body, cast_to=object))
            if "logprobs" in body and not reply.steps:
                raise ValueError("its reply has no log-probabilities")
        except (OpenAIError, ValueError) as error:
            explained = self._explain(error)
            self._first_failure = self._first_failure or str(explained)
            self._tally["failed"] += 1
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= (PATIENCE if self._tally["answered"] else batch):
                raise explained from None
            return None
        self._failed_in_a_row = 0
        usage = reply.usage
        self._tally.update(answered=1, tokens_read=usage.prompt_tokens, tokens_written=usage.completion_tokens)
        return reply

    def _explain(self, error: Exception) -> GasError:
        """One line about what has failed, without the key."""
        what, hint = self._describe(error)
        line = " ".join(f"the judge at {self.url}: {what}; {hint}".split())
        return GasError(escape(line.replace(self._key, "***") if self._key else line), exit_status=1)

    def _describe(self, error: Exception) -> tuple[str, str]:
        """What has failed, and what mends it."""
        import openai

        match error:
            case openai.APITimeoutError():
                return f"no reply within {self.timeout:g} seconds", "raise `timeout`, or lower `concurrency`"
            case openai.APIConnectionError():
                return f"no connection: {error.__cause__ or error}", "see that the server runs, and mend `url`"
            case openai.APIStatusError():
                return f"HTTP {error.status_code}: {_quote(error)}", self._mend(error.status_code)
            case ValidationError():
                first = error.errors()[0]
                place = ".".join(map(str, first["loc"])) or "it"
                what = f"what it sends is no reply of an OpenAI-compatible server ({place}: {first['msg']})"
            case _:
                what = f"it sends what cannot be read: {error}"
        return what, "mend `url`, or, where it gives no log-probabilities, set `top_logprobs: 0`"

    def _mend(self, status: int) -> str:
        match status:
            case 401 | 403 if self.api_key:
                return f"see that {self.api_key} holds its key"
            case 401 | 403:
                return "set `api_key` to the environment variable that holds its key, such as OPENAI_API_KEY"
            case 404 if self.model and self._served:
                return f"mend `model`: {advise(self.model, [one.id for one in self._served])}"
            case 404:
                return "mend `url` or `model`"
            case 429:
                return "lower `concurrency`"
            case _:
                return "see what the server logs" if status >= 500 else "mend what it names"


def read_url(url: str) -> str:
    """The address of a server's API; where only a host is given, its `/v1`.

    Raises:
        GasError: It is none, or holds what would be shown in reports.
    """
    try:
        parts = urlsplit(url.strip())
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    if not is_good:
        raise GasError(escape(f"{url} is no address of a server; write it as http://localhost:8000/v1"))
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise GasError("the address of a judge may hold no password and nothing behind `?`; name its key by `api_key`")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}"


def read_key(variable: str | None) -> str | None:
    """What an environment variable holds.

    Raises:
        GasError: It holds nothing that a header can carry.
    """
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise GasError(f"the environment variable {variable}, which `api_key` of the judge names, is not set")
    if not (key.isascii() and key.isprintable()):
        raise GasError(f"what {variable} holds is no key: it has letters that a header cannot carry")
    return key


def fit_pixels(image: Image, least: int | None, most: int | None) -> Image:
    """Scales an image that has less or more pixels than it may have, and keeps its shape as far as whole pixels do."""
    pixels = image.width * image.height
    if most is not None and pixels > most:
        factor, to_whole = sqrt(most / pixels), int
    elif least is not None and pixels < least:
        factor, to_whole = sqrt(least / pixels), ceil
    else:
        return image
    return image.resize((max(1, to_whole(image.width * factor)), max(1, to_whole(image.height * factor))))


def encode_image(image: Image) -> str:
    """An image as the URL of a PNG, which keeps every pixel."""
    file = BytesIO()
    image.save(file, "PNG", compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _quote(error: Any) -> str:
    """What a server says of an error."""
    said = error.body.get("message") if isinstance(error.body, Mapping) else None
    text = str(said or error.response.text or error.response.reason_phrase)
    return text if len(text) <= MOST_SAID else text[: MOST_SAID - 3] + "..."


def _run(work: Callable[[], Awaitable[T]]) -> T:
    """Waits for what runs in an event loop of its own, in a thread, so that one may run in this thread, too."""
    from anyio.from_thread import start_blocking_portal

    with start_blocking_portal() as portal:
        return portal.call(work)
