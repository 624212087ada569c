"""What people wrote into a card after it was written: found part by part, and kept in the card that is written next.

A part is a key of the YAML, or a section under a heading of the first two levels, which its first line names. The
manifest has a digest of each part as it was written, so a part with another one is somebody's edit.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import GasError
from ..folder.manifest import Card
from ..recipe.fields import show

Parts = dict[str, str]
"""Texts by name, in order."""
TITLE = "the title"
"""Of the section under the first heading of the first level, which names configs."""
FACTS = frozenset({"configs", "dataset_info", "license", "size_categories"})
"""Keys of the YAML by which the files are read and used; of the others, those that people wrote are as right."""
HEAD = re.compile(r"---\n(.*?\n)??---[ \t]*(?:\n|$)", re.S)
KEY = re.compile(r"([^\s#:'\"-][^:]*|'[^']*'|\"[^\"]*\"):")
HEADING = re.compile(r"##? +\S")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
ADDRESS = re.compile(r'(?<=load_dataset\()"(?:[^"\\\n]|\\.)*"')
"""What depends on where a card is, which is not somebody's edit."""


@dataclass(frozen=True)
class Page:
    """A card in parts.

    Attributes:
        metadata: Lines of its YAML, by key; comments belong to the key above.
        sections: By their headings; what is above the first stands under "".
    """

    metadata: Parts
    sections: Parts

    def join(self) -> str:
        """The card as text."""
        head = "".join(self.metadata.values())
        body = "\n\n".join(text for text in self.sections.values() if text)
        return f"---\n{head}---\n\n{body}\n"


def read_card(path: Path) -> str:
    """The text of a card, which people may have written in any way; `encode_card` gives the same bytes."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


def encode_card(text: str) -> bytes:
    """The bytes of a card."""
    return text.encode("utf-8", "surrogateescape")


def split_card(text: str) -> Page:
    """Cuts a card into its parts."""
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    head = HEAD.match(text)
    metadata = _collect((head[1] or "").splitlines(keepends=True) if head else [], _name_key)
    fence, title = "", ""

    def name_section(line: str) -> str | None:
        nonlocal fence, title
        found = FENCE.match(line)
        if found and not fence and "`" not in found[2]:
            fence = found[1]
        elif found and fence and found[1].startswith(fence) and not found[2].strip():
            fence = ""
        if fence or not HEADING.match(line):
            return None
        if line.startswith("# ") and not title:
            title = line
            return TITLE
        return line.strip()

    sections = _collect(text[head.end() if head else 0 :].splitlines(keepends=True), name_section)
    return Page(metadata, {name: part.strip("\n") for name, part in sections.items() if part.strip()})


def _name_key(line: str) -> str | None:
    found = KEY.match(line)
    return found[1].strip("'\"") if found else None


def _collect(lines: list[str], name_part: Callable[[str], str | None]) -> Parts:
    """Lines by the name of the last part that began; a name that comes again is numbered."""
    parts, name = Parts(), ""
    for line in lines:
        if found := name_part(line):
            count = 1
            name = found
            while name in parts:
                count += 1
                name = f"{found} ({count})"
        parts[name] = parts.get(name, "") + line
    return parts


def digest_part(text: str) -> str:
    """SHA-256 (hex) of a part, wherever the card is."""
    return hashlib.sha256(encode_card(ADDRESS.sub('"."', text))).hexdigest()


def digest_card(text: str, pictures: Mapping[str, str]) -> Card:
    """What the manifest says of a card.

    Args:
        text: The card.
        pictures: SHA-256 (hex) of its pictures, by path.
    """
    page = split_card(text)
    return Card(
        metadata={name: digest_part(part) for name, part in page.metadata.items()},
        sections={name: digest_part(part) for name, part in page.sections.items()},
        pictures=dict(pictures),
    )


def set_address(text: str, address: str) -> str:
    """A card as it was written that says how to load the dataset from another place."""
    return ADDRESS.sub(f'"{address}"', text)


def keep_edits(new: str, edited: str, written: Card | None, place: str, overwrite: bool = False) -> str:
    """A new card with what people wrote into the one before.

    Args:
        new: As it was written.
        edited: The card before, with what people wrote into it.
        written: What its manifest says of it; None if no build wrote it.
        place: What to call it.
        overwrite: Write parts anew that people changed and that are others now; what they added stays all the same.

    Raises:
        GasError: They changed such a part.
    """
    ours, theirs = split_card(new), split_card(edited)
    known = written or Card(metadata={}, sections={}, pictures={})
    lost: list[str] = []
    metadata = _merge_parts(ours.metadata, theirs.metadata, known.metadata, FACTS, lost)
    sections = _merge_parts(ours.sections, theirs.sections, known.sections, ours.sections.keys(), lost)
    if lost and not overwrite:
        raise GasError(
            f"{place}: people changed {', '.join(map(show, lost[:9]))}, which would be written anew; keep what they "
            "wrote elsewhere, under a heading of its own, then add --overwrite"
        )
    merged = Page(metadata, sections)
    return new if merged == ours else merged.join()


def join_section(card: str, name: str, section: str, below: str) -> str:
    """A card with a section, in the place of one of its name, or above that of another name, or at the end."""
    page = split_card(card)
    if name in page.sections or below not in page.sections:
        sections = {**page.sections, name: section}
    else:
        sections = {}
        for heading, text in page.sections.items():
            sections |= {name: section, heading: text} if heading == below else {heading: text}
    return Page(page.metadata, sections).join()


def _merge_parts(
    ours: Parts, theirs: Parts, known: Mapping[str, str], facts: Collection[str], lost: list[str]
) -> Parts:
    """Our parts with those that people changed, took out or added; notes those of ours that win over theirs."""
    merged = Parts()
    for name, part in ours.items():
        digest, before = digest_part(part), known.get(name)
        now = digest_part(theirs[name]) if name in theirs else None
        if now in (digest, before):
            merged[name] = part
        elif name in facts and digest != before:
            lost.append(name)
            merged[name] = part
        elif name in theirs:
            merged[name] = theirs[name]
    for number, (name, part) in enumerate(theirs.items()):
        if name not in ours and known.get(name) != digest_part(part):
            above = [one for one in list(theirs)[:number] if one in merged]
            merged = _insert(merged, above[-1] if above else None, name, part)
    return merged


def _insert(parts: Parts, above: str | None, name: str, part: str) -> Parts:
    """The parts with one more below that of a name, or at the top."""
    items = list(parts.items())
    place = list(parts).index(above) + 1 if above is not None else 0
    return dict([*items[:place], (name, part), *items[place:]])
