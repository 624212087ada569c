"""Start of a server, and a stop that finishes what it has begun."""

from __future__ import annotations

import ipaddress
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import ceil

import uvicorn

from ...errors import GasError
from .app import Server, create_app
from .dialects import list_dialects

BACKLOG = 4096
"""Connections that the system holds until they are taken."""
IDLE = 600
"""Seconds for which a connection is kept: between two steps of a training minutes may pass."""
FILES = 65536
"""Connections that may be open, where the system allows it."""


def check_host(host: str, others: bool) -> None:
    """Refuses an address that other machines reach, unless that is asked for.

    Raises:
        GasError: It is one; or it is none at all.
    """
    try:
        found = {ipaddress.ip_address(str(one[4][0])) for one in socket.getaddrinfo(host, None)}
    except (OSError, ValueError) as error:
        raise GasError(f"--host {host} is no address of this machine; write 127.0.0.1, or 0.0.0.0 for all") from error
    if not others and not all(one.is_loopback for one in found):
        what = f"--host {host} lets other machines ask this one, which asks nobody for a password"
        raise GasError(f"{what}; add --allow-others where only machines that you trust reach it, or use 127.0.0.1")


def open_socket(host: str, port: int) -> socket.socket:
    """Takes a port; 0 is any that is free.

    Raises:
        GasError: It cannot be taken.
    """
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        what = f"port {port} of {host} cannot be taken: {getattr(error, 'strerror', None) or error}"
        raise GasError(f"{what}; choose another with --port, or 0 for any that is free", exit_status=1) from error


def name_url(opened: socket.socket) -> str:
    """Where clients find it."""
    host, port = opened.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = socket.gethostname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def describe_start(server: Server, url: str) -> list[str]:
    """What is served, and how each client is pointed at it."""
    prompts = server.prompts
    judges = ", ".join(judge.id for judge in server.jury.judges)
    lines = [f"{url}: {prompts.rows:,} rows, {len(prompts.places):,} prompts, judged by {judges}"]
    if prompts.twins:
        what = f"{len(prompts.twins):,} prompts stand in several rows"
        lines.append(f"{what}: the one with the `id` of the client's metadata counts, or else the first")
    for dialect in list_dialects().values():
        lines += dialect.describe(url.rstrip("/")).split("\n")
    return [*lines, f"health: {url}/health, counts: {url}/metrics; Ctrl-C stops it when open requests are answered"]


def run_server(server: Server, opened: socket.socket) -> None:
    """Serves until it is told to stop, and then until open requests are answered; a second Ctrl-C does not wait."""
    raise_limit()
    config = uvicorn.Config(
        create_app(server),
        log_level="warning",
        access_log=False,
        backlog=BACKLOG,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=ceil(server.settings.timeout) + 5,
        server_header=False,
    )
    with _stay_calm(), opened:
        uvicorn.Server(config).run(sockets=[opened])


@contextmanager
def _stay_calm() -> Iterator[None]:
    """A signal that the server has obeyed does nothing more; it is raised again when the server is done."""
    earlier = {one: signal.signal(one, lambda *_: None) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in earlier.items():
            signal.signal(one, handler)


def raise_limit() -> None:
    """Lets as many connections be open as the system allows; each is a file."""
    try:
        import resource
    except ModuleNotFoundError:  # on Windows, where there is no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
