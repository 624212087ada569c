"""Views of a scene for templates: its shape in Python, and every word as a placeholder or as the word itself.

The tables below are all that a template may say of a scene, with what it means; `templates/WORDS.md` is made from them
(`tests/builders/words_page.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from ...taxonomy.english.numerals import write_number
from .marks import Leaf, Slot
from .sandbox import View

MEDIUMS = {"image": "picture", "video": "video", "3d": "3D model"}
LONG = 10
"""Elements of a scene of which templates say all that text encoders of 77 tokens read, with few exceptions."""
OBJECTS = {
    "name": "What it is called: its plural where it stands for several.",
    "plural": "What several of it are called.",
    "article": "The article before its attributes and its name; `another` for one that reads like one before it, "
    "`three` of three.",
    "name_article": "The article before its name alone; `another` for the second of a name, `three` of three.",
    "bare_article": "The article before its name alone, whatever else is in the scene.",
    "again": "Before a tag that reads like one before it, or of several, with a space; empty otherwise.",
    "any": "Where it is asked whether there is one.",
    "be": "The verb that goes with it.",
    "do": "The auxiliary that goes with it.",
    "ordinal": "Which one of its name it is, with a space; empty if it is the only one.",
    "apart": "Before its name, what others of its name are not said to be, with a space; empty if there is no need.",
    "which": "Which one of its name it is, by `apart` where that says it, else by `ordinal`.",
    "what": "The word that asks for it.",
    "that": "The word that goes on about it: `who` or `that`.",
    "id": "The id of its concept.",
    "sense": "After a name that different things of the scene have: which is meant. The comma goes at the end.",
    "sense_tag": "The same in parentheses, for tags.",
    "other": "After a number, for those that come after one of the name, with a space; empty otherwise.",
}
ATTRIBUTES = {
    "name": "What it is called in lists.",
    "kind": "Its kind.",
    "text": "What is said of an object that has it.",
    "before": "The text if it stands before the noun, with a space; empty otherwise.",
    "after": "The text if it stands after the noun, with a space, as none that we ship does; empty otherwise.",
}
RELATIONS = {
    "verb": "What its subject does, in the number of the subject.",
    "singular": "What its subject does, in the singular, after `what` and `who`.",
    "ask": "The auxiliary that a question begins with.",
    "base": "What follows the auxiliary and the subject in a question.",
    "link": "Before `joined`, where a noun needs it, with a space; empty otherwise.",
    "joined": "Follows its subject without a verb of its own where it can.",
    "aside_link": "Before `aside`, where a noun that is followed by a comma needs it, with a space; empty otherwise.",
    "aside": "Follows its subject where that has been named before.",
    "predicate": "What it is called.",
    "category": "Its category.",
}
SCENE_ATTRIBUTES = {
    "name": "What it is called.",
    "kind": "Its kind.",
    "phrase": 'After "the scene is set" (settings), "the scene is" (lights), "the picture is" (pictures), or alone.',
    "sentence": "Of `sentences`, a sentence about the scene without its full stop; of all others, their phrase.",
}
COUNTED = {"numeral": "Of an object of `counted` whose `count` is above 1: the number in words."}
ELEMENT_FIELDS = {
    "number": "Its number in the scene, from 0.",
    "count": "Of an object of `counted`, how many it stands for; 1 for all else.",
    "attributes": "Of an object: its attributes, in the order in which English puts them.",
    "relations": "Of an object: relations that start from it.",
    "incoming": "Of an object: relations that end at it.",
    "subject": "Of a relation: the object that it starts from.",
    "target": "Of a relation: the object that it ends at.",
}
SCENE_FIELDS = {
    "objects": "All objects.",
    "subjects": "Objects that relations start from.",
    "alone": "Objects without relations.",
    "counted": "As `alone`; with `count_alike: true` those that are alike are one, with `count` and `numeral`.",
    "in_order": "All objects as texts introduce them, which is the order that `article` and `ordinal` count by: "
    "each of `subjects`, followed by the targets of its relations; then `alone`.",
    "relations": "All relations.",
    "attributes": "All scene attributes: `settings`, then `lights`, then `pictures`, then `sentences`.",
    "settings": "Scene attributes that say where and when it takes place.",
    "lights": "Scene attributes that say in what light.",
    "pictures": "Scene attributes that say how it is shown.",
    "sentences": "Scene attributes of kinds of your own that are said in a sentence of their own.",
    "long": f"Whether it has more than {LONG} elements: what its caption ends with may be cut at 77 tokens.",
    "medium": "What the picture is: `picture`, `video` or `3D model`.",
}

OBJECT_WORDS, ATTRIBUTE_WORDS, RELATION_WORDS, SCENE_WORDS = (
    tuple(words) for words in (OBJECTS, ATTRIBUTES, RELATIONS, SCENE_ATTRIBUTES)
)
WORDS = {
    "object": OBJECT_WORDS,
    "attribute": ATTRIBUTE_WORDS,
    "relation": RELATION_WORDS,
    "scene": SCENE_WORDS,
}
"""What a template may say of an element, by the domain of its columns."""
OwnWords = Mapping[str, tuple[str, ...]]
"""Words that tables have of their own, by the domain of their columns."""
NO_WORDS: OwnWords = {}
# Words that stand for the element itself where they are printed; the others (articles, verbs' auxiliaries) only help.
NAMING = {
    *("name", "plural"),
    *("text", "before", "after"),
    *("verb", "singular", "base", "joined", "aside", "predicate"),
    *("phrase", "sentence"),
}

OWN_NAMING = "name_"
"""What words of one's own begin with that stand for the element, too: a name in another case."""

Groups = tuple[tuple[int, ...], ...]
"""Objects of a scene that are alike, by their numbers."""


class Shape(NamedTuple):
    """A scene graph without content: attributes on each object, and the object numbers of each relation's ends."""

    attribute_counts: tuple[int, ...]
    subjects: tuple[int, ...]
    targets: tuple[int, ...]


class Words(dict[str, Any]):
    """Words by their names, each made when it is first looked up: templates look at few of them."""

    def __init__(self, names: tuple[str, ...], make: Callable[[str], Any]) -> None:
        super().__init__()
        self.names, self._make = names, make

    def __missing__(self, name: str) -> Any:
        if name not in self.names:
            raise KeyError(name)
        self[name] = self._make(name)
        return self[name]


@dataclass(eq=False, repr=False)
class ElementView(View):
    """An object, attribute, relation or scene attribute; its words are attributes such as `name`."""

    number: int
    words: Words
    count: int = 1
    attributes: list[ElementView] = field(default_factory=list)
    relations: list[ElementView] = field(default_factory=list)
    incoming: list[ElementView] = field(default_factory=list)
    subject: ElementView | None = None
    target: ElementView | None = None

    @property
    def names(self) -> list[str]:
        """What a template can ask for, for its errors."""
        return [*self.words.names, *ELEMENT_FIELDS]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["words"][name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(eq=False, repr=False)
class SceneView(View):
    """A whole scene, with the fields of `SCENE_FIELDS`."""

    objects: list[ElementView]
    relations: list[ElementView]
    counted: list[ElementView]
    settings: list[ElementView]
    lights: list[ElementView]
    pictures: list[ElementView]
    sentences: list[ElementView]
    medium: str
    long: bool

    @property
    def names(self) -> list[str]:
        """What a template can ask for, for its errors."""
        return list(SCENE_FIELDS)

    @property
    def subjects(self) -> list[ElementView]:
        """Objects that relations start from."""
        return [one for one in self.objects if one.relations]

    @property
    def alone(self) -> list[ElementView]:
        """Objects without relations."""
        return [one for one in self.objects if not one.relations and not one.incoming]

    @property
    def in_order(self) -> list[ElementView]:
        """Objects in the order in which texts introduce them."""
        order: dict[int, ElementView] = {}
        for one in (*self.subjects, *self.alone):
            for other in (one, *(relation.target for relation in one.relations)):
                assert other is not None
                order.setdefault(other.number, other)
        return list(order.values())

    @property
    def attributes(self) -> list[ElementView]:
        """All scene attributes."""
        return self.settings + self.lights + self.pictures + self.sentences


def view_element(leaf: Leaf, domain: str, role: str, number: int, element: str, words: tuple[str, ...]) -> ElementView:
    """One element whose words come from columns `domain.word`, at `number` places after where its role begins."""
    find = _find_slots if leaf is Slot else _find_words
    return ElementView(number, find(leaf, domain, role, number, element, words))


def _find_words(leaf: Leaf, domain: str, role: str, number: int, element: str, words: tuple[str, ...]) -> Words:
    return Words(words, lambda word: leaf(f"{domain}.{word}", role, number, element if _is_naming(word) else ""))


def _is_naming(word: str) -> bool:
    return word in NAMING or (word.startswith(OWN_NAMING) and word not in OBJECT_WORDS)  # as `name_article`


_find_slots = lru_cache(maxsize=1 << 14)(_find_words)
"""Placeholders are the same for all scenes."""


def view_scene(
    leaf: Leaf,
    shape: Shape | None,
    counts: tuple[int, int, int, int],
    modality: str,
    alike: Groups = (),
    long: bool = False,
    own: OwnWords = NO_WORDS,
) -> SceneView:
    """A scene for templates.

    Args:
        leaf: Makes its words.
        shape: Its shape, or None if it is seen without objects.
        counts: Its number of scene attributes of each of `SCENE_ROLES`.
        modality: What it is: `image`, `video` or `3d`.
        alike: The numbers of objects that are to be counted, a group each.
        long: Whether it has more than `LONG` elements.
        own: Words that its tables have of their own.
    """
    of_object, of_attribute, of_relation, of_scene = (words + own.get(name, ()) for name, words in WORDS.items())
    objects: list[ElementView] = []
    relations: list[ElementView] = []
    firsts: list[int] = []
    # Elements of a scene are numbered from 0 in each role: attributes through all of its objects, from `firsts` on.
    if shape is not None:
        at = 0
        for i, count in enumerate(shape.attribute_counts):
            view = view_element(leaf, "object", "object", i, f"object/{i}", of_object)
            view.attributes = [
                view_element(leaf, "attribute", "attribute", at + j, f"attribute/{i}/{j}", of_attribute)
                for j in range(count)
            ]
            firsts.append(at)
            at += count
            objects.append(view)
        for k, (s, t) in enumerate(zip(shape.subjects, shape.targets, strict=True)):
            view = view_element(leaf, "relation", "relation", k, f"relation/{k}", of_relation)
            view.subject, view.target = objects[s], objects[t]
            objects[s].relations.append(view)
            objects[t].incoming.append(view)
            relations.append(view)
    # In the order of the block's columns.
    attributes = [view_element(leaf, "scene", "scene", k, f"scene/{k}", of_scene) for k in range(sum(counts))]
    # The first of a group stands for all of it, the later ones are left out.
    groups = {group[0]: group for group in alike}
    later = {number for group in alike for number in group[1:]}
    counted = [
        view_group(leaf, group, firsts[one.number], len(one.attributes), own)
        if (group := groups.get(one.number))
        else one
        for one in objects
        if not one.relations and not one.incoming and one.number not in later
    ]
    ends = list(accumulate(counts, initial=0))
    settings, lights, pictures, sentences = (attributes[start:end] for start, end in pairwise(ends))
    return SceneView(objects, relations, counted, settings, lights, pictures, sentences, MEDIUMS[modality], long)


def view_group(
    leaf: Leaf, group: tuple[int, ...], first: int, attributes: int, own: OwnWords = NO_WORDS
) -> ElementView:
    """Objects that are alike, as one: what it prints mentions all of them. `first` is where its attributes begin."""
    elements = " ".join(f"object/{number}" for number in group)
    view = view_element(leaf, "object", "object", group[0], elements, OBJECT_WORDS + own.get("object", ()))
    view.count = len(group)
    # Placeholders may be those of another scene; the elements tell how many there are, so there it is the same.
    view.words |= {"numeral": write_number(len(group)), "be": "are", "do": "do"}
    view.attributes = [
        view_element(
            leaf,
            "attribute",
            "attribute",
            first + j,
            " ".join(f"attribute/{number}/{j}" for number in group),
            ATTRIBUTE_WORDS + own.get("attribute", ()),
        )
        for j in range(attributes)
    ]
    return view
