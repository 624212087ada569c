"""Which picture belongs to which scene: layouts of folders.

A file is a picture, or a video. Below the folder that is given it is called by its scene, by the first of these that
says something of it:

metadata.jsonl             lines with `file_name` and `id`, as `datasets` has them; of several of one scene, in order
<id>.png                   a picture of a scene, or the last parts of its id, where no other scene's ends so:
                           multi_object/test/000000006.png, 000000006.png
<id>/<n>.png               one of several pictures of a scene; frames of its video, or views of it, if it shows frames
<id>/<n>/<frame>.png       frames, or views, of one of several
<place>/samples/<n>.png    as GenEval has them: the scene whose caption the folder's metadata.jsonl has as its prompt,
                           or else the one at this place among all, from 0
<place>.png                as Flow-GRPO logs them

A number may have letters before it (`frame_0001.png`). What begins with a dot is no part of the folder.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ...builders.recipe.fields import show
from ...errors import GasError, escape, explain_os_error
from ...regular_files import read_regular
from ..judges.protocol import Shown
from ..recipes.pictures import Shows
from .opening import FRAMES, PICTURES, VIDEOS, check_files, open_file, read_number

METADATA = "metadata.jsonl"
RECORDS = (METADATA, "prompts.jsonl", "pictures.json")
"""Files that say something about pictures; they are not listed as unknown."""
MOST_LISTED = 100
"""Names of each kind that go into a record."""


@dataclass(frozen=True)
class Found:
    """The pictures of scenes.

    Attributes:
        root: The folder below which names are.
        pictures: Of each scene that has some, in the order of scenes, the names of its pictures in their order. The
            name of frames is that of their folder.
        without: Scenes without a picture that can be read.
        unknown: Files that belong to no scene.
        unreadable: Why a picture cannot be read.
        not_made: Why a picture could not be made; its name has no suffix.
    """

    root: Path
    pictures: Mapping[str, Sequence[str]]
    without: Sequence[str] = ()
    unknown: Sequence[str] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)
    not_made: Mapping[str, str] = field(default_factory=dict)

    @property
    def record(self) -> dict[str, Any]:
        """What there is and what is left out, as JSON can hold it: numbers, and the first names of each kind."""
        left_out = {name: getattr(self, name) for name in ("without", "unknown", "unreadable", "not_made")}
        return {
            "scenes": len(self.pictures),
            "pictures": sum(map(len, self.pictures.values())),
            **{name: len(some) for name, some in left_out.items()},
            "left_out": {name: _take_first(some) for name, some in left_out.items() if some},
        }


def _take_first(some: Sequence[str] | Mapping[str, str]) -> list[str] | dict[str, str]:
    return dict(list(some.items())[:MOST_LISTED]) if isinstance(some, Mapping) else list(some[:MOST_LISTED])


class Place(NamedTuple):
    """Where a file belongs.

    Attributes:
        scene: The id of its scene.
        number: Which of the scene's pictures it is part of.
        picture: The name of that: the file's own, or the folder's, of frames.
    """

    scene: str
    number: int
    picture: str


def find_pictures(
    root: Path,
    scenes: Sequence[str],
    shows: Shows = "pictures",
    captions: Sequence[str] | None = None,
    frames: int = FRAMES,
) -> Found:
    """Finds the pictures of scenes in a folder, and opens each to see whether it can be read.

    Args:
        root: The folder.
        scenes: Ids of the scenes, in the order of their dataset.
        shows: What numbered files in the folder of a scene are.
        captions: Of the scenes, by which folders of GenEval's layout are known.
        frames: As `open_file` has it.

    Raises:
        GasError: There is no such folder, it has no picture of any scene, or one in two files, or videos cannot be
            read on this machine.
    """
    names = list_files(root)
    placed, unreadable = _place_names(root, names, scenes, shows, captions)
    unknown = [name for name in names if name not in placed and posixpath.basename(name) not in RECORDS]
    by_scene: dict[str, dict[tuple[int, str], None]] = {scene: {} for scene in scenes}
    for place in placed.values():
        by_scene[place.scene][place.number, place.picture] = None
    pictures = {scene: [name for _, name in sorted(some)] for scene, some in by_scene.items() if some}
    if not pictures:
        raise _explain_nothing(root, names, scenes)
    for some in pictures.values():
        _refuse_twins(root, some)
    unreadable |= check_files(root, [name for some in pictures.values() for name in some], frames)
    return leave_out(Found(root, pictures, unknown=unknown), unreadable, scenes)


def _refuse_twins(root: Path, names: Sequence[str]) -> None:
    """Refuses files that differ by their suffix alone: nobody knows which of them is the picture."""
    known: dict[str, str] = {}
    for name in names:
        stem, suffix = posixpath.splitext(name)
        twin = known.setdefault(stem, name) if suffix.lower() in PICTURES + VIDEOS else name
        if twin != name:
            raise GasError(escape(f"{root}: {twin} and {name} are the same picture of one scene; remove one of them"))


def open_first(root: Path, scenes: Sequence[str]) -> dict[str, Shown]:
    """Opens the first picture of each scene that has one that can be read; see `find_pictures`."""
    return {scene: open_file(root / names[0]) for scene, names in find_pictures(root, scenes).pictures.items()}


def leave_out(found: Found, unreadable: Mapping[str, str], scenes: Sequence[str]) -> Found:
    """Leaves pictures out that cannot be read, and lists the scenes that have none then."""
    readable = {scene: [one for one in names if one not in unreadable] for scene, names in found.pictures.items()}
    pictures = {scene: names for scene, names in readable.items() if names}
    without = [scene for scene in scenes if scene not in pictures]
    return Found(found.root, pictures, without, found.unknown, dict(unreadable), found.not_made)


def list_files(root: Path) -> list[str]:
    """Lists all files below a folder by their paths from it, sorted; nothing that is hidden. Links are not followed.

    Raises:
        GasError: There is no such folder, or one in it cannot be read.
    """
    if not root.is_dir():
        raise GasError(escape(f"{root} is no folder; give the one with the pictures"))
    return sorted(_walk(str(root), ""))


def _walk(root: str, below: str) -> Iterator[str]:
    folder = os.path.join(root, below)
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise explain_os_error(error, escape(folder)) from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, f"{below}{entry.name}/")
        else:
            yield below + entry.name


def _place_names(
    root: Path, names: Sequence[str], scenes: Sequence[str], shows: Shows, captions: Sequence[str] | None
) -> tuple[dict[str, Place], dict[str, str]]:
    """Finds out where files belong, and what is wrong with some that should be there."""
    keys = _list_keys(scenes)
    if METADATA in names and (lines := _read_metadata(root / METADATA)):
        return _place_by_metadata(lines, names, keys)
    placed = _place_all(names, keys, shows)
    if not placed:
        placed = _place_all(names, _find_places(root, names, scenes, captions), shows)
    return placed, {}


def _list_keys(scenes: Sequence[str]) -> dict[str, str]:
    """What scenes may be called: their ids, and the last parts of these that no other scene's id ends with."""
    tails = Counter(tail for scene in scenes for tail in _list_tails(scene))
    keys = {tail: scene for scene in scenes for tail in _list_tails(scene) if tails[tail] == 1}
    return keys | {scene: scene for scene in scenes}


def _list_tails(scene: str) -> Iterator[str]:
    parts = scene.split("/")
    return ("/".join(parts[start:]) for start in range(1, len(parts)))


def _place_all(names: Iterable[str], keys: Mapping[str, str], shows: Shows) -> dict[str, Place]:
    places = {name: _place_one(name, keys, shows) for name in names}
    return {name: place for name, place in places.items() if place}


def _place_one(name: str, keys: Mapping[str, str], shows: Shows) -> Place | None:
    """Reads the scene off the beginning of a path, and from the rest which of its pictures it is."""
    stem, suffix = posixpath.splitext(name)
    if suffix.lower() not in PICTURES + VIDEOS:
        return None
    parts = stem.split("/")
    end = next((end for end in range(len(parts), 0, -1) if "/".join(parts[:end]) in keys), None)
    if end is None:
        return None
    scene, rest = keys["/".join(parts[:end])], parts[end:]
    numbers = [read_number(part) for part in (rest[1:] if rest[:1] == ["samples"] else rest)]
    match numbers:
        case []:
            return None if rest else Place(scene, 0, name)
        case [int()] if shows == "frames" and suffix.lower() in PICTURES:
            return Place(scene, 0, posixpath.dirname(name))
        case [int(number)]:
            return Place(scene, number, name)
        case [int(number), int()] if suffix.lower() in PICTURES:
            return Place(scene, number, posixpath.dirname(name))
    return None


def _find_places(
    root: Path, names: Sequence[str], scenes: Sequence[str], captions: Sequence[str] | None
) -> dict[str, str]:
    """What files and folders are called that have the numbers of scenes, from 0.

    Numbers as long as those that ids end with are none: they would be the names of other scenes.

    Raises:
        GasError: Folders have prompts, of which none is a caption of these scenes.
    """
    taken = {len(last) for scene in scenes if (last := scene.rpartition("/")[2]).isdigit()}
    first = {name.split("/")[0] if "/" in name else posixpath.splitext(name)[0] for name in names}
    numbers = {one: int(one) for one in first if re.fullmatch("[0-9]{1,18}", one) and len(one) not in taken}
    keys = {one: scenes[number] for one, number in numbers.items() if number < len(scenes)}
    if captions is None:
        return keys
    there = set(names)
    prompts = {one: _read_prompt(root / one / METADATA) for one in numbers if f"{one}/{METADATA}" in there}
    count = Counter(captions)
    by_caption = {text: scene for text, scene in zip(captions, scenes, strict=True) if count[text] == 1}
    known = {one: by_caption[prompt] for one, prompt in prompts.items() if prompt in by_caption}
    if prompts and not known and not set(prompts.values()) & set(captions):
        prompt = next(iter(prompts.values()))
        what = f"{root}: {len(prompts):,} folders have prompts such as {show(prompt)}, of which none is a caption"
        raise GasError(f"{what} of these scenes; take the dataset that they were made for")
    return keys | known


def _read_prompt(file: Path) -> str | None:
    try:
        value = json.loads(read_regular(file))
        return str(value["prompt"]) if isinstance(value, dict) and "prompt" in value else None
    except (GasError, ValueError, RecursionError):
        return None


def _read_metadata(file: Path) -> list[tuple[str, str]]:
    """The file and the scene of each line; nothing if lines are about something else.

    Raises:
        GasError: A line is no JSON, or has only one of both.
    """
    found: list[tuple[str, str]] = []
    for number, line in enumerate(read_regular(file).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise GasError(f"{file}:{number}: no JSON: {error}") from error
        if not isinstance(value, dict) or "file_name" not in value or "id" not in value:
            if not found:
                return []
            raise GasError(f"{file}:{number}: the line has no `file_name` and `id`, as those before it have")
        found.append((posixpath.normpath(str(value["file_name"])), str(value["id"])))
    return found


def _place_by_metadata(
    lines: Sequence[tuple[str, str]], names: Sequence[str], keys: Mapping[str, str]
) -> tuple[dict[str, Place], dict[str, str]]:
    there = set(names)
    folders: dict[str, list[str]] = {}
    for name in names:
        if name.lower().endswith(PICTURES):
            folders.setdefault(posixpath.dirname(name), []).append(name)
    placed, missing = {}, {}
    for number, (name, scene) in enumerate(lines):
        if scene not in keys:
            continue
        if name in there and name.lower().endswith(PICTURES + VIDEOS):
            placed[name] = Place(keys[scene], number, name)
        elif name in folders:
            placed |= {frame: Place(keys[scene], number, name) for frame in folders[name]}
        else:
            missing[name] = f"{METADATA} names it, but it is no picture of this folder"
    return placed, missing


def _explain_nothing(root: Path, names: Sequence[str], scenes: Sequence[str]) -> GasError:
    pictures = [name for name in names if name.lower().endswith(PICTURES + VIDEOS)]
    if not pictures:
        what = f"none of its {len(names):,} files is a picture ({', '.join(PICTURES + VIDEOS)})"
        return GasError(escape(f"{root} has no pictures: {what}"))
    what = f"its {len(pictures):,} are called such as {pictures[0]}, and belong to none of the {len(scenes):,} scenes"
    hint = f"call one {scenes[0]}.png" if scenes else "take a split with rows"
    return GasError(escape(f"{root} has no pictures of these scenes: {what}; {hint}, or write {METADATA}"))
