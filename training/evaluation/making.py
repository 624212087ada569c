"""Pictures of all scenes, each by a seed of its own; what was stopped goes on.

<scene>.png                a picture of a scene, where each has one
<scene>/<n>.png            one of several
<scene>/<frame>.png        frames of a video, or views; of one of several <scene>/<n>/<frame>.png
prompts.jsonl              what was asked for, a line a scene
pictures.json              all that changes pictures; a folder holds those of one such record alone

A picture is there whole or not at all, and depends on nothing but this record, its prompt and its seed: neither on
those made beside it nor on how many processes make them.
"""

from __future__ import annotations

import json
import os
import posixpath
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
from PIL import Image

from ...builders.folder.files import write_text
from ...builders.foundation.counter_rng import derive_key
from ...builders.foundation.replacing import replace_file
from ...builders.recipe.fields import show
from ...builders.recipe.loading import load_recipe
from ...errors import GasError, escape, explain_os_error
from ...regular_files import read_regular
from ..json_lines import read_lines, write_lines
from ..recipes.evaluation import Evaluation
from ..recipes.pictures import Shows
from ..upstream import count_processes, find_rank, is_first, wait_for_all
from .backends.folder import FolderBackend
from .backends.loading import open_backend
from .backends.on_cluster import ClusterBackend
from .backends.protocol import Backend, Made, NotMade, PictureFile, PictureRequest
from .files import Found, leave_out, list_files
from .opening import PICTURES, VIDEOS, check_files

UNFINISHED = ".new"
FOLDER, PROMPTS, RECORD = "pictures", "prompts.jsonl", "pictures.json"
SEEDS = 2**31
"""Seeds are below it, as all that take seeds can."""
BATCH = 4
"""Pictures that are made at once where settings say nothing of it."""


def open_maker(recipe: Evaluation) -> Backend:
    """Opens who makes pictures, on a cluster if the recipe says so.

    Raises:
        GasError: It cannot be loaded, or does not answer.
    """
    if recipe.engine == "ray" and recipe.pictures.makes:
        return ClusterBackend(recipe)
    return open_backend(recipe.pictures, recipe)


def make_pictures(
    backend: Backend,
    scenes: pa.Table,
    recipe: Evaluation,
    folder: Path,
    advance: Callable[[int], None] = lambda pictures: None,
    prompts: Sequence[str | None] | None = None,
) -> Found:
    """Makes the pictures of scenes that are not there yet; every process does its share.

    Args:
        backend: Who makes them.
        scenes: Rows with `id`, `caption` and, if the backend draws it, `scene_graph`.
        recipe: Of the evaluation: its seed, its prompt, how many pictures.
        folder: Of the evaluation; pictures go into `pictures` in it. Those of a folder stay where they are, unless
            they are cut apart.
        advance: Is told how many pictures there are now that were not before.
        prompts: What is asked for, of each scene, and None where nothing can be; by default the recipe's `prompt` with
            the caption.

    Raises:
        GasError: The folder holds pictures made otherwise, no picture can be made, or the disk is full; what is made
            stays.
    """
    ids = scenes["id"].to_pylist()
    there, counts = Found(folder / FOLDER, {}), [int(getattr(recipe.pictures, "count", 1))] * len(ids)
    if isinstance(backend, FolderBackend):
        there = backend.find(ids, choose_shows(recipe), scenes["caption"].to_pylist())
        if backend.cells == 1:
            return there
        counts = [backend.cells * len(there.pictures.get(scene, ())) for scene in ids]
    check_ids(ids)
    requests = list_requests(scenes, recipe, counts, prompts)
    names = name_pictures(requests)
    root = folder / FOLDER
    try:
        if is_first():
            _begin(root, backend, requests, recipe)
        if read := getattr(backend, "read_prompts", None):
            read([request.prompt for request in requests])
        unreadable, not_made = _make_missing(backend, requests, names, root, recipe, advance)
        made = _find_made(root, names)
    except OSError as error:
        raise explain_os_error(error, error.filename or root) from error
    if not made and not_made:
        raise GasError(escape(f"no picture could be made: {next(iter(not_made.values()))}"), exit_status=1)
    pictures: dict[str, list[str]] = {}
    for request, name in zip(requests, names, strict=True):
        if name in made:
            pictures.setdefault(request.scene, []).append(made[name])
    found = Found(root, pictures, unknown=there.unknown, not_made=not_made)
    return leave_out(found, {**there.unreadable, **unreadable}, ids)


def list_requests(
    scenes: pa.Table, recipe: Evaluation, counts: Sequence[int], prompts: Sequence[str | None] | None = None
) -> list[PictureRequest]:
    """What pictures to make, so many of each scene that has a prompt, one after the other."""
    captions = scenes["caption"].to_pylist()
    texts: Sequence[str | None] = prompts or [recipe.prompt.replace("{caption}", caption) for caption in captions]
    graphs = scenes["scene_graph"].to_pylist() if "scene_graph" in scenes.column_names else [None] * len(texts)
    return [
        PictureRequest(scene, number, text, derive_key(recipe.seed, "picture", scene, number) % SEEDS, graph)
        for scene, text, graph, count in zip(scenes["id"].to_pylist(), texts, graphs, counts, strict=True)
        if text is not None
        for number in range(count)
    ]


def name_pictures(requests: Sequence[PictureRequest]) -> list[str]:
    """What pictures are called, without suffix."""
    several = any(request.number for request in requests)
    return [f"{request.scene}/{request.number}" if several else request.scene for request in requests]


def check_ids(scenes: Sequence[str]) -> None:
    """Refuses ids that cannot name files.

    Raises:
        GasError: One is no relative path, or is the folder of another.
    """
    known = set(scenes)
    for scene in scenes:
        parts = scene.split("/")
        if not all(parts) or any(part.startswith(".") or not part.isprintable() for part in parts):
            hint = "ids are relative paths, such as multi_object/test/000000006"
            raise GasError(f"{show(scene)} cannot name a picture; {hint}")
        folders = ("/".join(parts[:end]) for end in range(1, len(parts)))
        if above := next((one for one in folders if one in known), None):
            raise GasError(f"the ids {show(above)} and {show(scene)} cannot name pictures of one folder; change one")


def choose_shows(recipe: Evaluation) -> Shows:
    """What numbered files of a scene are: frames, if the dataset recipe is for video or 3D; else pictures."""
    if shows := getattr(recipe.pictures, "shows", None):
        return "frames" if shows == "frames" else "pictures"
    data = recipe.data
    built = Path(data.path or "", "recipes", f"{data.name}.yaml")
    if not (data.recipe or built.is_file()):
        return "pictures"
    dataset = load_recipe(data.recipe or built, data.overrides).recipe
    return "pictures" if dataset.modality == "image" else "frames"


def _begin(root: Path, backend: Backend, requests: Sequence[PictureRequest], recipe: Evaluation) -> None:
    """Writes down how pictures are made, and removes what a process left that was killed.

    Raises:
        GasError: Those that are there were made otherwise.
    """
    record = {
        "backend": recipe.pictures.backend,
        "model": backend.id,
        **backend.record,
        "seed": recipe.seed,
        "count": getattr(recipe.pictures, "count", None),
    }
    record = json.loads(json.dumps(record))
    prompts = {request.scene: request.prompt for request in requests}
    if (root / RECORD).exists():
        _compare(root, _read_record(root / RECORD), record)
        before = _read_prompts(root / PROMPTS)
        _compare(root, before, prompts, "the prompt of ", before.keys() & prompts.keys())
        prompts = before | prompts
    elif root.is_dir() and set(list_files(root)) - {PROMPTS}:
        hint = "take them by `pictures: {backend: folder, path: ...}`, or remove them"
        raise GasError(f"{root} holds pictures of which nothing says how they were made; {hint}")
    root.mkdir(parents=True, exist_ok=True)
    _remove_unfinished(root)
    write_lines(root / PROMPTS, ({"scene": scene, "prompt": text} for scene, text in prompts.items()))
    write_text(root / RECORD, json.dumps(record, indent=2, ensure_ascii=False) + "\n")


def _read_record(file: Path) -> dict[str, Any]:
    """How pictures that are there were made.

    Raises:
        GasError: It is damaged.
    """
    record: Any = None
    with suppress(ValueError, RecursionError):
        record = json.loads(read_regular(file))
    if not isinstance(record, dict):
        raise GasError(f"{file} is damaged; remove its folder")
    return record


def _read_prompts(file: Path) -> dict[str, str]:
    """The prompts of pictures that are there, by scene.

    Raises:
        GasError: The file is damaged, or gone.
    """
    lines = read_lines(file)
    if not file.is_file() or not all(line.keys() >= {"scene", "prompt"} for line in lines):
        raise GasError(f"{file} is damaged, or gone; remove its folder")
    return {line["scene"]: line["prompt"] for line in lines}


def _compare(
    root: Path, before: Any, now: Mapping[str, Any], what: str = "", keys: Iterable[str] | None = None
) -> None:
    """Refuses another record than before, and names the first things that differ."""
    then, new = dict(_flatten(before)), dict(_flatten(now))
    keys = sorted(keys if keys is not None else then.keys() | new.keys())
    if differ := [key for key in keys if then.get(key) != new.get(key)]:
        said = "; ".join(f"{what}{key} was {show(then.get(key))}, now {show(new.get(key))}" for key in differ[:3])
        more = f"; and {len(differ) - 3:,} more" if len(differ) > 3 else ""
        hint = "give another folder with --set output=..., or remove this one"
        raise GasError(escape(f"{root} holds pictures that were made otherwise: {said}{more}; {hint}"))


def _flatten(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _flatten(one, f"{place}.{key}" if place else str(key))
    else:
        yield place, value


def _remove_unfinished(root: Path) -> None:
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            if name.startswith(".") and name.endswith(UNFINISHED):
                path = Path(folder, name)
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _find_made(root: Path, names: Sequence[str]) -> dict[str, str]:
    """The files, or folders of frames, of those pictures that are there."""
    there: dict[str, str] = {}
    for file in list_files(root):
        stem, suffix = posixpath.splitext(file)
        if suffix.lower() in PICTURES + VIDEOS:
            there[stem] = file
            there.setdefault(posixpath.dirname(file), posixpath.dirname(file))
    return {name: there[name] for name in names if name in there}


def _make_missing(
    backend: Backend,
    requests: Sequence[PictureRequest],
    names: Sequence[str],
    root: Path,
    recipe: Evaluation,
    advance: Callable[[int], None],
) -> tuple[dict[str, str], dict[str, str]]:
    """Makes pictures that are not there, and says what is wrong with some that are, and why some could not be made."""
    wait_for_all()
    made = _find_made(root, names)
    advance(len(made))
    unreadable = check_files(root, list(made.values()))
    left = [pair for pair in zip(requests, names, strict=True) if pair[1] not in made]
    wait_for_all()  # before one writes what another has not looked for yet
    size = getattr(recipe.pictures, "batch_size", BATCH)
    if isinstance(backend, ClusterBackend):  # which hands out batches itself
        size = max(1, len(left))
    not_made = _make_each(backend, left[find_rank() :: count_processes()], root, size, advance)
    if close := getattr(backend, "close", None):
        close()
    return unreadable, not_made


def _make_each(
    backend: Backend,
    left: Sequence[tuple[PictureRequest, str]],
    root: Path,
    size: int,
    advance: Callable[[int], None],
) -> dict[str, str]:
    """Makes pictures, some at a time, and says why some could not be made, of all processes."""
    not_made: dict[str, str] = {}
    for start in range(0, len(left), size):
        batch = left[start : start + size]
        for (_, name), made in zip(batch, backend.make([request for request, _ in batch]), strict=True):
            if isinstance(made, NotMade):
                not_made[name] = made.reason
            else:
                save_picture(made, root, name)
            advance(1)
    if count_processes() > 1:
        from accelerate.utils import gather_object

        wait_for_all()
        not_made = dict(gather_object(list(not_made.items())))
    return dict(sorted(not_made.items()))


def save_picture(made: Made, root: Path, name: str) -> None:
    """Writes a picture, or the folder of its frames; it is there whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    if isinstance(made, PictureFile):
        with _open_beside(root / f"{name}{made.suffix}") as beside:
            beside.write_bytes(made.content)
    elif isinstance(made, Image.Image):
        with _open_beside(root / f"{name}.png") as beside:
            made.save(beside, format="PNG")
    elif not isinstance(made, NotMade):
        _save_frames(made, root / name)


def _open_beside(path: Path) -> Any:
    return replace_file(path, _name_beside(path))


def _name_beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")


def _save_frames(frames: Sequence[Image.Image], folder: Path) -> None:
    beside = _name_beside(folder)
    for number, frame in enumerate(frames):
        with replace_file(beside / f"{number:04}.png") as file:
            frame.save(file, format="PNG")
    beside.rename(folder)
