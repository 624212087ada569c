"""Finds which relations hold together, which cannot, and which cannot hold both ways: by the facts that they say."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from ..schema import FACTS, HEDGES
from .sources import DATA, open_wordnet

Row = dict[str, str]
ITSELF = "itself"


@dataclass
class Fact:
    """What a line of `relation_facts.toml` says of one fact."""

    inverse: str = ""
    once: bool = False
    implies: set[str] = field(default_factory=set)
    suggests: set[str] = field(default_factory=set)
    opposes: set[str] = field(default_factory=set)


@dataclass
class Head:
    """What one head says.

    Attributes:
        core: Facts that it says and little else.
        more: Facts that it implies beside, so that it is near what says them.
        known: All that may be true with it: `core`, `more`, and what these imply or suggest.
        certain: What is true with it for certain.
    """

    core: set[str] = field(default_factory=set)
    more: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    certain: set[str] = field(default_factory=set)


def mark_relations(rows: list[Row], sources: Path) -> None:
    """Fills the columns `says`, `near`, `excludes` and `asymmetric`.

    `near` and `excludes` are heads, sorted, in the row that stands for its head: the first one without a modifier, or
    else the first one.
    """
    data = tomllib.loads((DATA / "relation_facts.toml").read_text(encoding="utf-8"))
    facts, heads = read_facts(data["facts"], {row["head"] for row in rows})
    take_apart(heads, data)
    add_inverses(rows, heads, facts)
    for head in heads.values():
        complete(head, facts)
    parts = set(data["parts"].split())
    common = {row["head"] for row in rows if row["tier"] == "common"}
    near, excludes = relate(heads, facts, parts, common)
    exclude_rivals(data["rivals"], heads, common, near, excludes)
    exclude_inverses(rows, near, excludes)
    for first, second in pair_synonyms(heads, sources):
        if second not in excludes[first]:
            near[first].add(second)
            near[second].add(first)
    symmetric = {row["head"] for row in rows if row["symmetric"] == "1"}
    standing: set[str] = set()
    for row in sorted(rows, key=lambda row: (row["head"], row["modifier"] != "", row["id"])):
        text = row["head"]
        speaks = text not in standing
        standing.add(text)
        row["near"] = "|".join(sorted(near[text])) if speaks else ""
        row["excludes"] = "|".join(sorted(excludes[text])) if speaks else ""
        loose = text in symmetric or row["modifier"] in HEDGES
        row["asymmetric"] = str(int(not loose and is_asymmetric(heads[text], facts)))
        row["says"] = "" if row["modifier"] in HEDGES else "|".join(list_said(row, heads[text], data["says"]))


def read_facts(text: str, known: Iterable[str]) -> tuple[dict[str, Fact], dict[str, Head]]:
    """Reads the lines of the hand file: facts by name, and what each head says by them."""
    heads = {head: Head() for head in known}
    facts: dict[str, Fact] = defaultdict(Fact)
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        says, *options = line.split(" | ")
        name, _, listed = says.partition(" = ")
        core, _, more = listed.partition(" // ")
        for head in split(core):
            if head in heads:
                heads[head].core.add(name)
        for head in split(more):
            if head in heads:
                heads[head].more.add(name)
        fact = facts[name]
        for option in options:
            word, _, names = option.partition(" ")
            if word == "once":
                fact.once = True
            elif word == "inverse":
                other = name if names == ITSELF else names
                fact.inverse, facts[other].inverse = other, name
            else:
                getattr(fact, word).update(name.strip() for name in names.split(","))
    mirror(facts)
    return facts, heads


def split(text: str) -> list[str]:
    """Splits a list at semicolons."""
    return [entry.strip() for entry in text.split(";") if entry.strip()]


def mirror(facts: dict[str, Fact]) -> None:
    """Says of inverses what follows from their facts, and of opposites that each opposes the other."""
    for fact in list(facts.values()):
        if not fact.inverse:
            continue
        other = facts[fact.inverse]
        other.once |= fact.once
        for relation in ("implies", "suggests", "opposes"):
            for name in list(getattr(fact, relation)):
                if facts[name].inverse:
                    getattr(other, relation).add(facts[name].inverse)
    for name, fact in list(facts.items()):
        for opposite in fact.opposes:
            facts[opposite].opposes.add(name)


def take_apart(heads: dict[str, Head], data: dict) -> None:
    """Adds what the beginnings and ends of heads say: `limping past` limps and passes."""
    doing, place = invert(data["doing"]), invert(data["place"])
    for text, head in heads.items():
        words = text.split()
        done: set[str] = set()
        for cut in range(len(words), 0, -1):
            start, end = " ".join(words[:cut]), " ".join(words[cut:])
            if start in doing and not done:
                done = doing[start]
                (head.core if end in place else head.more).update(done)
            # "Held by" is a passive, "standing by" is a place.
            if end in place and start in doing and (end != "by" or start.endswith("ing")):
                head.core |= place[end]
        if text in place:
            head.core |= place[text]
        if words[-1] == "with" and not head.core:
            head.more.add("with")


def invert(table: dict[str, str]) -> dict[str, set[str]]:
    """Turns facts with their words into words with their facts."""
    result: dict[str, set[str]] = defaultdict(set)
    for name, texts in table.items():
        for text in split(texts):
            result[text].add(name)
    return dict(result)


def add_inverses(rows: list[Row], heads: dict[str, Head], facts: dict[str, Fact]) -> None:
    """Says of `lifted by` the inverse of what `lifting` says."""
    by_id = {row["id"]: row for row in rows}
    turned = defaultdict(set)
    for row in rows:
        if row["inverse"] and by_id[row["inverse"]]["head"] != row["head"]:
            turned[row["head"]].add(by_id[row["inverse"]]["head"])
    said = {text: (set(head.core), set(head.more)) for text, head in heads.items()}
    for text, others in turned.items():
        for other in others:
            for mine, names in zip((heads[text].core, heads[text].more), said[other], strict=True):
                mine |= {facts[name].inverse for name in names if name in facts} - {""}
    for head in heads.values():
        head.more -= head.core


def complete(head: Head, facts: dict[str, Fact]) -> None:
    """Works out what is true with a head for certain, and what may be."""
    head.certain = close(head.core, facts)
    suggested = {name for said in head.certain for name in facts[said].suggests}
    head.known = close(head.core | head.more | suggested, facts)


def close(names: Iterable[str], facts: dict[str, Fact]) -> set[str]:
    """Adds all that facts imply, step by step."""
    found, new = set(), set(names)
    while new:
        found |= new
        new = {name for said in new for name in facts[said].implies} - found
    return found


def relate(
    heads: dict[str, Head], facts: dict[str, Fact], parts: set[str], common: set[str]
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Finds for each head those near it and those that it excludes.

    Of two heads that are not both everyday ones, only what is close counts: the same end ("bolted to the side of",
    "screwed to the side of"), or an everyday head that says all and nothing else.
    """
    bits = {name: 1 << place for place, name in enumerate(facts)}
    masks = [_make_masks(text, heads[text], facts, parts, bits) for text in sorted(heads)]
    near: dict[str, set[str]] = defaultdict(set)
    excludes: dict[str, set[str]] = defaultdict(set)
    for one, other in combinations(masks, 2):
        everyday = (one.text in common) + (other.text in common)
        alike = everyday == 2 or (one.end == other.end and one.end)
        if one.opposed & other.certain:
            if alike or (everyday and (one.single or other.single)):
                excludes[one.text].add(other.text)
                excludes[other.text].add(one.text)
            continue
        fits = is_said_by if alike else is_told_by
        if (alike or everyday) and (fits(one, other) or fits(other, one)):
            near[one.text].add(other.text)
            near[other.text].add(one.text)
    return near, excludes


@dataclass(frozen=True)
class Masks:
    """A head's facts as bits; `end` is all but its first word, `single` whether it says one fact alone."""

    text: str
    end: str
    single: bool
    acts: int
    where: int
    core: int
    told: int
    known: int
    certain: int
    opposed: int


def _make_masks(text: str, head: Head, facts: dict[str, Fact], parts: set[str], bits: dict[str, int]) -> Masks:
    def add(names: Iterable[str]) -> int:
        return sum(bits[name] for name in set(names))

    return Masks(
        text,
        text.partition(" ")[2],
        len(head.core) == 1,
        add(head.core - parts),
        add(head.core & parts),
        add(head.core),
        add(close(head.core | head.more, facts)),
        add(head.known),
        add(head.certain),
        add(name for said in head.certain for name in facts[said].opposes),
    )


def is_said_by(one: Masks, other: Masks) -> bool:
    """Says whether what one head says may be true with the other: one of its acts, or all of where and how it is."""
    return bool(one.acts & other.known) or (one.where != 0 and not one.where & ~other.known)


def is_told_by(one: Masks, other: Masks) -> bool:
    """Says whether all that one head says follows from what the other says in so many words."""
    return one.core != 0 and not one.core & ~other.told


def exclude_rivals(
    text: str,
    heads: dict[str, Head],
    common: set[str],
    near: dict[str, set[str]],
    excludes: dict[str, set[str]],
) -> None:
    """Lets everyday heads exclude each other that say different acts of one line, and are not near."""
    for line in text.strip().splitlines():
        members = split(line)
        does = {head: said for head in sorted(common) if (said := {*heads[head].core, head}.intersection(members))}
        for one, other in combinations(does, 2):
            if does[one].isdisjoint(does[other]) and other not in near[one]:
                excludes[one].add(other)
                excludes[other].add(one)


def exclude_inverses(rows: list[Row], near: dict[str, set[str]], excludes: dict[str, set[str]]) -> None:
    """Lets the inverses of heads that exclude each other do so, too."""
    by_id = {row["id"]: row for row in rows}
    inverse = {row["head"]: by_id[row["inverse"]]["head"] for row in rows if row["inverse"]}
    for one, others in [(one, sorted(others)) for one, others in excludes.items() if one in inverse]:
        for other in others:
            if other in inverse and inverse[other] not in near[inverse[one]] | {inverse[one]}:
                excludes[inverse[one]].add(inverse[other])
                excludes[inverse[other]].add(inverse[one])


def list_said(row: Row, head: Head, says: dict[str, str]) -> list[str]:
    """Lists what a relation says, in the words and the order of `FACTS`."""
    names = {*head.certain, row["head"], row["predicate"]}
    said = [fact for fact in FACTS if fact in says and names.intersection(split(says[fact]))]
    if row["category"] == "spatial":
        has_one = not {"in", "on"}.isdisjoint(said)
    else:
        has_one = head.core.isdisjoint(says["loose"].split()) and row["head"] not in split(says["several"])
    return [*said, *(["one"] if has_one else [])]


def is_asymmetric(head: Head, facts: dict[str, Fact]) -> bool:
    """Says whether a relation never holds both ways: what it says is opposed to its own inverse, or said once only."""
    turned = {facts[name].inverse for name in head.certain} - {""}
    return any(facts[name].once or not facts[name].opposes.isdisjoint(turned) for name in head.certain)


def pair_synonyms(heads: Iterable[str], sources: Path) -> list[tuple[str, str]]:
    """Pairs heads that differ in one word, of which WordNet knows a common sense as verbs: consuming, eating."""
    wordnet = open_wordnet(sources)
    senses: dict[str, set[str]] = {}
    slots: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for text in heads:
        words = text.split()
        place = 1 if words[0] == "being" else 0
        if re.search(r"(ing|ed)$", words[place]):
            slots[(*words[:place], "*", *words[place + 1 :])].append(words[place])
    pairs = []
    for frame, verbs in slots.items():
        for verb in verbs:
            if verb not in senses:
                senses[verb] = {synset.name() for synset in wordnet.synsets(verb, "v")}
        for first, second in combinations(sorted(set(verbs)), 2):
            if not senses[first].isdisjoint(senses[second]):
                words_around = " ".join(frame)
                pairs.append((words_around.replace("*", first, 1), words_around.replace("*", second, 1)))
    return pairs
