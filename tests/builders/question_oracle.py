"""Answers questions from a scene graph and their own words, knowing nothing of the code that asks them.

Every kind of question has a method here, `answer_<kind>(row, text, form, choices)`, which yields every answer that the
text allows in the row's scene; there is one, if the question is a good one.
"""

import functools
import re

ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
OPEN = {
    "What color": "color",
    "What shape": "shape",
    "What size": "size",
    "What is the texture of": "texture",
    "What is the architectural style of": "architecture",
}
MEDIUM = "(?:picture|video|3D model)"
OPEN_SCENE = {
    "Where does the scene take place": "location",
    "What is the weather": "weather",
    "At what time does the scene take place": "time_of_day",
    "What is the lighting of the scene": "lighting",
    f"Which artist's style does the {MEDIUM} have": "artist",
    f"In what style of painting is the {MEDIUM}": "painting_style",
    f"With what technique was the {MEDIUM} made": "technique",
    f"What is the genre of the {MEDIUM}": "genre",
    "From what view is the scene shown": "view",
    f"What is the shot size of the {MEDIUM}": "shot_size",
    f"Which camera was the {MEDIUM} taken with": "camera_model",
    f"At what aperture was the {MEDIUM} taken": "aperture",
    f"At what focal length was the {MEDIUM} taken": "focal_length",
    f"At what ISO was the {MEDIUM} taken": "iso",
    f"What is the depth of field of the {MEDIUM}": "depth_of_field",
    f"What is the editing style of the {MEDIUM}": "editing_style",
    "What is the movement of the camera": "camera_movement",
    f"What kind of camera rig was the {MEDIUM} filmed with": "camera_rig",
    f"What span of time does the {MEDIUM} cover": "time_span",
    f"What is the style of the {MEDIUM}": "three_d_style",
    f"How is the {MEDIUM} lit": "three_d_lighting",
    f"What view of the {MEDIUM} is shown": "three_d_view",
}
HEDGES = ("almost", "half", "halfway", "nearly", "not quite", "partly")


class Oracle:
    """Answers questions about a row from its scene graph, its scene attributes and the taxonomy, and nothing else."""

    def __init__(self, taxonomy):
        objects = taxonomy.objects.to_pylist()
        self.parents = {row["id"]: row["parent"] for row in objects}
        self.by_name, self.by_plural = {}, {}
        for row in objects:
            self.by_name.setdefault(row["name"], set()).add(row["id"])
            self.by_plural.setdefault(row["plural"], set()).add(row["id"])
        self.countability = {row["id"]: row["countability"] for row in objects}
        self.read_kinship(objects, taxonomy.scene_attributes.to_pylist())
        attributes = taxonomy.attributes.to_pylist()
        self.adjective = {(row["kind"], row["name"]): row["adjective"] for row in attributes}
        self.adjectives = set(self.adjective.values())
        self.near_attributes = {(row["kind"], row["name"]): set(row["near"].split("|")) for row in attributes}
        self.attribute_ids = {(row["kind"], row["name"]): row["id"] for row in attributes}
        self.read_relations(taxonomy.relations.to_pylist())
        self.phrase = {(row["kind"], row["name"]): row["phrase"] for row in taxonomy.scene_attributes.to_pylist()}
        self.phrases = set(self.phrase.values())
        self.forms = {}
        for table, *columns in (
            (objects, "name", "plural"),
            (attributes, "name", "adjective"),
            (taxonomy.relations.to_pylist(), "predicate", "finite_plural"),
            (taxonomy.scene_attributes.to_pylist(), "name", "phrase"),
        ):
            for row in table:
                self.forms.setdefault(row[columns[0]], set()).update(filter(None, (row[name] for name in columns)))

    def read_kinship(self, objects, scene_attributes):
        for name in ("names_above", "wholes_of", "shows"):
            setattr(self, name, functools.cache(getattr(self, name)))
        self.object_rows = {row["id"]: row for row in objects}
        self.near_objects, self.parts = {}, {}
        for row in objects:
            for other in filter(None, row["near"].split("|")):
                self.near_objects.setdefault(row["id"], set()).add(other)
                self.near_objects.setdefault(other, set()).add(row["id"])
            for whole in filter(None, row["part_of"].split("|")):
                for name in (row["name"], *self.names_above(row["id"])):
                    # A part by its own name goes down to its kinds; by the names above it, it stays what it is.
                    self.parts.setdefault((name, name == row["name"]), set()).add(whole)
        self.shown_by_scene = {(row["kind"], row["name"]): row["shows"].split("|") for row in scene_attributes}

    def names_above(self, concept):
        return frozenset(self.object_rows[one]["name"] for one in self.climb(concept))

    def wholes_of(self, concept):
        """Ids and kinds of what shows an object: as the part that it is, or a kind of, or that is called so."""
        own = self.object_rows[concept]["name"]
        named = [self.parts.get((name, True), ()) for name in self.names_above(concept)]
        return frozenset().union(*named, self.parts.get((own, False), ()))

    def find_near(self, concept):
        near = next((self.near_objects[one] for one in self.climb(concept) if one in self.near_objects), set())
        return {one for one in near if one in self.object_rows}

    def find_holder(self, concept):
        return next((one for one in self.climb(concept) if one in self.near_objects), None)

    def shows(self, there, other):
        """Whether a picture of one object may show another one: by its names, by what is near it, by its parts."""
        names = [self.object_rows[one]["name"] for one in (there, other)]
        if names[0] in self.names_above(other) or names[1] in self.names_above(there):
            return True
        for name, one, another in ((names[1], there, other), (names[0], other, there)):
            near = self.find_near(one)
            if self.find_holder(another) in near or any(name in self.names_above(some) for some in near):
                return True
        rows = [self.object_rows[one] for one in (there, other)]
        if all("person" in row["kinds"].split("|") for row in rows) and any(row["visible"] != "yes" for row in rows):
            return True
        kinds = set(rows[0]["kinds"].split("|"))
        if not self.wholes_of(other).isdisjoint({*self.climb(there), *kinds}):
            return True
        return not {one for one in self.wholes_of(there) if "." in one}.isdisjoint(self.climb(other))

    def may_show(self, row, concepts):
        """Whether something in a scene that is none of some objects shows one of them, or may be taken for it."""
        implied = [self.shown_by_scene[one["kind"], one["value"]] for one in row["scene_attributes"]]
        there = [item["concept"] for item in row["scene_graph"]["objects"] if not self.is_one_of(item, concepts)]
        there += [one for shown in implied for one in shown if one in self.object_rows]
        # Of several senses of a word the everyday one is meant.
        meant = {one for one in concepts if self.object_rows[one]["tier"] == "common"} or concepts
        return any(self.shows(one, concept) for one in there for concept in meant)

    def read_relations(self, rows):
        heads = {row["id"]: row["head"] for row in rows}
        self.relations = {(row["category"], row["predicate"]): row for row in rows}
        self.by_base, self.by_singular, self.by_predicate, self.near = {}, {}, {}, {}
        self.excludes = set()
        for row in rows:
            row["inverse_head"] = heads.get(row["inverse"])
            self.by_base.setdefault(row["finite_plural"] or row["predicate"], set()).add(row["head"])
            self.by_singular.setdefault(row["finite"] or f"is {row['predicate']}", set()).add(row["head"])
            self.by_predicate.setdefault(row["predicate"], set()).add(row["head"])
            for name in filter(None, row["excludes"].split("|")):
                self.excludes.update({(row["head"], name), (name, row["head"])})
            for name in filter(None, row["near"].split("|")):
                self.near.setdefault(row["head"], set()).add(name)
                self.near.setdefault(name, set()).add(row["head"])

    def climb(self, concept):
        """A concept and all above it."""
        while concept:
            yield concept
            concept = self.parents[concept]

    def is_one_of(self, item, concepts):
        return any(concept in concepts for concept in self.climb(item["concept"]))

    def list_references(self, row):
        """How questions refer to each object: `the dog`, or `the second dog` in the order of the caption."""
        names = [item["name"] for item in row["scene_graph"]["objects"]]
        elements = dict.fromkeys(mention["element"] for mention in row["mentions"])
        mentioned = [int(element.split("/")[1]) for element in elements if element.startswith("object/")]
        for number, name in enumerate(names):
            alike = [other for other in mentioned if names[other] == name]
            yield f"the {ORDINALS[alike.index(number)]} {name}" if len(alike) > 1 else f"the {name}"

    def split_reference(self, row, text):
        """Every (object, rest of the text) that a text that begins with a reference can mean."""
        for item, reference in zip(row["scene_graph"]["objects"], self.list_references(row), strict=True):
            if text == reference or text.startswith(reference + " "):
                yield item, text[len(reference) + 1 :]

    def answer(self, row, question):
        text = question["question"]
        assert text.endswith("?") and text[0].isupper() and "  " not in text
        answers = self.list_answers(row, question)
        assert len(answers) == 1, f"{text} means {answers or 'nothing'}"
        return answers.pop()

    def list_answers(self, row, question):
        answer = getattr(self, f"answer_{question['kind']}", None)
        assert answer, f"write how questions of the kind {question['kind']} are answered: `answer_{question['kind']}`"
        return set(answer(row, question["question"][:-1], question["form"], question["choices"]))

    def says(self, text, word):
        """Whether a question holds a word that the taxonomy has, in one of the forms in which questions say it."""
        return any(form in text for form in self.forms[word])

    def answer_object(self, row, text, form, choices):
        if form == "multiple_choice":
            assert re.fullmatch(f"Which of these is in the {MEDIUM}", text)
            for choice in choices:
                if any(self.is_one_of(item, self.by_name[choice]) for item in row["scene_graph"]["objects"]):
                    yield choice
                elif self.may_show(row, self.by_name[choice]):
                    yield f"unsure: {choice}"
            return
        found = re.fullmatch(r"(?:Is|Are) there (?:an?|any) (.+) in the (picture|video|3D model)", text)
        there = any(self.is_one_of(item, self.by_name[found[1]]) for item in row["scene_graph"]["objects"])
        yield "yes" if there else "unsure" if self.may_show(row, self.by_name[found[1]]) else "no"

    def answer_count(self, row, text, form, choices):
        plural = re.fullmatch(r"How many (.+) are there in the (?:picture|video|3D model)", text)[1]
        concepts, objects = self.by_plural[plural], row["scene_graph"]["objects"]
        count = sum(self.is_one_of(item, concepts) for item in objects)
        yield "unsure" if self.may_show(row, concepts) else NUMBERS[count]

    def answer_attribute(self, row, text, form, choices):
        if form == "yes_no":
            for item, adjective in self.split_reference(row, re.sub("^(Is|Are) ", "", text)):
                if adjective in self.adjectives:
                    held = {self.adjective[one["kind"], one["value"]] for one in item["attributes"]}
                    yield "yes" if adjective in held else "no"
            return
        if found := re.fullmatch(f"(What|Who) in the {MEDIUM} is (.+)", text):
            yield from self.find_holders(row, found[2])
            return
        made_of = re.fullmatch(r"What (?:is|are) (.+) made of", text)
        describes = re.fullmatch("Which of these describes (.+)", text)
        if describes:
            reference, kind = describes[1], None
        elif made_of:
            reference, kind = made_of[1], "material"
        else:
            opening = next(opening for opening in OPEN if text.startswith(opening))
            reference, kind = re.sub("^ (is|are) ", " ", text.removeprefix(opening)).strip(), OPEN[opening]
        for item, rest in self.split_reference(row, reference):
            if not rest:
                held = {one["value"] for one in item["attributes"] if kind in (None, one["kind"])}
                yield from held & set(choices) if choices else held

    def find_holders(self, row, adjective):
        """Names of the objects that have an attribute or one that may as well be meant."""
        asked = {key for key, word in self.adjective.items() if word == adjective}
        assert asked
        for item in row["scene_graph"]["objects"]:
            for one in item["attributes"]:
                key = one["kind"], one["value"]
                if key in asked or any(self.attribute_ids[other] in self.near_attributes[key] for other in asked):
                    yield item["name"]

    def judge(self, row, subject, heads, target):
        """Whether a relation with one of these heads holds between two objects: yes, no, or unsure."""
        facts, denied = set(), set()
        for relation in row["scene_graph"]["relations"]:
            known = self.relations[relation["category"], relation["predicate"]]
            facts.add((relation["subject"], known["head"], relation["object"]))
            if known["modifier"] not in HEDGES:
                denied |= {(relation["subject"], head, relation["object"]) for head in self.deny(known["head"], heads)}
            if known["asymmetric"]:
                denied.add((relation["object"], known["head"], relation["subject"]))
            if known["symmetric"]:
                facts.add((relation["object"], known["head"], relation["subject"]))
            if known["inverse_head"]:
                facts.add((relation["object"], known["inverse_head"], relation["subject"]))
        if any((subject, head, target) in facts for head in heads):
            return "yes"
        if all((subject, head, target) in denied for head in heads):
            return "no"
        near = set(heads).union(*(self.near.get(head, ()) for head in heads))
        reached, new = set(), {subject}
        while new:  # by one relation, or by a chain of relations of one sort
            reached |= new
            new = {end for start, head, end in facts if start in reached and head in near} - reached
        return "unsure" if target in reached - {subject} else "no"

    def deny(self, stated, heads):
        return [head for head in heads if (stated, head) in self.excludes]

    def list_named(self, row, text):
        """Numbers of the objects that a question with something false names."""
        objects = row["scene_graph"]["objects"]
        numbers = {id(item): number for number, item in enumerate(objects)}
        for subject, rest in self.split_reference(row, re.sub("^(Is|Are|Does|Do) ", "", text[:-1])):
            for words, target in self.split_end(row, rest):
                if words in self.by_base:
                    return {numbers[id(subject)], target}
        return {
            numbers[id(subject)]
            for subject, rest in self.split_reference(row, re.sub("^(Is|Are|Does|Do) ", "", text[:-1]))
            for cut in re.finditer(" (?:an?|any) ", rest)
            if rest[: cut.start()] in self.by_base
        }

    def split_end(self, row, text):
        """Every (words, number of an object) that a text that ends with a reference can mean."""
        for number, reference in enumerate(self.list_references(row)):
            if text.endswith(f" {reference}"):
                yield text.removesuffix(f" {reference}"), number

    def answer_relation(self, row, text, form, choices):
        objects = row["scene_graph"]["objects"]
        every = range(len(objects))
        numbers = {id(item): number for number, item in enumerate(objects)}
        if form == "multiple_choice":
            rest = re.fullmatch("How (?:is|are) (.+)", text)[1]
            for words, target in self.split_end(row, rest):
                for subject, left in self.split_reference(row, words):
                    if left == "related to":
                        for choice in choices:
                            answer = self.judge(row, numbers[id(subject)], self.by_predicate[choice], target)
                            if answer != "no":
                                yield choice if answer == "yes" else f"unsure: {choice}"
            return
        if form == "open":
            found = re.fullmatch("(?:What|Who) (?:is|are|does|do) (the .+)", text)
            for subject, words in self.split_reference(row, found[1]) if found else ():
                if words in self.by_base:
                    for target in every:
                        if self.judge(row, numbers[id(subject)], self.by_base[words], target) != "no":
                            yield objects[target]["name"]
            rest = re.fullmatch("(?:What|Who) (.+)", text)[1]
            for words, target in self.split_end(row, rest):
                if words in self.by_singular:
                    for subject in every:
                        if self.judge(row, subject, self.by_singular[words], target) != "no":
                            yield objects[subject]["name"]
            return
        for subject, rest in self.split_reference(row, re.sub("^(Is|Are|Does|Do) ", "", text)):
            for words, target in self.split_end(row, rest):
                if words in self.by_base:
                    yield self.judge(row, numbers[id(subject)], self.by_base[words], target)
            for cut in re.finditer(" (?:an?|any) ", rest):
                words, name = rest[: cut.start()], rest[cut.end() :]
                if words in self.by_base and name in self.by_name:
                    answers = {
                        self.judge(row, numbers[id(subject)], self.by_base[words], target)
                        for target in every
                        if self.is_one_of(objects[target], self.by_name[name])
                    }
                    yield "yes" if "yes" in answers else "unsure" if "unsure" in answers else "no"

    def answer_scene(self, row, text, form, choices):
        if form != "yes_no":
            kind = next(kind for opening, kind in OPEN_SCENE.items() if re.fullmatch(opening, text))
            (value,) = (one["value"] for one in row["scene_attributes"] if one["kind"] == kind)
            yield value
            return
        phrase = re.fullmatch(rf"(?:Does the scene take place|Is the {MEDIUM}) (.+)", text)[1]
        assert phrase in self.phrases
        yield "yes" if phrase in {self.phrase[one["kind"], one["value"]] for one in row["scene_attributes"]} else "no"
