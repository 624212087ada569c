"""A request and an answer of the Hub, and how the one becomes the other."""

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, unquote

from hub_repositories import HubError, Repository

PREFIXES = {"model": "", "dataset": "datasets/", "space": "spaces/"}
API = r"/api/(?P<type>model|dataset|space)s/(?P<id>[^/]+/[^/]+)"
GIT = r"/(?P<prefix>datasets/|spaces/)?(?P<id>[^/]+/[^/]+)"
REVISION = r"(?P<revision>[^/]+)"


@dataclass
class Answer:
    """`body` is bytes as they are, or what is sent as JSON."""

    body: object = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Call:
    """A request. `path` is as it was sent, since `/` in a revision is quoted and in the path of a file is not."""

    hub: "HubServer"  # noqa: F821 (imports this module)
    method: str
    path: str
    query: dict[str, list[str]]
    headers: object
    data: bytes

    @cached_property
    def json(self) -> dict:
        try:
            return json.loads(self.data or b"{}")
        except ValueError as error:
            raise HubError(400, "Invalid JSON") from error

    @cached_property
    def user(self):
        """Whoever has the token of the request; None without one."""
        given = self.headers.get("Authorization")
        if given is None:
            return None
        user = self.hub.users.get(given.removeprefix("Bearer "))
        if user is None:
            raise HubError(401, "Invalid credentials in Authorization header")
        return user

    def require_user(self) -> None:
        if self.user is None:
            raise HubError(401, "Invalid username or password.", "RepoNotFound")

    def ask(self, name: str) -> bool:
        return self.query.get(name, [""])[0].lower() in ("1", "true")

    def find_repository(self, type: str, id: str, write: bool = False, read_files: bool = False) -> Repository:
        """The repository, if who asks may see it.

        Without a token the Hub answers 401 for what is private and for what is not there alike. Clients tell such a
        401 from a wrong token by an address that begins with https, which loopback has not: hence the code.
        """
        repository = self.hub.repositories.get((type, id))
        member = repository is not None and self.user is not None and repository.namespace in self.user.namespaces
        if write or repository is None or repository.private:
            self.require_user()
        if repository is None or (repository.private and not member):
            raise HubError(404, "Repository not found", "RepoNotFound")
        if repository.gated and read_files and not member:
            status = 403 if self.user else 401
            raise HubError(status, f"Access to {type} {id} is restricted.", "GatedRepo")
        if write and self.user.role != "write":
            raise HubError(403, "Forbidden: you must use a write token to upload to a repository.")
        if write and not member:
            raise HubError(403, "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request")
        return repository


def paginate(call: Call, entries: list, size: int) -> Answer:
    start = int(call.query.get("cursor", ["0"])[0])
    headers = {}
    if start + size < len(entries):
        kept = "&".join(f"{key}={quote(value)}" for key in call.query if key != "cursor" for value in call.query[key])
        address = f"{call.hub.url}{call.path}?{kept}&cursor={start + size}"
        headers["Link"] = f'<{address}>; rel="next"'
    return Answer(entries[start : start + size], headers=headers)


def cut(call, data: bytes, headers: dict) -> Answer:
    """The part of a file that a Range header asks for."""
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", call.headers.get("Range", "").strip())
    if asked is None or asked.groups() == ("", ""):
        return Answer(data, headers=headers)
    first, last = asked.groups()
    start = int(first) if first else max(len(data) - int(last), 0)
    stop = min(int(last) + 1, len(data)) if first and last else len(data)
    if start >= len(data) or start >= stop:
        return Answer(b"", 416, headers | {"Content-Range": f"bytes */{len(data)}"})
    return Answer(data[start:stop], 206, headers | {"Content-Range": f"bytes {start}-{stop - 1}/{len(data)}"})


def answer(call: Call, routes: list) -> Answer:
    """What the endpoint answers that fits; a refusal in the form by which clients choose an exception."""
    method = "GET" if call.method == "HEAD" else call.method
    try:
        for wanted, pattern, function in routes:
            found = re.fullmatch(pattern, call.path) if wanted == method else None
            if found:
                # An id and the type are never quoted; names and revisions are.
                values = {key: unquote(value) for key, value in found.groupdict().items() if value is not None}
                given = function(call, **values)
                return given if isinstance(given, Answer) else Answer(given)
        raise HubError(404, f"No endpoint for {call.method} {call.path}")
    except HubError as error:
        headers = {"X-Error-Message": error.message.splitlines()[0], **error.headers}
        if error.code:
            headers["X-Error-Code"] = error.code
        return Answer({"error": error.message, **error.body}, error.status, headers)
