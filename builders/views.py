"""What a template sees of a scene: its shape in Python, and every word as a placeholder or as the word itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .structures import StructureTable
from .templates import Leaf

MEDIUMS = {"image": "picture", "video": "video", "3d": "3D model"}
OBJECT_WORDS = ("name", "plural", "article", "bare_article", "any", "be", "ordinal", "id")
ATTRIBUTE_WORDS = ("name", "kind", "text", "before", "after")
RELATION_WORDS = ("verb", "ask", "base", "predicate", "category")
SCENE_WORDS = ("name", "kind", "phrase")
# Words that stand for the element itself where they are printed; the others (articles, verbs' auxiliaries) only help.
NAMING = {"name", "plural", "text", "before", "after", "verb", "base", "predicate", "phrase"}


@dataclass
class View:
    """An object, attribute, relation or scene attribute; its words are attributes such as `name`."""

    number: int
    words: dict[str, Any]
    attributes: list[View] = field(default_factory=list)
    relations: list[View] = field(default_factory=list)
    incoming: list[View] = field(default_factory=list)
    subject: View | None = None
    target: View | None = None

    @property
    def names(self) -> list[str]:
        """What a template can ask for, for its errors."""
        return [*self.words, "number", "attributes", "relations", "incoming", "subject", "target"]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["words"][name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass
class SceneView:
    """A whole scene."""

    objects: list[View]
    relations: list[View]
    settings: list[View]
    pictures: list[View]
    medium: str

    @property
    def names(self) -> list[str]:
        """What a template can ask for, for its errors."""
        return ["objects", "relations", "attributes", "settings", "pictures", "medium"]

    @property
    def attributes(self) -> list[View]:
        """All scene attributes."""
        return self.settings + self.pictures


def view_element(leaf: Leaf, domain: str, role: str, number: int, element: str, words: tuple[str, ...]) -> View:
    """One element whose words come from columns `domain.word`, at `number` places after where its role begins."""
    return View(
        number, {word: leaf(f"{domain}.{word}", role, number, element if word in NAMING else "") for word in words}
    )


def view_scene(
    leaf: Leaf, table: StructureTable, structure: int, settings: int, pictures: int, modality: str
) -> SceneView:
    """A scene with this structure (-1: without objects) and numbers of scene attributes."""
    objects: list[View] = []
    relations: list[View] = []
    if structure >= 0:
        at = 0
        for i, count in enumerate(table.attribute_counts[structure].tolist()):
            view = view_element(leaf, "object", "object", i, f"object/{i}", OBJECT_WORDS)
            view.attributes = [
                view_element(leaf, "attribute", "attribute", at + j, f"attribute/{i}/{j}", ATTRIBUTE_WORDS)
                for j in range(count)
            ]
            at += count
            objects.append(view)
        for k, (s, t) in enumerate(
            zip(table.subjects[structure].tolist(), table.targets[structure].tolist(), strict=True)
        ):
            view = view_element(leaf, "relation", "relation", k, f"relation/{k}", RELATION_WORDS)
            view.subject, view.target = objects[s], objects[t]
            objects[s].relations.append(view)
            objects[t].incoming.append(view)
            relations.append(view)
    attributes = [
        view_element(leaf, "scene", "scene", k, f"scene/{k}", SCENE_WORDS) for k in range(settings + pictures)
    ]
    return SceneView(objects, relations, attributes[:settings], attributes[settings:], MEDIUMS[modality])
