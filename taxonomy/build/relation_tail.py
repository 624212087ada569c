"""Composes the long tail of relations out of words that were chosen by hand to go together."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from .relation_rows import Row, expand, read_relation, split_entries
from .sources import DATA

# What doubles its last letter although the participle does not show it.
DOUBLING = ("cut", "dig", "put", "set", "spin")


def compose_tail(sets: dict[str, str]) -> Iterator[tuple[Row, ...]]:
    """Yields single relations and pairs of inverses, taking the subtypes of each category in turn."""
    words = tomllib.loads((DATA / "relation_words.toml").read_text(encoding="utf-8"))
    composed = [
        *compose_spatial(words),
        *compose_motion(words),
        *compose_handling(words),
        *compose_joining(words),
        *compose_serving(words),
        *compose_social(words),
        *compose_emotional(words),
        *compose_feelings(words),
        *(
            (make("symbolic", "meaning", predicate, "artwork|toy", "things"),)
            for predicate in split_entries(words["symbolic"]["predicates"])
        ),
    ]
    for rows in interleave(composed):
        for row in rows:
            row["subject_kinds"] = expand(row["subject_kinds"], sets)
            row["object_kinds"] = expand(row["object_kinds"], sets)
        yield rows


def interleave(pairs: list[tuple[Row, ...]]) -> Iterator[tuple[Row, ...]]:
    """Takes relations from the subtypes in turn, so that none fills a category alone."""
    queues: dict[tuple[str, str], list[tuple[Row, ...]]] = {}
    for pair in pairs:
        queues.setdefault((pair[0]["category"], pair[0]["subtype"]), []).append(pair)
    for turn in range(max(len(queue) for queue in queues.values())):
        for queue in queues.values():
            if turn < len(queue):
                yield queue[turn]


def make(category: str, subtype: str, text: str, subject: str, object_: str, modifier: str = "") -> Row:
    """Makes one row of the long tail; `~` at the end of the text marks a symmetric relation."""
    notation = f"{text.rstrip('~ ')} [{modifier}]" if modifier else text.rstrip("~ ")
    row = read_relation(category, subtype, notation, (subject, object_))
    return {**row, "tier": "full", "symmetric": str(int(text.endswith("~")))}


def make_pair(
    category: str, subtype: str, verb: tuple[str, str], subject: str, object_: str, manner: str = ""
) -> tuple[Row, Row]:
    """Makes `(slowly) lifting` and its inverse `being (slowly) lifted by`."""
    gerund, participle = verb
    active = " ".join(f"{manner} {gerund}".split())
    passive = " ".join(f"being {manner} {participle} by".split())
    return (
        make(category, subtype, active, subject, object_, manner),
        make(category, subtype, passive, object_, subject, manner),
    )


def read_verbs(text: str) -> list[tuple[str, str]]:
    """Reads `lift = lifted` into (`lifting`, `lifted`)."""
    pairs = [entry.split(" = ") for entry in split_entries(text)]
    return [(make_gerund(base, participle), participle) for base, participle in pairs]


def make_gerund(base: str, participle: str) -> str:
    """Makes the -ing form of a verb, or of the first word of a phrase: `pick up` gives `picking up`."""
    verb, space, rest = base.partition(" ")
    done = participle.split()[0]
    if verb.endswith("ie"):
        stem = f"{verb[:-2]}y"
    elif verb.endswith("e") and not verb.endswith("ee"):
        stem = verb[:-1]
    elif verb in DOUBLING or done.startswith(verb + verb[-1]):
        stem = verb + verb[-1]
    else:
        stem = verb
    return f"{stem}ing{space}{rest}"


def compose_spatial(words: dict) -> Iterator[tuple[Row, ...]]:
    """Composes degrees, postures and placements with places."""
    for key, places in words["graded"].items():
        degree = key.replace("_", " ")
        for place in split_entries(places):
            yield (make("spatial", "position", f"{degree} {place}", "bodies", "bodies", degree),)
    for block in words["posture"]:
        for place in split_entries(block["places"]):
            for posture in split_entries(block["postures"]):
                yield (make("spatial", "posture", f"{posture} {place}", block["subject"], block["object"]),)
    for block in words["placement"]:
        for place in split_entries(block["places"]):
            for participle in split_entries(block["participles"]):
                yield (make("spatial", "placement", f"{participle} {place}", block["subject"], block["object"]),)


def compose_motion(words: dict) -> Iterator[tuple[Row, ...]]:
    """Composes ways of moving with paths."""
    motion = words["locomotion"]
    for mover, paths, object_ in (
        ("living", "paths", "things"),
        ("person", "paths", "things"),
        ("vehicle", "vehicle_paths", "scenery"),
    ):
        for path in split_entries(motion[paths]):
            for gerund in split_entries(motion[mover]):
                yield (make("interactional", "motion", f"{gerund} {path}", mover, object_),)
    for path in split_entries(motion["crossing"]):
        for gerund in split_entries(motion["crossing_person"]):
            yield (make("interactional", "motion", f"{gerund} {path}", "person", "landform"),)


def compose_handling(words: dict) -> Iterator[tuple[Row, ...]]:
    """Composes what people do to things, plain and with a manner, with the passives as inverses."""
    for key, category, subtype, subject, object_ in (
        ("handling", "interactional", "contact", "person", "solid"),
        ("making", "functional", "making", "person", "artifact"),
        ("assembling", "functional", "making", "person", "made"),
        ("feeding", "functional", "feeding", "person", "food"),
        ("wearing", "functional", "clothing", "person", "clothing"),
        ("transport", "functional", "transport", "vehicle", "movable"),
        ("covering", "functional", "covering", "fabric|clothing", "made"),
        ("holding_up", "functional", "support", "furniture", "movable"),
    ):
        verbs = read_verbs(words[key].get("acts") or words[key]["verbs"])
        clashes = {manner: split_entries(done) for manner, done in words["clash"].get(key, {}).items()}
        for manner in ("", *split_entries(words[key]["manners"])):
            for verb in verbs:
                if verb[0] not in clashes.get(manner, ()):
                    yield make_pair(category, subtype, verb, subject, object_, manner)
        for part in split_entries(words[key].get("parts", "")):
            for gerund, _ in verbs:
                yield (make(category, subtype, f"{gerund} {part}", subject, object_),)


def compose_joining(words: dict) -> Iterator[tuple[Row, ...]]:
    """Composes ways of fastening with manners and with the parts that something is fastened to."""
    joining = words["joining"]
    participles = split_entries(joining["participles"])
    kinds = ("device|container|toy", "furniture|structure|vehicle|device")
    for manner in ("", *split_entries(joining["manners"])):
        for participle in participles:
            text = " ".join(f"{manner} {participle} to".split())
            yield (make("functional", "part-whole", text, *kinds, manner),)
    for part in split_entries(joining["parts"]):
        for participle in participles:
            yield (make("functional", "part-whole", f"{participle} to {part}", *kinds),)


def compose_serving(words: dict) -> Iterator[tuple[Row, ...]]:
    """Composes what things and buildings are for people."""
    serving = words["serving"]
    for predicate in split_entries(serving["plain"]):
        yield (make("functional", "serving", predicate, "movable|vehicle", "person"),)
    for manner in split_entries(serving["manners"]):
        for participle in split_entries(serving["participles"]):
            text = f"{manner} {participle} for"
            yield (make("functional", "serving", text, "solid|furniture|vehicle", "person", manner),)
    for predicate in split_entries(words["building_uses"]["plain"]):
        yield (make("functional", "structure", predicate, "building", "person"),)


def compose_social(words: dict) -> Iterator[tuple[Row, ...]]:
    """Composes roles, shared activities, gifts and lessons, and manners with what people do to each other."""
    social = words["social"]
    clashes = set(split_entries(social["clash"]))
    people = ("person", "person")
    for activity in split_entries(social["together"]):
        yield (make("social", "cooperation", f"{activity} with ~", *people),)
    for topic in split_entries(social["topics"]):
        for gerund in ("talking", "arguing", "joking"):
            yield (make("social", "communication", f"{gerund} about {topic} with ~", *people),)
    for gift in split_entries(social["giving"]):
        yield (
            make("social", "giving", f"giving {gift} to", *people),
            make("social", "giving", f"receiving {gift} from", *people),
        )
        yield (
            make("social", "giving", f"handing {gift} to", *people),
            make("social", "giving", f"taking {gift} from", *people),
        )
        yield (make("social", "giving", f"showing {gift} to", *people),)
    for skill in split_entries(social["teaching"]):
        yield (
            make("social", "teaching", f"teaching {skill} to", *people),
            make("social", "teaching", f"learning {skill} from", *people),
        )
    for role in split_entries(words["roles"]["nouns"]):
        article = "an" if role[0] in "aeiou" else "a"
        yield (make("social", "role", f"{article} {role}", *people),)
    for adverb in split_entries(social["adverbs"]):
        for act in split_entries(social["acts"]):
            if f"{adverb} {act}" not in clashes:
                yield (make("social", "communication", f"{adverb} {act}", *people, adverb),)


def compose_emotional(words: dict) -> Iterator[tuple[Row, ...]]:
    """Composes moods with actions that go with them; what animals do too takes both as its subject."""
    emotion = words["emotion"]
    feeling_animals = set(split_entries(emotion["animal"]))
    for block in emotion["acts"]:
        adverbs = [adverb for mood in block["moods"].split("|") for adverb in split_entries(emotion[mood])]
        shared = set(split_entries(block.get("living", "")))
        for act in split_entries(block.get("person", "")):
            for adverb in adverbs:
                subject = "living" if act in shared and adverb in feeling_animals else "person"
                yield (make("emotional", "expression", f"{adverb} {act}", subject, block["object"], adverb),)
        for act in split_entries(block.get("animal", "")):
            for adverb in adverbs:
                if adverb in feeling_animals:
                    yield (make("emotional", "expression", f"{adverb} {act}", "animal", block["object"], adverb),)


def compose_feelings(words: dict) -> Iterator[tuple[Row, ...]]:
    """Composes degrees with feelings, and lists what one does to the feelings of another."""
    for verb in read_verbs(words["moving_feeling"]["verbs"]):
        yield make_pair("emotional", "influence", verb, "living", "living")
    for degree in split_entries(words["feeling"]["degrees"]):
        for feeling in split_entries(words["feeling"]["feelings"]):
            yield (make("emotional", "feeling", f"{degree} {feeling}", "living", "things", degree),)
