"""Words scenes anew by rules of its own, and plants errors: what is worded is another scene."""

import copy
import re

from generate_any_scene.taxonomy.english.numerals import write_number

ERRORS = (
    "attribute dropped",
    "object dropped",
    "relation dropped",
    "scene attribute dropped",
    "attribute added",
    "object added",
    "relation added",
    "scene attribute added",
    "attribute exchanged",
    "object exchanged",
    "relation exchanged",
    "scene attribute exchanged",
    "relation mirrored",
    "relation moved",
    "attributes swapped",
    "attribute moved",
    "count changed",
)


class Worder:
    """Words rows with a random number generator, by the words of a taxonomy."""

    def __init__(self, taxonomy, random):
        self.random = random
        self.objects = {row["id"]: row for row in taxonomy.objects.to_pylist()}
        self.attributes = {(row["kind"], row["name"]): row for row in taxonomy.attributes.to_pylist()}
        self.relations = {(row["category"], row["predicate"]): row for row in taxonomy.relations.to_pylist()}
        self.relation_ids = {row["id"]: row for row in self.relations.values()}
        self.phrases = {(row["kind"], row["name"]): row["phrase"] for row in taxonomy.scene_attributes.to_pylist()}
        self.common = [row for row in self.objects.values() if row["tier"] == "common"]
        self.scenes = [
            row for row in taxonomy.scene_attributes.to_pylist() if row["tier"] == "common" and row["visible"] == "yes"
        ]

    # --- texts

    def word(self, row):
        """A text that says what a row does."""
        self.row, self.things, self.named = row, row["scene_graph"]["objects"], set()
        parts = [self.say_relation(one) for one in self.shuffle(row["scene_graph"]["relations"])]
        alone = self.shuffle([number for number in range(len(self.things)) if number not in self.named])
        if alone:
            listed = self.list([self.name(number) for number in alone])
            many = len(alone) > 1 or self.things[alone[0]]["count"] > 1
            starts = ["The picture also shows {}.", "There is also {}."] if parts else ["A picture of {}.", "{}."]
            ends = ["{} are also shown.", "{} can be seen as well."] if many else ["{} is there, too."]
            parts.append(self.pick([*starts, *(ends if parts else [])]).format(listed))
        phrases = [self.phrases[one["kind"], one["value"]] for one in row["scene_attributes"]]
        for phrase in self.shuffle(phrases):
            place = self.random.randrange(2)
            parts.insert(len(parts) * place, f"The picture is {phrase}." if place else f"This is a picture {phrase}.")
        return " ".join(part[0].upper() + part[1:] for part in parts)

    def say_relation(self, one):
        """A sentence."""
        row = self.relations[one["category"], one["predicate"]]
        subject, target, predicate = one["subject"], one["object"], one["predicate"]
        turned = self.relation_ids.get(row["inverse"])
        if turned and not turned["finite"] and self.random.random() < 0.5:
            subject, target, row, predicate = target, subject, turned, turned["predicate"]
        be = "are" if self.is_plural(subject) else "is"
        finite = (row["finite_plural"] if be == "are" else row["finite"]) if row["finite"] else f"{be} {predicate}"
        place = not row["finite"] and predicate.split()[0] in ("in", "on", "behind", "next", "above", "below", "near")
        if place and self.random.random() < 0.5:
            return f"{predicate} {self.name(target)} {be} {self.name(subject)}."
        if self.random.random() < 0.3:
            return f"there {be} {self.name(subject)} that {finite} {self.name(target)}."
        return f"{self.name(subject)} {finite} {self.name(target)}."

    def name(self, number):
        """A mention, with everything that is said of an object where it is named first."""
        thing, row = self.things[number], self.objects[self.things[number]["concept"]]
        name = row["plural"] if thing["count"] > 1 else thing["name"]
        if number in self.named:
            return f"the {name}"
        self.named.add(number)
        before, behind = [], []
        for one in self.shuffle(thing["attributes"]):
            found = self.attributes[one["kind"], one["value"]]
            last = found["position"] != "before" or self.random.random() < 0.2
            (behind if last else before).append(found["adjective"])
        words = f"{self.pick([', ', ' ']).join(before)} {name}".strip()
        some = row["countability"] != "count" or row["plural"] == ""
        lead = write_number(thing["count"]) if thing["count"] > 1 else "some" if some else self.article(words)
        be = "are" if self.is_plural(number) else "is"
        return f"{lead} {words}" + (f" that {be} {self.list(behind)}" if behind else "")

    def article(self, words):
        return "an" if words[0].lower() in "aeiou" else "a"

    def is_plural(self, number):
        thing = self.things[number]
        return thing["count"] > 1 or self.objects[thing["concept"]]["countability"] == "plural"

    def list(self, texts):
        return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"

    def pick(self, some):
        return self.random.choice(some)

    def shuffle(self, some):
        return self.random.sample(some, len(some))

    # --- errors

    def plant(self, row, error):
        """A row with one thing otherwise; None where that cannot be."""
        row = copy.deepcopy(row)
        done = getattr(self, error.replace(" ", "_"))(
            row, row["scene_graph"]["objects"], row["scene_graph"]["relations"]
        )
        return row if done else None

    def attribute_dropped(self, row, things, relations):
        some = [thing for thing in things if thing["attributes"]]
        return bool(some) and self.drop(self.pick(some)["attributes"])

    def object_dropped(self, row, things, relations):
        ends = {one[end] for one in relations for end in ("subject", "object")}
        some = [number for number in range(len(things)) if number not in ends and len(things) > 1]
        if not some:
            return False
        gone = self.pick(some)
        del things[gone]
        for one in relations:
            one.update({end: one[end] - (one[end] > gone) for end in ("subject", "object")})
        return True

    def relation_dropped(self, row, things, relations):
        return bool(relations) and self.drop(relations)

    def scene_attribute_dropped(self, row, things, relations):
        return bool(row["scene_attributes"]) and self.drop(row["scene_attributes"])

    def drop(self, some):
        some.pop(self.random.randrange(len(some)))
        return True

    def attribute_added(self, row, things, relations):
        thing = self.pick(things)
        own = {one["value"] for one in thing["attributes"]}
        new = self.pick(
            [row for row in self.attributes.values() if row["tier"] == "common" and row["name"] not in own]
        )
        thing["attributes"].append({"kind": new["kind"], "value": new["name"]})
        return True

    def object_added(self, row, things, relations):
        new = self.choose_object(things)
        things.append({"name": new["name"], "concept": new["id"], "attributes": [], "count": 1})
        return True

    def choose_object(self, things):
        names = {word for thing in things for word in thing["name"].lower().split()}
        return self.pick([row for row in self.common if not names & {*row["name"].lower().split()}])

    def relation_added(self, row, things, relations):
        if len(things) < 2:
            return False
        subject, target = self.random.sample(range(len(things)), 2)
        if any({one["subject"], one["object"]} == {subject, target} for one in relations):
            return False
        new = self.choose_relation(None)
        relations.append(
            {"subject": subject, "object": target, "predicate": new["predicate"], "category": new["category"]}
        )
        return True

    def choose_relation(self, old):
        some = [row for row in self.relations.values() if row["tier"] == "common" and row["visible"] == "yes"]
        if old:
            some = [row for row in some if row["predicate"] in old["excludes"].split("|")]
        return self.pick(some) if some else None

    def scene_attribute_added(self, row, things, relations):
        kinds = {one["kind"] for one in row["scene_attributes"]}
        new = self.pick([one for one in self.scenes if one["kind"] not in kinds and "image" in one["modality"]])
        row["scene_attributes"].append({"kind": new["kind"], "value": new["name"]})
        return True

    def attribute_exchanged(self, row, things, relations):
        some = [one for thing in things for one in thing["attributes"]]
        if not some:
            return False
        one = self.pick(some)
        near = self.attributes[one["kind"], one["value"]]["near"].split("|")
        others = [
            row
            for row in self.attributes.values()
            if row["kind"] == one["kind"] and row["name"] != one["value"] and row["id"] not in near
        ]
        one["value"] = self.pick(others)["name"]
        return True

    def object_exchanged(self, row, things, relations):
        thing = self.pick(things)
        new = self.choose_object(things)
        if new["countability"] != "count":
            return False
        thing.update(name=new["name"], concept=new["id"])
        return True

    def relation_exchanged(self, row, things, relations):
        if not relations:
            return False
        one = self.pick(relations)
        new = self.choose_relation(self.relations[one["category"], one["predicate"]])
        if new:
            one.update(predicate=new["predicate"], category=new["category"])
        return bool(new)

    def scene_attribute_exchanged(self, row, things, relations):
        if not row["scene_attributes"]:
            return False
        one = self.pick(row["scene_attributes"])
        others = [new for new in self.scenes if new["kind"] == one["kind"] and new["name"] != one["value"]]
        one["value"] = self.pick(others)["name"]
        return True

    def relation_mirrored(self, row, things, relations):
        some = [one for one in relations if not self.relations[one["category"], one["predicate"]]["symmetric"]]
        if not some:
            return False
        one = self.pick(some)
        one["subject"], one["object"] = one["object"], one["subject"]
        return True

    def relation_moved(self, row, things, relations):
        if not relations or len(things) < 3:
            return False
        one, end = self.pick(relations), self.pick(["subject", "object"])
        one[end] = self.pick(
            [number for number in range(len(things)) if number not in (one["subject"], one["object"])]
        )
        return True

    def attributes_swapped(self, row, things, relations):
        some = [thing for thing in things if thing["attributes"]]
        if not some or len(things) < 2:
            return False
        one = self.pick(some)
        other = self.pick([thing for thing in things if thing is not one])
        if one["attributes"] == other["attributes"]:
            return False
        one["attributes"], other["attributes"] = other["attributes"], one["attributes"]
        return True

    def attribute_moved(self, row, things, relations):
        some = [thing for thing in things if thing["attributes"]]
        if not some or len(things) < 2:
            return False
        one = self.pick(some)
        moved = one["attributes"].pop()
        self.pick([thing for thing in things if thing is not one])["attributes"].append(moved)
        return True

    def count_changed(self, row, things, relations):
        some = [thing for thing in things if self.objects[thing["concept"]]["countability"] == "count"]
        if not some:
            return False
        thing = self.pick(some)
        thing["count"] = self.pick([number for number in range(1, 7) if number != thing["count"]])
        return True

    # --- errors in a text

    def spoil(self, row, text):
        """A text with some of its words otherwise, so that it says something else of a row; None where none is."""
        things = row["scene_graph"]["objects"]
        names = [(thing, self.list_names(thing)) for thing in things]
        how = self.pick(["swap", "exchange", "attribute", "number", "insert", "drop"])
        if how == "swap":
            return self.swap(row, text, names)
        if how == "number":
            found = re.search(r"\b(two|three|four|five|six)\b", text)
            new = self.pick(["seven", "eight", "nine"])
            return text[: found.start()] + new + text[found.end() :] if found else None
        if how == "exchange":
            return self.replace(text, self.pick(names)[1][0], self.choose_object(things)["name"])
        values = [self.attributes[one["kind"], one["value"]] for thing in things for one in thing["attributes"]]
        words = [one["adjective"] for one in values]
        if how == "insert":
            some = [row["adjective"] for row in self.attributes.values() if row["tier"] == "common"]
            new = self.pick([one for one in some if one not in words])
            name = self.pick(names)[1][0]
            return self.replace(text, name, f"{new} {name}")
        if not values:
            return None
        one = self.pick(values)
        others = [row for row in self.attributes.values() if row["kind"] == one["kind"] and row["tier"] == "common"]
        others = [row["adjective"] for row in others if row["adjective"] not in words and row["id"] not in one["near"]]
        new = self.pick(others) if how == "attribute" and others else ""
        return self.replace(text, one["adjective"], new) if words.count(one["adjective"]) == 1 else None

    def list_names(self, thing):
        row = self.objects[thing["concept"]]
        return [row["plural"] if thing["count"] > 1 else thing["name"], thing["name"].split()[-1]]

    def replace(self, text, old, new):
        changed = re.sub(rf"\b{re.escape(old)}\b", new, text, flags=re.IGNORECASE)
        return " ".join(changed.split()) if changed != text else None

    def swap(self, row, text, names):
        """The two ends of a relation that is not symmetric, each in the other's place."""
        graph = row["scene_graph"]
        some = [
            one for one in graph["relations"] if not self.relations[one["category"], one["predicate"]]["symmetric"]
        ]
        if not some:
            return None
        one = self.pick(some)
        found, others = (names[one[end]][1] for end in ("subject", "object"))
        words = {
            name.lower(): other for name, other in [*zip(others, found, strict=True), *zip(found, others, strict=True)]
        }
        pattern = "|".join(re.escape(name) for name in sorted(words, key=len, reverse=True))
        return re.sub(rf"\b({pattern})\b", lambda match: words[match[0].lower()], text, flags=re.IGNORECASE)
