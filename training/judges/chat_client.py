"""Speaks with an OpenAI-compatible server: many requests at once, and one line about what goes wrong.

Importing this module loads nothing that speaks HTTP.
"""

from __future__ import annotations

import asyncio
import os
import warnings
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ConfigDict, ValidationError

from ...builders.recipe.fields import show
from ...errors import GasError, GasWarning, advise, escape
from .chat_replies import ChatReply
from .waiting import run_async

if TYPE_CHECKING:
    from openai import AsyncOpenAI

T = TypeVar("T")
U = TypeVar("U")

PATIENCE = 64
"""So many failures in a row say that a server which has worked has stopped."""
INTRODUCTION_RETRIES = 2
CONNECT_SECONDS = 10.0
MOST_SAID = 300
"""Letters of what a server says of an error that are shown."""

VERSIONS = {"vllm": "/version", "sglang": "/server_info"}
"""Where servers tell their version, by what `/v1/models` says that they are."""

Body: TypeAlias = dict[str, Any]
"""A request for a reply in a chat, without the model, as the server reads it."""


@dataclass(frozen=True)
class Chat(Generic[T]):
    """What to ask, and what to keep of the reply, which is much longer with log-probabilities.

    Attributes:
        write: Makes the request, when its turn comes.
        read: Takes the reply.
    """

    write: Callable[[], Awaitable[Body]]
    read: Callable[[ChatReply], T]


class Served(BaseModel):
    """A model that a server serves, with whatever it tells of it."""

    model_config = ConfigDict(extra="allow")

    id: str
    owned_by: str | None = None


class _Models(BaseModel):
    data: list[Served]


@dataclass
class ApiClient:
    """Sends a server requests, so many at once.

    What fails for a passing reason (429, 5xx, no connection, no reply in time) is sent again, after a time that
    doubles, or that the server asks for; the rest is not. Where the first all fail, or many in a row, it stops.

    Attributes:
        url, model, api_key, concurrency, timeout, retries: As of `EndpointJudge`.
        served: The models that the server lists.
        version: That of the server, if it is one of those that tell.
        tally: Requests `answered` and `failed`, and `tokens_read` and `tokens_written`.
        first_failure: What has gone wrong with the first that failed.

    Raises:
        GasError: The server cannot be reached, or does not serve the model.
    """

    USER: ClassVar[str] = "the server"
    """What errors call it."""
    HINT: ClassVar[str] = "mend `url`"
    """What mends a reply that is none."""

    url: str
    model: str | None
    api_key: str | None
    concurrency: int
    timeout: float
    retries: int
    served: list[Served] = field(init=False, default_factory=list)
    version: str | None = field(init=False, default=None)
    tally: Counter[str] = field(init=False, default_factory=Counter)
    first_failure: str | None = field(init=False, default=None)
    _failed_in_a_row: int = field(init=False, repr=False, default=0)
    _key: str | None = field(init=False, repr=False)
    _gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = field(
        init=False, repr=False, default_factory=WeakKeyDictionary
    )

    def __post_init__(self) -> None:
        for name, least in {"concurrency": 1, "retries": 0}.items():
            if getattr(self, name) < least:
                raise GasError(f"{name} of {self.USER} must be at least {least}, not {getattr(self, name)}")
        if self.timeout <= 0:
            raise GasError(f"timeout of {self.USER} must be more than 0, not {self.timeout:g}")
        self.url = read_url(self.url, self.USER)
        self._key = read_key(self.api_key, self.USER)
        try:
            import openai  # noqa: F401
        except ImportError as error:
            mend = "pip install 'generate-any-scene[eval]'"
            raise GasError(f"{self.USER} behind a server needs the package openai: {mend}", exit_status=1) from error
        run_async(self._introduce)

    @property
    def software(self) -> str | None:
        """Which of `VERSIONS` the server says that it is, if any."""
        return next((one.owned_by for one in self.served if one.owned_by in VERSIONS), None)

    async def _send_all(
        self, send: Callable[[AsyncOpenAI, T], Awaitable[U]], items: Iterable[T], number: int
    ) -> list[U]:
        """Sends a request for each item, in this order, and gives what `send` makes of each.

        So many are in hand at once, of all that are sent from one event loop.
        """
        found: dict[int, U] = {}
        left = enumerate(items)
        gate = self._gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self.concurrency))

        async def work(client: AsyncOpenAI) -> None:
            for place, item in left:
                async with gate:
                    found[place] = await send(client, item)

        async with self._open_client(self.retries) as client:
            try:
                async with asyncio.TaskGroup() as workers:
                    for _ in range(min(self.concurrency, number)):
                        workers.create_task(work(client))
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None
        return [found[place] for place in range(number)]

    def _count_failure(self, error: Exception, batch: int) -> str:
        """Counts what has failed, and says what it is.

        Raises:
            GasError: So much has failed that the server has stopped, or has not worked at all.
        """
        explained = self._explain(error)
        self.first_failure = self.first_failure or str(explained)
        self.tally["failed"] += 1
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= (PATIENCE if self.tally["answered"] else batch):
            raise explained from None
        return str(explained)

    def _count_answer(self, **tokens: int | None) -> None:
        self._failed_in_a_row = 0
        self.tally.update(answered=1, **{name: count or 0 for name, count in tokens.items()})

    def _open_client(self, retries: int) -> AsyncOpenAI:
        from openai import AsyncOpenAI, Timeout

        try:
            client = AsyncOpenAI(
                base_url=self.url,
                api_key=self._key or "none",  # left out, it would be looked for in the environment
                timeout=Timeout(self.timeout, connect=min(self.timeout, CONNECT_SECONDS)),
                max_retries=retries,
            )
        except Exception as error:  # what it finds wrong with an address has no type of its own
            raise _refuse_url(self.url) from error
        client.organization = client.project = None  # which it takes from the environment, too
        return client

    async def _introduce(self) -> None:
        """Finds out what the server serves, and what it is."""
        from openai import APIStatusError, OpenAIError

        async with self._open_client(min(self.retries, INTRODUCTION_RETRIES)) as client:
            try:
                self.served = _Models.model_validate(await client.get("/models", cast_to=object)).data
            except (OpenAIError, ValueError, RecursionError) as error:
                lists_none = isinstance(error, APIStatusError) and error.status_code in (404, 405, 501)
                if self.model is None or not lists_none:
                    raise self._explain(error) from None
            self.model = self._choose_model()
            self.version = await self._ask_version(client)

    def _choose_model(self) -> str:
        names = [one.id for one in self.served]
        if self.model is None and len(names) == 1:
            return names[0]
        # Some take more than they list: behind a colon, who is to compute (`owner/model:provider`).
        if self.model is not None and (not names or {self.model, self.model.rpartition(":")[0]} & {*names}):
            return self.model
        which = f"it serves {', '.join(names[:10])}{', ...' if names[10:] else ''}" if names else "it serves none"
        lacks = "needs `model`, since" if self.model is None else f"does not serve the model {show(self.model)};"
        raise GasError(escape(f"{self.USER} at {self.url} {lacks} {which}"))

    async def _ask_version(self, client: AsyncOpenAI) -> str | None:
        from openai import OpenAIError

        if self.software is None:
            return None
        try:
            place = self.url.removesuffix("/v1") + VERSIONS[self.software]
            said: Any = await client.get(place, cast_to=object)
            return str(said["version"])
        except (OpenAIError, ValueError, RecursionError, LookupError, TypeError):  # then it is unknown
            return None

    def _explain(self, error: Exception) -> GasError:
        """One line about what has failed."""
        what, hint = self._describe(error)
        return GasError(escape(" ".join(f"{self.USER} at {self.url}: {what}; {hint}".split())), exit_status=1)

    def _describe(self, error: Exception) -> tuple[str, str]:
        """What has failed, and what mends it."""
        import openai

        match error:
            case openai.APITimeoutError():
                return f"no reply within {self.timeout:g} seconds", "raise `timeout`, or lower `concurrency`"
            case openai.APIConnectionError():
                return f"no connection: {error.__cause__ or error}", "see that the server runs, and mend `url`"
            case openai.APIStatusError():
                return f"HTTP {error.status_code}: {_quote(error, self._key)}", self._mend(error.status_code)
            case ValidationError():
                first = error.errors()[0]
                place = ".".join(map(str, first["loc"])) or "it"
                what = f"what it sends is no reply of an OpenAI-compatible server ({place}: {first['msg']})"
            case _:
                what = f"it sends what cannot be read: {error}"
        return what, self.HINT

    def _mend(self, status: int) -> str:
        match status:
            case 401 | 403 if self.api_key:
                return f"see that {self.api_key} holds its key"
            case 401 | 403:
                return "set `api_key` to the environment variable that holds its key, such as OPENAI_API_KEY"
            case 404 if self.model and self.served:
                return f"mend `model`: {advise(self.model, [one.id for one in self.served])}"
            case 404:
                return "mend `url` or `model`"
            case 429:
                return "lower `concurrency`"
            case _:
                return "see what the server logs" if status >= 500 else "mend what it names"


@dataclass
class ChatClient(ApiClient):
    """Asks a server for replies in chats, so many at once. What fails for good has no reply.

    Attributes:
        url, model, api_key, concurrency, timeout, retries, served, version, tally, first_failure: As of `ApiClient`.
    """

    USER: ClassVar[str] = "the judge"
    HINT: ClassVar[str] = "mend `url`, or, where it gives no log-probabilities, set `top_logprobs: 0`"

    def ask(self, chats: Iterable[Chat[T]], number: int) -> list[T | None]:
        """Asks for replies.

        Args:
            chats: What to ask, in this order.
            number: How many they are.

        Returns: What they read of their replies; None for each that has failed.

        Raises:
            GasError: All of the first have failed, or many in a row; or what writing a request raises.
        """
        is_first = self.first_failure is None
        found = run_async(lambda: self._ask_all(chats, number))
        if is_first and (failed := found.count(None)):
            what = f"{failed:,} of {number:,} questions, and those that fail from now on, count as not answered"
            warnings.warn(f"{what}: {self.first_failure}", GasWarning, stacklevel=3)
        return found

    async def _ask_all(self, chats: Iterable[Chat[T]], number: int) -> list[T | None]:
        batch = min(self.concurrency, number)

        async def send(client: AsyncOpenAI, chat: Chat[T]) -> T | None:
            reply = await self._ask(client, await chat.write(), batch)
            return chat.read(reply) if reply else None

        return await self._send_all(send, chats, number)

    async def _ask(self, client: AsyncOpenAI, body: Body, batch: int) -> ChatReply | None:
        from openai import OpenAIError

        body = {"model": self.model, **body}
        try:
            reply = ChatReply.model_validate(await client.post("/chat/completions", body=body, cast_to=object))
            if "logprobs" in body and not reply.steps:
                raise ValueError("its reply has no log-probabilities")
        except (OpenAIError, ValueError, RecursionError) as error:
            self._count_failure(error, batch)
            return None
        self._count_answer(tokens_read=reply.usage.prompt_tokens, tokens_written=reply.usage.completion_tokens)
        return reply


def read_url(url: str, user: str = "the judge") -> str:
    """The address of a server's API; where only a host is given, its `/v1`.

    Raises:
        GasError: It is none, or holds what would be shown in reports.
    """
    try:
        parts = urlsplit(url.strip())
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    if not is_good or len(url) > MOST_SAID:
        raise _refuse_url(url)
    if "@" in parts.netloc or parts.query or parts.fragment:
        hint = "name its key by `api_key`"
        raise GasError(f"the address of {user} may hold no password and nothing behind `?`; {hint}")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}"


def _refuse_url(url: str) -> GasError:
    return GasError(f"{show(url)} is no address of a server; write it as http://localhost:8000/v1")


def read_key(variable: str | None, user: str = "the judge") -> str | None:
    """What an environment variable holds.

    Raises:
        GasError: It holds nothing that a header can carry.
    """
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise GasError(f"the environment variable {variable}, which `api_key` of {user} names, is not set")
    if not (key.isascii() and key.isprintable()):
        raise GasError(f"what {variable} holds is no key: it has letters that a header cannot carry")
    return key


def _quote(error: Any, key: str | None) -> str:
    """What a server says of an error, without the key, which some say again."""
    body = error.body if isinstance(error.body, Mapping) else {}
    text = str(body.get("message") or body.get("detail") or error.response.text or error.response.reason_phrase)
    text = text.replace(key, "***") if key else text
    return text if len(text) <= MOST_SAID else text[: MOST_SAID - 3] + "..."
