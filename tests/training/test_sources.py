"""Names of models and data sets: what is known of them here is told before the Hub is asked, and asked it is once."""

import json
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.recipes.loading import load_evaluation, load_training
from generate_any_scene.training.sources import Source, _list_sources, find_problems

KEYS = {
    "model": ("finetune_sd15", "model", "data.path=imagefolder"),
    "dataset": ("finetune_sd15", "data.path", "model=."),
    "judge": ("grpo_simplear", "judge.model", "model=."),
}


def draw_name(chance):
    """A name that is no folder and can be no repository, with a word of what is said of it."""
    word = "".join(chance.choice("abcXYZ019") for _ in range(chance.randint(3, 9)))
    return chance.choice(
        [
            (f"./{word}", "there is no folder"),
            (f"../{word}/{word}", "there is no folder"),
            (f"/{word}/{word}", "there is no folder"),
            (f"~/{word}", "there is no folder"),
            (f"{word}/{word}/{word}", "there is no folder"),
            (word, "it has no owner"),
            (f"me/{word} {word}", "must use alphanumeric"),
            (f"me--x/{word}", "--"),
            (f"me/{word}..{word}", ".."),
            (f"me/-{word}", "start or end"),
            (f"me/{word}.git", ".git"),
            (f"me/{word * 40}", "maximum length is 96"),
            (f"me/{word}:main", "must use alphanumeric"),
        ]
    )


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("seed", range(8))
def test_a_name_that_can_be_none_is_told_at_its_place(seed, kind, gas):
    name, word = draw_name(random.Random(seed))
    recipe, key, other = KEYS[kind]
    status, out, err = gas("train", recipe, "--dry-run", "--set", f"{key}={name}", "--set", other)
    assert (status, out) == (2, "")
    (told,) = (line for line in err.removeprefix("gas: ").splitlines() if line.startswith(f"--set {key}: "))
    assert f"`{name}`" in told and word in told and "; give a folder" in told


def test_all_of_a_recipe_are_looked_up_and_told_at_once(gas):
    names = ["model=./a", "judge.model=./b", "data.path=./c", "held_out.data.path=./d"]
    status, _, err = gas("train", "grpo_simplear", *(part for name in names for part in ("--set", name)))
    assert status == 2
    told = [line.removeprefix("gas: ").split(": ")[0] for line in err.splitlines()]
    assert [told.count(f"--set {name.split('=')[0]}") for name in names] == [1, 1, 1, 1]


def test_what_the_sandbox_makes_is_not_looked_up():
    assert not list(_list_sources(load_training("sandbox_grpo").recipe))


def test_all_of_an_evaluation_are_looked_up_but_what_servers_serve():
    pictures = {"lora": "me/adapter", "components": {"vae": {"class": "AutoencoderKL", "model": "me/vae"}}}
    served = {"judge": {"kind": "endpoint", "url": "http://localhost:8000", "model": "tiny"}}
    served["prompt_rewrite"] = {"by": "http://localhost:8001", "model": "small"}
    recipe = load_evaluation("sana", {"pictures": pictures, **served}).recipe
    found = {one.key: one.name for one in _list_sources(recipe)}
    assert found == {
        "pictures.model": "Efficient-Large-Model/SANA1.5_4.8B_1024px_diffusers",
        "pictures.lora": "me/adapter",
        "pictures.components.vae.model": "me/vae",
    }
    recipe = load_evaluation("sana", {"prompt_rewrite": {"by": "me/chat"}}).recipe
    assert Source("me/chat", "model", "prompt_rewrite.by") in _list_sources(recipe)


@pytest.mark.parametrize("name", ["json", "imagefolder", "parquet", "."])
def test_folders_and_formats_are_sources(name):
    assert find_problems(Source(name, "dataset", "data.path")) == []


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_offline_is_told_as_what_the_machine_lacks(kind):
    with pytest.raises(
        GasError, match=r"`some/name` is no folder, nor in the cache, and HF_HUB_OFFLINE is set; "
    ) as one:
        find_problems(Source("some/name", kind, "key"))
    assert one.value.exit_status == 1


def test_offline_a_name_beside_folders_is_told_as_a_folder_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models" / "small_one").mkdir(parents=True)
    for name, told in (("models/smal_one", ": did you mean `small_one`?"), ("models/other", "")):
        with pytest.raises(GasError) as one:
            find_problems(Source(name, "model", "model"))
        own = name.partition("/")[2]
        assert str(one.value).endswith(f"; the folder `models` is there, and has no `{own}`{told}")


NO_NETWORK = """
import sys, time
from generate_any_scene import cli
sys.argv = ["gas", "train", "finetune_sd15", "--dry-run", "--set", {change!r}, "--set", {other!r}]
sys.stderr = sys.stdout
started = time.process_time()
try:
    cli.main()
except SystemExit as stop:
    print("status", stop.code)
assert time.process_time() - started < 6, "waits or imports much"
assert not {{"torch", "diffusers", "transformers"}} & sys.modules.keys()
"""


@pytest.mark.parametrize(("change", "other"), [("model=some/name", "data.path=."), ("data.path=some/name", "model=.")])
def test_without_a_network_one_line_is_told_at_once(change, other, run_python):
    """At a port where nobody listens, as where there is no way to the Hub."""
    told = run_python(
        NO_NETWORK.format(change=change, other=other), HF_ENDPOINT="http://127.0.0.1:9", HF_HUB_OFFLINE="0"
    )
    line, status = told.splitlines()
    assert "`some/name` is no folder, nor in the cache, and the Hub cannot be reached; check its spelling" in line
    assert status == "status 1"


class Hub(BaseHTTPRequestHandler):
    """The Hub as it answers when it is asked about repositories whose names say how."""

    asked: ClassVar[list[str]] = []

    def do_GET(self):
        name = (self.path.split("/") + [""] * 5)[4]
        if name:  # the client asks for more than it is told to
            self.asked.append(self.path)
        status, code = {
            "": (404, ""),
            "gated": (403, "GatedRepo"),
            "unknown": (404, "RepoNotFound"),
            "revision": (404, "RevisionNotFound"),
            "busy": (503, ""),
            "there": (200, ""),
        }[name]
        body = json.dumps({"id": "some/there"}).encode() if status == 200 else b""
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_what_the_hub_says_of_a_name_is_one_line(run_python):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    code = """
from generate_any_scene.training.sources import Source, find_problems
from generate_any_scene.errors import GasError
for kind in ("model", "dataset"):
    for name in ("gated", "unknown", "revision", "busy", "there", "there"):
        try:
            print(kind, name, *find_problems(Source(f"some/{name}", kind, "data.path", "v9")))
        except GasError as error:
            print(kind, name, error.exit_status, error)
"""
    told = run_python(code, HF_ENDPOINT="http://{}:{}".format(*server.server_address), HF_HUB_OFFLINE="0")
    server.shutdown()
    lines = {tuple(line.split(" ", 2)[:2]): line for line in told.splitlines()}
    assert len(told.splitlines()) == 12 and len(lines) == 10
    for kind, what in (("model", "model"), ("dataset", "data set")):
        assert "data.path: `some/gated` is for those who accept its terms; " in lines[kind, "gated"]
        assert f"`some/unknown` is no folder, nor a {what} on the Hub that you may see; " in lines[kind, "unknown"]
        assert "data.revision: `some/revision` has no branch, tag or commit `v9`" in lines[kind, "revision"]
        assert " 1 data.path: " in lines[kind, "busy"] and "the Hub answered 503" in lines[kind, "busy"]
        assert lines[kind, "there"] == f"{kind} there"
    assert len(Hub.asked) == len(set(Hub.asked)) == 10
