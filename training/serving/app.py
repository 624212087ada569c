"""The web application: a path a dialect, /health, /metrics and /rewards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...console import remark
from ...errors import GasError
from .dialects import Dialect, list_dialects
from .dialects.unirl import REWARDS
from .prompts import Prompts
from .requests import Ask, RequestError, check_picture
from .scoring import Jury, Outcome, ToScore
from .settings import MEGABYTE, ServingSettings
from .telemetry import CONTENT_TYPE, Telemetry
from .waiting_line import Room, WaitingLine

LOG = logging.getLogger(__name__)
AGAIN = 1
"""Seconds after which a client that was turned away may come again."""
DRAINED = 5.0
"""Seconds that the rest of a refused request may take to arrive; a client that still sends would not read why."""
NO_REASON = 499
"""What is counted where the client has gone."""


@dataclass
class Server:
    """What all requests share.

    Attributes:
        prompts: The questions of each prompt.
        jury: Who answers them.
        settings: The bounds.
        told: Where a line about a failure goes; by default to stderr, one a second at most.
    """

    prompts: Prompts
    jury: Jury
    settings: ServingSettings
    told: Callable[[str], None] = remark
    telemetry: Telemetry = field(default_factory=Telemetry)
    open: int = field(default=0, init=False)
    _told_at: float = field(default=-1.0, init=False)

    def __post_init__(self) -> None:
        self.bytes = Room(self.settings.memory * MEGABYTE)
        self.places = Room(self.settings.pictures)
        self.line = WaitingLine(self.jury.score, self.settings.batch, self.telemetry.count_batch)
        show = self.telemetry.show
        show("gas_requests_open", "Requests that wait for an answer.", lambda: self.open)
        show("gas_pictures_held", "Pictures that wait or are being scored.", lambda: self.places.taken)
        show("gas_bytes_held", "Bytes of requests that are held.", lambda: self.bytes.taken)
        show("gas_requests_unread", "Requests that wait unread, for room.", lambda: len(self.bytes.line))

    async def answer(self, name: str, dialect: Dialect, request: Request) -> Response:
        """Answers a request, whatever comes of it."""
        began = monotonic()
        self.open += 1
        try:
            response = await self._answer(dialect, request)
        finally:
            self.open -= 1
        self.telemetry.requests.labels(name, str(response.status_code)).inc()
        self.telemetry.request_seconds.labels(name).observe(monotonic() - began)
        return response

    async def _answer(self, dialect: Dialect, request: Request) -> Response:
        try:
            async with asyncio.timeout(self.settings.timeout):
                return await self._read_and_score(dialect, request)
        except ClientDisconnect:
            return Response(status_code=NO_REASON)
        except TimeoutError:
            what = f"no score within {self.settings.timeout:g} seconds, with {self.open:,} requests open"
            error = RequestError(f"{what}; send fewer at once, or start the server with a faster judge", 504)
        except RequestError as refusal:
            error = refusal
        except Exception as exception:  # a mistake of ours, which the client has to hear of as well
            LOG.exception("a request failed")
            error = RequestError(f"the server fails: {type(exception).__name__}; see its log", 500)
        self._tell(error)
        await _drain(request, self.settings.most_bytes)
        response: Response = dialect.refuse(error)
        if error.again is not None:
            response.headers["Retry-After"] = str(error.again)
        return response

    async def _read_and_score(self, dialect: Dialect, request: Request) -> Response:
        size = self._check_size(request)
        if self.open > self.settings.waiting:
            raise RequestError(f"{self.open - 1:,} requests are open already; come again", 503, AGAIN)
        async with self.bytes.take(size):
            body = await request.body()
            asks, ready = await asyncio.to_thread(self._prepare, dialect, body)
            del body
            async with self.places.take(len(asks)):
                outcomes = await self._score(ready, request)
        if failed := next((one for one in outcomes if isinstance(one, GasError)), None):
            self._tell(failed)
        response: Response = dialect.write(asks, outcomes)
        return response

    def _check_size(self, request: Request) -> int:
        """The size of a body, which is known before any of it is read.

        Raises:
            RequestError: It is not, or is too large.
        """
        if request.headers.get("content-encoding", "identity") != "identity":
            raise RequestError("a body that is packed is not read; send it as it is", 415)
        told = request.headers.get("content-length", "")
        if not (told.isascii() and told.isdigit()):
            raise RequestError("the request does not say how long it is; send Content-Length", 411)
        if (size := int(told)) > self.settings.most_bytes:
            what = f"the request has {size:,} bytes, and {self.settings.most_bytes:,} are the most"
            raise RequestError(f"{what}; send fewer pictures, or start the server with --set body=MEGABYTES", 413)
        return size

    def _prepare(self, dialect: Dialect, body: bytes) -> tuple[list[Ask], list[ToScore | RequestError]]:
        """What is to be scored of a request, and what is wrong with the rest of it."""
        asks = dialect.read(body)
        if len(asks) > self.settings.pictures:
            what = f"the request has {len(asks):,} pictures, and {self.settings.pictures:,} are the most"
            raise RequestError(f"{what}; send fewer at once, or start the server with --set pictures=NUMBER", 413)
        return asks, [self._check(ask) for ask in asks]

    def _check(self, ask: Ask) -> ToScore | RequestError:
        try:
            if not 0 < len(ask.pictures) <= self.settings.frames:
                what = f"a video has {len(ask.pictures):,} frames, and 1 to {self.settings.frames} are taken"
                raise RequestError(f"{what}; send fewer, or start the server with --set frames=NUMBER", 413)
            for file in ask.pictures:
                check_picture(file, self.settings.pixels, "the picture")
            return ask.pictures, self.jury.choose_questions(self.prompts.find(ask))
        except RequestError as refusal:
            return refusal

    async def _score(self, ready: Sequence[ToScore | RequestError], request: Request) -> list[Outcome]:
        """Scores what can be; stops where the client goes away.

        Raises:
            ClientDisconnect: It has gone.
        """
        for one in ready:
            if isinstance(one, RequestError):
                self.telemetry.count_outcome(one)
        work = asyncio.ensure_future(self.line.score([one for one in ready if not isinstance(one, RequestError)]))
        gone = asyncio.ensure_future(_wait_until_gone(request))
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise ClientDisconnect
            found = iter(work.result())
        finally:
            work.cancel()
            gone.cancel()
        return [one if isinstance(one, RequestError) else next(found) for one in ready]

    def _tell(self, error: GasError) -> None:
        """Says what went wrong, since some clients show nothing of it; one line a second is enough."""
        if (now := monotonic()) >= self._told_at + 1:
            self._told_at = now
            self.told(f"not scored: {error}")

    def describe_work(self) -> str:
        """What has been done, in words."""
        done = {name: int(self.telemetry.count_pictures(name)) for name in ("scored", "refused", "failed")}
        return ", ".join(f"{number:,} pictures {name}" for name, number in done.items() if number or name == "scored")

    def describe(self) -> dict[str, Any]:
        """What /health says."""
        return {
            "status": "failing" if self.line.failing else "ok",
            **({"failure": self.line.failing} if self.line.failing else {}),
            "rewards": {name: ["ready"] for name in REWARDS},
            "judges": [judge.id for judge in self.jury.judges],
            "prompts": len(self.prompts.places),
            "rows": self.prompts.rows,
        }


async def _wait_until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _drain(request: Request, most: int) -> None:
    """Takes in what is left of a request, and keeps nothing of it."""
    with suppress(TimeoutError, ClientDisconnect, RuntimeError):  # which says that it was read
        async with asyncio.timeout(DRAINED):
            async for chunk in request.stream():
                most -= len(chunk)
                if most < 0:
                    return


def create_app(server: Server) -> Starlette:
    """The application of a server."""
    dialects = list_dialects()

    @asynccontextmanager
    async def work(_: Starlette) -> AsyncIterator[None]:
        worker = asyncio.create_task(server.line.run())
        try:
            yield
        finally:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

    async def tell_health(_: Request) -> Response:
        return JSONResponse(server.describe())

    async def tell_rewards(_: Request) -> Response:
        return JSONResponse({"rewards": list(REWARDS)})

    async def tell_counts(_: Request) -> Response:
        return Response(server.telemetry.write(), media_type=CONTENT_TYPE)

    async def explain_path(request: Request, _: Exception) -> Response:
        known = ", ".join([*(f"POST {one.PATH}" for one in dialects.values()), *(f"GET {path}" for path in told)])
        what = f"there is no {request.method} {request.url.path[:100]}; there are {known}"
        return JSONResponse({"error": what, "detail": what}, 404)

    def route(name: str, dialect: Dialect) -> Route:
        endpoint: Callable[[Request], Coroutine[Any, Any, Response]] = partial(server.answer, name, dialect)
        return Route(dialect.PATH, endpoint, methods=["POST"])

    routes = [route(*one) for one in dialects.items()]
    told = {"/health": tell_health, "/rewards": tell_rewards, "/metrics": tell_counts}
    routes += [Route(path, endpoint, methods=["GET"]) for path, endpoint in told.items()]
    return Starlette(routes=routes, lifespan=work, exception_handlers={404: explain_path, 405: explain_path})
