"""How what asks a server, many questions at once, is waited for: by a thread, or by an event loop that can stop it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class _Host:
    """An event loop that waits for a thread, and does for it what `run_async` is given there.

    Attributes:
        loop: The event loop.
        tasks: What it does now.
        stopped: Whether it waits no longer.
    """

    loop: asyncio.AbstractEventLoop
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    stopped: bool = False

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Waits in the thread for what runs in the loop."""

        async def do() -> T:
            if self.stopped:
                raise asyncio.CancelledError
            with self._keep():
                return await work()

        return asyncio.run_coroutine_threadsafe(do(), self.loop).result()

    @contextmanager
    def _keep(self) -> Iterator[None]:
        task = asyncio.current_task()
        assert task
        self.tasks.add(task)
        try:
            yield
        finally:
            self.tasks.discard(task)

    def stop(self) -> None:
        """Ends what runs in the loop; the thread goes on when that has ended."""
        self.stopped = True
        for task in self.tasks:
            task.cancel()


_HOST: ContextVar[_Host | None] = ContextVar("host", default=None)


def run_async(work: Callable[[], Awaitable[T]]) -> T:
    """Waits for what runs in an event loop of its own, in a thread, so that one may run in this thread, too.

    In a thread that an event loop waits for (`wait_in_thread`), it runs in that loop.

    Raises:
        CancelledError: That loop waits no longer.
    """
    if host := _HOST.get():
        return host.run(work)
    from anyio.from_thread import start_blocking_portal

    with start_blocking_portal() as portal:
        return portal.call(work)


async def wait_in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """Calls a function in a thread of its own and waits for it; what the function asks servers runs in this loop.

    Where the wait is cancelled, so is what is being asked, and nothing is left running. A function that computes in
    place of asking is waited for.
    """
    host, context = _Host(asyncio.get_running_loop()), copy_context()
    context.run(_HOST.set, host)
    # Not in the loop's own threads: those who wait in them would leave none to those that they wait for.
    executor = ThreadPoolExecutor(1)
    done = host.loop.run_in_executor(executor, partial(context.run, function, *arguments))
    executor.shutdown(wait=False)
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        host.stop()
        await asyncio.wait([done])
        done.exception()  # which is that it was stopped
        raise
