"""The server gives what is shown, by ranges, and nothing else."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import quote, urlsplit

import pytest
from generate_any_scene.builders.explorer.contents import open_contents
from generate_any_scene.builders.explorer.explore import serve_page
from generate_any_scene.builders.explorer.server import open_server, read_range
from generate_any_scene.builders.folder.reading import find_split
from generate_any_scene.errors import GasError
from pyarrow.parquet import read_table

FILE = "files/pairs/test-00000-of-00001.parquet"


@pytest.fixture
def ask(pairs, evaluations):
    """Asks a server: `ask("source.json")` gives status, headers and content."""

    def ask_one(path, method="GET", names=(pairs,), **headers):
        with serve_page(*names) as url:
            return fetch(url, path, method, **headers)

    return ask_one


def test_a_folder_of_evaluations_names_them(evaluations, monkeypatch):
    runs = evaluations[0].parent
    monkeypatch.chdir(runs.parent)
    with pytest.raises(GasError, match=f"{runs.name} holds evaluations; give one of them, or several: {runs.name}/"):
        open_contents([runs.name])


def fetch(url, path, method="GET", **headers):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.putrequest(method, f"/{path}", skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=2-5", (2, 6)),
        ("bytes=0-0", (0, 1)),
        ("bytes=8-99", (8, 10)),
        ("bytes=8-", (8, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=10-", (10, 10)),
        ("bytes=-0", (10, 10)),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("bytes=x-1", None),
    ],
)
def test_ranges_are_read_as_the_standard_has_them(header, found):
    """RFC 9110, section 14: what is no range of bytes is as if it was not there."""
    assert read_range(header, 10) == found


def test_files_come_whole_and_by_ranges(ask, pairs):
    content = (pairs / FILE.removeprefix("files/")).read_bytes()
    status, headers, whole = ask(FILE)
    assert (status, whole) == (200, content)
    assert headers["Accept-Ranges"] == "bytes"
    status, headers, part = ask(FILE, Range="bytes=100-299")
    assert (status, part) == (206, content[100:300])
    assert headers["Content-Range"] == f"bytes 100-299/{len(content)}"
    assert ask(FILE, Range="bytes=-8")[2] == content[-8:]
    assert ask(FILE, Range=f"bytes={len(content)}-")[0] == 416
    status, headers, nothing = ask(FILE, "HEAD", Range="bytes=0-9")
    assert (status, headers["Content-Length"], nothing) == (206, "10", b"")


def test_the_source_says_what_there_is(ask, pairs):
    described = json.loads(ask("source.json")[2])
    assert [(one["config"], one["split"], one["rows"]) for one in described["splits"]] == [
        *(("multi_object", "train", 300), ("multi_object", "test", 20)),
        *(("pairs", "train", 300), ("pairs", "test", 20)),
    ]
    for split in described["splits"]:
        for file in split["files"]:
            assert file["bytes"] == (pairs / file["url"].removeprefix("files/")).stat().st_size


def test_single_rows_are_those_of_the_files(ask, pairs):
    rows = read_table(find_split(pairs, "pairs", "test").files[0]).to_pylist()
    for number in (0, 7, 19):
        assert json.loads(ask(f"rows/pairs/test/{number}")[2]) == rows[number]
    assert ask("rows/pairs/test/20")[0] == 502
    assert ask("rows/pairs/test/x")[0] == 404


def test_an_index_is_made_when_it_is_asked_for(pairs):
    with serve_page(pairs) as url:
        for _ in range(300):
            status, _, content = fetch(url, "index/pairs/test/index.json")
            if status != 202:
                break
            assert set(json.loads(content)) == {"done"}
            time.sleep(0.1)
        assert (status, json.loads(content)["rows"]) == (200, 20)
        assert fetch(url, "index/pairs/test/facets.bin")[0] == 200
        assert fetch(url, "index/pairs/test/other.bin")[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "manifest.json",
        "files/manifest.json",
        "files/../manifest.json",
        "files/pairs/../../../../../../etc/passwd",
        "../../../../../../etc/passwd",
        "%2e%2e/%2e%2e/etc/passwd",
        "index/pairs/test/../../../x",
        "index/pairs/other/index.json",
        "rows/pairs/other/1",
        "files//etc/passwd",
        "runs/0/pictures/a.png",
    ],
)
def test_nothing_else_is_given(path, ask):
    status, _, content = ask(path)
    assert status == 404
    assert "there is no" in json.loads(content)["error"]


def test_pictures_are_given_and_nothing_else_beside_them(ask, evaluations, tmp_path):
    one, _ = evaluations
    pictures = one / "pictures"
    name = next(pictures.rglob("*.png")).relative_to(pictures).as_posix()
    status, headers, content = ask(f"runs/0/pictures/{quote(name)}", names=evaluations)
    assert (status, headers["Content-Type"], content) == (200, "image/png", (pictures / name).read_bytes())
    folder = name.rpartition("/")[0]
    frames = json.loads(ask(f"runs/0/pictures/{folder}", names=evaluations)[2])["frames"]
    assert frames == sorted(path.name for path in (pictures / folder).iterdir())
    for other in ("../run.json", "%2e%2e/run.json", "..%2frun.json", folder + "/../../../run.json", "", "a%00.png"):
        assert ask(f"runs/0/pictures/{other}", names=evaluations)[0] == 404


def test_a_link_that_leads_out_of_the_pictures_is_refused(write_evaluation, tmp_path, ask):
    folder = write_evaluation(tmp_path / "run", "model", lambda *_: True, scenes=2)
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "pictures" / "link.png").symlink_to(tmp_path / "secret.png")
    status, _, content = ask("runs/0/pictures/link.png", names=[folder])
    assert (status, b"secret" in content.replace(b"secret.png", b"")) == (502, False)


def test_other_hosts_names_are_refused(ask):
    """A page of the web could lead its own name here, and then read what this server gives."""
    assert ask("source.json", Host="evil.example")[0] == 403
    assert ask("source.json", Host="127.0.0.1:1")[0] == 403


def test_the_page_reaches_nothing_but_its_server(ask):
    _, headers, _ = ask("")
    assert headers["Content-Security-Policy"] == "connect-src 'self'"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_other_methods_are_refused(ask):
    assert ask("source.json", "POST")[0] == 501


def test_only_this_machine_is_served(pairs):
    with open_server(open_contents([str(pairs)])) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_told_and_without_one_another_is_found(pairs, monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(GasError, match=f"--port {port}: .*in use; give another"), serve_page(pairs, port=port):
            pass
        monkeypatch.setattr("generate_any_scene.builders.explorer.server.PORT", port)
        with serve_page(pairs) as url:
            assert fetch(url, "source.json")[0] == 200
            assert urlsplit(url).port != port


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        (["nothing"], {}, "there is no folder nothing; give a folder that `gas build` wrote"),
        (["{pairs}", "{pairs}"], {}, "only evaluations are shown side by side"),
        (["{pairs}", "{run}"], {}, "only evaluations are shown side by side"),
        (["{pairs}"], {"config": "pair"}, "has no config `pair`; did you mean `pairs`"),
        (["{pairs}"], {"split": "tset"}, "has no split `tset`; did you mean `test`"),
        (["{pairs}"], {"split": "validation"}, "has no split `validation`"),
        (["{run}"], {"config": "pairs"}, "--config and --split are of datasets"),
        (["{empty}"], {}, "has no manifest.json"),
        (["{training}"], {}, "has no answers.parquet: the evaluation is not done, or it is a training"),
    ],
)
def test_what_cannot_be_shown_is_told(names, options, message, pairs, evaluations, empty):
    (empty / "training").mkdir()
    (empty / "training" / "run.json").write_text("{}")
    places = {"pairs": pairs, "run": evaluations[0], "empty": empty, "training": empty / "training"}
    with pytest.raises(GasError, match=message):
        open_contents([name.format(**places) for name in names], **options)


def test_a_damaged_record_is_told(write_evaluation, tmp_path):
    folder = write_evaluation(tmp_path / "run", "model", lambda *_: True, scenes=1)
    (folder / "run.json").write_text("[")
    with pytest.raises(GasError, match=r"run\.json is damaged: it is no JSON"):
        open_contents([str(folder)])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("way", ["command", "python"])
def test_a_folder_is_served_until_ctrl_c(way, pairs, tmp_path):
    command = [sys.executable, "-m", "generate_any_scene", "explore", str(pairs), "--no-open", "--split", "test"]
    if way == "python":
        recipe = "gas.Recipe.load('sandbox', splits={'train': 3, 'validation': 0, 'test': 2})"
        script = f"import generate_any_scene as gas; gas.build({recipe}, out='gas').explore(open_browser=False)"
        command = [sys.executable, "-c", script]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
        cwd=tmp_path,
    ) as process:
        url = process.stdout.readline().strip()
        try:
            source = json.loads(fetch(url, "source.json")[2])
        finally:
            process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=60)
    assert len(source["splits"]) == 2
    assert (process.returncode, rest) == (0, "")
    assert complaints == ("gas: press Ctrl-C to end\n" if way == "command" else "")
