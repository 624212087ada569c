"""The Hub of the tests against the real clients, whose answers to errors other tests rely on."""

import hashlib
import json
import threading
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub_repositories import hash_git
from hub_server import READ_TOKEN, STRANGER_TOKEN, WRITE_TOKEN
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfFileSystem, constants
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import get_session

GAS = {"repo_id": "org/gas", "repo_type": "dataset"}
LARGE = b"PAR1" + bytes(range(256)) * 2000
CARD = b"---\nlicense: apache-2.0\ntags: [synthetic]\n---\n# GAS\n"
FILES = {"data/train.parquet": LARGE, "README.md": CARD}


def push(api, files=FILES, **options):
    operations = [CommitOperationAdd(path, data) for path, data in files.items()]
    return api.create_commit(**GAS, operations=operations, commit_message="Data", **options)


@pytest.fixture
def api(hub, connect):
    """Of who may write; there is an empty dataset repository `org/gas`."""
    hub.create_repository("org/gas")
    return connect()


@pytest.fixture
def folder(tmp_path):
    """A folder with two configs, as `gas build` leaves it."""
    out = tmp_path / "gas"
    configs = ""
    for config in ("one", "two"):
        (out / config).mkdir(parents=True)
        pq.write_table(pa.table({"config": [config] * 5, "row": range(5)}), out / config / "train-0.parquet")
        configs += f"- config_name: {config}\n  data_files: [{{split: train, path: {config}/train-*.parquet}}]\n"
    (out / "README.md").write_text(f"---\nlicense: apache-2.0\nconfigs:\n{configs}---\n# GAS\n")
    return out


def test_what_is_committed_is_read_back(hub, connect):
    api = connect()
    assert api.whoami()["name"] == "user"
    url = api.create_repo(**GAS, private=True)
    assert (url.repo_id, url.repo_type, url.endpoint) == ("org/gas", "dataset", hub.url)
    assert api.create_repo(**GAS, exist_ok=True) == url
    commit = push(api)
    assert {path: hub.read("org/gas", path) for path in FILES} == FILES

    info = api.repo_info(**GAS, files_metadata=True)
    assert (info.sha, info.private, info.tags) == (commit.oid, True, ["synthetic", "license:apache-2.0"])
    assert info.card_data.license == "apache-2.0"
    siblings = {sibling.rfilename: sibling for sibling in info.siblings}
    assert list(siblings) == [".gitattributes", "README.md", "data/train.parquet"]
    assert siblings["README.md"].blob_id == hash_git("blob", CARD)
    large = siblings["data/train.parquet"]
    assert (large.size, large.lfs.sha256) == (len(LARGE), hashlib.sha256(LARGE).hexdigest())

    downloaded = api.hf_hub_download(**GAS, filename="data/train.parquet", revision=commit.oid)
    with open(downloaded, "rb") as file:
        assert file.read() == LARGE
    files = HfFileSystem(hub.url, token=WRITE_TOKEN)
    assert files.read_bytes("datasets/org/gas/data/train.parquet", start=2, end=9) == LARGE[2:9]
    assert files.read_bytes(f"datasets/org/gas@{commit.oid}/README.md") == CARD
    assert sorted(files.find("datasets/org/gas", detail=False)) == [f"datasets/org/gas/{path}" for path in siblings]


def test_tokens_stay_at_the_hub(hub, api):
    push(api)
    api.hf_hub_download(**GAS, filename="data/train.parquet")
    assert {(request.method, request.status) for request in hub.find(host="storage")} == {("PUT", 200), ("GET", 200)}
    for request in hub.requests:
        assert WRITE_TOKEN not in request.path
        held = {name for name, value in request.headers.items() if WRITE_TOKEN in value}
        assert held <= ({"authorization", "Authorization"} if request.host == "hub" else set())
    assert hub.outside == []


def test_requests_to_other_hosts_are_caught(hub, connect):
    assert get_session().get("http://elsewhere.example/info").status_code == 403
    with pytest.raises(Exception, match="403"):
        get_session().head("https://elsewhere.example/info")
    assert [(request.method, request.host) for request in hub.outside] == [
        ("GET", "elsewhere.example"),
        ("CONNECT", "elsewhere.example:443"),
    ]


def test_what_is_there_is_not_sent_again(hub, api):
    first = push(api)
    sent = len(hub.requests)
    again = push(api)
    assert [str(request) for request in hub.requests[sent:]] == [
        "POST /api/validate-yaml 200",
        "POST /api/datasets/org/gas/preupload/main 200",
        "POST /datasets/org/gas.git/info/lfs/objects/batch 200",
        "GET /api/datasets/org/gas/revision/main 200",
    ]
    assert again.oid == first.oid and len(api.list_repo_commits(**GAS)) == 2
    moved = push(api, {"data/validation.parquet": LARGE})
    assert moved.oid != first.oid and len(hub.find("PUT")) == 1


def test_models_are_repositories_too(hub, connect):
    api = connect()
    api.create_repo("user/tiny")
    api.upload_file(path_or_fileobj=LARGE, path_in_repo="weights/größte.bin", repo_id="user/tiny")
    with open(api.hf_hub_download("user/tiny", "weights/größte.bin"), "rb") as file:
        assert file.read() == LARGE
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download("user/tiny", "weights/größere.bin")


def test_large_objects_are_sent_in_parts(hub, api):
    hub.part_size = 100_000
    push(api)
    parts = hub.find("PUT", host="storage")
    assert [part.size for part in parts] == [100_000] * 5 + [len(LARGE) - 500_000]
    assert hub.read("org/gas", "data/train.parquet") == LARGE


def test_deletions_copies_and_several_pages(hub, api):
    push(api, {**FILES, **{f"notes/{n}.txt": b"%d" % n for n in range(7)}})
    operations = [
        CommitOperationCopy("data/train.parquet", "data/copy.parquet"),
        CommitOperationDelete("README.md"),
        CommitOperationDelete("notes/"),
    ]
    hub.page_size = 3
    paths = [entry.path for entry in api.list_repo_tree(**GAS, recursive=True, expand=True)]
    assert sorted(paths) == sorted([*hub.list_files("org/gas"), "data", "notes"])
    assert len(hub.find("GET", "tree")) == 4
    api.create_commit(**GAS, operations=operations, commit_message="Less")
    assert hub.list_files("org/gas") == [".gitattributes", "data/copy.parquet", "data/train.parquet"]
    entries = api.get_paths_info(**GAS, paths=["data", "README.md", "data/copy.parquet"], expand=True)
    assert [(entry.path, entry.last_commit.title) for entry in entries] == [
        ("data", "Less"),
        ("data/copy.parquet", "Less"),
    ]
    with pytest.raises(EntryNotFoundError, match="A file with this name doesn't exist"):
        api.delete_file("README.md", **GAS)


def test_tags_and_branches(hub, api):
    first = push(api)
    api.create_tag(**GAS, tag="v1.0.0")
    with pytest.raises(HfHubHTTPError, match="exists already"):
        api.create_tag(**GAS, tag="v1.0.0")
    api.create_tag(**GAS, tag="v1.0.0", exist_ok=True)
    api.create_branch(**GAS, branch="next", revision="v1.0.0")
    second = push(api, {"README.md": b"new"}, revision="next")
    references = api.list_repo_refs(**GAS)
    assert {branch.name: branch.target_commit for branch in references.branches} == {
        "main": first.oid,
        "next": second.oid,
    }
    assert [(tag.name, tag.ref, tag.target_commit) for tag in references.tags] == [
        ("v1.0.0", "refs/tags/v1.0.0", first.oid)
    ]
    assert (hub.read("org/gas", "README.md", "v1.0.0"), hub.read("org/gas", "README.md", "next")) == (CARD, b"new")
    assert [commit.title for commit in api.list_repo_commits(**GAS, revision="next")] == [
        "Data",
        "Data",
        "initial commit",
    ]
    api.delete_tag(**GAS, tag="v1.0.0")
    api.delete_branch(**GAS, branch="next")
    with pytest.raises(RevisionNotFoundError):
        api.repo_info(**GAS, revision="v1.0.0")
    with pytest.raises(RevisionNotFoundError):
        push(api, revision="next")


def test_a_pull_request_leaves_main_alone(hub, api, connect):
    main = push(api).oid
    opened = push(connect(STRANGER_TOKEN), {"README.md": b"better"}, create_pr=True)
    assert (opened.pr_num, opened.pr_revision) == (1, "refs/pr/1")
    references = api.list_repo_refs(**GAS, include_pull_requests=True)
    assert [(pull.ref, pull.target_commit) for pull in references.pull_requests] == [("refs/pr/1", opened.oid)]
    assert api.repo_info(**GAS).sha == main
    assert hub.read("org/gas", "README.md", "refs/pr/1") == b"better"
    push(api, {"data/test.parquet": LARGE})
    api.merge_pull_request(**GAS, discussion_num=1)
    assert hub.read("org/gas", "README.md") == b"better" and "data/test.parquet" in hub.list_files("org/gas")
    assert api.get_discussion_details(**GAS, discussion_num=1).status == "merged"


def test_a_commit_on_another_parent_is_refused(hub, api):
    parent = push(api).oid
    hub.before("/commit/", lambda _: hub.commit("org/gas", {"NOTES.md": b"mine"}), method="POST")
    with pytest.raises(HfHubHTTPError, match="A commit has happened since. Please refresh and try again.") as raised:
        push(api, {"README.md": b"new"}, parent_commit=parent)
    assert raised.value.response.status_code == 412
    assert hub.read("org/gas", "README.md") == CARD
    push(api, {"README.md": b"new"}, parent_commit=api.repo_info(**GAS).sha)
    assert (hub.read("org/gas", "README.md"), hub.read("org/gas", "NOTES.md")) == (b"new", b"mine")


def test_of_two_commits_on_one_parent_one_is_made(hub, api):
    parent = push(api).oid
    refused = []

    def commit(number):
        try:
            push(api, {"NOTES.md": b"%d" % number}, parent_commit=parent)
        except HfHubHTTPError as error:
            refused.append(error.response.status_code)

    threads = [threading.Thread(target=commit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [412, 412, 412]
    assert len(api.list_repo_commits(**GAS)) == 3


def test_a_commit_of_objects_that_were_not_sent_is_refused(hub, api):
    operation = CommitOperationAdd("data/train.parquet", LARGE)
    operation._is_uploaded, operation._upload_mode = True, "lfs"  # what a client that lost its objects would believe
    with pytest.raises(HfHubHTTPError, match="pointed to a file that does not exist"):
        api.create_commit(**GAS, operations=[operation], commit_message="Nothing behind it")
    assert hub.list_files("org/gas") == [".gitattributes"]


@pytest.mark.parametrize(
    ("token", "repository", "status", "error"),
    [
        (None, "org/private", 401, RepositoryNotFoundError),
        (None, "org/missing", 401, RepositoryNotFoundError),
        (STRANGER_TOKEN, "org/private", 404, RepositoryNotFoundError),
        (WRITE_TOKEN, "org/missing", 404, RepositoryNotFoundError),
        ("hf_wrong", "org/gas", 401, HfHubHTTPError),
        (STRANGER_TOKEN, "org/gated", 403, GatedRepoError),
        (None, "org/gated", 401, GatedRepoError),
    ],
)
def test_what_one_may_not_read(token, repository, status, error, hub, api, connect):
    hub.create_repository("org/private", private=True)
    hub.create_repository("org/gated").gated = True
    with pytest.raises(HfHubHTTPError) as raised:
        connect(token).hf_hub_download(repository, ".gitattributes", repo_type="dataset")
    assert (type(raised.value), raised.value.response.status_code) == (error, status)


@pytest.mark.parametrize(
    ("token", "status", "error"),
    [
        (None, 401, RepositoryNotFoundError),
        ("hf_wrong", 401, HfHubHTTPError),
        (READ_TOKEN, 403, HfHubHTTPError),
        (STRANGER_TOKEN, 403, HfHubHTTPError),
    ],
)
def test_what_one_may_not_write(token, status, error, hub, api, connect):
    calls = [
        lambda client: push(client),
        lambda client: client.create_tag(**GAS, tag="v1.0.0"),
        lambda client: client.create_branch(**GAS, branch="next"),
    ]
    for call in calls:
        with pytest.raises(HfHubHTTPError) as raised:
            call(connect(token))
        assert (type(raised.value), raised.value.response.status_code) == (error, status)
    with pytest.raises(HfHubHTTPError) as raised:
        connect(token).create_repo("org/new", repo_type="dataset")
    assert raised.value.response.status_code == status
    assert hub.list_files("org/gas") == [".gitattributes"] and ("dataset", "org/new") not in hub.repositories


def test_what_is_not_there(hub, api):
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download(**GAS, filename="data/none.parquet")
    with pytest.raises(RevisionNotFoundError):
        api.hf_hub_download(**GAS, filename=".gitattributes", revision="v9")
    with pytest.raises(RevisionNotFoundError):
        api.create_tag(**GAS, tag="v1.0.0", revision="v9")
    with pytest.raises(EntryNotFoundError):
        list(api.list_repo_tree(**GAS, path_in_repo="data"))


def test_a_busy_hub_is_asked_again_for_some_requests_only(hub, api):
    busy = {"status": 429, "headers": {"Retry-After": "0"}}
    hub.fail("POST", "/preupload/", **busy)
    began = time.monotonic()
    push(api)
    assert time.monotonic() - began > 0.9  # a second more than the Hub asks for
    assert [request.status for request in hub.find("POST", "/preupload/")] == [429, 200]
    for method, path, call in (
        ("POST", "/commit/", lambda: push(api, {"README.md": b"new"})),
        ("GET", "/refs", lambda: api.list_repo_refs(**GAS)),
        ("POST", "/tag/", lambda: api.create_tag(**GAS, tag="v1.0.0")),
        ("GET", "whoami", lambda: api.whoami()),
    ):
        hub.fail(method, path, **busy)
        with pytest.raises(HfHubHTTPError) as raised:
            call()
        assert raised.value.response.status_code == 429


def test_an_upload_that_breaks_off_is_sent_again_from_its_beginning(hub, api):
    hub.drop("/upload/", after_bytes=1000)
    push(api)
    first, second = hub.find("PUT", "/upload/")
    assert (first.status, second.status, second.size) == (None, 200, len(LARGE))
    assert first.size < len(LARGE)
    assert hub.read("org/gas", "data/train.parquet") == LARGE


def test_of_an_upload_in_parts_the_broken_part_is_sent_again(hub, api):
    hub.part_size = 200_000
    hub.drop("/upload/.*/2", after_bytes=1000)
    push(api)
    assert [request.status for request in hub.find("PUT", "/upload/")] == [200, None, 200, 200]
    assert hub.read("org/gas", "data/train.parquet") == LARGE


def test_a_download_that_breaks_off_goes_on_after_the_last_piece(hub, api, monkeypatch):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 400)  # 10 MiB; what came of a piece is fetched again
    push(api)
    hub.drop("/object/", after_bytes=1000)
    with open(api.hf_hub_download(**GAS, filename="data/train.parquet"), "rb") as file:
        assert file.read() == LARGE
    broken, rest = hub.find("GET", "/object/")
    assert (broken.status, rest.status) == (None, 206)
    assert {key.lower(): value for key, value in rest.headers.items()}["range"] == "bytes=800-"


def test_a_commit_whose_answer_is_lost_was_made(hub, api):
    hub.lose_answer("/commit/")
    with pytest.raises(Exception, match="reset|disconnected|closed"):
        push(api)
    assert hub.list_files("org/gas") == [".gitattributes", "README.md", "data/train.parquet"]
    assert len(hub.find("POST", "/commit/")) == 1


def test_delays_and_hooks(hub, api):
    seen = []
    hub.delay("/refs", 0.3)
    hub.before("/refs", seen.append, times=None)
    began = time.monotonic()
    api.list_repo_refs(**GAS)
    assert time.monotonic() - began > 0.25 and seen == []  # one fault a request, in the order they were given
    api.list_repo_refs(**GAS)
    api.list_repo_refs(**GAS)
    assert [request.path for request in seen] == ["/api/datasets/org/gas/refs"] * 2


def test_folders_are_sent_by_xet(hub, folder, tmp_path, run_python):
    """In a process of its own, with nothing set but where the Hub is: what users of the library run."""
    hub.drop("/xorb/", after_bytes=100)
    code = f"""
from huggingface_hub import HfApi
api = HfApi()
api.create_repo("org/gas", repo_type="dataset")
for _ in range(2):
    print(api.upload_folder(repo_id="org/gas", repo_type="dataset", folder_path={str(folder)!r}).oid)
"""
    first, second = run_python(
        code, **hub.environment(tmp_path / "home"), HF_XET_CLIENT_RETRY_BASE_DELAY="10ms"
    ).split()
    assert first == second == api_head(hub)
    sent = {path: hub.read("org/gas", path) for path in hub.list_files("org/gas")[1:]}
    assert sent == {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}
    assert [request.status for request in hub.find("PUT", "/xorb/")] == [None, 200] and not hub.find(path="lfs")
    assert hub.outside == []


def api_head(hub):
    return hub.repositories["dataset", "org/gas"].find_commit("main").oid


@pytest.mark.slow
def test_datasets_loads_a_tag(hub, api, folder, tmp_path, run_python):
    hub.repositories["dataset", "org/gas"].private = True
    api.upload_folder(**GAS, folder_path=folder)
    api.create_tag(**GAS, tag="v1.0.0")
    hub.commit("org/gas", {"README.md": b"no configs"})
    code = """
import gc, json
from datasets import load_dataset
loaded = load_dataset("org/gas", "one", revision="v1.0.0", split="train")
streamed = load_dataset("org/gas", "two", revision="v1.0.0", split="train", streaming=True)
print(json.dumps([list(loaded["config"]), [row["config"] for row in streamed]]))
del streamed  # as in test_push.py: a stream ends before Python does
gc.collect()
"""
    printed = run_python(code, **hub.environment(tmp_path / "home", token=READ_TOKEN))
    assert json.loads(printed) == [["one"] * 5, ["two"] * 5]
    assert hub.outside == []
    code = """
from datasets import load_dataset
from datasets.exceptions import DatasetNotFoundError
try:
    load_dataset("org/gas", "one", revision="v1.0.0")
except DatasetNotFoundError as error:
    print(error)
"""
    printed = run_python(code, **hub.environment(tmp_path / "elsewhere", token=STRANGER_TOKEN))
    assert "doesn't exist on the Hub or cannot be accessed" in printed
