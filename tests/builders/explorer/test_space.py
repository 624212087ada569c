"""`gas push --explorer`: the page on the Hub, and how it reads a dataset that lies elsewhere."""

import json
import shutil
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from generate_any_scene.builders.explorer.index import FILES
from generate_any_scene.builders.explorer.server import read_range
from generate_any_scene.builders.explorer.space import name_space, push_page
from generate_any_scene.builders.folder.manifest import read_built_manifest
from generate_any_scene.builders.foundation import hub_requests as engine
from generate_any_scene.builders.hub.push import push_folder
from generate_any_scene.errors import GasError
from hub_fixtures import connect, hub  # noqa: F401
from hub_server import WRITE_TOKEN
from huggingface_hub import RepoCard

REPO, SPACE = "org/gas", "org/gas-explorer"


@pytest.fixture
def api(connect, monkeypatch):  # noqa: F811
    monkeypatch.setattr(engine, "WAITS", (0.01,) * 2)
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    return connect(WRITE_TOKEN)


@pytest.mark.slow
def test_the_page_is_pushed_beside_the_dataset(gas, api, hub, pairs):  # noqa: F811
    status, out, err = gas("push", str(pairs), "--repo", REPO, "--explorer")
    assert (status, err) == (0, "")
    assert f"{SPACE}: pushed" in out
    commit = api.repo_info(REPO, repo_type="dataset").sha
    there = {one.path: one for one in api.list_repo_tree(SPACE, repo_type="space", recursive=True)}
    splits = ("multi_object/train", "multi_object/test", "pairs/train", "pairs/test")
    indexes = [f"index/{split}/{name}" for split in splits for name in FILES]
    assert {"README.md", "index.html", "source.json", "NOTICE-explorer.txt", *indexes} <= there.keys()

    card = RepoCard.load(api.hf_hub_download(SPACE, "README.md", repo_type="space"))
    assert (card.data.sdk, card.data.app_file, card.data.datasets) == ("static", "index.html", [REPO])
    described = json.loads(Path(api.hf_hub_download(SPACE, "source.json", repo_type="space")).read_text())
    for split in described["splits"]:
        for file in split["files"]:
            base = f"{hub.url}/datasets/{REPO}/resolve/{commit}/"
            assert file["url"].startswith(base)
            assert file["bytes"] == (pairs / file["url"].removeprefix(base)).stat().st_size

    again = gas("push", str(pairs), "--repo", REPO, "--explorer")[1]
    assert f"{SPACE}: nothing to do" in again


def test_another_version_replaces_the_page(api, pairs, tmp_path):
    push_folder(pairs, REPO)
    first = push_page(pairs, REPO, api.repo_info(REPO, repo_type="dataset").sha)
    assert first.added
    planned = push_page(pairs, REPO, None, dry_run=True)
    assert set(planned.added) == {"source.json"}  # which names another revision


@pytest.mark.parametrize(
    ("option", "message"),
    [("--private", "leave --private out"), ("--create-pr", "leave --create-pr out")],
)
def test_what_a_page_cannot_read_is_refused(option, message, pairs, assert_refused):
    assert_refused(["push", str(pairs), "--repo", REPO, "--explorer", option], message)


def test_a_private_dataset_and_a_space_of_others_are_refused(api, pairs):
    api.create_repo(REPO, repo_type="dataset", private=True)
    push_folder(pairs, REPO)
    commit = api.repo_info(REPO, repo_type="dataset").sha
    with pytest.raises(GasError, match=r"is private, .*; look at it with gas explore org/gas"):
        push_page(pairs, REPO, commit)
    api.create_repo("org/other", repo_type="dataset")
    api.create_repo("org/other-explorer", repo_type="space", space_sdk="static")
    api.upload_file(path_or_fileobj=b"x", path_in_repo="app.py", repo_id="org/other-explorer", repo_type="space")
    with pytest.raises(GasError, match=r"org/other-explorer holds something else, such as app\.py"):
        push_page(pairs, "org/other", None)


def test_a_long_name_is_cut():
    assert name_space("me/scenes") == "me/scenes-explorer"
    assert len(name_space(f"me/{'a' * 96}").split("/")[1]) == 96


def test_a_dataset_on_the_hub_is_fetched_when_it_is_looked_at(api, hub, pairs, explore):  # noqa: F811
    push_folder(pairs, REPO)
    tab = explore(REPO, at="#split=pairs/test&row=5")
    assert tab.inner_text("#id") == "pairs/test/000000005"
    assert f'load_dataset("{REPO}", "pairs"' in tab.inner_text(".code")
    place = Path(api.hf_hub_download(REPO, "manifest.json", repo_type="dataset")).parent
    fetched = {path.name for path in place.rglob("*.parquet")}
    assert fetched == {"test-00000-of-00001.parquet"}


def test_a_dataset_that_is_not_there_is_told(api, pairs):
    from generate_any_scene.builders.explorer.contents import open_contents

    with pytest.raises(GasError, match="there is no dataset org/nothing on the Hub"):
        open_contents(["org/nothing"])


# --- another origin -------------------------------------------------------------------------------------------------


@contextmanager
def serve_elsewhere(folder, asked):
    """A server of another origin that lets pages read by simple requests, as the Hub's does, after a redirect."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, content=b"", **headers):
            self.send_response(status)
            headers = {"Access-Control-Allow-Origin": "*", "Content-Length": str(len(content)), **headers}
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self):
            asked.append((self.command, self.path))
            if self.path.startswith("/resolve/"):
                self.answer(302, Location=self.path.replace("/resolve/", "/store/"))
                return
            content = (folder / self.path.removeprefix("/store/").lstrip("/")).read_bytes()
            start, end = read_range(self.headers.get("Range", ""), len(content)) or (0, len(content))
            partial = {"Content_Range": f"bytes {start}-{end - 1}/{len(content)}"} if "Range" in self.headers else {}
            kind = {"Content_Type": "text/html"} if self.path.endswith(".html") else {}
            self.answer(206 if partial else 200, content[start:end], **partial, **kind)

        def do_OPTIONS(self):
            asked.append((self.command, self.path))
            self.answer(403)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.slow
def test_a_static_page_reads_a_dataset_of_another_origin(api, pairs, open_tab, tmp_path):
    """Requests are simple ones: nothing is asked for leave first, which the Hub's storage might refuse."""
    asked, pages = [], []
    push_folder(pairs, REPO)
    with serve_elsewhere(pairs, asked) as data, serve_elsewhere(tmp_path, pages) as host:
        push_page(pairs, REPO, api.repo_info(REPO, repo_type="dataset").sha)
        for one in api.list_repo_tree(SPACE, repo_type="space", recursive=True):
            if hasattr(one, "size"):
                place = tmp_path / one.path
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(api.hf_hub_download(SPACE, one.path, repo_type="space"), place)
        described = json.loads((tmp_path / "source.json").read_text())
        for split in described["splits"]:
            for file in split["files"]:
                file["url"] = f"{data}/resolve/{file['url'].rpartition('/resolve/')[2].partition('/')[2]}"
        (tmp_path / "source.json").write_text(json.dumps(described))
        tab = open_tab(bypass_csp=True)  # which allows other origins by https alone
        tab.goto(f"{host}/index.html#split=pairs/test&row=7")
        tab.wait_for_selector("body[data-state=ready]")
        assert tab.inner_text("#id") == "pairs/test/000000007"
        tab.click("[data-facet=form] [data-value=open]")
        tab.wait_for_selector("#count:has-text('of 20')")
    rows = sum(split.rows for split in read_built_manifest(pairs).configs["pairs"].splits.values())
    assert rows and asked and {method for method, _ in asked} == {"GET"}
    assert {path.rpartition("/")[2] for _, path in asked} == {"test-00000-of-00001.parquet"}
