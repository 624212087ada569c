"""The phrase, role, modality and exclusions of a scene attribute that comes with its kind and name only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from .inflection import choose_article, is_plural

LENS = "camera_model|focal_length|aperture|iso|depth_of_field"
FILM = "camera_rig|camera_movement|editing_style"
ART = "artist|painting_style|technique"

PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        "time_of_day": "at {}",
        "genre": "done in the {} genre",
        "painting_style": "in the style of {}",
        "artist": "in the style of {}",
        "technique": "made with the {} technique",
        "three_d_style": "rendered in the style of {}",
        "three_d_lighting": "rendered with {}",
        "three_d_view": "shown in {a}",
        "shot_size": "framed as {a}",
        "view": "seen from {a}",
        "camera_model": "taken with {a}",
        "focal_length": "shot with {a} lens",
        "aperture": "shot at {}",
        "iso": "shot at {}",
        "depth_of_field": "shot with {a}",
        "camera_rig": "filmed with {a}",
        "camera_movement": "filmed with {a}",
        "editing_style": "edited in the style of {}",
        "time_span": "set over {}",
    }
)
"""Phrases of kinds that need one pattern: `{}` is the name, `{a}` the name with its article."""

NOUNS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "depth_of_field": ("depth of field", ("field", "focus", "background", "foreground", "blur", "bokeh")),
        "shot_size": ("shot", ("shot", "close-up", "closeup", "view", "portrait", "frame")),
        "view": ("view", ("view", "angle", "perspective", "shot", "side", "above", "below")),
        "three_d_view": ("view", ("view", "angle", "perspective", "section", "projection")),
    }
)
"""The noun that a name of this kind gets when it ends in none of its usual ones: `shallow`, `medium`, `low-angle`."""

ROLES: Mapping[str, str] = MappingProxyType(
    {**dict.fromkeys(("location", "weather", "time_of_day"), "setting"), "lighting": "light"}
)
MODALITIES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("camera_rig", "camera_movement", "editing_style", "time_span"), "video"),
        **dict.fromkeys(("three_d_style", "three_d_lighting", "three_d_view"), "3d"),
        **dict.fromkeys(("location", "weather", "time_of_day", "lighting"), "image|video"),
        **dict.fromkeys(("genre", "painting_style", "artist", "view"), "image|video"),
        **dict.fromkeys(("focal_length", "aperture", "iso", "depth_of_field", "shot_size"), "image|video"),
        **dict.fromkeys(("technique", "camera_model"), "image"),
    }
)
EXCLUDES: Mapping[str, str] = MappingProxyType(
    {
        "artist": f"{LENS}|{FILM}|painting_style|technique",
        **dict.fromkeys(("painting_style", "technique"), f"{LENS}|{FILM}|artist"),
        **dict.fromkeys(LENS.split("|"), ART),
        **dict.fromkeys(FILM.split("|"), ART),
        "three_d_lighting": "lighting",
        "three_d_style": f"{ART}|{LENS}",
    }
)

PATTERNED = frozenset((*PATTERNS, *ROLES))
"""The kinds of which a phrase can be made."""

PREPOSITION = re.compile(r"(in|on|at|under|by|with|during|near|among|inside|after|before|along|lit|through|amid) ")
ADJECTIVE = re.compile(r"(y|ing|ed|ful|less|ous|ic|al|id|clear|overcast|hot|cold|warm|mild|dry|wet|calm|bright|dark)$")
STUFF = re.compile(r"(rain|snow|fog|mist|haze|drizzle|sleet|hail|frost|sunshine|sunlight|lightning|wind|smog|[^s]s)$")
NOT_ADJECTIVE = re.compile(r"\b(sky|lightning|flurry|sunny day|rainy day|spell|clearing)$")
LIGHT = re.compile(r"(light|lighting|lights|dark|darkness|glow|shadows?)$")
SURFACES = re.compile(
    r"\b(beach|street|road|bridge|island|mountain|hill|roof|rooftop|farm|runway|platform|boat|ship|coast|shore|deck|"
    r"stage|court|pier|dock|highway|path|trail|terrace|balcony|porch|cliff|field|plateau|sidewalk|playground)$"
)


def make_phrase(kind: str, name: str) -> str:
    """Makes the phrase that completes "The scene takes place ...", "The scene is ..." or "The picture is ...".

    >>> [make_phrase("weather", "stormy"), make_phrase("location", "attic"), make_phrase("aperture", "f/4")]
    ['in stormy weather', 'in an attic', 'shot at f/4']
    """
    name = normalize_name(kind, name)
    if PREPOSITION.match(name) or (kind not in PATTERNED and stands_alone(name)):
        return name
    if kind == "weather":
        return _make_weather(name)
    if kind == "location":
        return f"{'on' if SURFACES.search(name) else 'in'} {add_article(name)}"
    if kind == "lighting":
        return f"{'in' if LIGHT.search(name) else 'lit by'} {name}"
    if kind == "time_of_day" and re.search(r"(morning|afternoon|evening)$", name):
        return f"in the {name}"
    if kind == "genre" and name.endswith("genre"):
        return f"done in the {name}"
    if kind in NOUNS and not name.endswith(NOUNS[kind][1]):
        name = f"{name} {NOUNS[kind][0]}"
    pattern = PATTERNS.get(kind, "with {}")
    return fill_pattern(pattern, name)


def stands_alone(name: str) -> bool:
    """Tells whether a name follows "The picture is" as it stands: in deep shadow, lit by neon."""
    return PREPOSITION.match(name) is not None or re.match(r"\S+(ed|ing) ", name) is not None


def fill_pattern(phrase: str, name: str) -> str:
    """Puts a name, or the name with its article, where a phrase has `{}` or `{a}`."""
    return phrase.replace("{a}", add_article(name)).replace("{}", name) if "{" in phrase else phrase


def normalize_name(kind: str, name: str) -> str:
    """Writes numbers of cameras as the shipped names do: `ISO 100`, `f/4`, `85mm`."""
    if kind == "iso" and re.fullmatch(r"\d+", name):
        return f"ISO {name}"
    if kind == "aperture":
        return re.sub(r"^[fF]?\s*/?\s*(?=\d+(\.\d+)?$)", "f/", name)
    if kind == "focal_length":
        return re.sub(r"^(\d+(?:[.-]\d+)?)\s*mm(\s+lens)?$", r"\1mm", name)
    return name


def add_article(name: str) -> str:
    """Puts `a` or `an` before a name, unless it has an article or looks like a plural."""
    if re.match(r"(the|a|an|some|one|two|three) ", name.lower()) or is_plural(name):
        return name
    return f"{choose_article(name)} {name}"


def _make_weather(name: str) -> str:
    if name.endswith("weather"):
        return f"in {name}"
    if name.endswith(("sky", "skies", "clouds")):
        return f"under {add_article(name)}"
    if STUFF.search(name):
        return f"in {name}"
    if ADJECTIVE.search(name) and not NOT_ADJECTIVE.search(name):
        return f"in {name} weather"
    return f"in {add_article(name)}"


def choose_role(kind: str) -> str:
    """Chooses `setting`, `light` or `picture`: which sentence the phrase completes."""
    return ROLES.get(kind, "picture")


def choose_modality(kind: str) -> str:
    """Chooses what can have this kind of scene attribute."""
    return MODALITIES.get(kind, "image|video|3d")
