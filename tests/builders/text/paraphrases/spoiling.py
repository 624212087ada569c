"""Changes a few words of right texts, in many places, so that they say something else of their scenes."""

import random
import re

OPPOSITES = (
    ("left", "right"),
    ("above", "below"),
    ("over", "under"),
    ("in front of", "behind"),
    ("taller", "shorter"),
    ("bigger", "smaller"),
    ("higher", "lower"),
)
ADVERBS = r"\b(slightly|(?<!as )well(?! as)|far|just|directly|immediately|partly|angrily) "
NUMBERS = ("two", "three", "four", "five", "six", "seven")
NEGATIONS = (
    (r"\b(is|are)\b", r"\1 not"),
    (r"\bwith\b", "without"),
    (r"\b(has|have)\b", "lacks"),
    (r"\b(a|an)\b", "no"),
)
STRANGERS = ("dog", "lamp", "balloon", "tree", "child")


class Spoiler:
    """Spoils texts with a random number generator, by the relations of a taxonomy."""

    def __init__(self, taxonomy, seed):
        relations = taxonomy.relations.to_pylist()
        self.symmetric = {(row["category"], row["predicate"]) for row in relations if row["symmetric"]}
        self.countable = {
            row["id"] for row in taxonomy.objects.to_pylist() if row["countability"] == "count" and row["plural"]
        }
        self.random = random.Random(seed)

    def turn_relation(self, row, text):
        """The two ends of a relation, each in the other's place, also in the passive or with "it"."""
        things = row["scene_graph"]["objects"]
        some = [
            (things[one["subject"]]["name"], things[one["object"]]["name"])
            for one in row["scene_graph"]["relations"]
            if (one["category"], one["predicate"]) not in self.symmetric
        ]
        some = [pair for pair in some if pair[0] != pair[1] and all(has_word(text, name) for name in pair)]
        return swap(text, *self.random.choice(some)) if some else None

    def say_the_opposite(self, row, text):
        some = [pair for pair in OPPOSITES if has_word(text, pair[0]) != has_word(text, pair[1])]
        return swap(text, *self.random.choice(some)) if some else None

    def swap_attributes(self, row, text):
        some = [
            (number, one["value"])
            for number, thing in enumerate(row["scene_graph"]["objects"])
            for one in thing["attributes"]
            if has_word(text, one["value"])
        ]
        pairs = [(a, b) for one, a in some for other, b in some if one < other and a != b]
        return swap(text, *self.random.choice(pairs)) if pairs else None

    def drop_attribute(self, row, text):
        values = [one["value"] for thing in row["scene_graph"]["objects"] for one in thing["attributes"]]
        some = [one for one in values if values.count(one) == len(find_words(text, one)) == 1]
        return replace(text, self.random.choice(some), "") if some else None

    def drop_adverb(self, row, text):
        return self.change_one(text, ADVERBS, "")

    def add_object(self, row, text):
        name = self.random.choice([one for one in STRANGERS if one not in text])
        changed = [
            f"{text.rstrip('.')}, with a {name} nearby.",
            f"{text} There is a {name} too.",
            f"{text} It has a {name} behind it.",
            re.sub(r"\b(and|with) ", rf"\1 a {name} and ", text, count=1),
        ]
        return self.random.choice(changed)

    def change_number(self, row, text):
        if found := re.search(rf"\b({'|'.join(NUMBERS)})\b", text):
            new = self.random.choice([one for one in NUMBERS if one != found[0]])
            return text[: found.start()] + new + text[found.end() :]
        return self.change_one(text, r"\b([Aa]|[Aa]n)\b", self.random.choice(["two", "three", "several"]))

    def negate(self, row, text):
        return self.change_one(text, *self.random.choice(NEGATIONS))

    def change_pronoun(self, row, text):
        """Another number, where each thing is one that can be counted."""
        if any(one["count"] > 1 or one["concept"] not in self.countable for one in row["scene_graph"]["objects"]):
            return None
        return self.change_one(text, r"\b(it|him|her)\b", "them")

    def change_one(self, text, pattern, new):
        """One of the places that a pattern has, with other words."""
        if not (found := list(re.finditer(pattern, text))):
            return None
        one = self.random.choice(found)
        return text[: one.start()] + one.expand(new) + text[one.end() :]


SHAPES = (
    Spoiler.turn_relation,
    Spoiler.say_the_opposite,
    Spoiler.swap_attributes,
    Spoiler.drop_attribute,
    Spoiler.drop_adverb,
    Spoiler.add_object,
    Spoiler.change_number,
    Spoiler.negate,
    Spoiler.change_pronoun,
)


def find_words(text, words):
    return re.findall(rf"\b{re.escape(words)}\b", text, flags=re.IGNORECASE)


def has_word(text, words):
    return bool(find_words(text, words))


def replace(text, old, new):
    return " ".join(re.sub(rf"\b{re.escape(old)}\b", new, text, flags=re.IGNORECASE).split())


def swap(text, one, other):
    others = {one.lower(): other, other.lower(): one}
    pattern = "|".join(re.escape(name) for name in sorted(others, key=len, reverse=True))
    return re.sub(rf"\b({pattern})\b", lambda found: others[found[0].lower()], text, flags=re.IGNORECASE)
