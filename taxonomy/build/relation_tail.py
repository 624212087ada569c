"""Composes the long tail of relations: hand-chosen words put together, and verbs that WordNet's frames allow."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from .relations import Row, expand, read_relation, split_entries
from .sources import DATA, split_words
from .verbs import Verb, list_verbs

PHYSICAL = split_words(
    """
    contact motion consumption competition creation body change possession perception
    """
)
TOOL_WORK = ("contact", "change", "creation")
PEOPLE = ("social", "communication", "competition")
GOODS = "device|container|toy|food|plant"


def compose_tail(sources: Path, sets: dict[str, str]) -> Iterator[tuple[Row, ...]]:
    """Yields single relations and pairs of inverses, the most usable first within each category."""
    words = tomllib.loads((DATA / "relation_words.toml").read_text(encoding="utf-8"))
    yield from interleave(
        [
            *compose_spatial(words, sets),
            *compose_motion(words, sets),
            *compose_from_verbs(sources, words, sets),
            *compose_social(words, sets),
            *compose_emotional(words, sets),
        ]
    )
    for role in split_entries(words["roles"]["nouns"]):
        article = "an" if role[0] in "aeiou" else "a"
        yield (make("social", "role", f"{article} {role}", "person", "person", sets),)
    for predicate in split_entries(words["symbolic"]["predicates"]):
        yield (make("symbolic", "meaning", predicate, "artwork|structure|building|toy|clothing", "any", sets),)


def interleave(pairs: list[tuple[Row, ...]]) -> Iterator[tuple[Row, ...]]:
    """Takes relations from the subtypes in turn, so that none fills a category alone."""
    queues: dict[tuple[str, str], list[tuple[Row, ...]]] = {}
    for pair in pairs:
        queues.setdefault((pair[0]["category"], pair[0]["subtype"]), []).append(pair)
    for turn in range(max(len(queue) for queue in queues.values())):
        for queue in queues.values():
            if turn < len(queue):
                yield queue[turn]


def make(
    category: str, subtype: str, text: str, subject: str, object_: str, sets: dict[str, str], modifier: str = ""
) -> Row:
    """Makes one row of the long tail."""
    notation = f"{text} [{modifier}]" if modifier else text
    return {
        **read_relation(category, subtype, notation, (expand(subject, sets), expand(object_, sets))),
        "tier": "full",
    }


def compose_spatial(words: dict, sets: dict[str, str]) -> Iterator[tuple[Row, ...]]:
    """Composes degrees, postures and placements with places."""
    for degree, places in words["graded"].items():
        for place in split_entries(places):
            yield (make("spatial", "position", f"{degree} {place}", "any", "any", sets, degree),)
    for block in words["posture"]:
        for posture in split_entries(block["postures"]):
            for place in split_entries(block["places"]):
                yield (make("spatial", "posture", f"{posture} {place}", block["subject"], block["object"], sets),)
    for block in words["placement"]:
        for participle in split_entries(block["participles"]):
            for place in split_entries(block["places"]):
                yield (make("spatial", "placement", f"{participle} {place}", block["subject"], block["object"], sets),)


def compose_motion(words: dict, sets: dict[str, str]) -> Iterator[tuple[Row, ...]]:
    """Composes ways of moving with paths."""
    paths = split_entries(words["locomotion"]["paths"])
    for mover, gerunds in words["locomotion"].items():
        for gerund in split_entries(gerunds) if mover != "paths" else ():
            for path in paths:
                yield (make("interactional", "motion", f"{gerund} {path}", mover, "any", sets),)


def compose_from_verbs(sources: Path, words: dict, sets: dict[str, str]) -> Iterator[tuple[Row, ...]]:
    """Composes actions, with their passives as inverses, and what tools are used for."""
    patterns = split_entries(words["used_for"]["patterns"])
    verbs = list_verbs(sources)
    for verb in verbs:
        if verb.acts_on_person and verb.lexname in PEOPLE:
            yield make_pair("social", "contact", verb, "person", "person", sets)
        elif verb.acts_on_thing and verb.lexname in PHYSICAL:
            actor = "person" if verb.lexname in ("creation", "change", "possession") else "living"
            category = "functional" if verb.lexname in ("creation", "change") else "interactional"
            yield make_pair(category, "contact", verb, actor, GOODS, sets)
        elif verb.acts_on_person and verb.lexname in PHYSICAL:
            yield make_pair("interactional", "contact", verb, "living", "living", sets)
        if verb.acts_on_person and verb.lexname == "emotion":
            yield make_pair("emotional", "feeling", verb, "living", "living", sets)
        elif verb.acts_on_thing and verb.lexname == "emotion":
            yield (make("emotional", "feeling", verb.gerund, "person", "any", sets),)
        if verb.thing_acts and verb.lexname in TOOL_WORK:
            yield make_pair("functional", "instrument", verb, "device", GOODS, sets)
    for pattern in patterns:
        for verb in verbs:
            if verb.acts_on_thing and verb.lexname in TOOL_WORK:
                text = pattern.format(verb.gerund)
                yield (make("functional", "instrument", text, "device|weapon|container", GOODS, sets),)
    for verb in verbs:
        if verb.acts_on_thing and verb.lexname in TOOL_WORK:
            yield (make("functional", "instrument", f"being {verb.participle} with", GOODS, "device|weapon", sets),)


def make_pair(
    category: str, subtype: str, verb: Verb, subject: str, object_: str, sets: dict[str, str]
) -> tuple[Row, Row]:
    """Makes `chasing` and its inverse `being chased by`."""
    active = make(category, subtype, verb.gerund, subject, object_, sets)
    return active, make(category, subtype, f"being {verb.participle} by", object_, subject, sets)


def compose_social(words: dict, sets: dict[str, str]) -> Iterator[tuple[Row, ...]]:
    """Composes manners with what people do to each other."""
    acts = split_entries(words["social"]["acts"])
    for adverb in split_entries(words["social"]["adverbs"]):
        for act in acts:
            yield (make("social", "communication", f"{adverb} {act}", "person", "person", sets, adverb),)


def compose_emotional(words: dict, sets: dict[str, str]) -> Iterator[tuple[Row, ...]]:
    """Composes manners with actions, leaving out those that contradict each other."""
    clashes = {adverb: set(split_entries(acts)) for adverb, acts in words["emotion_clash"].items()}
    acts = words["emotion"]
    for adverb in split_entries(acts["adverbs"]):
        for subject, object_ in (("person", "living"), ("animal", "living"), ("person", "any"), ("animal", "any")):
            for act in split_entries(acts[f"{subject}_{object_}"]):
                if act not in clashes.get(adverb, ()):
                    yield (make("emotional", "expression", f"{adverb} {act}", subject, object_, sets, adverb),)
