"""The layout of the public GAS metadata folder: its files, the spelling of its keys, and the names of its objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import pyarrow as pa

from ..schema import ATTRIBUTE_KINDS, RELATION_CATEGORIES, TABLES

FILES = (*TABLES, "taxonomy")
"""The files, `.json` each; the last one is optional."""

ATTRIBUTE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "colo": "color",
        "material": "material",
        "textur": "texture",
        "architect": "architecture",
        "building": "architecture",
        "shape": "shape",
        "size": "size",
        "human": "human",
        "person": "human",
        "state": "state",
        "adj": "adjective",
    }
)
"""Part of a category's name, and our kind of attribute; the first that fits counts."""

SCENE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "aperture": "aperture",
        "edit": "editing_style",
        "artist": "artist",
        "genre": "genre",
        "painting": "painting_style",
        "techni": "technique",
        "weather": "weather",
        "location": "location",
        "place": "location",
        "span": "time_span",
        "duration": "time_span",
        "time": "time_of_day",
        "movement": "camera_movement",
        "motion": "camera_movement",
        "rig": "camera_rig",
        "focal": "focal_length",
        "depth": "depth_of_field",
        "shot": "shot_size",
        "view": "view",
        "perspective": "view",
        "angle": "view",
        "light": "lighting",
        "model": "camera_model",
        "gear": "camera_model",
        "camera": "camera_model",
    }
)
"""Part of a class's name, and our kind of scene attribute; the first that fits counts."""

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "style": ("artist", "genre", "painting_style", "technique"),
        "setting": ("location", "weather", "time_of_day", "lighting"),
        "camera": (
            "camera_model",
            "focal_length",
            "aperture",
            "iso",
            "depth_of_field",
            "shot_size",
            "view",
        ),
        "video": ("camera_rig", "camera_movement", "editing_style", "time_span"),
        "3d": ("three_d_style", "three_d_lighting", "three_d_view"),
    }
)
"""The groups that an export sorts the kinds of scene attributes into; `other` gets the rest."""
SPELLINGS = MappingProxyType({"aperture": "a", "editing_style": "video editting style"})
SPECIAL = MappingProxyType({"a": "aperture", "iso": "iso", **{v: k for k, v in SPELLINGS.items()}})
TIERS = ("common", "visible", "full")
IN_THREE_D = MappingProxyType({"lighting": "three_d_lighting", "view": "three_d_view"})


def find_attribute_kind(category: str) -> str:
    """Finds our kind for a category of attributes; what no rule knows is an adjective."""
    return _find_kind(category, ATTRIBUTE_KINDS, ATTRIBUTE_WORDS) or "adjective"


def find_relation_category(category: str) -> str | None:
    """Finds our category for one of relations, None when no rule knows it."""
    starts = {name[:6]: name for name in RELATION_CATEGORIES}
    return _find_kind(category, RELATION_CATEGORIES, {**starts, "interact": "interactional"})


def find_scene_kind(group: str, class_: str) -> str:
    """Finds our kind for a class of scene attributes; a class that no rule knows is a kind of its own."""
    plain = _simplify(class_)
    if plain in SPECIAL:
        return SPECIAL[plain]
    known = [kind for kinds in GROUPS.values() for kind in kinds]
    kind = _find_kind(class_, known, SCENE_WORDS)
    if kind and re.search(r"\b(3 ?d|three d)", f"{_simplify(group)} {plain}") and kind not in GROUPS["3d"]:
        return IN_THREE_D.get(kind, "three_d_style")
    if not kind and re.search(r"\b(3 ?d|three d)", f"{_simplify(group)} {plain}"):
        return "three_d_style"
    return kind or plain.replace(" ", "_")


def _find_kind(name: str, kinds: Iterable[str], words: Mapping[str, str]) -> str | None:
    plain = _simplify(name)
    for kind in kinds:
        if plain in (kind.replace("_", " "), f"{kind.replace('_', ' ')}s"):
            return kind
    return next((kind for word, kind in words.items() if word in plain), None)


def _simplify(name: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", name.lower()).split())


def spell_class(kind: str) -> str:
    """Spells one of our kinds of scene attributes as the public files do."""
    return SPELLINGS.get(kind, kind.replace("_", " "))


def name_objects(objects: pa.Table, taken: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Gives every object a name of its own in the public spelling.

    That is its name in the paper where it has one, or `corn_snake`, or `iconoclast (destroyer)` with the parent's
    name in brackets when the short one is taken, or else with its id.

    Args:
        objects: A table of objects.
        taken: Names that are given already, with the ids that have them.

    Returns:
        The names with their ids.
    """
    rows = objects.select(["id", "name", "parent", "paper_name", "tier"]).to_pylist()
    display = {row["id"]: row["name"] for row in rows}
    names, given = dict(taken), set(taken.values())
    for row in rows:
        if row["paper_name"] and row["id"] not in given and row["paper_name"] not in names:
            names[row["paper_name"]] = row["id"]
            given.add(row["id"])
    # The short name means what people mean first.
    first: dict[str, str] = {}
    for row in sorted(rows, key=rank_object):
        first.setdefault(row["name"], row["id"])
    for row in rows:
        if row["id"] not in given:
            plain, parent = row["name"].replace(" ", "_"), display.get(row["parent"], row["parent"]).replace(" ", "_")
            proposals = [plain] if first[row["name"]] == row["id"] else []
            proposals += [f"{plain} ({parent})", f"{plain} ({row['id']})"]
            names[next(name for name in proposals if name not in names)] = row["id"]
    return names


def rank_object(row: Mapping[str, str]) -> tuple[int, int, str]:
    """Ranks objects of one name: everyday ones first, then by the number of the sense in the id."""
    sense = re.search(r"\.(\d+)$", row["id"])
    return TIERS.index(row["tier"]), int(sense.group(1)) if sense else 0, row["id"]
