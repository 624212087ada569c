"""Files of scene graphs -> a dataset folder, as `gas build` writes them.

The files are read once: what graphs say is kept as numbers of words in a temporary file, and when all words are known
they become concepts, and rows.
"""

from __future__ import annotations

import gc
import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from ...errors import GasError
from ..build.recipe_bundle import RecipeBundle, bundle_recipe, describe_provenance, refuse_collisions, write_texts
from ..build.shards import SHARD_BLOCKS
from ..card.card import write_card
from ..content.scenes import BLOCK
from ..folder.build_folder import Folder, open_folder
from ..folder.files import explain_disk, hash_file, open_part
from ..folder.manifest import (
    DATA_FILE,
    RECIPES,
    Asked,
    Config,
    Described,
    File,
    Manifest,
    Split,
    name_file,
    read_manifest,
    write_manifest,
)
from ..folder.parquet import measure_columns, open_parquet, write_beside
from ..foundation.ragged import Ragged
from ..questions.majority_baseline import Tallies, measure_majority_baseline
from ..recipe.fields import show
from ..text.templates import load_template
from .alternatives import Alternatives
from .layout import SORTS, Encoded, Vocabulary, encode_graphs, lay_out_scenes
from .naming import count_left_out, extend_taxonomy, find_rows_of, read_meanings, write_tables
from .records import read_files
from .scene_graph import SceneGraph
from .writer import GraphWriter, make_recipe, plan_graphs

CHUNK = 2048
"""Graphs whose words are numbered at once."""
FILE_ROWS = SHARD_BLOCKS * BLOCK
WORDS = "words"
"""At the end of the folder's name, beside the recipe, that has the tables of words of one's own."""
Report = Callable[[int], None]


@dataclass
class Outcome:
    """What came of describing graphs.

    Attributes:
        manifest: Of the folder.
        name: Of the config.
        graphs: How many there were.
        rows: How many rows were written.
        left_out: What was left out, by `LEFT_OUT`.
        words: Of that the words, by sort, with how often each was used.
        own_words: Words that the taxonomy does not have, by table.
        guessed: Of those, the ones whose grammar was guessed, by table.
        renamed: Ids that were there twice or cannot be a file's name, and so are others in the rows.
    """

    manifest: Manifest
    name: str
    graphs: int
    rows: int
    left_out: Counter[str]
    words: dict[str, Counter[str]]
    own_words: dict[str, int]
    guessed: dict[str, list[str]]
    renamed: list[str] = field(default_factory=list)


def describe_files(
    paths: list[Path],
    out: Path,
    recipe: str | Path | None = None,
    template: str | None = None,
    given: Mapping[str, Any] | None = None,
    alternatives: Alternatives | None = None,
    split: str = "train",
    report: Report = lambda graphs: None,
    overwrite: bool = False,
) -> Outcome:
    """Describes the scene graphs of files in a dataset folder, beside the configs that are there already.

    Args:
        paths: The files.
        out: The folder.
        recipe: By which recipe: a shipped one's name, or a path; a plain one when left out.
        template: A template of captions.
        given: Keys that are laid over the recipe: its name, seed, questions.
        alternatives: What is false in the place of words that the taxonomy does not have.
        split: The split that the rows are.
        report: Called with the number of graphs that were just read, and again when they were described.
        overwrite: Whether to write over a config of the same name that is of other graphs or settings.

    Raises:
        GasError: A file, the recipe or the folder cannot be used.
    """
    loaded = make_recipe({"splits": {split: 1}, **(given or {})}, recipe, template)
    for captions in loaded.recipe.captions:  # a wrong name is told before files are read
        load_template("captions", captions.template, loaded.folder)
    with tempfile.TemporaryFile() as spool:
        vocabulary, seen = Vocabulary(), Spooled(spool)
        with _pause_collector():
            for chunk in _cut(read_files(paths), CHUNK):
                seen.add(encode_graphs(chunk, vocabulary))
                report(len(chunk))
        seen.add_words(vocabulary)
        taxonomy = extend_taxonomy(loaded.recipe.taxonomy, loaded.folder, ())
        meanings = read_meanings(taxonomy, vocabulary, alternatives)
        tables = write_tables(meanings)
        taxonomy = extend_taxonomy(loaded.recipe.taxonomy, loaded.folder, tuple(sorted(tables.items())))
        named = find_rows_of(taxonomy, meanings)
        writer = GraphWriter(plan_graphs(loaded.recipe, taxonomy, named), loaded.folder)
        name, left_out = loaded.recipe.name, Counter[str]()
        ids = Ids(f"{name}/{split}/")

        def write_tables_of_rows() -> Iterator[pa.Table]:
            start = 0
            for encoded in seen.read():
                scenes, kept = lay_out_scenes(encoded, named, start, left_out)
                names = [ids.name(encoded.ids[place], start + row) for row, place in enumerate(kept.tolist())]
                if len(scenes):
                    yield from writer.write(scenes, names, split, tallies, encoded=True)
                start += len(scenes)
                report(len(encoded))

        tallies = Tallies()
        gc.freeze()  # what is loaded by now stays to the end, and is much to walk through
        with open_folder(out) as folder, explain_disk(out):
            manifest = read_manifest(out)
            files, columns = _write_files(write_tables_of_rows(), name, split, folder)
            if not files:
                raise GasError(f"none of the {seen.graphs:,} graphs has an object with a name that can be read")
            rows = sum(file.rows for file in files)
            bundle = _bundle(loaded, writer, tables, rows, split, seen.digest.hexdigest())
            refuse_collisions([bundle], out, manifest)
            if not overwrite:
                _refuse_other(manifest.configs.get(name), bundle, split, out)
            described = Described(
                graphs=seen.graphs,
                left_out={key: count for key, count in left_out.items() if count},
                own_words={table: len(some) for table, some in meanings.tables.items() if some},
            )
            provenance = describe_provenance(bundle, writer.rows)
            splits = {split: _describe_split(files, columns, writer, tallies)}
            config = Config(**dict(provenance), splits=splits, described=described)
            manifest = _place(folder, bundle, manifest, config, files)
    words = count_left_out(vocabulary, meanings, seen.uses)
    return Outcome(
        manifest,
        name,
        seen.graphs,
        rows,
        left_out,
        words,
        dict(described.own_words),
        meanings.list_guessed(),
        ids.renamed,
    )


def _refuse_other(found: Config | None, bundle: RecipeBundle, split: str, out: Path) -> None:
    """Refuses to write over a config that the same graphs and settings would not make."""
    if found and (found.fingerprint, [*found.splits]) != (bundle.fingerprint, [split]):
        raise GasError(
            f"{out} has a config {bundle.name} of other graphs, or described in another way; give this one another "
            "name with --name, another folder with --out, or write over it with --overwrite"
        )


@contextmanager
def _pause_collector() -> Iterator[None]:
    """Keeps Python from looking for circles, of which what is read has none: that takes a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _cut(graphs: Iterable[SceneGraph], size: int) -> Iterator[list[SceneGraph]]:
    graphs = iter(graphs)
    while chunk := list(islice(graphs, size)):
        yield chunk


class Spooled:
    """What graphs say, kept in a file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._chunks = file, 0
        self.graphs, self.digest = 0, hashlib.sha256()
        self.uses = {sort: np.zeros(0, dtype=np.int64) for sort in SORTS}

    def add(self, encoded: Encoded) -> None:
        """Keeps a chunk."""
        ids = np.frombuffer(json.dumps(encoded.ids).encode(), dtype=np.uint8)
        for array in (ids, *_flatten(encoded)):
            np.save(self._file, array, allow_pickle=False)
            self.digest.update(array.tobytes())
        self._chunks += 1
        self.graphs += len(encoded)
        for sort in SORTS:
            counts = np.bincount(getattr(encoded, sort).values, minlength=len(self.uses[sort]))
            counts[: len(self.uses[sort])] += self.uses[sort]
            self.uses[sort] = counts

    def add_words(self, vocabulary: Vocabulary) -> None:
        """Puts into the digest what the numbers mean."""
        self.digest.update(json.dumps([list(getattr(vocabulary, sort)) for sort in SORTS]).encode())

    def read(self) -> Iterator[Encoded]:
        """Gives all chunks again."""
        self._file.seek(0)
        for _ in range(self._chunks):
            ids = json.loads(np.load(self._file, allow_pickle=False).tobytes())
            parts: list[Any] = []
            for one in fields(Encoded)[1:]:
                arrays = [np.load(self._file, allow_pickle=False) for _ in range(2 if one.type == "Ragged" else 1)]
                parts.append(Ragged(*arrays) if len(arrays) == 2 else arrays[0])
            yield Encoded(ids, *parts)


def _flatten(encoded: Encoded) -> Iterator[np.ndarray]:
    for one in fields(Encoded)[1:]:
        value = getattr(encoded, one.name)
        yield from (value.values, value.offsets) if isinstance(value, Ragged) else (value,)


class Ids:
    """What rows are called: as the graphs are, each once."""

    def __init__(self, prefix: str) -> None:
        self._prefix, self._known = prefix, set[str]()
        self.renamed: list[str] = []

    def name(self, id_: str, number: int) -> str:
        """The id of a row, from that of its graph; by its number where the graph has none."""
        good = id_ if _is_good(id_) else ""
        name = good or f"{self._prefix}{number:09d}"
        if id_ and name in self._known:
            name = f"{self._prefix}{number:09d}"
        if id_ and name != id_:
            self.renamed.append(id_)
        self._known.add(name)
        return name


def _is_good(id_: str) -> bool:
    """Whether an id can be the path of a picture, as those of rows are."""
    parts = id_.split("/")
    return (
        0 < len(id_) <= 200
        and id_.isprintable()
        and not set(id_) & set('\\:*?"<>|')
        and all(part.strip(". ") == part and part for part in parts)
    )


def _write_files(tables: Iterator[pa.Table], name: str, split: str, folder: Folder) -> tuple[list[File], Counter[str]]:
    """Writes rows into Parquet files in the work folder, whose names are final when their number is known."""
    columns, parts = Counter[str](), list[tuple[Path, int]]()
    first = next(tables, None)
    while first is not None:
        path = Path(str(folder.work / f"{name}/{split}-{len(parts):05d}.parquet"))
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = 0
        with open_part(path) as part, open_parquet(part, first.schema) as parquet:
            left = FILE_ROWS

            def take(first: pa.Table = first) -> Iterator[pa.Table]:
                nonlocal left
                for table in chain([first], tables):
                    left -= table.num_rows
                    yield table
                    if left <= 0:
                        return

            for table in write_beside(parquet, take()):
                columns += measure_columns(table)
                rows += table.num_rows
        parts.append((path, rows))
        first = next(tables, None)
    files = []
    for number, (path, rows) in enumerate(parts):
        name_now = name_file(name, split, number, len(parts))
        final = Path(str(folder.work / name_now))
        path.replace(final)
        files.append(File(path=name_now, rows=rows, bytes=final.stat().st_size, sha256=hash_file(final)))
    return files, columns


def _bundle(
    loaded: Any, writer: GraphWriter, tables: Mapping[str, str], rows: int, split: str, digest: str
) -> RecipeBundle:
    """The recipe as the folder has it, with the tables of words of one's own."""
    recipe = loaded.recipe
    own = f"{recipe.name}_{WORDS}"
    splits = {split: recipe.splits[split].model_copy(update={"size": rows})}
    changes: dict[str, Any] = {"splits": splits}
    if tables:
        changes["taxonomy"] = (*recipe.taxonomy, own)
    writer.rows.plan = replace(writer.plan, recipe=recipe.model_copy(update=changes))
    plain = bundle_recipe(replace(loaded, recipe=recipe), writer.rows)
    text = bundle_recipe(replace(loaded, recipe=writer.rows.plan.recipe, folder=None), writer.rows).text
    fingerprint = hashlib.sha256(f"{plain.fingerprint} {digest}".encode()).hexdigest()
    files = {**plain.files, **{f"{own}/{name}": content for name, content in sorted(tables.items())}}
    return RecipeBundle(
        recipe.name, text.replace("# gas build", "# gas describe FILES --recipe", 1), fingerprint, files
    )


def _describe_split(files: list[File], columns: Counter[str], writer: GraphWriter, tallies: Tallies) -> Split:
    baseline = measure_majority_baseline(tallies)
    return Split(
        rows=sum(file.rows for file in files),
        columns=dict(columns),
        files=files,
        structures={str(one): (len(some), len(some)) for one, some in sorted(writer.complexities.items())},
        questions={
            kind: {form: Asked.model_validate(one) for form, one in forms.items()} for kind, forms in baseline.items()
        },
    )


def _place(folder: Folder, bundle: RecipeBundle, manifest: Manifest, config: Config, files: list[File]) -> Manifest:
    """Puts files, recipe, card and manifest into their places."""
    out, name = Path(str(folder.out)), bundle.name
    before = manifest.configs.get(name)
    place = out / name
    if place.exists() and before is None:
        raise GasError(f"{out} holds {show(name)}, which no build wrote; choose another folder with --out")
    others = {key: one for key, one in manifest.configs.items() if key != name}
    write_manifest(out, manifest.replace_configs(others))
    place.mkdir(exist_ok=True)
    for path in list(place.iterdir()):
        if DATA_FILE.fullmatch(f"{name}/{path.name}"):
            path.unlink()
    for file in files:
        (Path(str(folder.work)) / file.path).replace(out / file.path)
    write_texts(out / RECIPES, {f"{name}.yaml": bundle.text, **bundle.files})
    manifest = write_card(out, manifest.replace_configs({**others, name: config}))
    write_manifest(out, manifest)
    return manifest


def list_remarks(outcome: Outcome, most: int = 8) -> Iterator[str]:
    """What somebody should know of what came of graphs, a line each."""
    from ..folder.manifest import LEFT_OUT

    for key, meaning in LEFT_OUT.items():
        if count := outcome.left_out[key]:
            words = outcome.words.get(key, Counter[str]()).most_common(most)
            named = ", ".join(f"{show(word)} ({times:,})" for word, times in words)
            yield f"left out: {count:,} {meaning}{f', such as {named}' if named else ''}"
    for table, guessed in outcome.guessed.items():
        shown = ", ".join(map(show, guessed[:most])) + (" ..." if len(guessed) > most else "")
        yield f"grammar guessed of {len(guessed):,} {table.replace('_', ' ')}: {shown}"
    if outcome.renamed:
        shown = ", ".join(map(show, outcome.renamed[:most])) + (" ..." if len(outcome.renamed) > most else "")
        yield f"other ids, since theirs are there twice or are no file's name: {len(outcome.renamed):,}: {shown}"
