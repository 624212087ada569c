"""Sentences about words of a user agree: article, number, verb. What is right is written down here, word by word.

Nothing here asks the package how a word is said. A table is drawn from words whose forms are known, captions and
questions are made of it through the public API, and every noun phrase and every verb that stands beside one is read.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import generate_any_scene
import pytest

COUNTED = {
    "animal": {"wug": "wugs", "ox": "oxen", "sheep": "sheep", "goose": "geese", "wolf": "wolves", "mouse": "mice"},
    "person": {"child": "children", "grandchild": "grandchildren", "policewoman": "policewomen", "thief": "thieves"},
    "device": {"knife": "knives", "branding iron": "branding irons", "hourglass": "hourglasses", "lens": "lenses"},
    "container": {"box": "boxes", "tray": "trays", "tankard": "tankards"},
    "vehicle": {"bus": "buses", "ferry": "ferries", "hovercraft": "hovercraft"},
    "food|solid_food": {"\u00e9clair": "\u00e9clairs", "loaf": "loaves", "cherry": "cherries", "potato": "potatoes"},
    "artifact": {"shelf": "shelves", "badge": "badges", "trophy": "trophies", "church key": "church keys"},
    "plant": {"leaf": "leaves", "cactus": "cactuses|cacti", "iris": "irises"},
}
"""Heads of each kind, with their plurals."""
STUFF = {
    "furniture": "furniture",
    "artifact": "luggage equipment jewelry pottery",
    "food": "rice flour",
    "fabric": "lace",
}
PAIRS = {"clothing": "trousers jeans tights", "device": "scissors binoculars tongs"}
UNIQUE = ("Mona Lisa", "Eiffel Tower", "Moon", "Statue of Liberty")
BEFORE = {
    **dict.fromkeys(("wooden", "used", "European", "one-eyed", "uniform", "NASA", "UFO-shaped", "7-inch", "big"), "a"),
    **dict.fromkeys(
        ("unusual", "old", "LED-lit", "8-inch", "heirloom", "MRI-safe", "elegant", "\u00e9lite", "hourly"), "an"
    ),
}
"""First words, with the articles that they have."""
AFTER = (
    "",
    "",
    "with a blue stripe",
    "made of brass",
    "lying in the sun",
    "of the royal house",
    "from Oslo",
    "held by nobody",
)
VOWELS = "aeiou\u00e9"
SOUNDED = {**BEFORE, "unused": "an", "useful": "a", "one-piece": "a", "orange": "an"}
RELATIONS = {"haunts": "haunt", "gently leans on": "gently lean on", "carries": "carry", "watches": "watch"}
NUMERALS = "two|three|four|five|six|seven|eight|nine|ten|many"
DETERMINER = re.compile(rf"\b(a|an|another|some|more|the|any|this|{NUMERALS})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Word:
    """A name, its plurals, and whether it is `count`, `mass`, `plural` or `unique`."""

    name: str
    kinds: str
    sort: str
    plurals: tuple[str, ...] = ()


def draw_words(draw: random.Random, number: int) -> list[Word]:
    """Names of several words each, so that none of them is part of a shipped name."""
    words = {}
    while len(words) < number:
        before, after, sort = (
            draw.choice(list(BEFORE)),
            draw.choice(AFTER),
            draw.choice(("count",) * 4 + ("mass", "plural")),
        )
        if sort == "count":
            kinds = draw.choice(list(COUNTED))
            head, plurals = draw.choice(list(COUNTED[kinds].items()))
            if draw.random() < 0.2:
                head, kinds, plurals = "pair of scissors", "device", "pairs of scissors"
        else:
            kinds, heads = draw.choice(list((STUFF if sort == "mass" else PAIRS).items()))
            head, plurals = draw.choice(heads.split()), ""
        name, *several = (f"{before} {form} {after}".strip() for form in (head, *filter(None, plurals.split("|"))))
        words[name] = Word(name, kinds, sort, tuple(several))
    unique = draw.choice(UNIQUE)
    return [*words.values(), Word(unique, "artwork", "unique")]


def write_tables(folder: Path, words: list[Word]) -> None:
    rows = [
        f"my.{place}\t{word.name}\tmy.shop\t{word.kinds}\t{'the' * (word.sort == 'unique')}"
        for place, word in enumerate(words)
    ]
    tables = {
        "objects": ["id\tname\tparent\tkinds\tarticle", "my.shop\tshop article\tartifact.n.01\tartifact\t", *rows],
        "attributes": [
            "id\tkind\tname\tapplies_to",
            *(f"my.{name}\tstate\t{name}\tany" for name in ("unused", "useful", "one-piece")),
        ],
        "relations": [
            "id\tcategory\tpredicate",
            *(f"my.{place}\tsymbolic\t{verb}" for place, verb in enumerate(RELATIONS)),
        ],
    }
    for table, lines in tables.items():
        (folder / f"{table}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def find_phrases(text: str, words: list[Word]) -> Iterator[tuple[Word, bool, re.Match, str, str, str]]:
    """Finds noun phrases: the word, whether a plural stands there, where, its determiner, and what is beside it."""
    forms = {form: (word, form != word.name) for word in words for form in (word.name, *word.plurals)}
    pattern = "|".join(map(re.escape, sorted(forms, key=len, reverse=True)))
    for found in re.finditer(rf"(?<![\w-])({pattern})(?![\w-])", text):
        before = re.split(r"[,:;.]", text[: found.start()])[-1]
        determiners = list(DETERMINER.finditer(before))
        if determiners:
            last = determiners[-1]
            word, several = forms[found[1]]
            between = before[last.end() :].strip()
            lead = text[: found.start() - len(before) + last.start()]
            yield word, several, found, last[1], between, lead


def list_faults(text: str, words: list[Word], seen: Counter[str]) -> Iterator[str]:
    for word, several, found, determiner, between, lead in find_phrases(text, words):
        low, one = determiner.lower(), word.sort == "count" and not several
        seen[f"{word.sort} {low}"] += 1
        # "Sheep" is a plural of its own.
        plural = several or word.name in word.plurals
        first = (between or word.name).split()[0]
        vowel = SOUNDED.get(first, "an" if first[0].lower() in VOWELS else "a")
        fits = {
            "a": one and vowel == "a",
            "an": one and vowel == "an",
            "another": one,
            "some": word.sort in ("mass", "plural"),
            "more": word.sort in ("mass", "plural"),
            "any": word.sort in ("mass", "plural") or plural,
            "the": True,
        }.get(low, plural)
        if not fits or (word.sort == "unique" and low != "the"):
            yield f"{determiner} {between} {found[1]}"
        if low == "the" and word.name in word.plurals:
            continue
        is_several = word.sort == "plural" or (plural and low not in ("a", "an", "another"))
        if verb := re.search(r"\b(is|are|does|do) (?:there )?(?:also )?$", lead, re.IGNORECASE):
            seen[f"{word.sort} verb before"] += 1
            if (verb[1].lower() in ("are", "do")) != is_several:
                yield f"{verb[0]}{determiner} {between} {found[1]}"
        if verb := re.match(
            r" (is|are|does|do|gently leans?|haunts?|carry|carries|watch|watches)\b", text[found.end() :]
        ):
            bases = ("are", "do", "gently lean", "haunt", "carry", "watch")
            joined = re.search(r"(,|\band) $", lead)
            seen[f"{word.sort} verb after"] += 1
            if (
                (verb[1] in bases) != is_several
                and not (joined and verb[1] in bases)
                and not asks(text, found.start())
            ):
                yield f"{determiner} {between} {found[1]}{verb[0]}"


def asks(text: str, place: int) -> bool:
    """Whether a question's verb stands before the phrase: what follows it has no ending ("Does the wug carry")."""
    return re.search(r"\b(do|does)\b[^.?]*$", text[:place], re.IGNORECASE) is not None


def find_faults(folder: Path, seed: int, scenes: int, seen: Counter[str]) -> list[str]:
    words = draw_words(random.Random(seed), 12)
    (folder / "mine").mkdir(parents=True)
    write_tables(folder / "mine", words)
    recipe = folder / "shop.yaml"
    recipe.write_text(
        "name: shop\nextends: base\ntaxonomy: [default, ./mine]\nstructure: {complexity: [2, 4]}\n"
        "content: {objects: {under: [my.shop], copies: [1, 3]}, relations: {categories: [symbolic]},\n"
        "  attributes: {kinds: [state, color], max_per_object: 1}}\nsplits: {train: 1000}\n"
    )
    faults = []
    for index in range(scenes):
        row = generate_any_scene.scene(recipe, index)
        for text in (row["caption"], *(question["question"] for question in row["questions"])):
            faults += [f"{fault!r} in {text!r}" for fault in list_faults(text, words, seen)]
    return faults


def test_sentences_of_drawn_words_agree(tmp_path: Path) -> None:
    seen = Counter[str]()
    assert find_faults(tmp_path, 1, 25, seen) == []
    assert seen.total() > 300


@pytest.mark.slow
def test_sentences_of_many_drawn_words_agree(tmp_path: Path) -> None:
    seen = Counter[str]()
    faults = [fault for seed in range(2, 22) for fault in find_faults(tmp_path / str(seed), seed, 60, seen)]
    assert faults == []
    assert all(
        seen[f"{sort} verb {where}"] > 20 for sort in ("count", "mass", "plural") for where in ("before", "after")
    )


@pytest.mark.parametrize(
    "text",
    [
        "A unusual wug is shown.",
        "There are an unusual wug.",
        "How many unusual wug are there in the picture?",
        "Is there some unusual wugs in the picture?",
        "An old rice is shown.",
        "Some old rice are left of an unusual wug.",
        "Is the old rice useful? Are the old rice useful?",
        "Some big jeans is useful.",
        "An unusual wug haunt the Moon.",
        "A Moon is shown.",
    ],
)
def test_what_does_not_agree_is_seen(text: str) -> None:
    words = [
        Word("unusual wug", "animal", "count", ("unusual wugs",)),
        Word("old rice", "food", "mass"),
        Word("big jeans", "clothing", "plural"),
        Word("Moon", "sky", "unique"),
    ]
    assert list(list_faults(text, words, Counter()))
