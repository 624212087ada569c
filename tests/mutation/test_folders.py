"""Folders that somebody damaged, each given to a command that takes a folder.

A command refuses in a message or works. It follows nothing out of the folder, writes nothing outside it, and of a
manifest with a value of another type it never makes another result than of the sound folder.
"""

import copy
import hashlib
import json
import os
import random
import shutil
import socket
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attempts import attempt, run_limited
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.export.formats import list_formats
from generate_any_scene.builders.recipe.loading import load_recipe

SIZES = "splits={train: 12, validation: 3, test: 4}"
CANARY = "what-nobody-may-read"
LONGEST_MESSAGE, NOBODY = 4096, 65534

COMMANDS = (
    ("verify", "gas"),
    ("verify", "gas", "--all", "--json"),
    ("stats", "gas", "--config", "pairs"),
    ("stats", "gas", "--config", "own", "--split", "test", "--by", "structure"),
    ("diff", "gas", "sound"),
    ("diff", "sound", "gas", "--all"),
    ("diff", "gas", "sandbox", "--rows", "3"),
    ("decontaminate", "gas", "--against", "prompts.txt"),
    ("decontaminate", "sound", "--against", "gas"),
    ("decontaminate", "gas", "--against", "captions.txt", "--threshold", "1", "--drop", "out"),
    ("push", "gas", "--repo", "org/gas", "--dry-run"),
    ("preview", "gas"),
    ("preview", "gas/recipes/own.yaml"),
    ("build", "sandbox", "--set", "name=other", "--set", "splits={train: 3}", "--out", "gas"),
    ("build", "sound/recipes/pairs.yaml", "--out", "gas"),
    *(
        ("export", "gas", "--config", config, "--split", "train", "--format", name, "--out", "out/export")
        for config in ("own", "pairs")
        for name in list_formats()
    ),
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A folder of two configs: one with a template of its own that lacks rows by now, one with pairs."""
    place = tmp_path_factory.mktemp("sound")
    (place / "mine.jinja").write_text("{{ scene.objects[0].name }}, {{ scene.objects | length }} things")
    (place / "own.yaml").write_text(f"extends: sandbox\nname: own\ncaptions: mine.jinja\n{SIZES.replace('=', ': ')}\n")
    loaded = [load_recipe(place / "own.yaml"), load_recipe("multi_object", ("name=pairs", "pairs=true", SIZES))]
    build_datasets(loaded, place / "whole")
    captions = pq.read_table(place / "whole/pairs/train-00000-of-00001.parquet")["caption"].to_pylist()
    (place / "captions.txt").write_text("\n".join(captions[:2]))
    dropped = attempt(
        ("decontaminate", "whole", "--against", "captions.txt", "--threshold", "1", "--drop", "sound"), place
    )
    assert dropped.status == 0, dropped.output
    return place / "sound"


def prepare(sound, place):
    """A home with the folder `gas`, a sound one beside it, and files around that nobody may touch."""
    for path in place.rglob("*"):  # some may be closed
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o777)
    shutil.rmtree(place, ignore_errors=True)
    home = place / "home"
    home.mkdir(parents=True)
    shutil.copytree(sound, home / "sound")
    shutil.copytree(sound, home / "gas")
    (home / "prompts.txt").write_text("What nobody has ever said.\n")
    shutil.copy(sound.parent / "captions.txt", home)
    for path in ("target.txt", "home/target.txt", "home/canary/target.txt", "home/canary/README.md"):
        (place / path).parent.mkdir(exist_ok=True)
        (place / path).write_text(CANARY)
    return home


def read(path):
    """What is in a file; nothing of what is none, or may not be read."""
    return path.read_bytes() if path.is_file() and os.access(path, os.R_OK) else b""


def read_around(place):
    """What lies around the folder, byte for byte; `out` is where commands write."""
    return {
        str(path.relative_to(place)): read(path)
        for path in sorted(place.rglob("*"))
        if not path.is_relative_to(place / "home/gas") and not path.is_relative_to(place / "home/out")
    }


# --- damage ----------------------------------------------------------------------------------------------------------


def list_places(value, path=()):
    """All places in a JSON value."""
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from list_places(item, (*path, key))


def look_up(value, path):
    for part in path:
        value = value[part]
    return value


def change_manifest(home, choose):
    """Another type in a place, or a key that is gone: what no build writes. Returns whether it must be refused."""
    manifest = json.loads((home / "gas/manifest.json").read_text())
    *above, key = choose.choice([path for path in list_places(manifest) if path])
    parent = look_up(manifest, above)
    others = [None, True, 7, -1, 0.5, 1e308, "", "x", "../target.txt", [], [1], {}, {"x": 1}, 10**400, 2**63]
    of_its_type = [value for value in others if type(value) is type(parent[key])]
    if choose.random() < 0.3:
        del parent[key]
        strange = False
    else:
        parent[key] = choose.choice([value for value in others if value not in of_its_type])
        strange = True
    (home / "gas/manifest.json").write_text(json.dumps(manifest))
    return strange


def change_value(home, choose):
    """Another value of the right type."""
    manifest = json.loads((home / "gas/manifest.json").read_text())
    *above, key = choose.choice(
        [path for path in list_places(manifest) if path and not isinstance(look_up(manifest, path), dict | list)]
    )
    parent = look_up(manifest, above)
    if isinstance(parent[key], str):
        names = [
            "",
            "..",
            "../target.txt",
            "/etc/hostname",
            "C:\\x",
            "a\\b",
            "a//b",
            "./a",
            "a\0b",
            "a%2fb",
            "\x1b[31m",
        ]
        parent[key] = choose.choice(
            [*names, "\u202e", "x" * 5000, "0" * 64, "pairs", "own", "recipes/pairs.yaml", "1.2.3"]
        )
    else:
        parent[key] = choose.choice([0, 1, 2, 5, -1, 10**9, 2**63 - 1, 1e308, 0.25])
    (home / "gas/manifest.json").write_text(json.dumps(manifest))


def rename_key(home, choose):
    """Another name of a config, a split or a file."""
    manifest = json.loads((home / "gas/manifest.json").read_text())
    *above, key = choose.choice([path for path in list_places(manifest) if path and isinstance(path[-1], str)])
    parent = look_up(manifest, above)
    names = [
        "..",
        "../canary",
        "/etc",
        "recipes",
        "dropped",
        "con",
        "a/b",
        "\x07",
        "x" * 300,
        "pairs_captions",
        "",
        "%2e",
    ]
    parent[choose.choice(names)] = parent.pop(key)
    (home / "gas/manifest.json").write_text(json.dumps(manifest))


def write_other_json(home, choose):
    """Bytes that are no manifest at all, or hardly one."""
    path = home / "gas/manifest.json"
    text = path.read_text()
    path.write_bytes(
        choose.choice(
            [
                b"",
                b"[" * 100_000,
                b'{"a":' * 100_000,
                b"\xff\xfe" + text.encode("utf-16-le"),
                text.encode()[: choose.randrange(len(text))],
                b"9" * 100_000_000,
                text.replace('"rows": 12', '"rows": 12, "rows": 11').encode(),
                text.replace("{", '{"configs": {}, ', 1).encode(),
                text.replace("12", "1" * 5000).encode(),
                text.replace("12", "NaN").encode(),
                text.replace("own", "\\ud800").encode(),
                b'"text"',
                b"\0" * 1000,
            ]
        )
    )


def replace_file(home, choose):
    """Something else in the place of a file or folder."""
    path = choose.choice(sorted(path for path in (home / "gas").rglob("*")))
    kind = choose.choice([*REPLACEMENTS])
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    REPLACEMENTS[kind](path, choose)


def find_canary(path):
    home = next(folder for folder in path.parents if folder.name == "home")
    return home / "canary/target.txt"


def make_socket(path, choose):
    here = os.getcwd()
    os.chdir(path.parent)  # a path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


REPLACEMENTS = {
    "nothing": lambda path, choose: None,
    "FIFO": lambda path, choose: os.mkfifo(path),
    "socket": make_socket,
    "device": lambda path, choose: path.symlink_to(choose.choice(["/dev/zero", "/dev/null", "/dev/stdin"])),
    "folder": lambda path, choose: path.mkdir(),
    "folder with a file": lambda path, choose: (path.mkdir(), (path / "x.parquet").write_bytes(b"x")),
    "dangling link": lambda path, choose: path.symlink_to("nowhere"),
    "loop": lambda path, choose: path.symlink_to(path.name),
    "link out": lambda path, choose: path.symlink_to(find_canary(path)),
    "link to a folder": lambda path, choose: path.symlink_to(find_canary(path).parent),
    "empty": lambda path, choose: path.write_bytes(b""),
    "noise": lambda path, choose: path.write_bytes(choose.randbytes(5000)),
}


def cut_file(home, choose):
    """A file that lost its end, or has other bytes in it."""
    path = choose.choice(sorted(path for path in (home / "gas").rglob("*") if path.is_file()))
    data = bytearray(path.read_bytes())
    if choose.random() < 0.5:
        data = data[: choose.randrange(len(data))]
    else:
        for _ in range(choose.choice([1, 10])):
            data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
    path.write_bytes(data)


STRANGERS = (
    *("own/notes.txt", "own/sub/x", "own/train-00001-of-00002.parquet", "own/\x1b[31m", "other", "other/mine.txt"),
    *("recipes/other.yaml", "card-assets/x", "dropped/other.jsonl", ".building/x", ".gas.lock", ".manifest.json.new"),
)


def add_file(home, choose):
    """A file that no build wrote, or a link to a folder outside."""
    path = home / "gas" / choose.choice(STRANGERS)
    path.parent.mkdir(exist_ok=True)
    if choose.random() < 0.2:
        path.symlink_to(home / "canary")
    else:
        path.write_text("mine")


def close_path(home, choose):
    """A file or folder that may not be read."""
    paths = [home / "gas", *(home / "gas").rglob("*"), home / "prompts.txt", home / "sound"]
    choose.choice(sorted(paths)).chmod(choose.choice([0, 0o111, 0o222]))


def write_list(home, choose):
    """Another list of rows that were left out, which the manifest names."""
    text = choose.choice(
        ["", "{}\n", "[]\n", '{"id": 7}\n', '{"id": "a/b/c/d"}\n', '{"id": "own/train/-1"}\n', "[" * 10_000]
    )
    sign(home, "pairs", "dropped/pairs.jsonl", text.encode())


def change_rows(home, choose):
    """Other rows in a Parquet file, with the SHA-256 and the size that they have."""
    manifest = json.loads((home / "gas/manifest.json").read_text())
    config = choose.choice(sorted(manifest["configs"]))
    file = choose.choice([f for split in manifest["configs"][config]["splits"].values() for f in split["files"]])[
        "path"
    ]
    rows = pq.read_table(home / "gas" / file).to_pylist()
    table = None
    while table is None:
        mutated = copy.deepcopy(rows)
        try:
            table = mutate_rows(mutated, choose)
        except (pa.ArrowException, OverflowError):  # no column holds such values
            continue
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    sign(home, config, file, sink.getvalue().to_pybytes())


def mutate_rows(rows, choose):
    """One place of the rows is changed, in one row or in all; as a table of the types that follow."""
    kind = choose.choice(["value", "value", "value", "value", "fewer", "more", "order", "none", "doubled", "wide"])
    table = pa.Table.from_pylist(rows)
    name = choose.choice(table.column_names)
    if kind == "fewer":
        return table.slice(1)
    if kind == "more":
        return pa.concat_tables([table, table])
    if kind == "order":
        return table.take(list(reversed(range(len(rows)))))
    if kind == "none":
        return choose.choice([table.slice(0, 0), table.select([])])
    if kind == "doubled":
        return table.append_column(name, table[name])
    if kind == "wide":
        return table.append_column("more", [rows and [{"a": 1}]] * len(rows))
    path = choose.choice([path for path in list_places(choose.choice(rows)) if path])
    chosen = rows if choose.random() < 0.5 else [choose.choice(rows)]
    value = choose.choice([None, 7, -1, 10**9, "x", "attribute/99/99", "object/-1", [], ["x"], {"a": 1}, True, ""])
    gone = choose.random() < 0.2
    for row in chosen:
        try:
            parent = look_up(row, path[:-1])
            if gone:
                del parent[path[-1]]
            elif isinstance(parent, dict) or path[-1] < len(parent):
                parent[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue
    return pa.Table.from_pylist(rows)


def sign(home, config, path, data):
    """Writes a file, and what the manifest says of it."""
    (home / "gas" / path).write_bytes(data)
    manifest = json.loads((home / "gas/manifest.json").read_text())
    entry = manifest["configs"][config]
    digest = hashlib.sha256(data).hexdigest()
    if path.startswith("dropped/"):
        entry["dropped"]["sha256"] = digest
    for split in entry["splits"].values():
        for file in split["files"]:
            if file["path"] == path:
                file |= {"sha256": digest, "bytes": len(data)}
    (home / "gas/manifest.json").write_text(json.dumps(manifest))


DAMAGE = (
    *(change_manifest, change_value, rename_key, write_other_json, replace_file, replace_file, cut_file, add_file),
    *(write_list, change_rows, change_rows, change_rows),
)


# --- the test --------------------------------------------------------------------------------------------------------


def list_faults(sound, place, numbers, kinds=DAMAGE):
    """What is wrong with how commands meet the damage of these numbers."""
    faults, usual = [], {}
    for number in numbers:
        choose = random.Random(number)
        damage, command = choose.choice(kinds), choose.choice(COMMANDS)
        if damage is change_manifest and command not in usual:
            usual[command] = run(command, prepare(sound, place))
        home = prepare(sound, place)
        must_refuse, before = damage(home, choose), read_around(place)
        outcome = attempt(command, home)
        faults += [
            f"{number}: {damage.__name__}: {command}: {fault}"
            for fault in judge(outcome, home, before, must_refuse and usual[command])
        ]
    return faults


def run(command, home):
    outcome = attempt(command, home)
    return outcome.status, outcome.output


def judge(outcome, home, before, usual):
    """What is wrong with what a command did; `usual` is what it does in the sound folder, if nothing else is right."""
    if fault := outcome.find_fault():
        yield fault
    if read_around(home.parent) != before:
        yield "changed what is outside"
    written = [path for name in ("out", "gas") for path in (home / name).rglob("*") if not path.is_symlink()]
    if CANARY in outcome.output or any(CANARY.encode() in read(path) for path in written):
        yield "followed a link out"
    if "\x1b" in outcome.output:
        yield "wrote what a terminal would obey"
    if outcome.status and len(outcome.output) > LONGEST_MESSAGE and "--json" not in outcome.arguments:
        yield f"a message of {len(outcome.output)} letters"
    if usual and outcome.status != 2 and (outcome.status, outcome.output) != usual:
        yield f"exit status {outcome.status}\n{outcome.output[-500:]}"


def test_damage_is_refused(sound, tmp_path):
    assert not run_limited(lambda: list_faults(sound, tmp_path / "place", range(12)))


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, 2000, 200))
def test_much_damage_is_refused(first, sound, tmp_path):
    assert not run_limited(lambda: list_faults(sound, tmp_path / "place", range(first, first + 200)))


@pytest.mark.long
def test_what_may_not_be_read_is_refused(sound):
    with tempfile.TemporaryDirectory() as place:  # pytest's are closed to others
        shutil.copytree(sound.parent, f"{place}/whole")
        for path in (Path(place), *Path(place).rglob("*")):
            path.chmod(0o777)

        def work():
            os.environ["XDG_CACHE_HOME"] = f"{place}/cache"
            home = prepare(Path(place, "whole/sound"), Path(place, "before"))
            for command in COMMANDS:  # which imports what they need: others may not read it
                attempt(command, home)
            if os.getuid() == 0:  # who may read everything
                os.setuid(NOBODY)
            return list_faults(Path(place, "whole/sound"), Path(place, "place"), range(120), (close_path,))

        assert not run_limited(work)
