"""A server of one page and the files that it shows, on loopback alone: GET and HEAD, with ranges of bytes.

Only what `Contents` lists is given, and pictures below the folders that it names. A request for another host's name
is refused, so that no page of the web reaches it by a name that leads here.
"""

from __future__ import annotations

import json
import mimetypes
import posixpath
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from ... import __version__
from ...errors import GasError
from ...regular_files import open_regular
from ..folder.files import resolve_inside
from .contents import Contents
from .index import FILES, make_index
from .row_reader import RowReader

HOST, PORT = "127.0.0.1", 8421
PAGE = "explore.html"
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
VIDEOS = (".mp4", ".webm", ".mov", ".mkv", ".avi")
POLICY = "connect-src 'self'"
"""Beside the policy that the page states itself: here it reaches nothing but this server."""
PIECE = 1 << 16


class ExplorerServer(ThreadingHTTPServer):
    """Serves contents, and makes the indexes that are asked for beside."""

    daemon_threads = True
    # Others on a machine must not get the port while this server has it.
    allow_reuse_port = False

    def __init__(self, contents: Contents, port: int) -> None:
        super().__init__((HOST, port), Handler)
        self.contents = contents
        self.indexes: dict[str, Indexing] = {}
        self.readers = {f"rows/{source.name}/": RowReader(source) for source, _ in contents.indexed.values()}
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_address[1]}/"

    @cached_property
    def names(self) -> tuple[str, str]:
        """What a client may call it."""
        port = self.server_address[1]
        return f"{HOST}:{port}", f"localhost:{port}"

    @cached_property
    def page(self) -> bytes:
        return files(__package__).joinpath(PAGE).read_bytes()

    def find_index(self, address: str) -> Indexing:
        """The index of a split, which is being made when it is not there."""
        with self.lock:
            if address not in self.indexes:
                self.indexes[address] = Indexing(self.contents, address)
                threading.Thread(target=self.indexes[address].run, daemon=True).start()
            return self.indexes[address]


class Indexing:
    """An index while it is made: rows that are done, then its folder, or why there is none."""

    def __init__(self, contents: Contents, address: str) -> None:
        self.contents, self.address = contents, address
        self.done = 0
        self.folder: Path | None = None
        self.fault = ""

    def run(self) -> None:
        source, urls = self.contents.indexed[self.address]

        def report(rows: int) -> None:
            self.done += rows

        try:
            for url in urls:  # on the Hub, they are fetched first
                self.contents.files[url]()
            self.folder = make_index(source, report)
        except (GasError, OSError) as error:
            self.fault = str(error)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: ExplorerServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = f"gas/{__version__}", ""
    timeout = 60

    def log_message(self, *_: object) -> None:
        """Says nothing: every row that is looked at would be told."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        # A client that has gone needs no answer.
        with suppress(ConnectionError, TimeoutError):
            try:
                self._answer(unquote(urlsplit(self.path).path).removeprefix("/"))
            except GasError as error:
                self._send_json({"error": str(error)}, HTTPStatus.BAD_GATEWAY)

    def _answer(self, path: str) -> None:
        if str(self.headers.get("Host")) not in self.server.names:
            self._send_json({"error": "this server answers to 127.0.0.1 and localhost alone"}, HTTPStatus.FORBIDDEN)
        elif path in ("", PAGE):
            self._send(self.server.page, "text/html; charset=utf-8")
        elif path == "source.json":
            self._send_json(self.server.contents.described)
        elif path in self.server.contents.files:
            self._send_file(self.server.contents.files[path]())
        elif (index := f"{posixpath.dirname(path)}/") in self.server.contents.indexed:
            self._send_index(index, posixpath.basename(path))
        elif (reader := f"{posixpath.dirname(path)}/") in self.server.readers:
            self._send_row(reader, posixpath.basename(path))
        elif base := next((base for base in self.server.contents.pictures if path.startswith(base)), None):
            self._send_picture(self.server.contents.pictures[base], path.removeprefix(base))
        else:
            self._send_missing(path)

    def _send_index(self, address: str, name: str) -> None:
        index = self.server.find_index(address)
        if name not in FILES:
            self._send_missing(address + name)
        elif index.folder:
            self._send_file(index.folder / name)
        elif index.fault:
            self._send_json({"error": index.fault}, HTTPStatus.BAD_GATEWAY)
        else:
            self._send_json({"done": index.done}, HTTPStatus.ACCEPTED)

    def _send_row(self, address: str, name: str) -> None:
        if not re.fullmatch("[0-9]{1,15}", name):
            self._send_missing(address + name)
            return
        self.server.contents.fetch(f"index/{address.removeprefix('rows/')}", int(name))
        self._send_json(self.server.readers[address].read(int(name)))

    def _send_picture(self, folder: Path, name: str) -> None:
        """Gives a picture or a video; of a folder of frames the names of these."""
        if any(part in ("", ".", "..") for part in name.split("/")) or "\\" in name or "\0" in name:
            self._send_missing(name)
            return
        place = resolve_inside(folder, name)
        if place.is_dir():
            names = sorted(one.name for one in place.iterdir() if one.suffix.lower() in PICTURES)
            self._send_json({"frames": names})
        elif place.suffix.lower() in PICTURES + VIDEOS and place.is_file():
            self._send_file(place)
        else:
            self._send_missing(name)

    # --- answers -----------------------------------------------------------------------------------------------------

    def _send_missing(self, path: str) -> None:
        self._send_json({"error": f"there is no {path[:200]}"}, HTTPStatus.NOT_FOUND)

    def _send_json(self, value: object, status: HTTPStatus = HTTPStatus.OK) -> None:
        content = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
        self._send(content, "application/json", status)

    def _send(self, content: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send_head(status, kind, len(content))
        if self.command == "GET":
            self.wfile.write(content)

    def _send_head(self, status: HTTPStatus, kind: str, size: int, **more: str) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(size),
            "Cache-Control": "no-store",
            "Content-Security-Policy": POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_file(self, place: Path) -> None:
        kind = mimetypes.guess_type(place.name)[0]
        if place.suffix.lower() not in PICTURES + VIDEOS or kind is None:
            kind = "application/json" if place.suffix == ".json" else "application/octet-stream"
        with open_regular(place) as stream:
            size = stream.seek(0, 2)
            start, end = 0, size
            asked = self.headers.get("Range")
            if asked and (found := read_range(asked, size)):
                start, end = found
                if start >= end:
                    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
                    self._send_head(status, kind, 0, Content_Range=f"bytes */{size}")
                    return
                place_said = f"bytes {start}-{end - 1}/{size}"
                self._send_head(
                    HTTPStatus.PARTIAL_CONTENT, kind, end - start, Content_Range=place_said, Accept_Ranges="bytes"
                )
            else:
                self._send_head(HTTPStatus.OK, kind, size, Accept_Ranges="bytes")
            if self.command == "GET":
                self._copy(stream, start, end)

    def _copy(self, stream: IO[Any], start: int, end: int) -> None:
        stream.seek(start)
        while start < end and (piece := stream.read(min(PIECE, end - start))):
            self.wfile.write(piece)
            start += len(piece)
        if start < end:  # the file got shorter meanwhile; what was promised cannot be given
            self.close_connection = True


def read_range(header: str, size: int) -> tuple[int, int] | None:
    """The first and the last byte but one that a `Range` header asks for; None where it is none of one range.

    The two are the same where nothing of it is there.
    """
    found = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", header.strip())
    if not found or not any(found.groups()) or (all(found.groups()) and int(found[1]) > int(found[2])):
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    return min(int(first), size), min(int(last) + 1, size) if last else size


@contextmanager
def open_server(contents: Contents, port: int | None = None) -> Iterator[ExplorerServer]:
    """Opens a server; `serve_forever` lets it answer.

    Args:
        contents: What it gives.
        port: The port; when left out, PORT, or a free one where that is taken.

    Raises:
        GasError: The port is taken, or may not be used.
    """
    try:
        server = ExplorerServer(contents, PORT if port is None else port)
    except OSError as error:
        if port is not None:
            reason = error.strerror or error
            raise GasError(f"--port {port}: {reason}; give another, or leave it out", exit_status=1) from error
        server = ExplorerServer(contents, 0)
    try:
        yield server
    finally:
        server.server_close()
