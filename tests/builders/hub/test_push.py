"""`gas push` against a Hub over HTTP, with the real client, whatever goes wrong on the way."""

import json
import shutil
import subprocess
import sys
import time
from itertools import permutations
from random import Random

import generate_any_scene as gas
import pytest
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.card.edits import encode_card, set_address
from generate_any_scene.builders.croissant.croissant import describe_dataset, format_croissant
from generate_any_scene.builders.folder.manifest import read_built_manifest
from generate_any_scene.builders.foundation import hub_requests as engine
from generate_any_scene.builders.hub.push import push_folder
from generate_any_scene.builders.inspection.verification import verify_folder
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.errors import GasError
from hub_server import READ_TOKEN, STRANGER_TOKEN, WRITE_TOKEN
from huggingface_hub import DatasetCard
from pyarrow.parquet import ParquetWriter

SMALL = ("version=1.0.0", "splits={train: 30, validation: 0, test: 10}", "questions=[count]")
REPO = "org/gas"


def build(folder, *overrides, name="multi_object"):
    build_datasets([load_recipe(name, (*SMALL, *overrides))], folder)
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Folders that are built once: by name."""
    place = tmp_path_factory.mktemp("built")
    both = build(build(place / "both"), name="video")
    return {
        "one": build(place / "one"),
        "video": build(place / "video", name="video"),
        "both": both,
        "changed": build(place / "changed", "seed=1"),
        "raised": build(place / "raised", "seed=1", "version=1.1.0", "splits.test=0"),
    }


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(engine, "WAITS", (0.01,) * 4)


@pytest.fixture
def log_in(connect, monkeypatch):
    """The client of this process knows the test Hub, and this token."""

    def log_in(token=WRITE_TOKEN):
        monkeypatch.setenv("HF_TOKEN", token)
        return connect(token)

    log_in()
    return log_in


def read_files(folder):
    return drop_address(
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    )


def read_hub(hub, revision="main"):
    """What a repository has that a folder has, too."""
    paths = [path for path in hub.list_files(REPO, revision) if path not in (".gitattributes", "croissant.json")]
    return drop_address({path: hub.read(REPO, path, revision) for path in paths})


def describe(folder):
    """What `croissant.json` says of a folder in the repository."""
    return format_croissant(describe_dataset(folder, read_built_manifest(folder), REPO)).encode()


def drop_address(files):
    """Files by path, in order; the card without the place that it says to load from, which is not that of the disk."""
    files["README.md"] = encode_card(set_address(files["README.md"].decode(), "."))
    return dict(sorted(files.items()))


def list_writes(hub):
    return [str(request) for request in hub.requests if request.method in ("POST", "PUT", "DELETE")]


def test_a_build_of_python_pushes_itself(hub, log_in, tmp_path):
    splits = {"train": 30, "validation": 0, "test": 10}
    recipe = gas.Recipe.load("multi_object", version="1.0.0", questions=["count"], splits=splits)
    built = gas.build(recipe, out=tmp_path / "gas")
    assert built.push(REPO, dry_run=True).tags == ("v1.0.0",)
    assert list_writes(hub) == []
    assert built.push(REPO, private=True).tags == ("v1.0.0",)
    assert read_hub(hub) == read_files(tmp_path / "gas") == read_hub(hub, "v1.0.0")


def test_a_folder_is_pushed_as_one_commit_and_tagged(hub, log_in, built):
    pushed = push_folder(built["one"], REPO)
    assert read_hub(hub) == read_files(built["one"]) == read_hub(hub, "v1.0.0")
    assert len(hub.find("POST", "/commit/")) == 1
    assert (pushed.tags, pushed.kept) == (("v1.0.0",), ())
    assert hub.outside == []


def test_nothing_to_do_is_said_and_nothing_is_written(hub, log_in, built, gas):
    push_folder(built["one"], REPO)
    hub.requests.clear()
    status, printed, err = gas("push", built["one"], "--repo", REPO)
    assert (status, err) == (0, "")
    assert printed.splitlines()[0] == "org/gas: nothing to do; v1.0.0 has it"
    assert 'load_dataset("org/gas", "multi_object", revision="v1.0.0")' in printed
    assert list_writes(hub) == []
    assert len(hub.find(path=REPO)) <= 4


# A stream is let go of before Python ends: a thread of pyarrow that outlives it aborts the process
# (https://github.com/huggingface/datasets/issues/7566).
LOAD = """
import gc, json, sys
from datasets import load_dataset
config, revision, streaming = json.loads(sys.argv[1])
loaded = load_dataset("org/gas", config, revision=revision, streaming=streaming)
print(json.dumps({split: [row["caption"] for row in rows] for split, rows in loaded.items()}))
del loaded
gc.collect()
"""


@pytest.mark.parametrize("streaming", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_tag_is_loaded_with_datasets_alone(streaming, hub, log_in, built, tmp_path):
    push_folder(built["one"], REPO)
    push_folder(built["raised"], REPO)
    hub.fail("GET", "/object/", 429, {"Retry-After": "0"})
    for revision, sizes in (("v1.0.0", {"train": 30, "test": 10}), ("v1.1.0", {"train": 30})):
        arguments = json.dumps(["multi_object", revision, streaming])
        run = subprocess.run(
            [sys.executable, "-c", LOAD, arguments],
            env=hub.environment(tmp_path / f"home-{revision}", token=READ_TOKEN),
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr
        captions = json.loads(run.stdout)
        assert {split: len(texts) for split, texts in captions.items()} == sizes
    assert hub.outside == []


def test_configs_that_others_pushed_stay(hub, log_in, built):
    push_folder(built["one"], REPO)
    pushed = push_folder(built["video"], REPO)
    assert pushed.tags == ("video-v1.0.0",)
    assert read_hub(hub) == read_files(built["both"])
    assert read_hub(hub, "video-v1.0.0") == read_hub(hub)
    assert read_hub(hub, "v1.0.0") == read_files(built["one"])
    card = DatasetCard(hub.read(REPO, "README.md").decode())
    assert {config["config_name"] for config in card.data.configs} >= {"multi_object", "video", "video_captions"}
    hub.requests.clear()
    for name in ("one", "video", "both"):
        pushed = push_folder(built[name], REPO)
        assert (pushed.added, pushed.removed, pushed.tags) == ({}, (), ())
    assert list_writes(hub) == []


def test_other_rows_under_an_old_tag_are_refused(hub, log_in, built, gas):
    push_folder(built["one"], REPO)
    before = read_hub(hub)
    hub.requests.clear()
    status, printed, err = gas("push", built["changed"], "--repo", REPO)
    assert (status, printed) == (2, "")
    assert (
        "the tag v1.0.0 exists and has other content of multi_object; raise `version` in the recipe (now 1.0.0)" in err
    )
    assert read_hub(hub) == before
    assert list_writes(hub) == []


def test_another_version_replaces_files_and_leaves_the_old_tag(hub, log_in, built):
    push_folder(built["both"], REPO)
    pushed = push_folder(built["raised"], REPO)
    assert pushed.tags == ("v1.1.0",)
    assert pushed.removed == ("multi_object/test-00000-of-00001.parquet",)
    assert read_hub(hub, "v1.0.0") == read_files(built["both"])
    found = read_hub(hub, "v1.1.0")
    assert json.loads(found["manifest.json"])["configs"].keys() == {"multi_object", "video"}
    of_both, raised = read_files(built["both"]), read_files(built["raised"])
    assert {path: data for path, data in found.items() if path.startswith("video/")} == {
        path: data for path, data in of_both.items() if path.startswith("video/")
    }
    assert found["multi_object/train-00000-of-00001.parquet"] == raised["multi_object/train-00000-of-00001.parquet"]


def test_versions_that_differ_give_each_config_its_tag(hub, log_in, built, tmp_path):
    shutil.copytree(built["raised"], tmp_path / "gas")
    build(tmp_path / "gas", name="video")
    pushed = push_folder(tmp_path / "gas", REPO)
    assert pushed.tags == ("multi_object-v1.1.0", "video-v1.0.0")


def test_every_push_describes_all_of_the_repository_in_croissant(hub, log_in, built):
    push_folder(built["one"], REPO)
    assert hub.read(REPO, "croissant.json") == describe(built["one"])
    push_folder(built["video"], REPO)
    sets = [one["@id"] for one in json.loads(hub.read(REPO, "croissant.json"))["recordSet"]]
    assert sets == ["multi_object_splits", "multi_object", "video_splits", "video"]
    assert hub.read(REPO, "croissant.json", "v1.0.0") == describe(built["one"])


def test_a_date_of_publication_that_was_given_is_pushed(hub, log_in, built, gas, tmp_path):
    shutil.copytree(built["one"], tmp_path / "gas")
    assert gas("croissant", tmp_path / "gas", "--published", "2026-12-31")[0] == 0
    push_folder(tmp_path / "gas", REPO)
    assert json.loads(hub.read(REPO, "croissant.json"))["datePublished"] == "2026-12-31"


def test_a_description_that_people_changed_is_replaced_only_if_asked(hub, log_in, built):
    push_folder(built["one"], REPO)
    mine = hub.read(REPO, "croissant.json").replace(b"Synthetic scenes", b"Our scenes")
    hub.commit(REPO, {"croissant.json": mine})
    with pytest.raises(GasError, match="people changed `croissant.json`, which would be replaced"):
        push_folder(built["raised"], REPO)
    assert hub.read(REPO, "croissant.json") == mine
    push_folder(built["raised"], REPO, overwrite=True)
    assert hub.read(REPO, "croissant.json") == describe(built["raised"])


def test_a_tag_of_ones_own(hub, log_in, built):
    assert push_folder(built["one"], REPO, tag="draft").tags == ("draft",)
    with pytest.raises(GasError, match="the tag draft exists and has other content"):
        push_folder(built["changed"], REPO, tag="draft")
    with pytest.raises(GasError, match="the tag draft exists without video"):
        push_folder(built["video"], REPO, tag="draft")


def test_a_dry_run_writes_nothing(hub, log_in, built, gas):
    status, printed, _ = gas("push", built["one"], "--repo", REPO, "--dry-run")
    files = read_files(built["one"]) | {"croissant.json": describe(built["one"])}
    size = sum(map(len, files.values())) / 1e6
    named = "".join(f"  {path}\n" for path in sorted(files))
    assert (status, printed) == (
        0,
        f"org/gas: would push {len(files)} files ({size:.1f} MB)\n{named}org/gas: would tag v1.0.0\n",
    )
    assert list_writes(hub) == []
    status, printed, _ = gas("push", built["one"], "--repo", REPO, "--dry-run", "--json")
    assert json.loads(printed)["added"] == sorted(files)


def test_a_pull_request_is_opened_once(hub, log_in, built, gas):
    push_folder(built["one"], REPO)
    before = read_hub(hub)
    status, printed, _ = gas("push", built["raised"], "--repo", REPO, "--create-pr")
    assert status == 0
    assert "/discussions/1" in printed
    assert "tagged" not in printed
    assert read_hub(hub) == before
    assert (
        read_hub(hub, "refs/pr/1")["recipes/multi_object.yaml"]
        == (built["raised"] / "recipes/multi_object.yaml").read_bytes()
    )
    hub.requests.clear()
    assert "/discussions/1" in gas("push", built["raised"], "--repo", REPO, "--create-pr")[1]
    assert list_writes(hub) == []


def test_a_private_repository(hub, log_in, built):
    push_folder(built["one"], REPO, private=True)
    assert log_in().repo_info(REPO, repo_type="dataset").private
    push_folder(built["raised"], REPO, private=True)
    push_folder(built["one"], "org/public")
    with pytest.raises(GasError, match="org/public exists and is public"):
        push_folder(built["raised"], "org/public", private=True)


def test_the_second_of_two_pushers_sees_that_the_parent_moved(hub, log_in, built):
    """While our files are on their way, another config is pushed."""

    def push_other(request):
        push_folder(built["video"], REPO)

    hub.create_repository(REPO)
    hub.before("/commit/", push_other, method="POST")
    push_folder(built["one"], REPO)
    assert [request.status for request in hub.find("POST", f"{REPO}/commit/")] == [412, 200, 200]
    manifest = json.loads(hub.read(REPO, "manifest.json"))
    assert manifest["configs"].keys() == {"multi_object", "video"}
    assert manifest["default"] == "video", "the one that was there first"
    of_both = read_files(built["both"])
    texts = {"manifest.json": b"", "README.md": b""}
    assert read_hub(hub) | texts == of_both | texts


def test_a_repository_where_others_never_stop(hub, log_in, built):
    push_folder(built["one"], REPO)
    count = iter(range(100))
    hub.before(
        f"{REPO}/commit/",
        lambda request: hub.commit(REPO, {"NOTES.md": b"%d" % next(count)}),
        method="POST",
        times=None,
    )
    with pytest.raises(GasError, match="others keep committing to it"):
        push_folder(built["raised"], REPO)
    assert "v1.1.0" not in {tag.name for tag in log_in().list_repo_refs(REPO, repo_type="dataset").tags}


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize(
    "place", ["/refs", "/tree/", "/repos/create", "/preupload/", "/objects/batch", "/commit/", "/tag/"]
)
def test_faults_that_pass_are_got_over(status, place, hub, log_in, built, monkeypatch):
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    if place == "/tree/":
        hub.create_repository(REPO)
    hub.fail(None, place, status, {"Retry-After": "0"}, times=2)
    push_folder(built["one"], REPO)
    assert read_hub(hub, "v1.0.0") == read_files(built["one"])


@pytest.mark.parametrize("place", ["/refs", "/repos/create", "/preupload/", "/objects/batch", "/commit/", "/tag/"])
def test_an_answer_that_got_lost_does_nothing_twice(place, hub, log_in, built, monkeypatch):
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    hub.lose_answer(place)
    push_folder(built["one"], REPO)
    assert read_hub(hub, "v1.0.0") == read_files(built["one"])
    assert len(hub.find("POST", "/commit/")) == 1


def test_an_interrupted_upload_goes_on(hub, log_in, built, monkeypatch):
    """The connection breaks in the middle of the second file, for good; the next push sends only what is left."""
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    monkeypatch.setattr("generate_any_scene.builders.hub.push.GROUP", 1)
    files = [path for path in read_files(built["one"]) if path.endswith(".parquet")]
    hub.before("/upload/", lambda request: hub.drop("/upload/", 1000, times=None), method="PUT")
    with pytest.raises(GasError, match="the same command goes on where it was"):
        push_folder(built["one"], REPO)
    whole = [request for request in hub.find("PUT", "/upload/") if request.status == 200]
    hub.faults.clear()
    hub.requests.clear()
    push_folder(built["one"], REPO)
    again = [request for request in hub.find("PUT", "/upload/") if request.status == 200]
    assert len(whole) + len(again) == len(files)
    assert read_hub(hub, "v1.0.0") == read_files(built["one"])


def test_a_tag_that_could_not_be_set_is_set_by_the_next_push(hub, log_in, built):
    hub.fail("POST", "/tag/", 403, times=1)
    with pytest.raises(GasError, match="403"):
        push_folder(built["one"], REPO)
    hub.requests.clear()
    assert push_folder(built["one"], REPO).tags == ("v1.0.0",)
    assert hub.find("POST", "/commit/") == []
    assert read_hub(hub, "v1.0.0") == read_files(built["one"])


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("hf_wrong", "the Hub does not know who you are (401); log in with `hf auth login`"),
        (READ_TOKEN, "your token may not do that (403"),
        (STRANGER_TOKEN, "your token may not do that (403"),
    ],
)
def test_tokens_that_may_not_write(token, message, hub, log_in, built, gas):
    hub.create_repository(REPO)
    log_in(token)
    status, printed, err = gas("push", built["one"], "--repo", REPO)
    assert (status, printed) == (1, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert token not in err


def test_no_token(hub, connect, built, monkeypatch, gas):
    connect(None)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    status, _, err = gas("push", built["one"], "--repo", REPO)
    assert status == 1
    assert "log in with `hf auth login`" in err


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (429, "too many requests from you (429)"),
        (500, "a fault of its own (500)"),
        (409, "in the way of another change (409"),
        (418, "the Hub refuses it (418"),
    ],
)
def test_faults_that_stay_are_one_clear_message(status, message, hub, log_in, built, gas):
    hub.fail(None, "/refs", status, {"Retry-After": "0"}, times=None)
    code, _, err = gas("push", built["one"], "--repo", REPO)
    assert code == 1
    assert message in err
    assert len(err.splitlines()) == 1


def test_no_network_and_no_wish_for_one(hub, log_in, built, gas, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    assert "the Hub cannot be reached" in gas("push", built["one"], "--repo", REPO)[2]
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set" in gas("push", built["one"], "--repo", REPO)[2]


@pytest.mark.parametrize("way", ["nobody answers", "HF_HUB_OFFLINE"])
def test_a_dry_run_needs_no_network(way, hub, log_in, built, gas, monkeypatch):
    from huggingface_hub import constants

    reached = gas("push", built["one"], "--repo", REPO, "--dry-run")
    monkeypatch.setattr(constants, *(("ENDPOINT", "http://127.0.0.1:1") if "nobody" in way else (way, True)))
    monkeypatch.setattr(engine, "WAITS", (30.0,) * 4)
    start = time.monotonic()
    status, out, _ = gas("push", built["one"], "--repo", REPO, "--dry-run")
    assert (status, reached[0]) == (0, 0) and time.monotonic() - start < 20
    told = "the Hub cannot be reached: this is what a new repository would get"
    assert out.split() == [*reached[1].split(), *told.split()]


def test_wrong_input(hub, log_in, built, gas, tmp_path):
    hub.create_repository("org/mine")
    hub.commit("org/mine", {"data.csv": b"a,b"})
    status, _, err = gas("push", built["one"], "--repo", "org/mine")
    assert status == 2
    assert err == "gas: org/mine holds files that no build wrote, such as data.csv; choose another with --repo\n"
    status, _, err = gas("push", built["one"], "--repo", "a/b/c")
    assert status == 2 and "--repo a/b/c" in err
    assert "give a folder that `gas build` wrote" in gas("push", tmp_path, "--repo", REPO)[2]
    shutil.copytree(built["one"], tmp_path / "damaged")
    (tmp_path / "damaged/multi_object/test-00000-of-00001.parquet").write_bytes(b"PAR1")
    assert "test-00000-of-00001.parquet: is damaged" in gas("push", tmp_path / "damaged", "--repo", REPO)[2]
    assert hub.find("POST", "/commit/") == []


def test_only_files_of_the_manifest_and_the_card_are_pushed(hub, log_in, built, tmp_path):
    folder = shutil.copytree(built["one"], tmp_path / "gas")
    for name in (
        "notes.txt",
        "recipes/notes.txt",
        "card-assets/notes.svg",
        "dropped/a.jsonl",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("mine")
    (folder / "card-assets/multi_object-graph-9.svg").mkdir()
    push_folder(folder, REPO)
    assert read_hub(hub) == read_files(built["one"])


THEIRS = ("multi_object/notes.txt", "card-assets/notes.png", "recipes/notes.txt", "recipes/a.yaml", "NOTES.md")
"""Files that people add and no push touches."""
IN_THE_WAY = ("multi_object/train-00001-of-00002.parquet", "card-assets/multi_object-graph-9.svg")
"""Files that people add which would be read, or shown, with those of a push."""


@pytest.mark.parametrize("draw", [0, 6, 10, *(pytest.param(draw, marks=pytest.mark.slow) for draw in range(11, 30))])
def test_what_people_put_into_the_repository_stays(draw, hub, log_in, built, gas):
    """Edited files and new ones, a few at once: each is there after the next push, or the push names it and stops."""
    push_folder(built["one"], REPO)
    dice = Random(draw)
    ours = [path for path in read_hub(hub) if path not in ("README.md", "manifest.json")]
    edited = {path: hub.read(REPO, path) + b"mine" for path in dice.sample(ours, dice.randrange(3))}
    hub.commit(REPO, {**edited, **dict.fromkeys(dice.sample(THEIRS + IN_THE_WAY, 3), b"mine")})
    before, pushed = read_hub(hub), read_files(built["raised"])
    lost = {path for path in (*edited, *IN_THE_WAY) if path in before and pushed.get(path) != before[path]}
    hub.requests.clear()
    for dry_run in ([], ["--dry-run"]) if lost else ():
        status, printed, err = gas("push", built["raised"], "--repo", REPO, *dry_run)
        assert (status, printed) == (2, "")
        assert "org/gas: people changed" in err and "--overwrite" in err
        assert {path for path in before if f"`{path}`" in err} == lost
    assert (read_hub(hub), list_writes(hub)) == (before, [])
    assert gas("push", built["raised"], "--repo", REPO, *(["--overwrite"] if lost else []))[0] == 0
    assert read_hub(hub) == dict(sorted((pushed | {path: b"mine" for path in THEIRS if path in before}).items()))


def test_what_people_added_to_the_manifest_stays(hub, log_in, built):
    push_folder(built["one"], REPO)
    manifest = json.loads(hub.read(REPO, "manifest.json"))
    hub.commit(REPO, {"manifest.json": json.dumps({**manifest, "ours": [1, 2]}).encode()})
    assert push_folder(built["one"], REPO).added == {}
    push_folder(built["raised"], REPO)
    assert json.loads(hub.read(REPO, "manifest.json"))["ours"] == [1, 2]


DAMAGE = ("removed", "cut", "longer", "of another build", "a link", "a folder")


def damage_file(path, damage, other, away):
    """Does something to a file that no build does."""
    path.rename(away)
    if damage == "cut":
        path.write_bytes(away.read_bytes()[:-9])
    elif damage == "longer":
        path.write_bytes(away.read_bytes() + b"\nname: other\n")
    elif damage == "of another build":
        shutil.copyfile(other, path)
    elif damage == "a link":
        path.symlink_to(away)
    elif damage == "a folder":
        path.mkdir()


def list_damage():
    """Every kind of file of a folder, with all that may befall it; people may edit the card."""
    for path in (
        "manifest.json",
        "recipes/multi_object.yaml",
        "multi_object/train-00000-of-00001.parquet",
        "card-assets/multi_object-graph-1.svg",
    ):
        for damage in DAMAGE:
            if (path, damage) != ("manifest.json", "of another build"):  # then it is the others that differ
                yield path, damage
    yield from (("README.md", damage) for damage in ("removed", "a link", "a folder"))
    yield from ((f"multi_object/{name}", "added") for name in ("train-00001-of-00002.parquet", "notes.txt", "a/b.csv"))


@pytest.mark.parametrize(("path", "damage"), list(list_damage()))
def test_a_file_that_is_not_as_it_was_built_stops_the_push(path, damage, hub, log_in, built, gas, tmp_path):
    folder = shutil.copytree(built["one"], tmp_path / "gas")
    if damage == "added":
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text("mine")
    else:
        damage_file(folder / path, damage, built["changed"] / path, tmp_path / "away")
    status, printed, err = gas("push", folder, "--repo", REPO)
    assert (status, printed) == (2, "")
    assert path in " ".join(err.split())
    assert hub.requests == []


def test_what_a_push_takes_can_be_verified(hub, log_in, built, tmp_path):
    """Also with an edited card, which people may write in before and after."""
    folder = shutil.copytree(built["both"], tmp_path / "gas")
    (folder / "README.md").write_bytes((folder / "README.md").read_bytes() + b"\n## Ours\n\nHello.\n")
    push_folder(folder, REPO)
    hub.commit(REPO, {"README.md": hub.read(REPO, "README.md") + b"\n## Theirs\n\nHello.\n"})
    push_folder(built["raised"], REPO)
    assert {b"## Ours", b"## Theirs"} <= set(hub.read(REPO, "README.md").splitlines())
    for revision in ("v1.0.0", "v1.1.0", "main"):
        for path, content in read_hub(hub, revision).items():
            place = tmp_path / revision / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        assert verify_folder(tmp_path / revision).findings == []


def edit_card(hub, *edit):
    hub.commit(REPO, {"README.md": make_edit(hub.read(REPO, "README.md").decode(), *edit).encode()})


GATE = "extra_gated_prompt: |\n  Be nice.\n\n  # Really\nextra_gated_fields:\n  Name: text\n"
OURS = "\n## Ours\n\n```\n## no heading\n```\n"
EDITS = {
    "gating": ("---\n", f"---\n{GATE}", GATE),
    "another key": ("\n---\n", "\nx: {y: [1, 2]}  # z\n---\n", "x: {y: [1, 2]}  # z"),
    "tags": (" synthetic, ", " synthetic, ours, ", " synthetic, ours, "),
    "a name": ("'Generate Any Scene: ", "'Pets: ", "'Pets: "),
    "a section at the end": ("year = {2026}\n}\n```\n", "year = {2026}\n}\n```\n" + OURS, OURS),
    "a section between": ("\n## Uses\n", "\n## Theirs\n\nHello.\n\n## Uses\n", "\n## Theirs\n\nHello.\n\n## "),
    "a sentence": ("\n## Citation\n", "\n## Citation\n\nPlease do.\n", "\n## Citation\n\nPlease do.\n"),
}
"""What people write: instead of what, and what must be there after the next push."""


def make_edit(card, old, new, kept=""):
    assert old in card
    return card.replace(old, new, 1)


@pytest.mark.parametrize("pushed", ["raised", "video"])
def test_what_people_wrote_into_the_card_survives_a_push(pushed, hub, log_in, built):
    push_folder(built["one"], REPO)
    for edit in EDITS.values():
        edit_card(hub, *edit)
    edited = hub.read(REPO, "README.md")
    assert push_folder(built["one"], REPO).added == {}
    assert hub.read(REPO, "README.md") == edited
    push_folder(built[pushed], REPO)
    card = hub.read(REPO, "README.md").decode()
    assert [name for name, (*_, kept) in EDITS.items() if kept not in card] == []
    names = {config["config_name"] for config in DatasetCard(card).data.configs}
    assert names >= json.loads(hub.read(REPO, "manifest.json"))["configs"].keys()


SPOILED = {
    "`license`": ("license: cc-by-4.0", "license: mit"),
    "`configs`": ("  default: true\n", ""),
    "`the title`": ("\nSynthetic scenes", "\nLovely scenes"),
    "`## multi_object`": ("\n## multi_object\n", "\n## multi_object\n\nHello.\n"),
    "`## Configs`": ("\n## Configs\n", "\n## Configs\n\nHello.\n"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_a_push_would_replace_is_named(name, hub, log_in, built, gas, tmp_path):
    push_folder(built["one"], REPO)
    edit_card(hub, *SPOILED[name])
    edit_card(hub, *EDITS["gating"])
    before = read_hub(hub)
    folder = tmp_path / "gas"
    build(folder, "seed=1", "version=2.0.0", "license=apache-2.0", "splits.test=0")
    hub.requests.clear()
    status, printed, err = gas("push", folder, "--repo", REPO)
    assert (status, printed) == (2, "")
    assert f"org/gas: README.md: people changed {name}, which would" in " ".join(err.split())
    assert (read_hub(hub), list_writes(hub)) == (before, [])
    assert gas("push", folder, "--repo", REPO, "--overwrite")[0] == 0
    card = hub.read(REPO, "README.md").decode()
    assert GATE in card
    assert set_address(card.replace(GATE, ""), "./gas") == (folder / "README.md").read_text()


def test_a_card_that_was_there_before_the_first_push(hub, log_in, built, gas):
    hub.create_repository(REPO)
    hub.commit(REPO, {"README.md": b"---\nlicense: cc-by-4.0\nextra_gated_prompt: Be nice.\n---\n"})
    push_folder(built["one"], REPO)
    data = DatasetCard(hub.read(REPO, "README.md").decode()).data
    assert (data.license, data["extra_gated_prompt"]) == ("cc-by-4.0", "Be nice.")
    assert data.configs


@pytest.mark.parametrize(
    "order",
    [
        ("video", "one"),
        ("one", "video"),
        *(pytest.param(one, marks=pytest.mark.slow) for one in permutations(["one", "video", "both", "raised"])),
    ],
)
def test_the_default_is_the_config_that_was_pushed_first(order, hub, log_in, built):
    for name in order:
        push_folder(built[name], REPO, tag=f"push-{name}")
        card = DatasetCard(hub.read(REPO, "README.md").decode()).data
        first = "video" if order[0] == "video" else "multi_object"
        assert [config["config_name"] for config in card.configs if config.get("default")] == [first]
        assert json.loads(hub.read(REPO, "manifest.json"))["default"] == first


def test_the_same_rows_in_other_bytes_are_the_same_dataset(hub, log_in, built, gas, tmp_path, monkeypatch):
    """As another release of Arrow may write them."""
    usual, folder = ParquetWriter.__init__, tmp_path / "gas"

    def write_otherwise(self, *arguments, **options):
        usual(self, *arguments, **options | {"compression": "gzip"})

    with monkeypatch.context() as patch:
        patch.setattr(ParquetWriter, "__init__", write_otherwise)
        build(build(folder), name="video")
    push_folder(built["both"], REPO)
    before, data = read_hub(hub), "video/train-00000-of-00001.parquet"
    assert read_files(folder)[data] != before[data]
    hub.requests.clear()
    status, printed, _ = gas("push", folder, "--repo", REPO)
    assert (status, printed.splitlines()[0]) == (0, "org/gas: nothing to do; v1.0.0 has it")
    assert list_writes(hub) == []
    assert gas("diff", folder, f"{REPO}@v1.0.0", "--exit-code")[0] == 0
    build(folder, "version=1.1.0", "seed=1")
    push_folder(folder, REPO)
    changed = {path for path, content in read_hub(hub).items() if before.get(path) != content}
    assert data not in changed and "multi_object/train-00000-of-00001.parquet" in changed


ADDRESSES = ["gas", "/gas", "me/", "a/b/c", "me/ga s", "https://hub/me/gas", "me/gas.git", "me/g..s", "me/" + "a" * 97]


@pytest.mark.parametrize("repo", ADDRESSES)
def test_a_name_that_no_repository_has_is_told_without_the_hub(repo, hub, log_in, built, gas):
    status, printed, err = gas("push", built["one"], "--repo", repo, "--dry-run")
    assert (status, printed) == (2, "")
    assert "write it as OWNER/NAME" in " ".join(err.split())
    assert hub.requests == []


@pytest.mark.parametrize("tag", ["", "a b", "a..b", "-a", "/a", "a/", "a.lock", "a~1", "a:b", "ä", "a\n", "x" * 300])
def test_a_tag_that_git_does_not_take_is_told_without_the_hub(tag, hub, log_in, built, gas):
    status, printed, err = gas("push", built["one"], "--repo", REPO, f"--tag={tag}")
    assert (status, printed) == (2, "")
    assert err.startswith("gas: --tag")
    assert hub.requests == []


def test_without_a_token_nothing_is_asked(hub, connect, built, monkeypatch, gas):
    connect(None)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    assert gas("push", built["one"], "--repo", REPO)[0] == 1
    assert hub.requests == []


def test_a_manifest_on_the_hub_that_leads_elsewhere_is_refused(hub, log_in, built, gas):
    push_folder(built["video"], REPO)
    manifest = json.loads(hub.read(REPO, "manifest.json"))
    manifest["configs"]["video"]["sources"]["../../target.txt"] = "0" * 64
    hub.commit(REPO, {"manifest.json": json.dumps(manifest).encode()})
    before = read_hub(hub)
    status, printed, err = gas("push", built["one"], "--repo", REPO)
    assert (status, printed) == (2, "")
    assert "org/gas: manifest.json configs.video.sources" in " ".join(err.split())
    assert read_hub(hub) == before


def test_the_token_goes_to_the_hub_alone(hub, built, tmp_path):
    """The command as users have it: with the client's other way of uploading, too."""
    environment = hub.environment(tmp_path / "home")
    command = [sys.executable, "-m", "generate_any_scene", "push", str(built["one"]), "--repo", REPO]
    for _ in range(2):
        run = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        assert WRITE_TOKEN not in run.stdout + run.stderr
    assert "nothing to do" in run.stdout
    assert read_hub(hub, "v1.0.0") == read_files(built["one"])
    for request in hub.requests:
        assert WRITE_TOKEN not in request.path
        if request.host != "hub":
            assert WRITE_TOKEN not in str(request.headers)
    assert hub.outside == []
