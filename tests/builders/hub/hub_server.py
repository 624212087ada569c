"""A small Hub for tests: what `huggingface_hub` and `datasets` ask of a dataset repository, on loopback.

`HubServer` is two servers of one memory. The Hub knows tokens; the storage, on a port of its own and so another host
for clients, gives and takes large files at signed addresses and must never see a token. Requests to anywhere else are
caught too: the environment that `HubServer.environment` gives names the Hub as the proxy for all other hosts.
"""

import contextlib
import hashlib
import re
import secrets
import socket
import struct
import threading
import traceback
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import hub_api
import hub_buckets
import hub_files
import hub_jobs
import hub_xet
from hub_buckets import Bucket
from hub_calls import Answer, Call, answer
from hub_files import Upload
from hub_jobs import Accident, Job
from hub_repositories import Commit, File, Repository

WRITE_TOKEN = "hf_write"
READ_TOKEN = "hf_read"
STRANGER_TOKEN = "hf_stranger"  # may write, but not here
CACHES = ("HF_HUB_CACHE", "HF_ASSETS_CACHE", "HF_XET_CACHE", "HF_DATASETS_CACHE", "HF_MODULES_CACHE")


@dataclass(frozen=True)
class User:
    namespaces: tuple[str, ...]  # one's own, then organizations
    role: str


@dataclass
class Request:
    """A line of the log. `size` is what arrived of the body; `status` is None where the connection was cut."""

    method: str
    path: str
    host: str  # "hub", "storage", or where a request to the outside was going
    headers: dict[str, str]
    size: int = 0
    status: int | None = None

    def __str__(self):
        return f"{self.method} {self.path} {self.status}"


@dataclass
class Fault:
    """Something that befalls the next requests whose method and path fit."""

    path: str
    method: str | None = None
    times: int | None = 1  # None: always
    delay: float = 0
    before: Callable[[Request], None] | None = None
    answer: Answer | None = None
    drop_after: int | None = None  # bytes of the body of a PUT or POST, or else of the answer
    lose_answer: bool = False

    def fits(self, method: str, path: str) -> bool:
        return self.times != 0 and self.method in (None, method) and re.search(self.path, path) is not None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    hub: "HubServer"
    host: str
    routes: list

    def handle_request(self):
        outside = self.command == "CONNECT" or self.path.startswith("http")
        host = urlsplit(self.path).netloc or self.path if outside else self.host
        request = Request(self.command, self.path, host, dict(self.headers.items()))
        with self.hub.lock:
            self.hub.requests.append(request)
        if outside:
            return self.send(request, Answer({"error": "Tests stay on this machine"}, 403), keep=False)
        fault = self.hub.take_fault(self.command, self.path)
        threading.Event().wait(fault.delay)  # not `time.sleep`, which a test may have shortened
        if fault.before:
            self.guard(fault.before, request)
        sends = self.command in ("PUT", "POST")
        data = self.read_body(request, fault.drop_after if sends else None)
        if data is None:
            return self.cut_connection()
        path, _, query = self.path.partition("?")
        call = Call(self.hub, self.command, path, parse_qs(query), self.headers, data)
        given = fault.answer or self.guard(answer, call, self.routes)
        if fault.lose_answer:
            return self.cut_connection()
        return self.send(request, given, None if sends else fault.drop_after)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_CONNECT = handle_request  # noqa: N815

    def guard(self, function, *arguments):
        """A bug of ours is answered by a status that no client asks again for, and is kept for the test to fail."""
        try:
            return function(*arguments)
        except Exception as error:
            self.hub.errors.append(error)
            return Answer({"error": "".join(traceback.format_exception(error))}, 501)

    def read_body(self, request: Request, limit: int | None) -> bytes | None:
        """The body, or None when no more than `limit` bytes of it were to be received."""
        pieces = []
        for piece in self.iterate_body(limit):
            pieces.append(piece)
            request.size += len(piece)
            if limit is not None and request.size >= limit:
                return None
        return None if limit is not None else b"".join(pieces)

    def iterate_body(self, limit: int | None):
        most = 1 << 16 if limit is None else max(1, min(limit, 1 << 16))
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while length := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length", 0))
        while left > 0 and (piece := self.rfile.read(min(most, left))):
            left -= len(piece)
            yield piece

    def cut_connection(self):
        """Resets the connection, as a network that breaks does, rather than closing it."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def send(self, request: Request, given: Answer, drop_after: int | None = None, keep: bool = True):
        body = given.encode()
        headers = {
            "Content-Type": "text/plain" if isinstance(given.body, bytes) else "application/json",
            "Content-Length": len(body),
            "X-Request-Id": secrets.token_hex(8),
            **given.headers,
        }
        if not keep:
            headers["Connection"] = "close"
            self.close_connection = True
        request.status = given.status if drop_after is None else None
        lines = [f"HTTP/1.1 {given.status} {HTTPStatus(given.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        sent = b"" if self.command == "HEAD" else body
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + sent[:drop_after])
        if drop_after is not None:
            # Closed, not reset: a reset would take from the client what it has not read yet.
            self.close_connection = True

    def log_message(self, *_):
        pass  # `HubServer.requests` is the log

    def handle(self):
        with contextlib.suppress(ConnectionError):  # clients that a test kills hang up in the middle
            super().handle()


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64


@dataclass(eq=False, repr=False)
class HubServer:
    """Serves from its creation to `close`; a context manager.

    Attributes:
        repositories: By type ("dataset", "model", "bucket") and id.
        users: By token. Two are of `user`, who is in `org`; `hf_stranger` belongs to nobody here.
        requests: All there were, in the order of their arrival.
        faults: Those to come; of a request the first that fits, and no other.
        jobs: All that it has not forgotten, by id.
        started_jobs: All that were ever started.
        images: Those that jobs can run in; each has this package.
        accidents: What befalls the next jobs, one each.
        errors: What went wrong in this server, or in what `before` called.
        page_size: Entries of a page of a tree or of a list of commits.
        part_size: Larger objects are asked for in parts of so many bytes.
    """

    page_size: int = 1000
    part_size: int = 16 * 1024 * 1024
    repositories: dict[tuple[str, str], Repository | Bucket] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    downloads: dict[str, tuple[Repository, File]] = field(default_factory=dict)
    xet_tokens: dict[str, Repository | Bucket] = field(default_factory=dict)
    grants: dict[str, list[bytes] | None] = field(default_factory=dict)
    xorbs: dict[str, list[bytes]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    started_jobs: list[Job] = field(default_factory=list)
    images: set[str] = field(default_factory=lambda: {"me/with-gas:1"})
    accidents: list[Accident] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self):
        self.users = {
            WRITE_TOKEN: User(("user", "org"), "write"),
            READ_TOKEN: User(("user", "org"), "read"),
            STRANGER_TOKEN: User(("stranger",), "write"),
        }
        self._listeners = []
        self.url = self._listen(
            "hub", hub_api.ROUTES + hub_files.ROUTES + hub_buckets.ROUTES + hub_xet.ROUTES + hub_jobs.ROUTES
        )
        self.storage_url = self._listen("storage", hub_files.STORAGE_ROUTES + hub_xet.STORAGE_ROUTES)

    def _listen(self, host: str, routes: list) -> str:
        handler = type("BoundHandler", (Handler,), {"hub": self, "host": host, "routes": routes})
        listener = Listener(("127.0.0.1", 0), handler)
        threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self._listeners.append(listener)
        # A name of its own: a client may follow redirects within one host, whatever the port.
        return f"http://{'127.0.0.1' if host == 'hub' else 'localhost'}:{listener.server_port}"

    def close(self) -> None:
        for job in self.started_jobs:
            job.end("CANCELED")
        for listener in self._listeners:
            listener.shutdown()
            listener.server_close()

    def __enter__(self) -> "HubServer":
        return self

    def __exit__(self, *_):
        self.close()

    # --- what a test sets up -----------------------------------------------------------------------------------------

    def create_repository(self, id: str, type: str = "dataset", private: bool = False) -> Repository:
        self.repositories[type, id] = Repository(id, type, private)
        return self.repositories[type, id]

    def create_bucket(self, id: str, private: bool = True) -> Bucket:
        self.repositories["bucket", id] = bucket = Bucket(id, private)
        return bucket

    def commit(
        self,
        id: str,
        files: dict[str, bytes | None],
        message="Another's commit",
        revision="main",
        type: str = "dataset",
    ) -> Commit:
        """A commit that somebody else makes; None deletes a file."""
        repository = self.repositories[type, id]
        lines: list[dict] = [{"key": "header", "value": {"summary": message}}]
        for path, data in files.items():
            if data is None:
                lines.append({"key": "deletedFile", "value": {"path": path}})
            elif repository.choose_upload_mode(path, len(data), repository.find_commit(revision)) == "lfs":
                sha256 = hashlib.sha256(data).hexdigest()
                repository.objects[sha256] = data
                lines.append({"key": "lfsFile", "value": {"path": path, "oid": sha256, "size": len(data)}})
            else:
                content = b64encode(data).decode()
                lines.append({"key": "file", "value": {"path": path, "content": content, "encoding": "base64"}})
        return repository.commit(revision, lines, "another")[0]

    def read(self, id: str, path: str, revision: str = "main", type: str = "dataset") -> bytes:
        repository = self.repositories[type, id]
        return repository.read(repository.find_commit(revision).files[path])

    def list_files(self, id: str, revision: str = "main", type: str = "dataset") -> list[str]:
        return sorted(self.repositories[type, id].find_commit(revision).files)

    def environment(self, home, token: str | None = WRITE_TOKEN, xet: bool = True) -> dict[str, str]:
        """What a subprocess needs to use this Hub and nothing else, with its caches and its home in `home`.

        Without `xet` large files are sent by LFS. No answer of a server chooses that: clients take Xet as soon as
        `hf_xet` is installed, as it is with `huggingface_hub`, and LFS where it is not or where they are told so.
        """
        values = {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_TOKEN": token or "",
            "HUGGING_FACE_HUB_TOKEN": "",
            "HF_TOKEN_PATH": f"{home}/token",
            "HF_HUB_OFFLINE": "0",
            "HF_DATASETS_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "0" if xet else "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",  # of `datasets`, which has a host of its own for them
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            **{name: f"{home}/{name.split('_')[1].lower()}" for name in CACHES},  # "hub", "xet"...
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), self.url),
        }
        return values | {name.lower(): value for name, value in values.items() if name.endswith("_PROXY")}

    # --- what goes wrong ---------------------------------------------------------------------------------------------

    def add_fault(self, path: str, method: str | None = None, times: int | None = 1, **what) -> None:
        with self.lock:
            self.faults.append(Fault(path, method, times, **what))

    def fail(self, method, path, status=503, headers=None, body=b"", times=1) -> None:
        """Answers a request whose path and query fit with an error, and does nothing; a dict is sent as JSON."""
        body = body.encode() if isinstance(body, str) else body
        self.add_fault(path, method, times, answer=Answer(body, status, headers or {}))

    def drop(self, path, after_bytes=0, times=1, method=None) -> None:
        """Cuts the connection after so many bytes of the body of a PUT or POST, or else of the answer."""
        self.add_fault(path, method, times, drop_after=after_bytes)

    def lose_answer(self, path, times=1, method=None) -> None:
        """Does what is asked, and cuts the connection before it says so."""
        self.add_fault(path, method, times, lose_answer=True)

    def before(self, path, callback, times=1, method=None) -> None:
        """Calls `callback(request)` before a request is handled."""
        self.add_fault(path, method, times, before=callback)

    def delay(self, path, seconds, times=1, method=None) -> None:
        self.add_fault(path, method, times, delay=seconds)

    def take_fault(self, method: str, path: str) -> Fault:
        with self.lock:
            fault = next((fault for fault in self.faults if fault.fits(method, path)), Fault(path))
            if fault.times:
                fault.times -= 1
            return fault

    # --- what is asked of it -----------------------------------------------------------------------------------------

    def find(self, method: str | None = None, path: str = "", host: str | None = None) -> list[Request]:
        """The requests so far whose method, path and host fit."""
        with self.lock:
            return [
                request
                for request in self.requests
                if method in (None, request.method) and re.search(path, request.path) and host in (None, request.host)
            ]

    @property
    def outside(self) -> list[Request]:
        """Requests that were meant for other hosts."""
        return [request for request in self.find() if request.host not in ("hub", "storage")]

    def sign(self, repository: Repository, file: File) -> str:
        """An address of the storage for a file."""
        key = secrets.token_hex(16)
        self.downloads[key] = (repository, file)
        return f"{self.storage_url}/object/{key}"
