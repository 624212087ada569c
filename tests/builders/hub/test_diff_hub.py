"""`gas diff` with revisions on the Hub, over HTTP, with the real client."""

import json
import time

import pytest
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.foundation import hub_requests as engine
from generate_any_scene.builders.recipe.loading import load_recipe
from hub_server import READ_TOKEN, STRANGER_TOKEN
from huggingface_hub.utils import close_session

GAS = {"repo_id": "org/gas", "repo_type": "dataset"}
SMALL = ("splits={train: 60, validation: 0, test: 10}", "questions=[object]")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(engine, "WAITS", (0.01,) * 4)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two versions of a dataset."""
    place = tmp_path_factory.mktemp("built")
    for name, overrides in (("first", ("version=1.0.0",)), ("second", ("seed=1", "version=2.0.0"))):
        build_datasets([load_recipe("three_d", (*SMALL, *overrides))], place / name)
    return place / "first", place / "second"


@pytest.fixture
def log_in(hub, connect, monkeypatch):
    """The client of this process knows the test Hub, and this token."""
    hub.create_repository("org/gas")

    def log_in(token=READ_TOKEN):
        monkeypatch.setenv("HF_TOKEN", token)
        return connect(token)

    return log_in


@pytest.fixture
def pushed(log_in, connect, folders):
    """Both versions are in `org/gas`, the first as v1.0.0, the second on main."""
    api = connect()
    api.upload_folder(**GAS, folder_path=folders[0])
    api.create_tag(**GAS, tag="v1.0.0")
    api.upload_folder(**GAS, folder_path=folders[1])
    return log_in()


def test_two_revisions(hub, pushed, folders, gas):
    hub.requests.clear()
    status, out, err = gas("diff", "org/gas@v1.0.0", "hf://datasets/org/gas", "--json")
    assert (status, err) == (0, "")
    result = json.loads(out)
    commits = [hub.repositories["dataset", "org/gas"].find_commit(name).oid for name in ("v1.0.0", "main")]
    assert result["commits"] == commits
    config = result["configs"]["three_d"]
    assert config["recipe"] == {"seed": [0, 1]}
    assert config["facts"]["version"] == ["1.0.0", "2.0.0"]
    train = config["splits"]["train"]
    assert (train["changes"]["compared"], train["changes"]["changed"], train["captions"]["shared"]) == (60, 60, 0)
    assert {request.method for request in hub.requests} <= {"GET", "HEAD", "POST"}
    assert not hub.find("POST", "/commit/") and hub.outside == []
    # It is the same as of the folders that were pushed.
    assert json.loads(gas("diff", *folders, "--json")[1])["configs"] == result["configs"]


def test_a_folder_and_what_was_pushed_of_it(hub, pushed, folders, gas):
    hub.requests.clear()
    status, out, _ = gas("diff", folders[0], "org/gas@v1.0.0", "--exit-code")
    assert status == 0
    assert "b: org/gas@v1.0.0 (commit " in out
    assert "three_d: equal, by fingerprint and sizes (train 60, test 10)" in out
    assert not hub.find("GET", "parquet")
    status, out, _ = gas("diff", folders[0], "org/gas@v1.0.0", "--exit-code", "--all")
    assert status == 0
    assert "three_d: equal, all rows too" in out
    assert hub.find("GET", "parquet")


@pytest.mark.parametrize(
    ("name", "token", "status", "message"),
    [
        ("org/gsa", READ_TOKEN, 2, "no dataset org/gsa on the Hub that you may read, nor such a folder here"),
        ("org/gas@v1.0", READ_TOKEN, 2, "org/gas has no revision `v1.0`; did you mean `v1.0.0`?"),
        ("org/private", STRANGER_TOKEN, 2, "if it is private, log in with `hf auth login`"),
        ("org/private", "", 2, "if it is private, log in with `hf auth login`"),
        ("org/gated", STRANGER_TOKEN, 2, "org/gated is gated; ask for access on its page"),
        ("org/gas", "hf_wrong", 2, "the Hub does not know your token; log in"),
        ("org/other", READ_TOKEN, 2, "org/other has no manifest.json; give a dataset that `gas build` wrote"),
    ],
)
def test_what_cannot_be_read(name, token, status, message, hub, pushed, log_in, folders, gas):
    hub.create_repository("org/private", private=True)
    hub.create_repository("org/gated").gated = True
    hub.create_repository("org/other")
    log_in(token)
    found, out, err = gas("diff", folders[0], name)
    assert (found, out) == (status, "")
    assert message in " ".join(err.split())
    assert "Traceback" not in err


def test_a_hub_that_is_down_and_one_that_is_not_there(hub, pushed, folders, gas):
    hub.fail("GET", "/revision/", times=None)
    status, _, err = gas("diff", folders[0], "org/gas@main")
    assert "org/gas@main: the Hub answered 503" in " ".join(err.split())
    assert status == 1
    hub.close()
    close_session()  # or what is connected stays so
    status, _, err = gas("diff", folders[0], "org/gas@v1.0.0")
    assert status == 1
    assert "org/gas@v1.0.0: the Hub cannot be reached" in " ".join(err.split())


@pytest.mark.parametrize("words", [("diff",), ("explore", "--no-open")], ids=" ".join)
def test_a_mistyped_folder_waits_for_no_network(words, hub, log_in, folders, empty, gas, monkeypatch):
    """It looks like a name on the Hub; the folder that was meant is named at once."""
    log_in()
    hub.close()
    close_session()
    monkeypatch.setattr(engine, "WAITS", (30.0,) * 4)
    (empty / "runs" / "smoke").mkdir(parents=True)
    start = time.monotonic()
    status, out, err = gas(*words, "runs/smok", *([folders[0]] if words == ("diff",) else []))
    assert (status, out) == (1, "") and time.monotonic() - start < 20
    told = " ".join(err.split())
    assert "runs/smok: there is no such folder here, and the Hub cannot be reached" in told
    assert told.endswith("did you mean `runs/smoke`?")


def test_a_mistyped_folder_is_named_where_the_hub_has_no_such_dataset(hub, log_in, empty, gas):
    log_in()
    (empty / "runs" / "smoke").mkdir(parents=True)
    status, _, err = gas("explore", "runs/smok", "--no-open")
    assert status == 2 and "nor such a folder here; did you mean `runs/smoke`?" in " ".join(err.split())


def test_a_file_that_is_lost_on_the_way(hub, pushed, folders, gas):
    """The connection breaks again and again while rows are read."""
    hub.fail("GET", "parquet", status=404, times=None)
    status, out, err = gas("diff", folders[1], "org/gas@v1.0.0")
    assert (status, out) == (1, "")
    assert "org/gas@v1.0.0: " in err and "Traceback" not in err
