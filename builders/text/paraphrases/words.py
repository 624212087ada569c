"""What each element of a scene may be called: names, plurals, and other wordings."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

from ....taxonomy import Taxonomy
from ....taxonomy.english.inflection import make_plural
from ....taxonomy.english.predicates import PREPOSITIONS
from ....taxonomy.wordings import ARTICLE
from .relation_words import list_relation_forms
from .tables import WHOLE, Tables, read_tables

Tokens = tuple[str, ...]
Domain = Literal["object", "attribute", "relation", "scene"]

TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.,;:!?]")
STOPS_ALIKE = str.maketrans({"\u2019": "'", "\u2014": ",", "\u2013": ",", "(": ",", ")": ","})
COVERED = {"snowy": "snow", "sandy": "sand", "grassy": "grass", "muddy": "mud", "dusty": "dust", "mossy": "moss"}
"""What lies on what is so."""
SAME = (
    ("enormous", "huge", "giant", "gigantic", "massive", "immense", "colossal", "vast"),
    ("tiny", "minuscule", "very small"),
    ("large", "big"),
    ("small", "little"),
    ("frightened", "scared", "afraid"),
    ("sleeping", "asleep", "fast asleep"),
    ("sitting", "seated"),
    ("smiling", "with a smile"),
    ("frowning", "with a frown"),
    ("bespectacled", "with glasses", "wearing glasses", "in glasses", "wearing spectacles", "with spectacles"),
    ("furry", "with fur"),
    ("patched", "with patches"),
    ("polka-dotted", "with polka dots"),
    ("striped", "with stripes"),
    ("checkered", "checked"),
    ("rusty", "rusted"),
    ("gold", "golden"),
    ("round", "circular"),
    ("transparent", "see-through"),
    ("messy", "untidy"),
    ("dilapidated", "run-down"),
    ("moving", "in motion"),
    ("sunlit", "lit by the sun"),
    ("elderly", "aged"),
)
"""Values that say the same of a thing; where a scene has two of them, neither is called by the name of the other."""
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
    named = {value for _, value in values}
    for kind, value in values:
        for text in list_attribute_forms(tables, kind, value):
            if text == value or text not in named:
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


def is_animate(tables: Tables, concept: str) -> bool:
    """Whether a concept is a person or an animal."""
    kinds = tables.objects[concept][0]["kinds"].split("|") if concept in tables.objects else []
    return bool({"person", "animal"} & {*kinds})


def _add_objects(lexicon: Lexicon, tables: Tables, objects: Iterable[Mapping[str, Any]]) -> None:
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
        for text in tables.called.get(concept, ()):
            for called, plural in ((text, False), (make_plural(text), True)) if counts else ((text, None),):
                lexicon.add(called, Sense("object", tuple(some), plural=plural, animate=animate))
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


def list_attribute_forms(tables: Tables, kind: str, value: str) -> list[str]:
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
    if worn := re.fullmatch(r"(\w+)ed", value):  # "with a beard", "wearing boots", "with freckles"
        whats = [f"{a}{worn[1]}{end}" for a, end in (("a ", ""), ("", "s"), ("", "es"), ("", ""))]
        hows = ("with", "in", "wearing") if kind == "human" else ("with",)
        forms += [f"{how} {what}" for how in hows for what in whats]
    if lacked := re.fullmatch(r"(\w+)less", value):
        forms += [f"{how} {what}" for how in ("without", "with no") for what in (f"a {lacked[1]}", f"{lacked[1]}s")]
    if kind == "pattern":
        forms += [f"{how} {a} {row['adjective']} pattern" for how in ("with", "in") for a in ("a", "an")]
    if value in COVERED:
        forms += [*(f"covered {how} {COVERED[value]}" for how in ("in", "with")), f"{COVERED[value]} covered"]
    forms += [text for group in SAME if value in group for text in group]
    return list(dict.fromkeys(forms))


def _list_scene_forms(
    tables: Tables, kind: str, value: str, questions: Iterable[Mapping[str, Any]], element: str
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
    """Other forms of the same words: "Cubist", "sepia toned", "background blurred", "blue lighting", "gray skies"."""
    if value.count(" ") == 1:
        yield value.replace(" ", "")  # rainforest
    if phrase.endswith(" sky"):
        yield f"{ARTICLE.sub('', phrase.removeprefix('under ')).removesuffix('sky')}skies"
    if from_ := re.fullmatch(r"lit (from .+)", phrase):
        yield from (f"light {how}{from_[1]}" for how in ("", "coming "))
    if "directly above" in phrase:
        yield from ("directly overhead", "overhead", "from overhead")
    if drawn := re.fullmatch(r"(.+) (illustration|poster|photograph|drawing)", value):
        yield from (f"{drawn[2]} {how} {a}{drawn[1]}" for how in ("from", "for") for a in ("", "a ", "an "))
    if value.endswith("ism"):
        yield f"{value.removesuffix('ism')}ist"
    if done := re.fullmatch(r"(\w+ed) in (\w+)", phrase):
        yield f"{done[2]} {done[1]}"
    if told := re.fullmatch(r"(\w+ed) (\w+)", value):
        yield from (f"{told[2]} {verb}{told[1]}" for verb in ("", "is ", "being "))
    if kind == "lighting" and value.endswith(" light"):
        yield f"{value.removesuffix(' light')} lit"
        yield from (f"{value}ing", *(f"{light} is {value.removesuffix(' light')}" for light in ("light", "lighting")))
