"""Commands as tests of hostile input run them: many in one process, under limits of time and memory.

A command must end by itself, with exit status 0, 1 or 2, and never with a traceback.
"""

import contextlib
import io
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from generate_any_scene import cli

SECONDS = 20
"""Of computing; what waits has PATIENCE times as long, since many commands may share the machine."""
PATIENCE = 6
MEMORY = 4 << 30


class TookTooLong(BaseException):
    """Not an Exception, so that no handler of the package takes it for one of its own."""


@dataclass(frozen=True)
class Outcome:
    """What a command did: its exit status (None for a traceback or a hang), and what it wrote to both outputs."""

    arguments: tuple[str, ...]
    status: int | None
    output: str
    seconds: float

    def find_fault(self) -> str:
        """What is wrong with it, or ""."""
        command = "gas " + " ".join(map(repr, self.arguments))
        if self.status not in (0, 1, 2):
            return f"{command}: exit status {self.status} after {self.seconds:.1f} s\n{self.output[-3000:]}"
        return f"{command}: a traceback\n{self.output[-3000:]}" if "Traceback (most recent" in self.output else ""


def attempt(arguments: Iterable[object], folder: Path) -> Outcome:
    """Runs a command in a folder, as the shell would, for so long at most."""
    words, output, started = tuple(map(str, arguments)), io.StringIO(), time.monotonic()
    status: int | None = 0

    def stop(*_: object) -> None:
        raise TookTooLong

    timers = {signal.ITIMER_PROF: (signal.SIGPROF, SECONDS), signal.ITIMER_REAL: (signal.SIGALRM, PATIENCE * SECONDS)}
    for timer, (number, seconds) in timers.items():
        signal.signal(number, stop)
        signal.setitimer(timer, seconds)
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            sys.argv = ["gas", *words]
            cli.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        status = None
        output.write(traceback.format_exc())
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
    return Outcome(words, status, output.getvalue(), time.monotonic() - started)


def run_limited(work: Callable[[], list[str]]) -> list[str]:
    """Runs work in a process of its own with MEMORY bytes more than this one has; returns the faults that it lists."""

    def limit(send: Callable[[list[str]], None]) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        room = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
        send(work())

    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=limit, args=(sender.send,))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        return ["the process ended: out of memory, or killed"]
    finally:
        process.join()
