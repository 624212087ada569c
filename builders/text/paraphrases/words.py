"""What each element of a scene may be called: names, plurals, other wordings, and forms of verbs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any, Literal

from ....taxonomy import Taxonomy
from ....taxonomy.english.inflection import make_plural
from ....taxonomy.english.predicates import PREPOSITIONS, find_finite
from ....taxonomy.wordings import ARTICLE, list_wordings

Tokens = tuple[str, ...]
Domain = Literal["object", "attribute", "relation", "scene"]

TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.,;:!?]")
STOPS_ALIKE = str.maketrans({"\u2019": "'", "\u2014": ",", "\u2013": ",", "(": ",", ")": ","})
ALIKE = (
    ("to the left of", "left of", "on the left of", "on the left side of", "on the left hand side of"),
    ("to the right of", "right of", "on the right of", "on the right side of", "on the right hand side of"),
    ("next to", "beside", "alongside", "adjacent to", "by the side of"),
    ("adjoining", "abutting", "neighboring", "bordering", "next to", "adjacent to", "beside"),
    ("under", "underneath", "beneath"),
    ("on", "on top of", "upon", "atop"),
    ("over", "above"),
    ("near", "close to"),
    ("in", "inside", "within"),
    ("toward", "towards"),
    ("in the center of", "at the center of", "in the middle of"),
    ("bigger than", "larger than"),
    ("the same size as", "as big as", "as large as"),
    ("far from", "a long way from", "far away from"),
    ("all around", "around", "surrounding", "encircling"),
    ("surrounded by", "encircled by"),
    ("shaded by", "in the shade of"),
    ("asleep", "sleeping", "fast asleep"),
    ("against", "up against"),
    ("just", "immediately", "directly", "right"),
    ("slightly", "a little", "a bit"),
    ("partly", "partially"),
    ("far", "well", "high"),
    ("placed", "set", "resting", "sitting", "positioned", "rests", "rest", "sits", "sit"),
    ("standing", "positioned"),
    ("hung", "hanging"),
    ("perched", "perching"),
    ("farther from", "farther away from", "further from", "further away from"),
    ("holding", "containing"),
    ("wearing", "dressed in", "clad in"),
    ("shaped like", "in the shape of"),
    ("on the edge of", "at the edge of"),
    ("seen", "visible", "in view"),
    ("partly behind", "partly hidden behind", "partly hidden by"),
    ("a picture of", "an image of", "the image of"),
)
"""Words of relations that say the same; those that follow stand for the first, and the first for them."""
POSTURES = ("placed", "sitting", "standing", "resting", "lying", "set")
"""How things are where they are. Of people and animals it is told only where the scene has it."""
PLACED = ("positioned", "located", "situated", "found", "seen", "visible", "shown")
IRREGULAR = {
    "bite": "bitten", "build": "built", "catch": "caught", "cut": "cut", "dig": "dug", "draw": "drawn",
    "drive": "driven", "eat": "eaten", "feed": "fed", "hang": "hung", "hide": "hidden", "hold": "held", "lead": "led",
    "leave": "left", "put": "put", "ride": "ridden", "set": "set", "shake": "shaken", "steer": "steered",
    "take": "taken", "throw": "thrown", "wear": "worn",
}  # fmt: skip
"""Participles that do not end in -ed."""
ADVERB = re.compile(r"\b(\w+ly) (\w+(?:ing|ed))\b")
"""How something is done, which may be said behind the verb as well: "gently licking"."""
SHOWING = re.compile(r"^(.*\w+ed) with an? (?:picture|image) of$")
"""What shows something on itself, which may be said of what it shows: "printed with an image of", "printed on"."""
BEARING = ("bears", "bear", "bearing")
DONE = re.compile(r"^(\w+)ed (?:with|in)(?: an? (?:picture|image) of)?$")
"""What is done with something, which may be said of that: "decorated with" a lily, which decorates it."""
CONVERSE = {
    "casting a shadow on": ("in the shadow of", "in shadow cast by"),
    "partly behind": ("partly hiding", "partly covering"),
}
"""What the object does, or is in, where its words are others than the relation's."""
MIRRORED = {
    "to the left of": "to the right of", "to the right of": "to the left of", "in front of": "behind",
    "behind": "in front of", "above": "below", "below": "above", "over": "under", "under": "over", "beneath": "above",
    "underneath": "above",
}  # fmt: skip
"""Places and what they are, seen from the other end."""
PLACE = re.compile(
    r"^(?:(?:placed|seen|visible|in view) )?(?P<how>(?:(?:\w+ly|just|right|far|well|high) )*)"
    rf"(?P<where>{'|'.join(MIRRORED)})$"
)
MOST_FORMS = 400
COVERED = {"snowy": "snow", "sandy": "sand", "grassy": "grass", "muddy": "mud", "dusty": "dust", "mossy": "moss"}
"""What lies on what is so."""
WHOLE = ("picture", "image", "photo", "photograph", "scene", "view")
"""What a text calls the whole, so that no end of a name is called so."""
LEADING = PREPOSITIONS | {"a", "an", "the", "style"}
"""Words before what is said of the whole picture that do not matter."""


@dataclass(frozen=True)
class Sense:
    """What words may mean in a scene.

    Attributes:
        domain: What sort of element it is.
        numbers: Which ones: objects, relations, scene attributes; of attributes `values` tells.
        value: Of an attribute, also one of the whole picture, its kind and its name.
        turned: Of a relation, whether the words before it name its object, and those after it its subject.
        finite: Whether the words have a finite verb: "chases", "chase".
        plural: Of an object, whether the words are its plural; None where there is no telling.
        animate: Of an object, whether it is a person or an animal.
        short: Whether it is the end of a name alone, which only a reference may have: "the guitar".
    """

    domain: Domain
    numbers: tuple[int, ...] = ()
    value: tuple[str, str] = ("", "")
    turned: bool = False
    finite: bool = False
    plural: bool | None = False
    animate: bool = False
    short: bool = False


@dataclass
class Lexicon:
    """What words may mean in a scene, by the words."""

    senses: dict[Tokens, list[Sense]] = field(default_factory=lambda: defaultdict(list))
    longest: int = 1

    def add(self, text: str, sense: Sense) -> None:
        """Adds what a text may mean."""
        tokens = split_text(text)
        if tokens and sense not in self.senses[tokens]:
            self.senses[tokens].append(sense)
            self.longest = max(self.longest, len(tokens))


def split_text(text: str) -> Tokens:
    """The words and stops of a text, in small letters; a hyphen parts words, and a dash or a bracket is a comma.

    >>> split_text("A brand-new cup, left of the chef\u2019s hat.")
    ('a', 'brand', 'new', 'cup', ',', 'left', 'of', 'the', "chef's", 'hat', '.')
    """
    return tuple(TOKEN.findall(text.translate(STOPS_ALIKE).lower().replace("as well as", "and")))


@dataclass(frozen=True, eq=False)
class _Tables:
    """Rows of the taxonomy by what scenes name them by, and other wordings of each."""

    objects: Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]]
    attributes: Mapping[tuple[str, str], tuple[Mapping[str, Any], tuple[str, ...]]]
    relations: Mapping[tuple[str, str], Mapping[str, Any]]
    relation_ids: Mapping[str, Mapping[str, Any]]
    scene: Mapping[tuple[str, str], tuple[Mapping[str, Any], tuple[str, ...]]]


@lru_cache(maxsize=4)
def read_tables(taxonomy: Taxonomy) -> _Tables:
    """Reads what checking needs from the taxonomy."""

    def list_all(table: str) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
        wordings = defaultdict[int, list[str]](list)
        rows, texts = list_wordings(taxonomy, table)
        for row, text in zip(rows.tolist(), texts.to_pylist(), strict=True):
            wordings[row].append(text)
        return [(row, tuple(wordings[i])) for i, row in enumerate(getattr(taxonomy, table).to_pylist())]

    relations = taxonomy.relations.to_pylist()
    return _Tables(
        {row["id"]: (row, wordings) for row, wordings in list_all("objects")},
        {(row["kind"], row["name"]): (row, wordings) for row, wordings in list_all("attributes")},
        {(row["category"], row["predicate"]): row for row in relations},
        {row["id"]: row for row in relations},
        {(row["kind"], row["name"]): (row, wordings) for row, wordings in list_all("scene_attributes")},
    )


def collect_words(row: Mapping[str, Any], taxonomy: Taxonomy) -> Lexicon:
    """Collects what the elements of a scene may be called.

    Args:
        row: A row of a dataset, or its `scene_graph`, `scene_attributes` and `questions`.
        taxonomy: That of its recipe.
    """
    lexicon, tables = Lexicon(), read_tables(taxonomy)
    objects, relations = row["scene_graph"]["objects"], row["scene_graph"]["relations"]
    _add_objects(lexicon, tables, objects)
    values = dict.fromkeys((one["kind"], one["value"]) for thing in objects for one in thing["attributes"])
    for kind, value in values:
        for text in list_attribute_forms(tables, kind, value):
            lexicon.add(text, Sense("attribute", value=(kind, value)))
    for number, relation in enumerate(relations):
        subject, target = (objects[relation[end]] for end in ("subject", "object"))
        moving = [is_animate(tables, thing["concept"]) for thing in (subject, target)]
        for text, turned, finite in list_relation_forms(tables, relation["category"], relation["predicate"], moving):
            lexicon.add(text, Sense("relation", (number,), turned=turned, finite=finite))
    for number, one in enumerate(row["scene_attributes"]):
        for text in _list_scene_forms(tables, one["kind"], one["value"], row["questions"], f"scene/{number}"):
            lexicon.add(text, Sense("scene", (number,), (one["kind"], one["value"])))
    return lexicon


def is_animate(tables: _Tables, concept: str) -> bool:
    """Whether a concept is a person or an animal."""
    kinds = tables.objects[concept][0]["kinds"].split("|") if concept in tables.objects else []
    return bool({"person", "animal"} & {*kinds})


def _add_objects(lexicon: Lexicon, tables: _Tables, objects: Iterable[Mapping[str, Any]]) -> None:
    numbers, ends = defaultdict[tuple[str, str], list[int]](list), defaultdict[str, set[str]](set)
    for number, thing in enumerate(objects):
        numbers[thing["name"], thing["concept"]].append(number)
        for word in split_text(thing["name"]):
            ends[word].add(thing["name"])
    for (name, concept), some in numbers.items():
        row, wordings = tables.objects.get(concept, ({"plural": make_plural(name), "countability": "count"}, ()))
        counts, animate = row["countability"] == "count", is_animate(tables, concept)
        plurals = {row["plural"]} if counts and row["plural"] else set()
        alike = {name.lower(), *map(str.lower, plurals)}
        for text in (name, *plurals, *wordings):
            plural = (
                None if not counts or len(alike) == 1 else text in plurals or text.endswith("s") != name.endswith("s")
            )
            lexicon.add(text, Sense("object", tuple(some), plural=plural, animate=animate))
        words = name.split()
        if (
            len(words) > 1
            and " of " not in name
            and words[-1] not in WHOLE
            and ends[split_text(words[-1])[-1]] == {name}
        ):
            for text in (words[-1], *(one.split()[-1] for one in plurals)):
                plural = text != words[-1] if counts and len(alike) > 1 else None
                lexicon.add(text, Sense("object", tuple(some), plural=plural, animate=animate, short=True))


def list_attribute_forms(tables: _Tables, kind: str, value: str) -> list[str]:
    """What an attribute may be called; not what another one of its kind is called, which would say less or else."""
    row, wordings = tables.attributes.get((kind, value), ({"adjective": value}, ()))
    others = [one for one in wordings if (kind, one) not in tables.attributes and not ARTICLE.match(one)]
    forms = [row["adjective"], value, *others]
    if shaped := re.fullmatch(r"(.+)-shaped", value):
        whats = [f"{a} {shaped[1]}" for a in ("a", "an")]
        forms += [f"{how} {what}" for how in ("shaped like", "in the shape of", "with the shape of") for what in whats]
        forms += [f"{how} {what} shape" for how in ("with", "in") for what in whats]
        forms += [f"{how} the letter {shaped[1]}" for how in ("shaped like", "in the shape of") if len(shaped[1]) == 1]
    if done := re.fullmatch(r"(.+)-(covered|dusted|splattered|stained|lined|streaked|filled)", value):
        forms += [f"{done[2]} {how} {done[1]}" for how in ("in", "with", "by")]
    if patterned := re.fullmatch(r"(.+)-patterned", row["adjective"]):
        forms += [f"{how} {patterned[1]} pattern" for how in ("with a", "in a")]
    if kind == "shape" and not shaped:
        forms.append(f"{row['adjective']} shaped")
    if kind in ("shape", "size"):
        forms += [f"{how} {row['adjective']} {kind}" for how in ("of", "of a", "of an", "with a", "with an")]
    if kind == "material":
        made = product(("made", "built", "crafted"), ("of", "from", "out of"), (value, *wordings))
        forms += [" ".join(words) for words in made]
    if parted := re.fullmatch(r"(.+)-(hair|eye)ed", value):
        forms.append(f"with {parted[1]} {'hair' if parted[2] == 'hair' else 'eyes'}")
    if kind == "human" and (worn := re.fullmatch(r"(\w+)ed", value)):  # "with a beard", "wearing boots"
        whats = [f"a {worn[1]}", f"{worn[1]}s"]
        forms += [f"{how} {what}" for how in ("with", "in", "wearing") for what in whats]
    if value in COVERED:
        forms += [*(f"covered {how} {COVERED[value]}" for how in ("in", "with")), f"{COVERED[value]} covered"]
    if row["adjective"] == "sleeping":
        forms += ["asleep", "fast asleep"]
    return list(dict.fromkeys(forms))


def _list_scene_forms(
    tables: _Tables, kind: str, value: str, questions: Iterable[Mapping[str, Any]], element: str
) -> list[str]:
    row, wordings = tables.scene.get((kind, value), ({"phrase": value}, ()))
    asked = [one for one in questions if one["elements"] == [element] and one["form"] != "yes_no"]
    answers = [text for one in asked for text in (one["answer"], *one["aliases"])]
    ends, words = [row["phrase"]], row["phrase"].split()[1:]
    fewest = 3 if PREPOSITIONS.issuperset(words[-1:]) else 1  # "above" is a place of relations, too
    while len(words) >= fewest or words[:1] == ["from"]:
        ends.append(" ".join(words))
        if words[0] not in LEADING:
            break
        words = words[1:]
    return list(dict.fromkeys([*ends, value, *wordings, *answers, *_reword_scene(kind, value, row["phrase"])]))


def _reword_scene(kind: str, value: str, phrase: str) -> Iterator[str]:
    """Other forms of the same words: "Cubist", "sepia toned", "background blurred", "blue lighting"."""
    if value.endswith("ism"):
        yield f"{value.removesuffix('ism')}ist"
    if done := re.fullmatch(r"(\w+ed) in (\w+)", phrase):
        yield f"{done[2]} {done[1]}"
    if told := re.fullmatch(r"(\w+ed) (\w+)", value):
        yield from (f"{told[2]} {verb}{told[1]}" for verb in ("", "is ", "being "))
    if kind == "lighting" and value.endswith(" light"):
        yield from (f"{value}ing", *(f"{light} is {value.removesuffix(' light')}" for light in ("light", "lighting")))


# --- relations -------------------------------------------------------------------------------------------------------


def list_relation_forms(
    tables: _Tables, category: str, predicate: str, animate: Iterable[bool]
) -> list[tuple[str, bool, bool]]:
    """The words that say a relation: text, whether it is turned around, and whether it has a finite verb.

    Args:
        tables: Of the taxonomy.
        category: Of the relation.
        predicate: Of the relation.
        animate: Whether its subject and its object are people or animals.
    """
    row = tables.relations.get((category, predicate), {"inverse": "", "symmetric": False, "finite": ""})
    of_subject, of_object = animate
    forms = [(text, False, finite) for text, finite in _vary(predicate, row.get("finite"), of_subject)]
    alike = (tables.relations.get((category, one), {"inverse": ""})["inverse"] for one in _exchange(predicate))
    if place := PLACE.match(predicate):
        mirrored = f"{place['how']}{MIRRORED[place['where']]}"
        forms += [(text, True, finite) for text, finite in _vary(mirrored, None, of_object)]
    inverse = tables.relation_ids.get(row["inverse"] or next(filter(None, alike), ""))
    turned = predicate if row["symmetric"] else inverse["predicate"] if inverse else None
    for text in CONVERSE.get(predicate, ()):
        forms += [(one, True, is_finite) for one, is_finite in _vary(text, None, of_object)]
    if turned:
        finite = inverse["finite"] if inverse and not row["symmetric"] else row.get("finite")
        forms += [(text, True, finite) for text, finite in _vary(turned, finite, of_object)]
    passive = _make_passive(predicate)
    if showing := SHOWING.match(predicate):
        forms.append((f"{showing[1]} on", True, False))
        verb = showing[1].split()[-1]
        forms += [(f"{has} a {verb} {what} of", False, True) for has in BEARING for what in ("image", "picture")]
    forms += [(text, True, finite) for text, finite in _list_turned(predicate)]
    forms += [(text, True, False) for text in passive for text in (text, f"being {text}")]
    return list(dict.fromkeys(forms))


def _vary(predicate: str, finite: str | None, animate: bool) -> list[tuple[str, bool]]:
    """A predicate in other words, and whether these have a finite verb."""
    texts = _say_alike(predicate)
    if predicate in ("next to", "beside"):
        texts += [f"right {text}" for text in ("next to", "beside")]
    if predicate.startswith("placed ") and not animate:
        texts += _say_alike(predicate.removeprefix("placed "))
    words = predicate.split()
    verb = next((word for word in words if not word.endswith("ly")), words[0])
    if finite:
        texts.append(re.sub(rf"\b{verb}\b", f"{verb.removesuffix('e')}ing", predicate))
    texts += [re.sub(ADVERB, r"\2 \1", text) for text in texts if re.search(ADVERB, text)]
    found = [(text, False) for text in texts]
    if finite:
        found += [(text, True) for text in find_finite(finite) or (finite,)]
    for text in texts:
        if gerund := re.search(r"\b\w+ing\b", text):
            found += [(text.replace(gerund[0], one, 1), True) for one in _list_finite(gerund[0])]
    if not verb.endswith(("ed", "s", "ing")) and verb not in IRREGULAR.values():
        postures = PLACED if animate else (*PLACED, *POSTURES)
        for text, posture in product(texts, postures):
            found.append((f"{posture} {text}", False))
            if posture.endswith("ing"):
                found += [(f"{one} {text}", True) for one in _list_finite(posture)]
    return [(text, is_finite) for text, is_finite in dict.fromkeys(found)]


def _say_alike(predicate: str) -> list[str]:
    """A predicate with its words exchanged for others that say the same."""
    found = {predicate: None}
    for text in (predicate,):
        found |= dict.fromkeys(_exchange(text))
    for text in list(found):
        found |= dict.fromkeys(_exchange(text))
    return list(found)[:MOST_FORMS]


def _exchange(text: str) -> Iterable[str]:
    for first, *others in ALIKE:
        group = (first, *others)
        found = [one for one in group if re.search(rf"\b{one}\b", text) and not _is_part(one, text)]
        if here := max(found, key=len, default=None):
            yield from (re.sub(rf"\b{here}\b", other, text) for other in group if other != here)


LARGER = (
    *(one for group in ALIKE for one in group if " " in one),
    *(
        "in front of",
        "in the background",
        "in one corner of",
        "in the corner of",
        "on the edge of",
        "in the shadow of",
    ),
)


def _is_part(word: str, text: str) -> bool:
    """Whether a word is a part of a longer wording: the "in" of "in the center of", the "right" of "right of"."""
    longer = [one for one in LARGER if one != word and re.search(rf"\b{word}\b", one)]
    return any(re.search(rf"\b{one}\b", text) for one in longer)


def _list_bases(gerund: str) -> list[str]:
    """What `gerund` may be made of: "chase" of "chasing", "hug" of "hugging"; some of these are no words."""
    stem = gerund.removesuffix("ing")
    bases = [stem, f"{stem}e"]
    if len(stem) > 2 and stem[-1] == stem[-2]:
        bases.append(stem[:-1])
    return [*bases, f"{stem[:-1]}ie"] if stem.endswith("y") else bases


def _list_finite(gerund: str) -> list[str]:
    """The forms that follow he and they."""
    found = []
    for base in _list_bases(gerund):
        third = f"{base}es" if base.endswith(("s", "x", "z", "ch", "sh")) else f"{base}s"
        third = f"{base[:-1]}ies" if re.search(r"[^aeiou]y$", base) else third
        found += [third, base]
    return found


def _list_turned(predicate: str) -> Iterable[tuple[str, bool]]:
    """What the object does with which something is done, and whether that has a finite verb."""
    if done := DONE.match(predicate):  # "decorated with" -> "decorates"
        gerund = f"{done[1]}ing"
        yield gerund, False
        yield from ((text, True) for text in _list_finite(gerund))


def _make_passive(predicate: str) -> list[str]:
    """What is done to the object: "chased by" of "chasing"; nothing where it is no verb."""
    words = predicate.split()
    place = next((place for place, word in enumerate(words) if not word.endswith("ly")), 0)
    if not words[place].endswith("ing") or words[-1] in ("with", "than"):
        return []
    before, after = words[:place], words[place + 1 :]
    found = []
    for base in _list_bases(words[place]):
        past = IRREGULAR.get(base) or (f"{base}d" if base.endswith("e") else f"{base}ed")
        past = f"{base[:-1]}ied" if re.search(r"[^aeiou]y$", base) else past
        doubled = f"{base}{base[-1]}ed"  # "hugged"
        for one in (past, doubled):
            found += [" ".join([*before, one, *after, "by"]), " ".join([one, *before, *after, "by"])]
    return found
