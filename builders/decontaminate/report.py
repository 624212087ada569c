"""`gas decontaminate`: which captions of a built folder are those of given prompts, or nearly.

Captions are read in batches and only the prompts are kept, so memory does not grow with the folder.
`near_duplicates.py` says what is near, `drop_rows.py` leaves such rows out.
"""

from __future__ import annotations

import heapq
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...errors import GasError, advise
from ..folder.manifest import read_built_manifest
from ..folder.reading import Source, open_rows, read_batches
from ..recipe.fields import escape
from .near_duplicates import TextIndex
from .prompt_files import PromptFile, describe_file, read_prompts

BATCH = 4096
OTHER_CAPTIONS = {"pair": "pair.caption", "wordings": "wordings.list.element.caption"}
"""Captions that rows of some recipes have besides, by column, as Parquet names them."""
EXAMPLES = 10
"""Rows that are shown, the most alike first."""


@dataclass(frozen=True)
class Contamination:
    """A row with a caption that is like a prompt.

    Attributes:
        id: The row's.
        kind: `exact` but for case, punctuation and spaces, or `near`.
        similarity: The Jaccard index of the word n-grams of caption and prompt; 1 if exact.
        caption: The caption; or the edited one of its pair, or a wording, if that is more alike.
        prompt: The prompt that is most like it.
        file: Where that is from.
    """

    id: str
    kind: str
    similarity: float
    caption: str
    prompt: str
    file: str


@dataclass(frozen=True)
class Against:
    """Prompts of a file: how many there are in it, and how many without a word in them, which nothing can be like."""

    file: PromptFile
    prompts: int
    empty: int


@dataclass
class Prompts:
    """All given prompts.

    Attributes:
        index: Finds what is like a text.
        origins: By their numbers in the index, each prompt as it was written first, and where.
        files: Where they are from.
    """

    index: TextIndex
    origins: list[tuple[str, str]] = field(default_factory=list)
    files: list[Against] = field(default_factory=list)


@dataclass
class Findings:
    """What was found.

    Attributes:
        threshold: The least similarity that counts.
        against: The files.
        distinct: How many different prompts they have.
        splits: Of each `<config>/<split>` its `rows`, and how many are `exact` and `near`.
        worst: The most alike of them all, the exact ones first.
    """

    threshold: float
    against: list[Against]
    distinct: int
    splits: dict[str, Counter[str]] = field(default_factory=dict)
    worst: list[Contamination] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows are like a prompt."""
        return sum(counts["exact"] + counts["near"] for counts in self.splits.values())


def load_prompts(
    paths: Sequence[Path],
    threshold: float,
    column: str | None = None,
    folder: Path | None = None,
    columns: Mapping[Path, str] | None = None,
) -> Prompts:
    """Reads files of prompts, or captions of built folders.

    Args:
        paths: The files and folders.
        threshold: The least similarity that counts.
        column: The column that has the prompts.
        folder: The folder that they are to be compared with.
        columns: The column of some of the files, which counts before `column`.

    Raises:
        GasError: The threshold is none, a file cannot be read or is the folder, or there is no prompt in any.
    """
    if not 0 < threshold <= 1:
        raise GasError(f"--threshold {threshold:g}: it is more than 0, and at most 1, which means the same n-grams")
    prompts = Prompts(TextIndex(threshold))
    for path in paths:
        if folder and os.path.realpath(path) == os.path.realpath(folder):
            raise GasError(
                f"all of {folder} is in {path}; give files of one split with --against, such as "
                f"{path}/<config>/test-00000-of-00001.parquet, and look at others with --split"
            )
        file, read, empty = describe_file(path), 0, 0
        for text in read_prompts(path, (columns or {}).get(path) or column):
            number = prompts.index.add(text)
            read += 1
            empty += number is None
            if number == len(prompts.origins):
                prompts.origins.append((text, file.name))
        prompts.files.append(Against(file, read, empty))
    if not prompts.origins:
        raise GasError(f"there are no prompts in {', '.join(map(str, paths))}")
    return prompts


def list_sources(folder: Path, config: str | None = None, split: str | None = None) -> list[Source]:
    """The splits of a built folder: all, or those of one config, or of one name.

    Raises:
        GasError: The folder was not built, or has no such config or split.
    """
    configs = read_built_manifest(folder).configs
    if config is not None and config not in configs:
        raise GasError(f"{folder} has no config `{config}`; {advise(config, configs)}")
    chosen = {name: entry for name, entry in configs.items() if config in (None, name)}
    sources = [
        Source(folder, name, part, entry)
        for name, entry in chosen.items()
        for part in entry.splits
        if split in (None, part)
    ]
    if not sources:
        there = list(dict.fromkeys(part for entry in chosen.values() for part in entry.splits))
        raise GasError(f"{config or folder} has no split `{split}`; {advise(split or '', there)}")
    return sources


def find_contaminated(
    sources: Sequence[Source],
    prompts: Prompts,
    note: Callable[[Source, int, Contamination], None] = lambda source, place, found: None,
    report: Callable[[int], None] = lambda rows: None,
    examples: int = EXAMPLES,
) -> Findings:
    """Looks all captions up.

    Args:
        sources: Whose captions.
        prompts: What they must not be like.
        note: Called with each row that is like a prompt: its split, its place there, and what was found.
        report: Called with the number of rows that were just looked up.
        examples: How many rows are kept to be shown.

    Raises:
        GasError: A file is missing or damaged.
    """
    findings = Findings(prompts.index.threshold, prompts.files, len(prompts.origins))
    worst: list[tuple[tuple[bool, float], int, Contamination]] = []
    for source in sources:
        counts = findings.splits[source.name] = Counter(rows=0, exact=0, near=0)
        for batch in _read_captions(source):
            for id_, captions in batch:
                if found := _look_up(id_, captions, prompts):
                    note(source, counts["rows"], found)
                    counts[found.kind] += 1
                    # Of those that are as bad the first stay.
                    item = (found.kind == "exact", found.similarity), -findings.rows, found
                    (heapq.heappush if len(worst) < examples else heapq.heappushpop)(worst, item)
                counts["rows"] += 1
            report(len(batch))
    findings.worst = [found for *_, found in sorted(worst, key=lambda item: item[:2], reverse=True)]
    return findings


def _read_captions(source: Source) -> Iterator[list[tuple[str, list[str]]]]:
    """Ids with their captions: the scene's, that of its pair, where there is one, and those of its wordings."""
    with open_rows(source.folder, source.entry.splits[source.split].files[0], ["id"]) as parquet:
        there = set(parquet.schema_arrow.names)
    others = [path for name, path in OTHER_CAPTIONS.items() if name in there]
    for batch in read_batches(source, ["id", "caption", *others], BATCH):
        yield [
            (row["id"], [row["caption"], *(one["caption"] for one in _list_others(row) if one["caption"])])
            for row in batch.to_pylist()
        ]


def _list_others(row: dict[str, Any]) -> list[dict[str, Any]]:
    """A row's pair and wordings, where it has any."""
    return [*filter(None, [row.get("pair")]), *row.get("wordings", [])]


def _look_up(id_: str, captions: list[str], prompts: Prompts) -> Contamination | None:
    """The prompt that one of the captions is most like."""
    best = None
    for caption in captions:
        match = prompts.index.find(caption)
        if match and (best is None or (match.exact, match.similarity) > (best.kind == "exact", best.similarity)):
            kind, (prompt, file) = "exact" if match.exact else "near", prompts.origins[match.other]
            best = Contamination(id_, kind, match.similarity, caption, prompt, file)
    return best


def describe_findings(findings: Findings) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "threshold": findings.threshold,
        "against": [
            {**asdict(one.file), "prompts": one.prompts, "without_words": one.empty} for one in findings.against
        ],
        "distinct_prompts": findings.distinct,
        "splits": findings.splits,
        "examples": [{**asdict(found), "similarity": round(found.similarity, 4)} for found in findings.worst],
    }


def list_findings(findings: Findings) -> list[str]:
    """The lines that are printed; what others wrote stands there as a terminal can show it."""
    lines = []
    for one in findings.against:
        empty = f", {one.empty:,} of them without words" if one.empty else ""
        lines.append(f"{one.file.name}: {one.prompts:,} prompts{empty}")
    lines += [
        f"{name}: {counts['exact']:,} exact and {counts['near']:,} near matches in {counts['rows']:,} rows"
        for name, counts in findings.splits.items()
    ]
    for found in findings.worst:
        how = found.kind if found.kind == "exact" else f"{found.similarity:.3f}"
        lines += [f"  {how}  {found.id}: {found.caption}", f"    {found.file}: {found.prompt}"]
    if (more := findings.rows - len(findings.worst)) > 0 and findings.worst:
        lines.append(f"  and {more:,} more")
    return list(map(escape, lines))
