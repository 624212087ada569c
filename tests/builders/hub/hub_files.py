"""Commits, trees and files, and how large ones are sent and fetched by LFS."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from hub_calls import API, GIT, PREFIXES, REVISION, Answer, cut, paginate
from hub_repositories import Commit, HubError, Repository, describe_file, describe_folder, list_tree

# --- commits and files -----------------------------------------------------------------------------------------------


def tell_upload_modes(call, type, id, revision):
    """How each file is to be sent. `oid` is what its path holds now, by which clients skip what did not change."""
    repository = call.find_repository(type, id, write=not call.ask("create_pr"))
    commit = repository.find_commit(revision)
    answers = []
    for asked in call.json["files"]:
        path, known = asked["path"], commit.files.get(asked["path"])
        mode = repository.choose_upload_mode(path, asked["size"], commit)
        answer = {"path": path, "uploadMode": mode, "shouldIgnore": ignores(call.json.get("gitIgnore", ""), path)}
        if known:
            answer["oid"] = known.sha256 or known.oid
        answers.append(answer)
    return {"files": answers, "commitOid": commit.oid}


def ignores(gitignore: str, path: str) -> bool:
    """Names alone, which is all that tests need of the rules of `.gitignore`."""
    names = {line.strip().strip("/") for line in gitignore.splitlines() if line.strip()}
    return any(part in names for part in path.split("/"))


def make_commit(call, type, id, revision):
    create_pr = call.ask("create_pr")
    repository = call.find_repository(type, id)
    call.require_user()
    pull = repository.find_pull_request(revision)
    if not create_pr and not (pull and pull.author == call.user.namespaces[0]):
        call.find_repository(type, id, write=True)
    lines = [json.loads(line) for line in call.data.splitlines() if line.strip()]
    commit, pull = repository.commit(revision, lines, call.user.namespaces[0], create_pr)
    page = f"{call.hub.url}/{PREFIXES[type]}{id}"
    answer = {"success": True, "commitOid": commit.oid, "commitUrl": f"{page}/commit/{commit.oid}", "hookOutput": ""}
    return answer | ({"pullRequestUrl": f"{page}/discussions/{pull.num}"} if pull else {})


def list_commits(call, type, id, revision):
    commits = call.find_repository(type, id).list_commits(revision)
    entries = [
        {
            "id": commit.oid,
            "title": commit.title,
            "message": commit.message,
            "authors": [{"user": commit.author}],
            "date": commit.date,
        }
        for commit in commits
    ]
    return paginate(call, entries, call.hub.page_size)


def add_last_commits(entries: list[dict], repository: Repository, commit: Commit) -> list[dict]:
    for entry in entries:
        last = repository.find_last_change(commit, entry["path"])
        entry["lastCommit"] = {"id": last.oid, "title": last.title, "date": last.date}
    return entries


def tell_tree(call, type, id, revision, folder=""):
    repository = call.find_repository(type, id)
    commit = repository.find_commit(revision)
    entries = list_tree(commit.files, folder.strip("/"), call.ask("recursive"))
    if not call.ask("expand"):
        return paginate(call, entries, call.hub.page_size)
    return paginate(call, add_last_commits(entries, repository, commit), min(50, call.hub.page_size))


def tell_paths(call, type, id, revision):
    """Of the paths asked for, those there are."""
    repository = call.find_repository(type, id)
    commit = repository.find_commit(revision)
    form = call.json if call.data.startswith(b"{") else parse_qs(call.data.decode())
    entries = []
    for path in form.get("paths", []):
        if path in commit.files:
            entries.append(describe_file(path, commit.files[path]))
        elif any(name.startswith(f"{path}/") for name in commit.files):
            entries.append(describe_folder(path, commit.files))
    if str(form.get("expand", ["false"])[0]).lower() == "true":
        add_last_commits(entries, repository, commit)
    return entries


def resolve(call, id, revision, path, prefix="models/"):
    """A regular file is sent; of an LFS file its address in the storage, which asks for no token."""
    type = prefix.removesuffix("s/")
    repository = call.find_repository(type, id, read_files=True)
    commit = repository.find_commit(revision)
    headers = {"X-Repo-Commit": commit.oid, "Accept-Ranges": "bytes"}
    file = commit.files.get(path)
    if file is None:
        error = HubError(404, "Entry not found", "EntryNotFound")
        error.headers = headers
        raise error
    headers |= {"ETag": f'"{file.sha256 or file.oid}"'}
    if file.sha256 is None:
        return cut(call, file.data, headers)
    headers |= {
        "X-Linked-Etag": f'"{file.sha256}"',
        "X-Linked-Size": str(file.size),
        "Location": call.hub.sign(repository, file),
    }
    return Answer(b"Found", 302, headers)


# --- large files -----------------------------------------------------------------------------------------------------


@dataclass
class Upload:
    """What a signed address of the storage lets one send."""

    repository: Repository
    sha256: str
    size: int
    parts: dict[int, bytes] = field(default_factory=dict)


def tell_lfs_uploads(call, id, prefix="models/"):
    type = prefix.removesuffix("s/")
    # For a pull request the client names no revision here, and who may only read may still send objects.
    repository = call.find_repository(type, id, write=bool(call.json.get("ref")))
    call.require_user()
    multipart = "multipart" in call.json.get("transfers", [])
    objects, transfer = [], "basic"
    for asked in call.json["objects"]:
        sha256, size = asked["oid"], asked["size"]
        answer = {"oid": sha256, "size": size, "authenticated": True}
        if sha256 not in repository.objects:
            key = secrets.token_hex(16)
            call.hub.uploads[key] = Upload(repository, sha256, size)
            upload: dict = {"href": f"{call.hub.storage_url}/upload/{key}", "header": {}}
            if multipart and size > call.hub.part_size:
                transfer = "multipart"
                count = -(-size // call.hub.part_size)
                upload["header"] = {str(n): f"{upload['href']}/{n}" for n in range(1, count + 1)}
                upload["header"]["chunk_size"] = str(call.hub.part_size)
                upload["href"] = f"{call.hub.url}/api/complete_multipart/{key}"
            verify = {"href": f"{call.hub.url}/{PREFIXES[type]}{id}.git/info/lfs/objects/verify", "header": {}}
            answer["actions"] = {"upload": upload, "verify": verify}
        objects.append(answer)
    return {"transfer": transfer, "objects": objects}


def store(upload: Upload, data: bytes) -> None:
    if hashlib.sha256(data).hexdigest() != upload.sha256 or len(data) != upload.size:
        raise HubError(400, "The content is not what its sha256 and size say")
    upload.repository.objects[upload.sha256] = data


def receive_object(call, key, part=None):
    upload = call.hub.uploads.get(key)
    if upload is None:
        raise HubError(403, "Invalid signature")
    if part is None:
        store(upload, call.data)
    else:
        upload.parts[int(part)] = call.data
    return Answer(headers={"ETag": f'"{hashlib.md5(call.data).hexdigest()}"'})


def complete_parts(call, key):
    upload = call.hub.uploads[key]
    for part in call.json["parts"]:
        data = upload.parts.get(part["partNumber"], b"")
        if part["etag"].strip('"') != hashlib.md5(data).hexdigest():
            raise HubError(400, f"Part {part['partNumber']} is not the one that was sent")
    store(upload, b"".join(upload.parts[number] for number in sorted(upload.parts)))
    return {"success": True}


def verify_object(call, id, prefix="models/"):
    type = prefix.removesuffix("s/")
    data = call.find_repository(type, id).objects.get(call.json["oid"])
    if data is None or len(data) != call.json["size"]:
        raise HubError(404, "Object does not exist")
    return {}


def send_object(call, key):
    repository, file = call.hub.downloads.get(key, (None, None))
    if file is None:
        raise HubError(403, "Invalid signature")
    return cut(call, repository.read(file), {"ETag": f'"{file.sha256}"', "Accept-Ranges": "bytes"})


ROUTES = [
    ("POST", f"{API}/preupload/{REVISION}", tell_upload_modes),
    ("POST", f"{API}/commit/{REVISION}", make_commit),
    ("GET", f"{API}/commits/{REVISION}", list_commits),
    ("GET", f"{API}/tree/{REVISION}(?:/(?P<folder>.*))?", tell_tree),
    ("POST", f"{API}/paths-info/{REVISION}", tell_paths),
    ("GET", f"{GIT}/resolve/{REVISION}/(?P<path>.+)", resolve),
    ("POST", rf"{GIT}\.git/info/lfs/objects/batch", tell_lfs_uploads),
    ("POST", rf"{GIT}\.git/info/lfs/objects/verify", verify_object),
    ("POST", "/api/complete_multipart/(?P<key>[^/]+)", complete_parts),
]
STORAGE_ROUTES = [
    ("PUT", r"/upload/(?P<key>[^/]+)(?:/(?P<part>\d+))?", receive_object),
    ("GET", "/object/(?P<key>[^/]+)", send_object),
]
