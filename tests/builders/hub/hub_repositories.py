"""Repositories as the Hub keeps them: commits of whole trees, branches, tags and pull requests, all in memory."""

import base64
import fnmatch
import hashlib
import itertools
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

import yaml

LFS_PATTERNS = [
    f"*.{suffix}" for suffix in ("arrow", "bin", "gz", "jpg", "mp4", "npz", "parquet", "png", "tar", "zip")
]
ATTRIBUTES = "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in LFS_PATTERNS)
LARGEST_REGULAR = 10 * 1024 * 1024
PULL_REQUEST = "refs/pr/"


class HubError(Exception):
    """What the Hub answers instead: `code` goes to X-Error-Code, by which clients choose the exception."""

    def __init__(self, status: int, message: str, code: str | None = None, **body):
        super().__init__(message)
        self.status, self.message, self.code, self.body = status, message, code, body
        self.headers: dict[str, str] = {}


def hash_git(kind: str, data: bytes) -> str:
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data).hexdigest()


@dataclass(frozen=True)
class File:
    """`data` of an LFS file is its pointer, and then `sha256` and `size` are those of the object."""

    data: bytes
    oid: str
    size: int
    sha256: str | None = None


def create_regular_file(data: bytes) -> File:
    return File(data, hash_git("blob", data), len(data))


def create_lfs_file(sha256: str, size: int) -> File:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
    return File(pointer, hash_git("blob", pointer), size, sha256)


@dataclass(frozen=True)
class Commit:
    oid: str
    parent: str | None
    files: dict[str, File]
    title: str
    message: str
    author: str
    date: str


@dataclass
class PullRequest:
    num: int
    title: str
    description: str
    author: str
    date: str
    base: str
    head: str
    is_pull_request: bool = True
    status: str = "draft"
    merged: str | None = None

    @property
    def ref(self) -> str:
        return f"{PULL_REQUEST}{self.num}"


@dataclass
class Repository:
    id: str
    type: str
    private: bool = False
    gated: bool = False
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    discussions: dict[int, PullRequest] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)  # LFS: sha256 -> content
    lock: threading.RLock = field(default_factory=threading.RLock)
    created: str = ""
    _dates: itertools.count = field(default_factory=itertools.count)

    def __post_init__(self):
        self.created = self.tell_time()
        self.branches["main"] = self.add_commit(
            None, {".gitattributes": create_regular_file(ATTRIBUTES.encode())}, "initial commit", "", "system"
        ).oid

    @property
    def namespace(self) -> str:
        return self.id.split("/")[0]

    def tell_time(self) -> str:
        """Later with every call, so that two commits of one millisecond keep their order."""
        now = datetime.now(UTC).timestamp() + next(self._dates) / 1000
        return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    def add_commit(self, parent, files, title, message, author) -> Commit:
        date = self.tell_time()
        lines = [f"tree {hash_tree(files)}", f"parent {parent}", f"author {author} {date}", "", title, message]
        commit = Commit(
            hash_git("commit", "\n".join(lines).encode()), parent, dict(files), title, message, author, date
        )
        self.commits[commit.oid] = commit
        return commit

    def find_commit(self, revision: str) -> Commit:
        """The commit of a branch, a tag, a pull request or an id, of which 7 characters do."""
        oid = self.branches.get(revision.removeprefix("refs/heads/")) or self.tags.get(
            revision.removeprefix("refs/tags/")
        )
        if oid is None and (pull := self.find_pull_request(revision)):
            oid = pull.head
        if oid is None and len(revision) >= 7:
            oid = next((known for known in self.commits if known.startswith(revision)), None)
        if oid is None:
            raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return self.commits[oid]

    def find_pull_request(self, revision: str) -> PullRequest | None:
        number = revision.removeprefix(PULL_REQUEST)
        if revision.startswith(PULL_REQUEST) and number.isdigit() and int(number) in self.discussions:
            return self.discussions[int(number)]
        return None

    def move(self, revision: str, oid: str) -> None:
        """Lets a branch or a pull request point to another commit."""
        if pull := self.find_pull_request(revision):
            pull.head = oid
        elif (branch := revision.removeprefix("refs/heads/")) in self.branches:
            self.branches[branch] = oid
        else:
            raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")

    def commit(self, revision, operations, author, create_pr=False) -> tuple[Commit, PullRequest | None]:
        """Makes a commit of the lines of a request, or nothing at all; gives the pull request if one was opened."""
        with self.lock:
            header = next((line["value"] for line in operations if line["key"] == "header"), None)
            if header is None or not header.get("summary"):
                raise HubError(400, "Commit header with a summary is required")
            head = self.find_commit(revision)
            wanted = header.get("parentCommit")
            if wanted and create_pr:
                head = self.find_commit(wanted)
            elif wanted and not (len(wanted) >= 7 and head.oid.startswith(wanted)):
                raise HubError(412, "A commit has happened since. Please refresh and try again.")
            files = apply_operations(self, head.files, operations)
            title, message = header["summary"], header.get("description", "")
            if not create_pr:
                self.move(revision, head.oid)  # a tag or an id cannot be committed to: said before anything is made
            commit = self.add_commit(head.oid, files, title, message, author)
            pull = None
            if create_pr:
                pull = self.open_discussion(title, message, author, base=revision)
                pull.status, pull.head = "open", commit.oid
            else:
                self.move(revision, commit.oid)
            return commit, pull

    def open_discussion(self, title, description, author, base="main", is_pull_request=True) -> PullRequest:
        with self.lock:
            num = len(self.discussions) + 1
            head = self.find_commit(base).oid
            self.discussions[num] = PullRequest(
                num, title, description, author, self.tell_time(), base, head, is_pull_request
            )
            return self.discussions[num]

    def merge(self, pull: PullRequest, author: str) -> Commit:
        """Brings what the commits of a pull request changed into its branch; the later one wins."""
        with self.lock:
            target, head = self.find_commit(pull.base), self.commits[pull.head]
            history = {commit.oid for commit in self.list_commits(target.oid)}
            start = next(commit for commit in self.list_commits(head.oid) if commit.oid in history)
            files = dict(target.files)
            for path in start.files.keys() | head.files.keys():
                if start.files.get(path) != head.files.get(path):
                    files.pop(path, None)
                    files |= {path: head.files[path]} if path in head.files else {}
            commit = self.add_commit(target.oid, files, f"{pull.title} (#{pull.num})", "", author)
            self.move(pull.base, commit.oid)
            pull.status, pull.merged = "merged", commit.oid
            return commit

    def list_commits(self, revision: str) -> list[Commit]:
        """From the newest to the first."""
        commits = [self.find_commit(revision)]
        while commits[-1].parent:
            commits.append(self.commits[commits[-1].parent])
        return commits

    def find_last_change(self, commit: Commit, path: str) -> Commit:
        """The last commit that changed a file, or anything below a folder."""

        def select(files):
            return {name: file for name, file in files.items() if name == path or name.startswith(f"{path}/")}

        wanted = select(commit.files)
        while commit.parent and select(self.commits[commit.parent].files) == wanted:
            commit = self.commits[commit.parent]
        return commit

    def read(self, file: File) -> bytes:
        return file.data if file.sha256 is None else self.objects[file.sha256]

    def choose_upload_mode(self, path: str, size: int, commit: Commit) -> str:
        """As `.gitattributes` says, and what is too large for git goes to LFS anyway."""
        attributes = commit.files.get(".gitattributes")
        lines = (attributes.data.decode() if attributes else "").splitlines()
        patterns = [line.split()[0] for line in lines if "filter=lfs" in line]
        name = path.rpartition("/")[2]
        if size > LARGEST_REGULAR or any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
            return "lfs"
        return "regular"


def apply_operations(repository: Repository, files: dict[str, File], operations: list[dict]) -> dict[str, File]:
    """The files after the lines of a commit request."""
    files = dict(files)
    for line in operations:
        key, value = line["key"], line["value"]
        path = value.get("path", "").strip("/")
        if key != "header" and (not path or ".." in path.split("/") or ".git" in path.split("/")):
            raise HubError(400, f"Invalid path: {path!r}")
        if key == "file":
            content = value["content"]
            data = base64.b64decode(content) if value.get("encoding") == "base64" else content.encode()
            files[path] = create_regular_file(data)
        elif key == "lfsFile":
            if value["oid"] not in repository.objects:
                raise HubError(
                    400, f"Your push was rejected because an LFS pointer pointed to a file that does not exist: {path}"
                )
            files[path] = create_lfs_file(value["oid"], len(repository.objects[value["oid"]]))
        elif key == "copyFile":
            source = repository.find_commit(value["srcRevision"]).files if value.get("srcRevision") else files
            if value["srcPath"] not in source:
                raise HubError(404, "A file with this name doesn't exist", "EntryNotFound")
            files[path] = source[value["srcPath"]]
        elif key == "deletedFile":
            if files.pop(path, None) is None:
                raise HubError(404, "A file with this name doesn't exist", "EntryNotFound")
        elif key == "deletedFolder":
            below = [name for name in files if name.startswith(f"{path}/")]
            if not below:
                raise HubError(404, "A folder with this name doesn't exist", "EntryNotFound")
            for name in below:
                del files[name]
        elif key != "header":
            raise HubError(400, f"Unknown operation: {key}")
    return files


def hash_tree(files: dict[str, File]) -> str:
    return hash_git("tree", "".join(f"{path} {file.oid}\n" for path, file in sorted(files.items())).encode())


def describe_file(path: str, file: File) -> dict:
    entry: dict = {"type": "file", "path": path, "oid": file.oid, "size": file.size}
    if file.sha256:
        entry["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": len(file.data)}
    return entry


def describe_folder(path: str, files: dict[str, File]) -> dict:
    below = {name.removeprefix(f"{path}/"): file for name, file in files.items() if name.startswith(f"{path}/")}
    return {"type": "directory", "path": path, "oid": hash_tree(below), "size": 0}


def list_tree(files: dict[str, File], folder: str = "", recursive: bool = False) -> list[dict]:
    """Folders and files of a folder, folders first."""
    start = f"{folder}/" if folder else ""
    below = [path for path in sorted(files) if path.startswith(start)]
    if folder and not below:
        raise HubError(404, f"{folder} does not exist on this revision", "EntryNotFound")
    folders, plain = {}, []
    for path in below:
        parts = path.removeprefix(start).split("/")
        depth = len(parts) if recursive else min(len(parts), 2)
        for end in range(1, depth):
            folders[start + "/".join(parts[:end])] = None
        if recursive or len(parts) == 1:
            plain.append(path)
    return [describe_folder(path, files) for path in folders] + [describe_file(path, files[path]) for path in plain]


def read_card(repository: Repository, commit: Commit) -> dict:
    """The YAML header of README.md; what cannot be read is no header."""
    readme = commit.files.get("README.md")
    if readme is None or not readme.data.startswith(b"---"):
        return {}
    try:
        card = yaml.safe_load(readme.data.decode().split("---")[1])
    except (yaml.YAMLError, IndexError, UnicodeDecodeError):
        return {}
    return card if isinstance(card, dict) else {}
