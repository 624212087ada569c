"""Checks a built folder: its files against the manifest, and its rows against what its recipes make."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ... import __version__
from ...errors import GasError
from ...regular_files import find_obstacle
from ..content.scenes import BLOCK, list_blocks
from ..folder.files import hash_file, resolve_inside
from ..folder.manifest import CARD, RECIPES, WORK, Card, Config, File, read_built_manifest
from ..folder.reading import NO_ROWS, find_recipe, read_dropped
from ..foundation.counter_rng import derive_key, shuffle
from ..recipe.fields import escape
from ..recipe.filters import SCORES
from ..recipe.loading import load_recipe
from ..rows.filtering import RowFilter
from ..rows.fingerprint import DATA_VERSION, compute_fingerprint
from ..rows.paraphrases import find_wrong_text
from ..rows.schema import PARAPHRASES
from ..rows.soundness import read_numbers
from ..rows.writer import RowWriter, create_writer
from .row_difference import compare_rows

MENDED = ("missing", "damaged", "edited", "encoding")
"""Findings about files that another build of the same recipe mends."""


@dataclass(frozen=True)
class Finding:
    """Something that is wrong.

    Attributes:
        kind: `missing`, `damaged` (cannot be read), `edited` (other rows), `encoding` (the same rows, written anew),
            `rows` (the manifest's file, but not what the recipe makes), `recipe`, `version` (of the engine or the
            taxonomy), `unnamed` (not in the manifest) or `unfinished`.
        path: The file, from the folder.
        message: What is wrong with it.
    """

    kind: str
    path: str
    message: str

    def __str__(self) -> str:
        return escape(f"{self.path}: {self.message}")


@dataclass
class Verification:
    """What was found, and how much was checked.

    Attributes:
        findings: All that is wrong.
        files: Parquet files that the manifest names.
        bytes: Their size, by the manifest.
        rows: Their rows.
        remade: Rows that were made again.
        described: Rows that describe scene graphs of somebody's own, which no recipe makes again.
        mendable: Configs that building their recipe again mends.
    """

    findings: list[Finding] = field(default_factory=list)
    files: int = 0
    bytes: int = 0
    rows: int = 0
    remade: int = 0
    described: int = 0
    mendable: list[str] = field(default_factory=list)


def verify_folder(
    folder: Path, sample: int | None = 2, report: Callable[[int], None] = lambda rows: None
) -> Verification:
    """Checks all files of a built folder by their SHA-256, and some of their rows by making them again.

    Args:
        folder: What `gas build` wrote.
        sample: How many blocks of each split are made again, always the same ones; None for all. Of a file that has
            another SHA-256 all are.
        report: Called with the rows of each file that was checked.

    Raises:
        GasError: No build wrote the folder, its manifest is damaged, or a file is a link that leads out of it.
    """
    result = Verification()
    if (folder / WORK).exists():
        message = "a build is at work here or was stopped; its command, given again, finishes it"
        result.findings.append(Finding("unfinished", WORK, message))
    manifest = read_built_manifest(folder)
    lost = _find_lost(folder, CARD, "any build into this folder writes it")
    result.findings += [lost] if lost else []
    result.findings += _check_pictures(folder, manifest.card)
    for name, config in manifest.configs.items():
        result.findings += _verify_config(folder, name, config, sample, result, report)
        result.findings += _list_unnamed(folder, name, config)
    return result


def _verify_config(
    folder: Path, name: str, config: Config, sample: int | None, result: Verification, report: Callable[[int], None]
) -> list[Finding]:
    """What is wrong with the recipe and the files of a config; adds to the figures of the result."""
    writer, findings = _open_recipe(folder, config)
    gone, finding = _read_list(folder, config)
    if finding:
        writer, findings = None, [*findings, finding]
    chosen = set(_choose_blocks(name, {split: info.spans[-1].stop for split, info in config.splits.items()}, sample))
    for split, info in config.splits.items():
        for file, numbers in zip(info.files, info.spans, strict=True):
            some = [block for block in list_blocks(numbers.start, numbers.stop) if (split, block[0]) in chosen]
            finding, remade = _check_file(folder, split, file, numbers, some, writer, gone.get(split, NO_ROWS))
            findings += [finding] if finding else []
            result.files += 1
            result.bytes += file.bytes
            result.rows += file.rows
            result.remade += remade
            report(file.rows + file.dropped)
    if config.described:
        result.described += sum(info.rows for info in config.splits.values())
    if writer and not config.dropped and any(finding.kind in MENDED for finding in findings):
        result.mendable.append(name)
    return findings


def _find_lost(folder: Path, path: str, hint: str) -> Finding | None:
    """Whether a file of a folder cannot be read."""
    if not (obstacle := find_obstacle(resolve_inside(folder, path))):
        return None
    return Finding("missing" if obstacle == "is missing" else "damaged", path, f"{obstacle}; {hint}")


def _check_pictures(folder: Path, card: Card | None) -> Iterator[Finding]:
    """What is wrong with the pictures of the card; its text may be edited."""
    for path, digest in (card.pictures if card else {}).items():
        hint = "any build into this folder draws it"
        if lost := _find_lost(folder, path, hint):
            yield lost
        elif hash_file(resolve_inside(folder, path)) != digest:
            yield Finding("edited", path, f"a picture of the card was edited; {hint}")


def describe_verification(folder: Path, result: Verification) -> str:
    """One line: how much was checked, and what came of it."""
    files = f"{result.files:,} file{'s' if result.files != 1 else ''} ({result.bytes / 1e6:.1f} MB)"
    checked = f"checked {files} by SHA-256, and {result.remade:,} of {result.rows:,} rows by making them again"
    if result.described:
        checked += f" ({result.described:,} describe scene graphs of somebody's own, which no recipe makes again)"
    if not result.findings:
        return f"{checked}: all is well"
    count = f"{len(result.findings)} finding{'s' if len(result.findings) != 1 else ''}"
    recipes = " ".join(shlex.quote(str(folder / f"{RECIPES}/{name}.yaml")) for name in result.mendable)
    mend = f"; `gas build {recipes} --out {shlex.quote(str(folder))}` makes files anew" if recipes else ""
    return f"{checked}: {count}{mend}"


def _read_list(folder: Path, config: Config) -> tuple[dict[str, np.ndarray], Finding | None]:
    """Which rows of each split were left out after the build, by their numbers then; or why that is not known."""
    if not config.dropped:
        return {}, None
    path = config.dropped.file
    if lost := _find_lost(folder, path, "no rows are made again without the list of dropped rows"):
        return {}, lost
    if hash_file(folder / path) != config.dropped.sha256:
        message = "was edited; no rows are made again without the list of dropped rows as it was"
        return {}, Finding("edited", path, message)
    try:
        return read_dropped(folder, config), None
    except GasError:
        message = "does not list the rows that were left out by the manifest; no rows are made again without them"
        return {}, Finding("edited", path, message)


def _open_recipe(folder: Path, config: Config) -> tuple[RowWriter | None, list[Finding]]:
    """The recipe in the folder, ready to make the rows again, or why it cannot."""
    install = (
        f"install generate-any-scene=={config.engine.version} to make rows again; SHA-256 are checked all the same"
    )
    findings = [finding for name, digest in config.sources.items() if (finding := _check_source(folder, name, digest))]
    if any(finding.kind in ("missing", "damaged") for finding in findings):
        return None, findings
    if config.described:  # its recipe makes no rows: it puts graphs into words that are in the rows alone
        return None, findings
    if config.engine.data_version != DATA_VERSION:
        message = (
            f"built with data version {config.engine.data_version}, here is {DATA_VERSION} ({__version__}); {install}"
        )
        return None, [*findings, Finding("version", config.recipe, message)]
    try:
        writer = create_writer(load_recipe(find_recipe(folder, config)))
    except GasError as error:
        message = f"cannot be used: {'; '.join(str(error).splitlines())}"
        return None, [*findings, Finding("recipe", config.recipe, message)]
    if compute_fingerprint(writer) == config.fingerprint:
        writer.paraphrases = None  # a model's replies are not made again
        return writer, findings
    if findings:
        return None, findings
    here = writer.plan.taxonomy.version
    what = f"the taxonomy {here[:12]}, not {config.taxonomy[:12]}" if here != config.taxonomy else "other templates"
    message = f"as it was built, but generate-any-scene {__version__} has {what}; {install}"
    return None, [Finding("version", config.recipe, message)]


def _check_source(folder: Path, name: str, digest: str) -> Finding | None:
    """What is wrong with a recipe or a file that came with it."""
    if lost := _find_lost(folder, name, "no rows are made again without it"):
        return lost
    found = hash_file(folder / name)
    if found != digest:
        message = f"was edited: its SHA-256 is {found[:12]}, the manifest's {digest[:12]}"
        return Finding("recipe", name, message)
    return None


def _choose_blocks(config: str, sizes: dict[str, int], sample: int | None) -> Iterator[tuple[str, int]]:
    """Blocks to make again: (split, block), the same whenever they are asked for."""
    for split, rows in sizes.items():
        order = shuffle(derive_key("verify", config, split), -(-rows // BLOCK)).tolist()
        yield from ((split, block) for block in order[:sample])


def _check_file(
    folder: Path,
    split: str,
    file: File,
    numbers: range,
    some: list[tuple[int, int]],
    writer: RowWriter | None,
    gone: np.ndarray,
) -> tuple[Finding | None, int]:
    """What is wrong with a file, if anything, and how many of its rows were made again.

    Its rows had these numbers in the split when it was built; of these, `gone` were left out after.
    """
    if lost := _find_lost(folder, file.path, "building its recipe again makes it"):
        return lost, 0
    path = folder / file.path
    if numbers.start % BLOCK:
        message = (
            f"begins with row {numbers.start:,} of its split by the manifest; builds begin files with whole blocks"
        )
        return Finding("rows", file.path, message), 0
    try:
        size, digest = path.stat().st_size, hash_file(path)
    except OSError as error:  # of the disk itself
        return Finding("damaged", file.path, f"cannot be read: {error.strerror or error}"), 0
    sound = (size, digest) == (file.bytes, file.sha256)
    remade, difference = 0, ""
    try:
        there = _read_ids(path, file) if file.filtered else None
        for block, rows in some if sound else list_blocks(numbers.start, numbers.stop):
            place, kept = _find_rows(numbers, gone, there, block, rows)
            found = _read_rows(path, place, len(kept), file.rows)
            if writer:
                remade += len(kept)
                made = writer.write_block(split, block, rows)
                difference = _compare_block(found, made.take(kept) if len(kept) < rows else made, writer)
                if difference := difference or _find_misjudged(writer, split, block, rows, kept, file):
                    break
    except _UnreadableError as error:
        what = "is damaged" if not sound else "cannot be read, though its SHA-256 is the manifest's"
        return Finding("damaged", file.path, f"{what}: {error}"), remade
    if sound:
        message = f"its SHA-256 is the manifest's, but the recipe makes other rows: {difference}"
        return (Finding("rows", file.path, message) if difference else None), remade
    digests = f"its SHA-256 is {digest[:12]}, the manifest's {file.sha256[:12]}"
    if not writer:
        return Finding("edited", file.path, f"was changed and can be read; {digests}"), remade
    if difference:
        return Finding("edited", file.path, f"was changed: {difference}; {digests}"), remade
    return Finding("encoding", file.path, f"was written anew: the rows are the same, the bytes not; {digests}"), remade


def _compare_block(found: pa.Table, made: pa.Table, writer: RowWriter) -> str:
    """Tells of the first row that is not as it is made, or that has a paraphrase that is wrong; nothing if all are."""
    if writer.plan.recipe.paraphrase is None:
        return compare_rows(found, made)
    if PARAPHRASES not in found.column_names:
        return f"it has no column `{PARAPHRASES}`"
    return compare_rows(found.drop_columns([PARAPHRASES]), made) or find_wrong_text(found, writer.plan.taxonomy)


def _find_rows(
    numbers: range, gone: np.ndarray, there: np.ndarray | None, block: int, rows: int
) -> tuple[int, np.ndarray]:
    """Where in a file the first rows of a block begin, and which of them are there, counted within the block.

    That is known from the numbers that are there, if they are given, or else from those that are gone.
    """
    bounds = (numbers.start, block * BLOCK, block * BLOCK + rows)
    if there is not None:
        place, end = np.searchsorted(there, bounds[1:]).tolist()
        return place, there[place:end] - block * BLOCK
    start, lost, end = np.searchsorted(gone, bounds).tolist()
    return block * BLOCK - numbers.start - (lost - start), np.delete(np.arange(rows), gone[lost:end] - block * BLOCK)


def _find_misjudged(writer: RowWriter, split: str, block: int, rows: int, kept: np.ndarray, file: File) -> str:
    """Which of the first rows of a block filters do not keep that are there, or keep that are not, if any.

    Scores of models are not asked again: what they dropped is not known here, nor what was left out after the build.
    """
    recipe = writer.plan.recipe
    if not recipe.filters:
        return ""
    fits = RowFilter(writer).judge_numbers(split, block * BLOCK, (block + 1) * BLOCK)[:rows]
    there = np.zeros(rows, dtype=bool)
    there[kept] = True
    wrong = there & ~fits
    if not file.dropped and not set(recipe.filters) & set(SCORES):
        wrong |= fits & ~there
    if not wrong.any():
        return ""
    first = int(np.argmax(wrong))
    name = f"{recipe.name}/{split}/{block * BLOCK + first:09d}"
    return f"{name} is there, though `filters` drop it" if there[first] else f"{name} is missing, which `filters` keep"


class _UnreadableError(Exception):
    """Arrow cannot read a file."""


def _read_ids(path: Path, file: File) -> np.ndarray:
    """The numbers of the rows of a file, of which as many as filters dropped are not there."""
    try:
        numbers = read_numbers(pq.read_table(path, columns=["id"])["id"].combine_chunks())
        if len(numbers) != file.rows or (np.diff(numbers) <= 0).any():
            raise ValueError(f"its {len(numbers):,} ids are not those of {file.rows:,} rows in their order")
        return numbers
    except (OSError, ValueError, LookupError, pa.ArrowException) as error:
        raise _UnreadableError(" ".join(str(error).split())) from error


def _read_rows(path: Path, first: int, rows: int, total: int) -> pa.Table:
    """Rows of a file, which may be cut into row groups in any way; more or fewer where it has not `total`."""
    try:
        with pq.ParquetFile(path) as file:
            last = max(first + rows, file.metadata.num_rows if first + rows == total else 0)
            groups, start, skipped = [], 0, 0
            for number in range(file.metadata.num_row_groups):
                end = start + file.metadata.row_group(number).num_rows
                if start < last and end > first:
                    groups.append(number)
                elif not groups:
                    skipped = end
                start = end
            table = file.read_row_groups(groups).slice(first - skipped, last - first)
            table.validate(full=True)  # or bytes that are no text would come to light later
            return table
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _UnreadableError(" ".join(str(error).split())) from error


def _list_unnamed(folder: Path, name: str, config: Config) -> list[Finding]:
    """Files of a config's folder that the manifest does not name; `load_dataset` may read them."""
    named = {folder / file.path for file in config.list_files()}
    return [
        Finding("unnamed", escape(path.relative_to(folder).as_posix()), "is not in the manifest; move it elsewhere")
        for path in sorted(resolve_inside(folder, name).rglob("*"))
        if path not in named and not path.is_dir()
    ]
