"""`manifest.json`: what is written is read again, and what a stranger wrote leads no command out of the folder."""

import copy
import json
import os
import shutil

import pytest
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.decontaminate.drop_rows import MEASURE
from generate_any_scene.builders.folder.build_folder import open_folder
from generate_any_scene.builders.folder.files import resolve_inside
from generate_any_scene.builders.folder.manifest import (
    EMPTY,
    FORMAT,
    RESERVED,
    Against,
    Asked,
    Config,
    Dropped,
    Engine,
    File,
    Manifest,
    Split,
    format_manifest,
    name_file,
    parse_manifest,
    read_built_manifest,
)
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.recipe.model import SPLITS, VIEW_SUFFIXES
from generate_any_scene.errors import GasError, RecipeError
from hypothesis import given, settings
from hypothesis import strategies as st

SIZES = "splits={train: 20, validation: 5, test: 5}"
TRAIN = "sandbox/train-00000-of-00001.parquet"
LIST, RECIPE, TEMPLATE = "dropped/sandbox.jsonl", "recipes/sandbox.yaml", "recipes/mine.jinja"

COMMANDS = {
    "verify": ("verify", "{folder}"),
    "diff": ("diff", "{folder}", "{sound}"),
    "diff the other way": ("diff", "{sound}", "{folder}", "--all"),
    "stats": ("stats", "{folder}", "--config", "sandbox"),
    "export": ("export", "{folder}", "--format", "prompts", "--config", "sandbox", "--split", "train"),
    "decontaminate": ("decontaminate", "{folder}", "--against", "{prompts}"),
    "decontaminate against it": ("decontaminate", "{sound}", "--against", "{folder}"),
    "drop": ("decontaminate", "{folder}", "--against", "{prompts}", "--drop", "{out}"),
    "push": ("push", "{folder}", "--repo", "org/gas"),
    "build beside": ("build", "sandbox", "--set", "name=other", "--set", SIZES, "--out", "{folder}"),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A folder with two configs, one of which has a template of its own and lacks a row by now."""
    place = tmp_path_factory.mktemp("sound")
    (place / "mine.jinja").write_text("{{ scene.objects[0].name }}")
    recipe = (
        f"extends: sandbox\nname: sandbox\ncaptions: mine.jinja\nquestions: []\nsplits: {SIZES.partition('=')[2]}\n"
    )
    (place / "sandbox.yaml").write_text(recipe)
    build_datasets([load_recipe(place / "sandbox.yaml"), load_recipe("video", (SIZES,))], place / "whole")
    manifest = json.loads((place / "whole/manifest.json").read_text())
    manifest["configs"]["sandbox"] = _leave_out_a_row(place / "whole", manifest["configs"]["sandbox"])
    (place / "whole/manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    return place / "whole"


def _leave_out_a_row(folder, config):
    """As `gas decontaminate --drop` does, which cannot drop one row alone of rows with few captions."""
    import hashlib

    import pyarrow.parquet as pq

    table = pq.read_table(folder / TRAIN)
    pq.write_table(table.slice(1), folder / TRAIN)
    (folder / "dropped").mkdir()
    (folder / LIST).write_text(json.dumps({"id": table["id"][0].as_py()}) + "\n")
    data = (folder / TRAIN).read_bytes()
    train = config["splits"]["train"]
    train["rows"] = 19
    train["files"][0] |= {"rows": 19, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "dropped": 1}
    against = {"file": "a.txt", "sha256": "0" * 64, "prompts": 1, "threshold": 0.8, "splits": ["train"]}
    config["dropped"] = {
        **{"file": LIST, "sha256": hashlib.sha256((folder / LIST).read_bytes()).hexdigest()},
        **{"rows": {"train": 1, "validation": 0, "test": 0}, "measure": MEASURE, "against": [against]},
    }
    return config


@pytest.fixture
def folder(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "stranger/gas")


@pytest.fixture
def run(sound, folder, tmp_path, gas, monkeypatch):
    """Runs a command of the table on the folder; gives exit status, output and what it said as one line."""
    (tmp_path / "prompts.txt").write_text("What nobody has ever said.\n")

    def run(name):
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        places = {"folder": folder, "sound": sound, "prompts": tmp_path / "prompts.txt", "out": tmp_path / "out"}
        status, out, err = gas(*(part.format(**places) if "{" in part[:1] else part for part in COMMANDS[name]))
        assert "Traceback" not in err
        return status, out, err

    return run


def read_tree(place):
    """All files and links below a folder."""
    return {
        str(path.relative_to(place)): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def load_manifest(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def save_manifest(folder, manifest):
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def parse(value):
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return parse_manifest(content, "gas/manifest.json", "choose another folder")


def refuse(value):
    """The message with which a manifest is refused."""
    with pytest.raises(GasError) as caught:
        parse(value)
    message = str(caught.value)
    assert message.startswith("gas/manifest.json") and message.isprintable()
    return message


# --- what is written is read again -----------------------------------------------------------------------------------

WORDS = st.from_regex("[a-z][a-z0-9_]{0,8}", fullmatch=True)
NAMES = WORDS.filter(lambda name: name not in RESERVED and not name.endswith(VIEW_SUFFIXES))
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
COUNTS = st.integers(0, 2**63 - 1)
ROWS = st.integers(0, 10**9)
SHARES = st.floats(0, 1)
TEXTS = st.text().filter(str.isprintable)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2), max_leaves=4
)
KNOWN = {
    name for model in (File, Asked, Split, Against, Dropped, Engine, Config, Manifest) for name in model.model_fields
}
EXTRAS = st.dictionaries(TEXTS.filter(lambda key: key not in KNOWN), VALUES, max_size=1)
"""Keys of versions to come."""
PARTS = st.integers(0, 10**9 - 1)
VERSIONS = st.tuples(PARTS, PARTS, PARTS).map(lambda parts: ".".join(map(str, parts)))


@st.composite
def draw_split(draw, config, name):
    count = draw(st.integers(1, 3))
    files = [
        File(
            path=name_file(config, name, number, count),
            rows=draw(ROWS) + (number == 0),
            bytes=draw(COUNTS),
            sha256=draw(DIGESTS),
            dropped=draw(st.just(0) | ROWS),
            **draw(EXTRAS),
        )
        for number in range(count)
    ]
    asked = st.builds(lambda extras, **rest: Asked(**rest, **extras), EXTRAS, questions=COUNTS, best_guess=SHARES)
    return Split(
        rows=sum(file.rows for file in files),
        columns=draw(st.dictionaries(WORDS, COUNTS, max_size=3)),
        files=files,
        structures=draw(
            st.dictionaries(st.integers(1, 9999).map(str), st.tuples(COUNTS, COUNTS), min_size=1, max_size=3)
        ),
        questions=draw(st.dictionaries(WORDS, st.dictionaries(WORDS, asked, max_size=2), max_size=2)),
        **draw(EXTRAS),
    )


@st.composite
def draw_config(draw, name):
    splits = {
        split: draw(draw_split(name, split))
        for split in draw(st.lists(st.sampled_from(SPLITS), min_size=1, unique=True))
    }
    rows = {split: info.dropped for split, info in splits.items()}
    against = st.builds(
        Against, file=TEXTS, sha256=DIGESTS, prompts=COUNTS, threshold=SHARES, splits=st.lists(st.sampled_from(SPLITS))
    )
    dropped = None
    if any(rows.values()):
        lists = draw(st.lists(against, max_size=2))
        dropped = Dropped(
            file=f"dropped/{name}.jsonl", sha256=draw(DIGESTS), rows=rows, measure=draw(TEXTS), against=lists
        )
    return Config(
        version=draw(VERSIONS),
        fingerprint=draw(DIGESTS),
        engine=Engine(version=draw(VERSIONS), data_version=draw(COUNTS)),
        taxonomy=draw(DIGESTS),
        recipe=f"recipes/{name}.yaml",
        sources={f"recipes/{name}.yaml": draw(DIGESTS), f"recipes/{name}/a b.jinja": draw(DIGESTS)},
        splits=splits,
        dropped=dropped,
        **draw(EXTRAS),
    )


@st.composite
def draw_manifest(draw):
    names = draw(st.lists(NAMES, max_size=3, unique=True))
    configs = {name: draw(draw_config(name)) for name in names}
    default = draw(st.sampled_from(names)) if names else None
    return Manifest(generator="generate-any-scene", format=FORMAT, configs=configs, default=default, **draw(EXTRAS))


@given(draw_manifest())
@settings(max_examples=20)
def test_what_is_written_is_read_again(manifest):
    text = format_manifest(manifest)
    assert parse(text.encode()) == manifest
    assert format_manifest(parse(text.encode())) == text


def test_the_folder_of_a_build_is_written_as_it_was(sound):
    text = (sound / "manifest.json").read_text(encoding="utf-8")
    assert format_manifest(read_built_manifest(sound)) == text
    assert text.startswith('{\n  "generator": "generate-any-scene",\n  "format": 1,\n  "configs": {\n')


def test_keys_of_versions_to_come_are_kept_when_another_config_is_built(folder, run):
    manifest = load_manifest(folder)
    sandbox = manifest["configs"]["sandbox"]
    places = [manifest, sandbox, sandbox["engine"], sandbox["dropped"], sandbox["splits"]["train"]]
    for place in (*places, sandbox["splits"]["train"]["files"][0]):
        place["later"] = {"deep": [1, None, "x"]}
    save_manifest(folder, manifest)
    assert run("build beside")[0] == 0
    after = load_manifest(folder)
    assert after["later"] == manifest["later"]
    assert [after["configs"][name] for name in ("sandbox", "video")] == [*manifest["configs"].values()]
    assert set(after["configs"]) == {"other", "sandbox", "video"}
    assert run("drop")[0] == 0
    after = load_manifest(folder.parents[1] / "out")["configs"]["sandbox"]
    assert after["dropped"]["against"].pop()["file"] == "prompts.txt"
    assert after == sandbox


# --- formats ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "push"])
def test_a_manifest_without_a_format_is_read(command, folder, run):
    manifest = load_manifest(folder)
    del manifest["format"]
    save_manifest(folder, manifest)
    before = read_tree(folder)
    status, _, err = run(command)
    assert status == 0, err
    if command == "build beside":
        after = load_manifest(folder)
        assert after["format"] == FORMAT
        assert {name: after["configs"][name] for name in manifest["configs"]} == manifest["configs"]
    else:
        assert read_tree(folder) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_newer_format_is_refused(command, folder, run):
    save_manifest(folder, {"generator": "generate-any-scene", "format": 7, "settings": []})
    status, out, err = run(command)
    assert (status, out) == (2, "")
    expected = "manifest.json is of format 7, newer than this version of gas reads (1): upgrade generate-any-scene"
    assert expected in " ".join(err.split())


# --- damage ----------------------------------------------------------------------------------------------------------


def list_places(value, path=()):
    """Every key of a manifest, as the keys that lead to it, with its value."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key), item
        if isinstance(item, dict | list):
            yield from list_places(item, (*path, key))


def change(manifest, path, value):
    """A copy of a manifest with another value, or without it."""
    manifest = copy.deepcopy(manifest)
    place = manifest
    for key in path[:-1]:
        place = place[key]
    if value is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return manifest


GONE = object()
NUMBERS, STRANGE_TEXTS = [-1, 10**30, float("nan"), float("inf")], ["\x1b[31m", "\u202e", "\ud800"]
KINDS = [None, True, 7, "x" * 70, [], [3], {}, {"a": 1}]


def kind_of(value):
    return float if type(value) is int else type(value)


def list_wrong(value):
    """What cannot stand in the place of a value: other types, numbers out of bounds, texts that cannot be printed."""
    own = {float: NUMBERS, str: STRANGE_TEXTS}.get(kind_of(value), [])
    others = [one for one in KINDS if kind_of(one) is not kind_of(value)]
    return [*own, *others, *([1.5] if type(value) is int else [])]


def list_cases(manifest):
    """Every key of a manifest with what cannot stand there, and without it, if all manifests have it."""
    for path, value in list_places(manifest):
        # A manifest may have no default and no card, and a card any parts.
        may_be_none = path in (("default",), ("card",))
        yield from ((path, wrong) for wrong in list_wrong(value) if not (may_be_none and wrong is None))
        if path[-1] in KNOWN - {"format"} and path[0] not in ("default", "card") and "columns" not in path[-2:-1]:
            yield path, GONE


def test_every_value_that_cannot_stand_there_is_refused_by_its_config(sound):
    manifest, count = change(load_manifest(sound), ("configs", "video"), GONE), 0
    for split in ("validation", "test"):
        del manifest["configs"]["sandbox"]["splits"][split], manifest["configs"]["sandbox"]["dropped"]["rows"][split]
    parse(manifest)
    for path, wrong in list_cases(manifest):
        message = refuse(change(manifest, path, wrong))
        if path[0] == "configs" and len(path) > 1:
            assert message.startswith(f"gas/manifest.json configs.{path[1]}"), (path, wrong, message)
        count += 1
    assert count > 500


BROKEN = {
    "nothing": b"",
    "no JSON": b"{",
    "a word": b"manifest",
    "not UTF-8": b'{"generator": "\xff"}',
    "UTF-16": '{"generator": "generate-any-scene", "configs": {}}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"generator": "generate-any-scene", "configs": {}}',
    "nested lists": b"[" * 100_000,
    "nested mappings": b'{"a":' * 100_000,
    "deep inside": b'{"generator": "generate-any-scene", "configs": {}, "a": ' + b"[" * 500 + b"]" * 500 + b"}",
    "a huge number": b'{"generator": "generate-any-scene", "configs": {}, "a": ' + b"9" * 5000 + b"}",
    "a huge format": b'{"generator": "generate-any-scene", "configs": {}, "format": ' + b"9" * 4000 + b"}",
    "another generator": b'{"generator": "something", "configs": {}}',
    "a list": b"[1, 2]",
    "a text": b'"generate-any-scene"',
    "no configs": b'{"generator": "generate-any-scene"}',
    "a key twice": b'{"generator": "generate-any-scene", "configs": {}, "configs": {}}',
    "a key twice inside": b'{"generator": "generate-any-scene", "configs": {"a": {"b": [{"c": 1, "c": 2}]}}}',
    "not a number": b'{"generator": "generate-any-scene", "configs": {}, "a": [NaN]}',
    "infinity": b'{"generator": "generate-any-scene", "configs": {}, "a": -Infinity}',
    "a number beyond floats": b'{"generator": "generate-any-scene", "configs": {}, "a": 1e999}',
    "half a surrogate": b'{"generator": "generate-any-scene", "configs": {}, "a": "\\ud800"}',
    "a key that colours": b'{"generator": "generate-any-scene", "configs": {}, "\\u001b[31m": 1}',
    "format of text": b'{"generator": "generate-any-scene", "format": "1", "configs": {}}',
    "format of truth": b'{"generator": "generate-any-scene", "format": true, "configs": {}}',
    "format 0": b'{"generator": "generate-any-scene", "format": 0, "configs": {}}',
}
"""Files that are no manifest."""


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_manifest_is_one_line(name):
    refuse(BROKEN[name])


def test_the_key_of_what_no_model_names_is_said():
    assert refuse(BROKEN["a key twice inside"]).startswith("gas/manifest.json configs.a.b.0.c: stands there twice")
    assert refuse(BROKEN["not a number"]).startswith("gas/manifest.json a.0: must be a finite number, not `nan`")
    assert "nested more than" in refuse(BROKEN["deep inside"])


# --- paths and names -------------------------------------------------------------------------------------------------

OUTSIDE = [
    *(
        "../target.txt",
        "../../target.txt",
        "recipes/../../target.txt",
        "sandbox/../../target.txt",
        "/etc/hostname",
        "//x/y",
    ),
    *("", ".", "..", "./recipes/a", "recipes//a", "recipes/./a", "recipes/a/", "recipes/.."),
    *(
        "recipes\\a",
        "..\\target.txt",
        "C:/target.txt",
        "C:target.txt",
        "recipes/C:a",
        "recipes/a\0",
        "recipes/\x1b[31m",
    ),
    *(
        "recipes/\u202egpj.exe",
        "recipes/" + "a" * 300,
        "recipes/" + "a/" * 600 + "a",
        "%2e%2e/target.txt",
        "~/target.txt",
    ),
    *(
        "video/train-00000-of-00001.parquet",
        "README.md",
        "manifest.json",
        "card-assets/a.svg",
        ".building/a",
        "other/a",
    ),
]
STRANGE_NAMES = [
    "../pwn",
    "../../pwn",
    "/tmp/pwn",
    "a/b",
    "a\\b",
    "C:",
    "",
    ".",
    "..",
    "A",
    "é",
    "a b",
    "a-b",
    "1a",
    "a\n",
    "a\0",
]
STRANGE_NAMES += ["video_captions", *sorted(RESERVED)]


def rename_path(config, place, path):
    """Puts a path into an entry of a manifest."""
    train = config["splits"]["train"]["files"]
    if place == "sources":
        config["sources"][path] = "0" * 64
    elif place == "recipe":
        config["recipe"] = path
    elif place == "dropped":
        config["dropped"]["file"] = path
    else:
        train[0]["path"] = path


@given(st.sampled_from(["sources", "recipe", "dropped", "file"]), st.sampled_from(OUTSIDE) | st.text(max_size=20))
@settings(max_examples=150)
def test_paths_that_are_not_where_a_build_writes_are_refused(sound, place, path):
    manifest = load_manifest(sound)
    rename_path(manifest["configs"]["sandbox"], place, path)
    assert "manifest.json configs.sandbox." in refuse(manifest)


@pytest.mark.parametrize("place", ["sources", "recipe", "dropped", "file"])
@pytest.mark.parametrize("path", OUTSIDE)
def test_each_strange_path_is_refused_in_each_place(place, path, sound):
    manifest = load_manifest(sound)
    rename_path(manifest["configs"]["sandbox"], place, path)
    assert "manifest.json configs.sandbox." in refuse(manifest)


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_names_of_configs_are_those_of_recipes(name, sound):
    manifest = load_manifest(sound)
    text = json.dumps(manifest["configs"].pop("sandbox")).replace("sandbox", json.dumps(name)[1:-1])
    manifest["configs"][name] = json.loads(text)
    assert "manifest.json configs." in refuse(manifest)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda one: one["splits"]["train"].update(rows=20), "rows: must be the 19 rows of its files, not 20"),
        (lambda one: one["splits"]["train"]["files"][0].update(dropped=2), "dropped.rows: are not as many"),
        (lambda one: one["splits"]["train"]["files"][0].update(dropped=10**11), "at most 100,000,000,000"),
        (lambda one: one["dropped"]["rows"].update(test=1), "dropped.rows: are not as many"),
        (lambda one: one.pop("dropped"), "dropped: is missing, though rows were left out"),
        (lambda one: one["splits"]["train"].update(files=[]), "files"),
        (lambda one: one.update(splits={}), "splits"),
        (lambda one: one["splits"].update(dev=one["splits"]["test"]), "splits.dev: `dev` is not what a build writes"),
        (
            lambda one: one["splits"]["train"].update(rows=38, files=one["splits"]["train"]["files"] * 2),
            "is not as many|are not as many|is named twice",
        ),
        (lambda one: one["splits"].update(test=one["splits"]["validation"]), "is not where a build writes it"),
        (lambda one: one["sources"].pop(RECIPE), "recipe: `recipes/sandbox.yaml` is not where a build writes it"),
        (lambda one: one["sources"].update({f"{TEMPLATE}/a": "0" * 64}), "is not where a build writes it"),
        (lambda one: one["engine"].update(version="1; rm -rf ~"), "engine.version: `1; rm -rf ~` is not what"),
        (lambda one: one.update(version="1.0"), "version: `1.0` is not a version"),
        (lambda one: one.update(fingerprint="F" * 64), "fingerprint: "),
    ],
)
def test_what_does_not_fit_together_is_refused(edit, message, sound):
    manifest = load_manifest(sound)
    edit(manifest["configs"]["sandbox"])
    said = refuse(manifest)
    assert any(part in said for part in message.split("|")), said


def test_what_is_changed_is_checked(sound):
    split = read_built_manifest(sound).configs["sandbox"].splits["train"]
    assert split.replace(columns={"id": 3}).columns == {"id": 3}
    for changes in ({"rows": 3}, {"structures": {"4": (-1, 2)}}, {"columns": {"a b": 1}}, {"files": []}):
        with pytest.raises(GasError, match="no manifest holds that: "):
            split.replace(**changes)


def test_a_file_that_two_configs_name_is_one_file(sound):
    manifest = load_manifest(sound)
    sources = manifest["configs"]["video"]["sources"]
    sources[TEMPLATE] = manifest["configs"]["sandbox"]["sources"][TEMPLATE]
    assert parse(manifest).configs["video"].sources[TEMPLATE]
    sources[TEMPLATE] = "0" * 64
    assert "is another file in another config" in refuse(manifest)
    sources[TEMPLATE] = manifest["configs"]["sandbox"]["sources"][TEMPLATE]
    manifest["configs"]["video"]["splits"]["train"]["files"][0]["path"] = TRAIN
    assert "is not where a build writes it" in refuse(manifest)


# --- commands --------------------------------------------------------------------------------------------------------

DAMAGES = {
    "null": lambda manifest: manifest["configs"].update(sandbox=None),
    "no version": lambda manifest: manifest["configs"]["sandbox"].pop("version"),
    "no fingerprint": lambda manifest: manifest["configs"]["sandbox"].pop("fingerprint"),
    "no taxonomy": lambda manifest: manifest["configs"]["sandbox"].pop("taxonomy"),
    "splits a list": lambda manifest: manifest["configs"]["sandbox"].update(splits=[]),
    "a split a list": lambda manifest: manifest["configs"]["sandbox"]["splits"].update(train=[]),
    "rows a text": lambda manifest: manifest["configs"]["sandbox"]["splits"]["train"].update(rows="x"),
    "files a number": lambda manifest: manifest["configs"]["sandbox"]["splits"]["train"].update(files=3),
    "recipe a number": lambda manifest: manifest["configs"]["sandbox"].update(recipe=7),
    "a source outside": lambda manifest: manifest["configs"]["sandbox"]["sources"].update({"../canary.txt": "0" * 64}),
    "a source far outside": lambda manifest: manifest["configs"]["sandbox"]["sources"].update(
        {"/etc/hostname": "0" * 64}
    ),
    "a name outside": lambda manifest: manifest["configs"].update({"../../pwn": manifest["configs"]["video"]}),
    "a name of the folder": lambda manifest: manifest["configs"].update(recipes=manifest["configs"]["video"]),
    "a list outside": lambda manifest: manifest["configs"]["sandbox"]["dropped"].update(file="../canary.txt"),
    "a file of another": lambda manifest: manifest["configs"]["sandbox"]["splits"]["train"]["files"][0].update(
        path="video/train-00000-of-00001.parquet"
    ),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_damage_in_one_message(command, folder, run, tmp_path):
    (folder.parent / "canary.txt").write_text("mine")
    sound = load_manifest(folder)
    for name, damage in DAMAGES.items():
        manifest = copy.deepcopy(sound)
        damage(manifest)
        save_manifest(folder, manifest)
        before = read_tree(tmp_path)
        status, out, err = run(command)
        assert (status, out) == (2, ""), name
        assert "manifest.json configs." in " ".join(err.split()), name
        assert len(err.splitlines()) == 1
        assert read_tree(tmp_path) == before, name
    for name in ("nothing", "not UTF-8", "nested lists", "a huge number", "a key twice inside"):
        (folder / "manifest.json").write_bytes(BROKEN[name])
        before = read_tree(tmp_path)
        status, out, err = run(command)
        assert (status, out) == (2, ""), name
        assert "manifest.json" in err
        assert read_tree(tmp_path) == before, name


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("path", ["manifest.json", RECIPE, TEMPLATE, TRAIN, "sandbox", "recipes"])
def test_links_that_lead_out_are_not_followed(path, command, folder, run, tmp_path):
    """A file of the folder, or a folder in it, is elsewhere, and a link stands in its place."""
    away = tmp_path / "away"
    (folder / path).rename(away)
    (folder / path).symlink_to(away)
    before = read_tree(tmp_path)
    status, out, err = run(command)
    opened = {
        **dict.fromkeys(("build beside", "drop", "verify", "push", "diff", "diff the other way"), True),
        **dict.fromkeys(("export", "stats"), True),
        "decontaminate": path in ("manifest.json", TRAIN, "sandbox"),
        "decontaminate against it": path in ("manifest.json", TRAIN, "sandbox"),
    }
    if opened[command] and not (command == "export" and path in (RECIPE, TEMPLATE, "recipes")):
        assert (status, out) == (2, ""), err
        assert "is a link that leads out of" in " ".join(err.split())
    assert read_tree(tmp_path) == before


@pytest.mark.parametrize("name", [*sorted(RESERVED), ".manifest.json.new", ".README.md.new", "other"])
def test_a_build_follows_no_link_in_a_place_of_its_own(name, folder, run, tmp_path):
    """What the link leads to is neither emptied nor written."""
    away = tmp_path / "away"
    away.mkdir()
    (away / "mine.svg").write_text("mine")
    if (folder / name).is_dir():
        shutil.rmtree(folder / name)
    if name != "manifest.json":
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(away)
        status, _, err = run("build beside")
        assert status == 2
        assert "leads out of" in " ".join(err.split())
    assert read_tree(away) == {"mine.svg": b"mine"}


def test_a_link_in_the_work_folder_is_removed(folder, run, tmp_path):
    away = tmp_path / "away"
    away.mkdir()
    (folder / ".building").mkdir()
    (folder / ".building/other").symlink_to(away)
    assert run("build beside")[0] == 0
    assert read_tree(away) == {}
    assert (folder / "other/train-00000-of-00001.parquet").is_file()


def test_links_inside_a_folder_and_to_it_are_followed(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    (folder / "recipes/again.yaml").symlink_to("sandbox.yaml")
    assert resolve_inside(tmp_path / "link", "recipes/again.yaml").read_bytes() == (folder / RECIPE).read_bytes()


def test_the_cache_of_the_hub_is_read(folder, tmp_path):
    """What its client downloads are links to a folder beside."""
    snapshot, blobs = tmp_path / "cache/snapshots/0123", tmp_path / "cache/blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    shutil.copy(folder / "manifest.json", blobs / "a")
    (snapshot / "manifest.json").symlink_to("../../blobs/a")
    assert read_built_manifest(snapshot) == read_built_manifest(folder)
    (snapshot / "manifest.json").unlink()
    (snapshot / "manifest.json").symlink_to(folder / "manifest.json")
    with pytest.raises(GasError, match="leads out of"):
        read_built_manifest(snapshot)


# --- builds beside ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_no_recipe_takes_a_name_of_the_folder(name):
    with pytest.raises(RecipeError, match="name: "):
        load_recipe("sandbox", (f"name={name}",))


@pytest.mark.parametrize("foreign", ["other/notes.txt", "other/a/b.txt", "other/train.parquet", "other/.hidden"])
def test_a_build_removes_nothing_that_no_build_wrote(foreign, folder, run):
    (folder / foreign).parent.mkdir(parents=True)
    (folder / foreign).write_text("mine")
    before = read_tree(folder)
    status, _, err = run("build beside")
    assert status == 2
    assert "holds files that no build wrote, such as" in " ".join(err.split())
    assert read_tree(folder) == before


def test_pictures_of_the_users_own_stay(folder, run):
    (folder / "card-assets/mine.png").write_text("mine")
    assert run("build beside")[0] == 0
    assert (folder / "card-assets/mine.png").read_text() == "mine"


def test_all_that_a_build_leaves_at_the_top_is_a_config_or_reserved(folder, run):
    assert run("build beside")[0] == 0
    (folder / ".building").mkdir()
    with open_folder(folder) as opened:
        there = {path.name for path in opened.out.iterdir()}
    assert there == RESERVED | {"other", "sandbox", "video"}


def test_an_empty_manifest_is_of_an_empty_folder(tmp_path):
    with pytest.raises(GasError, match="has no manifest.json"):
        read_built_manifest(tmp_path)
    assert parse(format_manifest(EMPTY).encode()) == EMPTY


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "build beside"])
def test_a_folder_without_configs_is_refused_where_rows_are_needed(command, folder, run):
    (folder / "manifest.json").write_text(format_manifest(EMPTY))
    status, _, err = run(command)
    assert status == 2 and "has no config: a build was stopped there" in err


STRANGE_TEXT = "\x1b[31m\u202e\x9b\udcff"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", ["name", "version", "dropped", "a file", "a file beside", "rows"])
def test_nothing_reaches_the_terminal_as_it_is(place, command, folder, run):
    """What a terminal would obey, in each place that a stranger can fill."""
    manifest = load_manifest(folder)
    sandbox = manifest["configs"]["sandbox"]
    if place == "name":
        manifest["configs"][STRANGE_TEXT] = sandbox
    elif place == "version":
        sandbox["version"] = STRANGE_TEXT
    elif place == "dropped":
        sandbox["dropped"]["against"][0]["file"] = STRANGE_TEXT
    elif place == "a file":
        sandbox["sources"][f"recipes/{STRANGE_TEXT}"] = "0" * 64
    elif place == "a file beside":
        (folder / "sandbox" / STRANGE_TEXT).write_text("mine")
        (folder / "sandbox" / f"{STRANGE_TEXT}.parquet").write_text("mine")
    else:
        write_captions(folder, sandbox, STRANGE_TEXT[:-1])
    save_manifest(folder, manifest)
    _, out, err = run(command)
    assert not any(char in out + err for char in STRANGE_TEXT if not char.isprintable())


def write_captions(folder, config, caption):
    """The same caption in all rows of a split, with the SHA-256 that the file has then."""
    import hashlib

    import pyarrow.parquet as pq

    rows = pq.read_table(folder / TRAIN)
    changed = [{**row, "caption": caption} for row in rows.to_pylist()]
    pq.write_table(rows.from_pylist(changed, schema=rows.schema), folder / TRAIN)
    data = (folder / TRAIN).read_bytes()
    config["splits"]["train"]["files"][0] |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
