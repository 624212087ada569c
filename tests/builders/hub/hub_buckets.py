"""Buckets: files without commits, which clients send by Xet and name by its hashes."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hub_calls import Answer, cut, paginate
from hub_repositories import HubError

BUCKET = "(?P<id>[^/]+/[^/]+)"


@dataclass
class Bucket:
    """`objects` are by their Xet hash; a file is the hash of its object."""

    id: str
    private: bool = True
    gated: bool = False
    files: dict[str, str] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    created: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}")

    @property
    def namespace(self) -> str:
        return self.id.partition("/")[0]

    def read(self, path: str) -> bytes:
        return self.objects[self.files[path]]

    def describe(self, path: str) -> dict:
        size = len(self.read(path))
        return {"type": "file", "path": path, "size": size, "xetHash": self.files[path], "uploadedAt": self.created}


def tell_bucket(call, id):
    bucket = call.find_repository("bucket", id)
    size = sum(map(len, map(bucket.read, bucket.files)))
    about = {"id": id, "private": bucket.private, "createdAt": bucket.created}
    return about | {"size": size, "totalFiles": len(bucket.files)}


def list_files(call, id, prefix=""):
    """What is directly in a folder, or all below it."""
    bucket = call.find_repository("bucket", id)
    below = f"{prefix}/" if prefix else ""
    entries: dict[str, dict] = {}
    for path in sorted(bucket.files):
        name, slash, _ = path.removeprefix(below).partition("/")
        if path == prefix or (path.startswith(below) and (not slash or call.ask("recursive"))):
            entries[path] = bucket.describe(path)
        elif path.startswith(below):
            folder = f"{below}{name}"
            entries[folder] = {"type": "directory", "path": folder, "uploadedAt": bucket.created}
    return paginate(call, list(entries.values()), call.hub.page_size)


def change_files(call, id):
    """Adds and deletes files; what cannot be is told, and the rest is done."""
    bucket = call.find_repository("bucket", id, write=True)
    failed = []
    for line in call.data.splitlines():
        change = json.loads(line)
        path = change["path"]
        if change["type"] == "deleteFile":
            bucket.files.pop(path, None)
        elif change["type"] == "addFile" and change["xetHash"] in bucket.objects:
            bucket.files[path] = change["xetHash"]
        else:
            failed.append({"path": path, "error": "This was not sent"})
    return Answer({"success": not failed, "failed": failed}, 422 if failed else 200)


def give_file(call, id, path):
    bucket = call.find_repository("bucket", id)
    if path not in bucket.files:
        raise HubError(404, "Entry not found", "EntryNotFound")
    return cut(call, bucket.read(path), {"ETag": f'"{bucket.files[path]}"', "Accept-Ranges": "bytes"})


ROUTES = [
    ("GET", f"/api/buckets/{BUCKET}", tell_bucket),
    ("GET", f"/api/buckets/{BUCKET}/tree(/(?P<prefix>.+))?", list_files),
    ("POST", f"/api/buckets/{BUCKET}/batch", change_files),
    ("GET", f"/buckets/{BUCKET}/resolve/(?P<path>.+)", give_file),
]
