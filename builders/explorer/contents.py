"""What is shown: splits of a built folder, here or on the Hub, or evaluations, as the page's `source.json` says it.

{title, load, splits: [{config, split, rows, files: [{url, rows, bytes}], index, reader}], runs: [...]}

`index` is the address of the folder of a facet index, or null; the page then reads the facets off the rows. `reader`
is the address below which rows are by their numbers, or null; the page then reads them out of the files. A run is
{name, model, answers: {url, bytes}, scores: {url, bytes}, figures, pictures}: two tables, the address of report.json,
or null, and that below which pictures are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import GasError, advise
from ...regular_files import read_regular
from ..diff.sources import explain_revision, match_repository, suggest_folder
from ..folder.files import resolve_inside
from ..folder.manifest import MANIFEST, Manifest, parse_manifest, read_built_manifest
from ..folder.reading import Source
from ..folder.strict_json import read_json
from ..foundation.hub_requests import look_up
from ..hub.client import fetch_file
from ..recipe.loading import SUFFIXES, list_recipes

RECORD, FIGURES = "run.json", "report.json"
ANSWERS, SCORES, SCENES = "answers.parquet", "scores.parquet", "scenes.parquet"
"""Files of a folder that `gas evaluate` wrote."""
GIVE = "give a folder that `gas build` wrote, one of `gas evaluate`, or a dataset on the Hub: org/name"


@dataclass
class Contents:
    """What the server has to give.

    Attributes:
        described: The content of `source.json`.
        files: How each file is found, by its address; one on the Hub is fetched when it is asked for.
        indexed: The splits that have an index, by the address of its folder, with the addresses of their files.
        pictures: Folders of pictures, by their address.
    """

    described: dict[str, Any]
    files: dict[str, Callable[[], Path]] = field(default_factory=dict)
    indexed: dict[str, tuple[Source, list[str]]] = field(default_factory=dict)
    pictures: dict[str, Path] = field(default_factory=dict)

    def fetch(self, index: str, row: int) -> None:
        """Fetches the file of a split that has a row, if it is on the Hub."""
        source, urls = self.indexed[index]
        for file, url in zip(source.entry.splits[source.split].files, urls, strict=True):
            if row < file.rows:
                self.files[url]()
                return
            row -= file.rows


def open_contents(names: Sequence[str], config: str | None = None, split: str | None = None) -> Contents:
    """Finds what names mean.

    Args:
        names: A built folder or a dataset on the Hub; or one or several evaluations, to be seen side by side.
        config: Show this config alone.
        split: Show this split alone.

    Raises:
        GasError: They are none of these, several of which only one can be shown, or cannot be read.
    """
    runs = [Path(name) for name in names if _is_run(Path(name))]
    if runs and len(runs) == len(names):
        if config or split:
            raise GasError("--config and --split are of datasets; leave them out for an evaluation")
        return _open_runs(runs)
    if len(names) > 1:
        raise GasError(f"{' and '.join(names)}: only evaluations are shown side by side; give one dataset")
    (name,) = names
    if found := match_repository(name):
        return _open_hub(name, *found, config, split)
    folder = Path(name)
    if folder.is_dir() and not (folder / MANIFEST).exists() and (folder / RECORD).exists():
        raise GasError(f"{folder} has no {ANSWERS}: the evaluation is not done, or it is a training; {GIVE}")
    if not folder.is_dir():
        recipe = name in list_recipes() or name.endswith(SUFFIXES)
        hint = f"build the recipe first: gas build {name}" if recipe else suggest_folder(name) or GIVE
        raise GasError(f"there is no folder {folder}; {hint}")
    if not (folder / MANIFEST).exists() and (inside := sorted(filter(_is_run, folder.iterdir()))):
        raise GasError(f"{folder} holds evaluations; give one of them, or several: {' '.join(map(str, inside[:2]))}")
    manifest = read_built_manifest(folder)
    load = name if name.startswith(("/", ".")) else f"./{name}"
    return _open_splits(name, load, manifest, folder, lambda path: resolve_inside(folder, path), config, split)


def _is_run(folder: Path) -> bool:
    return (folder / ANSWERS).is_file() and (folder / SCENES).is_file()


# --- datasets --------------------------------------------------------------------------------------------------------


def _open_hub(name: str, repository: str, revision: str | None, config: str | None, split: str | None) -> Contents:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import EntryNotFoundError

    api = HfApi()

    def fetch(path: str) -> Path:
        with explain_revision(name, repository, revision):
            return Path(fetch_file(api, repository, path, commit))

    with explain_revision(name, repository, revision):
        commit = look_up(api.repo_info, repository, repo_type="dataset", revision=revision).sha or ""
        try:
            place = Path(fetch_file(api, repository, MANIFEST, commit))
        except EntryNotFoundError as error:
            raise GasError(f"{name} has no {MANIFEST}; give a dataset that `gas build` wrote") from error
    manifest = parse_manifest(read_regular(place), f"{name}: {MANIFEST}", GIVE)
    return _open_splits(name, repository, manifest, place.parent, fetch, config, split)


def _open_splits(
    title: str,
    load: str,
    manifest: Manifest,
    folder: Path,
    fetch: Callable[[str], Path],
    config: str | None,
    split: str | None,
) -> Contents:
    contents = Contents({"title": title, "load": load, "splits": [], "runs": []})
    if config is not None and config not in manifest.configs:
        raise GasError(f"{title} has no config `{config}`; {advise(config, manifest.configs)}")
    names = {name for entry in manifest.configs.values() for name in entry.splits}
    if split is not None and split not in names:
        raise GasError(f"{title} has no split `{split}`; {advise(split, sorted(names))}")
    default = manifest.default if manifest.default in manifest.configs else None
    for key in sorted(manifest.configs, key=lambda key: key != default):
        entry = manifest.configs[key]
        for name, of in entry.splits.items():
            if config not in (None, key) or split not in (None, name):
                continue
            source, urls = Source(folder, key, name, entry), [f"files/{file.path}" for file in of.files]
            for file, url in zip(of.files, urls, strict=True):
                contents.files[url] = partial(fetch, file.path)
            index = f"index/{key}/{name}/"
            contents.indexed[index] = source, urls
            contents.described["splits"].append(describe_split(source, urls, index, f"rows/{source.name}/"))
    if not contents.described["splits"]:
        choices = manifest.configs[str(config)].splits
        raise GasError(f"{title}: {config} has no split `{split}`; {advise(str(split), choices)}")
    return contents


def describe_split(source: Source, urls: Sequence[str], index: str | None, reader: str | None) -> dict[str, Any]:
    """What `source.json` says of a split whose files have these addresses."""
    files = source.entry.splits[source.split].files
    return {
        "config": source.config,
        "split": source.split,
        "rows": source.rows,
        "files": [{"url": url, "rows": file.rows, "bytes": file.bytes} for file, url in zip(files, urls, strict=True)],
        "index": index,
        "reader": reader,
    }


# --- evaluations -----------------------------------------------------------------------------------------------------


def _open_runs(folders: Sequence[Path]) -> Contents:
    contents = Contents({"title": " and ".join(map(str, folders)), "load": None, "splits": [], "runs": []})
    for number, folder in enumerate(folders):
        record = _read_record(folder)
        base = f"runs/{number}/"

        def serve(name: str, folder: Path = folder, base: str = base) -> dict[str, Any]:
            path = resolve_inside(folder, name)
            contents.files[base + name] = lambda: path
            return {"url": base + name, "bytes": path.stat().st_size}

        pictures = folder / str(record.get("pictures", "pictures"))  # an absolute path stays what it is
        contents.pictures[f"{base}pictures/"] = pictures
        contents.described["runs"].append(
            {
                "name": str(folder),
                "model": str(record.get("model", folder.name)),
                "answers": serve(ANSWERS),
                "scores": serve(SCORES) if (folder / SCORES).is_file() else None,
                "figures": serve(FIGURES)["url"] if (folder / FIGURES).is_file() else None,
                "pictures": f"{base}pictures/",
            }
        )
        if number == 0:  # those after it show what they have of the same scenes
            shown = {"config": "scenes", "split": folder.name, "rows": None, "files": [serve(SCENES)]}
            contents.described["splits"].append({**shown, "index": None, "reader": None})
    return contents


def _read_record(folder: Path) -> dict[str, Any]:
    file = folder / RECORD
    if not file.exists():
        return {}
    try:
        record = read_json(read_regular(file))
    except ValueError as error:
        raise GasError(f"{file} is damaged: it {error}; evaluate again") from error
    if not isinstance(record, dict):
        raise GasError(f"{file} is no record of an evaluation; evaluate again")
    return record
