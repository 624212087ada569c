"""The pictures that wait: bounded, scored in batches, in the order in which they came."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from ..judges.waiting import wait_in_thread
from .requests import RequestError
from .scoring import Outcome, Scorer, ToScore

LOG = logging.getLogger(__name__)


@dataclass
class Room:
    """Room for so much; who finds too little waits for its turn, first come, first served.

    Attributes:
        size: How much there is.
        taken: How much is taken.
        line: Who waits, and for how much.
    """

    size: int
    taken: int = 0
    line: deque[tuple[int, asyncio.Future[None]]] = field(default_factory=deque)

    @asynccontextmanager
    async def take(self, much: int) -> AsyncIterator[None]:
        """Holds a part of the room; one that is larger than all of it is held alone."""
        much = min(much, self.size)
        if self.line or self.taken + much > self.size:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.line.append((much, turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():  # its turn came while it was being stopped
                    self.taken -= much
                self._call()
                raise
        else:
            self.taken += much
        try:
            yield
        finally:
            self.taken -= much
            self._call()

    def _call(self) -> None:
        """Calls those whose turn it is."""
        while self.line:
            much, turn = self.line[0]
            if not turn.done():
                if self.taken + much > self.size:
                    return
                self.taken += much
                turn.set_result(None)
            self.line.popleft()


@dataclass
class WaitingLine:
    """Scores pictures that requests bring, some at once.

    Attributes:
        score_batch: Scores some, in a thread.
        batch: How many at once.
        watch: Is told of each batch: its outcomes, and the seconds that it took.
        waiting: Pictures that wait, and who is told of each.
        failing: Why the last batch had no score; None where it had some.
    """

    score_batch: Scorer
    batch: int
    watch: Callable[[Sequence[Outcome], float], None] = lambda outcomes, seconds: None
    waiting: deque[tuple[ToScore, asyncio.Future[Outcome]]] = field(default_factory=deque)
    failing: str | None = None
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def score(self, items: Sequence[ToScore]) -> list[Outcome]:
        """Waits until pictures are scored. Where the wait is cancelled, those not begun are left out."""
        loop = asyncio.get_running_loop()
        told: list[asyncio.Future[Outcome]] = [loop.create_future() for _ in items]
        self.waiting.extend(zip(items, told, strict=True))
        self._wake.set()
        try:
            return list(await asyncio.gather(*told))
        finally:
            for one in told:
                one.cancel()

    async def run(self) -> None:
        """Scores what comes, until it is cancelled."""
        while True:
            await self._wake.wait()
            if taken := self._take():
                await self._score(taken)
            else:
                self._wake.clear()

    def _take(self) -> list[tuple[ToScore, asyncio.Future[Outcome]]]:
        """The next ones that somebody still waits for."""
        taken: list[tuple[ToScore, asyncio.Future[Outcome]]] = []
        while self.waiting and len(taken) < self.batch:
            item, told = self.waiting.popleft()
            if not told.done():
                taken.append((item, told))
        return taken

    async def _score(self, taken: Sequence[tuple[ToScore, asyncio.Future[Outcome]]]) -> None:
        began = monotonic()
        work = wait_in_thread(self.score_batch, [item for item, _ in taken])
        task: asyncio.Task[list[Outcome]] = asyncio.create_task(work)

        def stop_if_alone(_: asyncio.Future[Outcome]) -> None:
            if all(told.done() for _, told in taken):
                task.cancel()  # which ends what a server is asked; what is computed here goes on to its end

        for _, told in taken:
            told.add_done_callback(stop_if_alone)
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.cancelled():
            return
        outcomes: list[Outcome]
        if error := task.exception():
            LOG.error("a batch failed", exc_info=error)
            outcomes = [RequestError(f"the server fails: {type(error).__name__}; see its log", 500)] * len(taken)
        else:
            outcomes = task.result()
        failed = [one for one in outcomes if isinstance(one, RequestError) and one.status >= 500]
        self.failing = str(failed[0]) if len(failed) == len(outcomes) else None
        self.watch(outcomes, monotonic() - began)
        for (_, told), outcome in zip(taken, outcomes, strict=True):
            if not told.done():
                told.set_result(outcome)
