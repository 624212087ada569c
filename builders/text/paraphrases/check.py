"""Whether a text says what a scene says: what it lacks, adds, counts otherwise or turns around."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, Literal

from ....taxonomy import Taxonomy
from .claims import Claim
from .items import NUMBERS, Item
from .reading import Reading, read_text
from .words import collect_words, split_text

MOST_ASSIGNMENTS = 4096
MOST_CHARACTERS = 4_000
Reason = Literal["missing", "invented", "count", "misattached", "question", "unreadable"]


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with a text.

    Attributes:
        reason: `missing` (an element of the scene), `invented` (something else), `count`, `misattached` (an attribute
            or relation of other objects, or one that is turned around), `question` (one of the scene's has another
            answer), `unreadable`.
        message: What is wrong, for whoever words it anew.
    """

    reason: Reason
    message: str


def check_text(row: Mapping[str, Any], text: str, taxonomy: Taxonomy) -> list[Fault]:
    """Finds what is wrong with another wording of a scene; nothing if it says the same.

    What cannot be read for certain is refused, so some right texts are; a wrong one is kept only where its words are
    all the scene's own and in places where they may mean the scene.

    Args:
        row: A row of a dataset, with `scene_graph`, `scene_attributes` and `questions`.
        text: The other wording.
        taxonomy: That of its recipe.
    """
    if not text.strip() or len(text) > MOST_CHARACTERS:
        return [Fault("unreadable", "the caption is empty, or too long")]
    reading = read_text(text, collect_words(row, taxonomy))
    mentions = [place for place, item in enumerate(reading.items) if item.kind == "mention" and not item.pronoun]
    strange = [
        Fault("invented" if one.endswith("is not in the scene") else "unreadable", one) for one in reading.strange
    ]
    options = [list(_list_meant(row, reading.items[place])) for place in mentions]
    best: list[Fault] | None = None
    for assigned in islice(product(*options), MOST_ASSIGNMENTS):
        faults = list(_check_assigned(row, reading, dict(zip(mentions, assigned, strict=True))))
        if best is None or len(faults) < len(best):
            best = faults
        if not best:
            break
    faults = [*strange, *(best if best is not None else [Fault("count", "it counts things otherwise")])]
    return faults or list(_ask_questions(row, reading, text))


def _list_meant(row: Mapping[str, Any], item: Item) -> Iterator[int]:
    """The objects that a mention may mean."""
    yield from dict.fromkeys(number for sense in item.senses for number in sense.numbers)


def _check_assigned(row: Mapping[str, Any], reading: Reading, meant: dict[int, int]) -> Iterator[Fault]:
    """What is wrong if mentions mean these objects."""
    objects = row["scene_graph"]["objects"]
    said: set[str] = set()
    yield from _check_counts(objects, reading, meant)
    for place, number in meant.items():
        for senses in reading.items[place].attributes:
            found = _find_attributes(objects, number, senses)
            said |= found
            if not found:
                yield Fault("misattached", f"the {objects[number]['name']} is not {senses[0].value[1]}")
    for claim in reading.claims:
        fits = [
            found for one in claim.readings if (found := _find_elements(row, reading.items[claim.item], one, meant))
        ]
        said |= fits[0] if fits else set()
        if not fits:
            yield Fault("misattached", _describe_claim(row, reading, claim, meant))
    said |= {f"scene/{number}" for item in reading.items if item.kind == "scene" for number in item.senses[0].numbers}
    said |= {f"object/{number}" for number in meant.values()}
    yield from (Fault("missing", f"it lacks {name}") for element, name in _list_elements(row) if element not in said)


def _check_counts(objects: Sequence[Mapping[str, Any]], reading: Reading, meant: dict[int, int]) -> Iterator[Fault]:
    told, begun, ordinals = set[int](), set[int](), dict[tuple[str, int], int]()
    for place, number in meant.items():
        item, thing = reading.items[place], objects[number]
        plural = {sense.plural for sense in item.senses if number in sense.numbers}
        wrong = item.count is not None and item.count != thing["count"] and None not in plural
        wrong |= item.count is not None and None in plural and item.count not in (1, thing["count"])
        wrong |= None not in plural and (thing["count"] > 1) not in plural
        wrong |= all(sense.short for sense in item.senses) and not item.definite
        if item.ordinal:
            wrong |= ordinals.setdefault((thing["name"], item.ordinal), number) != number
            wrong |= any(
                other != item.ordinal and one == number
                for (name, other), one in ordinals.items()
                if name == thing["name"]
            )
        if not item.definite and not item.ordinal:
            wrong |= number in begun
            begun.add(number)
        if wrong:
            yield Fault("count", f"`{reading.quote(item)}`: there {_count(thing)} in the scene, named so once")
        if item.count == thing["count"] or thing["count"] == 1:
            told.add(number)
    for number, thing in enumerate(objects):
        if thing["count"] > 1 and number in meant.values() and number not in told:
            yield Fault("count", f"it does not say that there {_count(thing)}")


def _count(thing: Mapping[str, Any]) -> str:
    return f"is one {thing['name']}" if thing["count"] == 1 else f"are {thing['count']} of `{thing['name']}`"


def _find_attributes(objects: Sequence[Mapping[str, Any]], number: int, senses: Iterable[Any]) -> set[str]:
    """The attributes of an object that words may mean."""
    values = {sense.value for sense in senses}
    own = enumerate(objects[number]["attributes"])
    return {f"attribute/{number}/{place}" for place, one in own if (one["kind"], one["value"]) in values}


def _find_elements(
    row: Mapping[str, Any], item: Item, pairs: Iterable[tuple[int, int]], meant: dict[int, int]
) -> set[str]:
    """The elements that pairs of mentions state; none unless each of them states one."""
    graph, found = row["scene_graph"], set[str]()
    for before, behind in pairs:
        if item.kind == "attribute":
            some = _find_attributes(graph["objects"], meant[before], item.senses)
        else:
            ends = (meant[before], meant[behind])
            some = {
                f"relation/{number}"
                for sense in item.senses
                for number in sense.numbers
                for one in [graph["relations"][number]]
                if ends == ((one["object"], one["subject"]) if sense.turned else (one["subject"], one["object"]))
            }
        if not some:
            return set()
        found |= some
    return found


def _describe_claim(row: Mapping[str, Any], reading: Reading, claim: Claim, meant: dict[int, int]) -> str:
    objects, words = row["scene_graph"]["objects"], reading.quote(reading.items[claim.item])
    before, behind = min(claim.readings[0])
    name = objects[meant[before]]["name"]
    return f"the {name} is not {words}" + (f" the {objects[meant[behind]]['name']}" if behind >= 0 else "")


def _list_elements(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """All elements of a scene, and what each says."""
    graph = row["scene_graph"]
    for number, thing in enumerate(graph["objects"]):
        yield f"object/{number}", f"the {thing['name']}"
        for place, one in enumerate(thing["attributes"]):
            yield f"attribute/{number}/{place}", f"that the {thing['name']} is {one['value']}"
    for number, one in enumerate(graph["relations"]):
        subject, target = (graph["objects"][one[end]]["name"] for end in ("subject", "object"))
        yield f"relation/{number}", f"that the {subject} is {one['predicate']} the {target}"
    for number, one in enumerate(row["scene_attributes"]):
        yield f"scene/{number}", f"the {one['kind'].replace('_', ' ')} {one['value']}"


def _ask_questions(row: Mapping[str, Any], reading: Reading, text: str) -> Iterator[Fault]:
    """Asks the scene's own questions of the text: what it must not say, and how many things it tells of."""
    items = reading.items
    counted = {
        number: item.count
        for item in items
        if item.kind == "mention" and item.count
        for number in _list_meant(row, item)
    }
    rest = f" {' '.join(item.word for item in items if item.kind == 'word')} "
    for one in row["questions"]:
        if one["foil"] and f" {' '.join(split_text(one['foil']))} " in rest:
            yield Fault("question", f"{one['question']} It would be said to be so, and is not")
        if one["form"] == "count" and one["foil"] is None:
            expected = NUMBERS.get(one["answer"])
            told = {counted.get(int(name.partition("/")[2])) for name in one["elements"] if name.startswith("object/")}
            if len(one["elements"]) == 1 and told - {None, expected}:
                yield Fault("question", f"{one['question']} {one['answer']}")
