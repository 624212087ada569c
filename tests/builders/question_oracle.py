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
    "What is the pattern of": "pattern",
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
    f"How is the {MEDIUM} presented": "three_d_view",
}
VIEWED = "As seen by the viewer, "
PICTURING = re.compile(
    "(?<!mirror )(image|picture|emblem) of$|^a (portrait|drawing|painting|sketch) of$|^(depict|portray|illustrat)ing$"
)
PICTURED = re.compile("^(depicted|portrayed) in$")
HEDGES = ("almost", "half", "halfway", "nearly", "not quite", "partly")


def list_pictured(row):
    """Elements of objects of whose names one at least is seen in an image alone: on a sweater, in a mosaic."""
    objects, names = row["scene_graph"]["objects"], set()
    for relation in row["scene_graph"]["relations"]:
        for pattern, end in ((PICTURING, "object"), (PICTURED, "subject")):
            if pattern.search(relation["predicate"]):
                names.add(objects[relation[end]]["name"])
    return {f"object/{number}" for number, item in enumerate(objects) if item["name"] in names}


class Oracle:
    """Answers questions about a row from its scene graph, its scene attributes and the taxonomy, and nothing else."""

    def __init__(self, taxonomy):
        objects = taxonomy.objects.to_pylist()
        self.parents = {row["id"]: row["parent"] for row in objects}
        self.by_name, self.by_plural, self.plural = {}, {}, {}
        for row in objects:
            self.by_name.setdefault(row["name"], set()).add(row["id"])
            self.by_plural.setdefault(row["plural"], set()).add(row["id"])
            self.plural[row["id"]] = row["plural"]
        self.countability = {row["id"]: row["countability"] for row in objects}
        self.read_kinship(objects, taxonomy.scene_attributes.to_pylist())
        attributes = taxonomy.attributes.to_pylist()
        self.adjective = {(row["kind"], row["name"]): row["adjective"] for row in attributes}
        self.adjectives = set(self.adjective.values())
        self.attributes = {(row["kind"], row["name"]): row for row in attributes}
        self.keys_of = {}  # of what is called so: gold is a color and a material
        for key, word in self.adjective.items():
            self.keys_of.setdefault(word, set()).add(key)
        self.read_relations(taxonomy.relations.to_pylist())
        self.phrase = {(row["kind"], row["name"]): row["phrase"] for row in taxonomy.scene_attributes.to_pylist()}
        self.phrases = set(self.phrase.values())
        self.forms = {}
        self.read_other_words(taxonomy)
        for table, *columns in (
            (objects, "name", "plural"),
            (attributes, "name", "adjective"),
            (taxonomy.relations.to_pylist(), "predicate", "finite_plural"),
            (taxonomy.scene_attributes.to_pylist(), "name", "phrase"),
        ):
            for row in table:
                self.forms.setdefault(row[columns[0]], set()).update(filter(None, (row[name] for name in columns)))

    def read_other_words(self, taxonomy):
        """What concepts of each kind of questions are certainly called besides their names."""
        self.other_words = {}
        for kind, rows, columns in (
            ("object", taxonomy.objects, ("name", "plural")),
            ("attribute", taxonomy.attributes, ("name", "adjective", "aliases")),
            ("relation", taxonomy.relations, ("predicate", "finite", "finite_plural")),
            ("scene", taxonomy.scene_attributes, ("name",)),
        ):
            for row in rows.select(columns).to_pylist():
                words = {word for column in columns for word in row[column].split("|")}
                self.other_words.setdefault((kind, row[columns[0]]), set()).update(words - {""})

    def list_other_words(self, kind, names):
        if kind == "comparison":
            concepts = set().union(*(self.by_plural[name] for name in names))
            kind, names = "object", {self.object_rows[concept]["name"] for concept in concepts}
        return set().union(*(self.other_words[kind, name] for name in names))

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
        self.by_id = {row["id"]: row for row in rows}
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

    def call(self, item):
        """What an object is called: in the plural, if it stands for several things."""
        return self.plural[item["concept"]] if item["count"] > 1 else item["name"]

    def count_things(self, row, concepts):
        return sum(item["count"] for item in row["scene_graph"]["objects"] if self.is_one_of(item, concepts))

    def list_references(self, row):
        """Every way to refer to each object: its number, and `the dog`, `the second dog`, or `the red dog`.

        Where several have a name, one is told by its place in the order of the caption, or by what it alone is said to
        be.
        """
        objects = row["scene_graph"]["objects"]
        names = [self.call(item) for item in objects]
        said = [{self.adjective[one["kind"], one["value"]] for one in item["attributes"]} for item in objects]
        elements = dict.fromkeys(mention["element"] for mention in row["mentions"])
        mentioned = [int(element.split("/")[1]) for element in elements if element.startswith("object/")]
        for number, name in enumerate(names):
            alike = [other for other in mentioned if names[other] == name]
            if len(alike) == 1:
                yield number, f"the {name}"
                continue
            yield number, f"the {ORDINALS[alike.index(number)]} {name}"
            others = set().union(*(said[other] for other in alike if other != number))
            yield from ((number, f"the {adjective} {name}") for adjective in sorted(said[number] - others))

    def split_reference(self, row, text):
        """Every (object, rest of the text) that a text that begins with a reference can mean."""
        for number, reference in self.list_references(row):
            if text == reference or text.startswith(reference + " "):
                yield row["scene_graph"]["objects"][number], text[len(reference) + 1 :]

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
        be, name = re.fullmatch(f"(Is|Are) there (?:an?|any) (.+) in the {MEDIUM}", text).groups()
        concepts = self.find_called(name, be == "Are")
        yield "yes" if self.count_things(row, concepts) else "unsure" if self.may_show(row, concepts) else "no"

    def find_called(self, name, plural=True):
        """Concepts of which one, or several, are called so: irons are more than one iron, or what a prisoner wears."""
        return self.by_name.get(name, set()) | (self.by_plural.get(name, set()) if plural else set())

    def answer_count(self, row, text, form, choices):
        plural = re.fullmatch(r"How many (.+) are there in the (?:picture|video|3D model)", text)[1]
        concepts = self.by_plural[plural]
        yield "unsure" if self.may_show(row, concepts) else NUMBERS[self.count_things(row, concepts)]

    def answer_comparison(self, row, text, form, choices):
        if form == "yes_no":
            words = re.fullmatch(f"Are there more (.+) in the {MEDIUM}", text)[1]
            for cut in re.finditer(" than ", words):
                names = words[: cut.start()], words[cut.end() :]
                if all(name in self.by_plural for name in names):
                    more, fewer = (self.count_things(row, self.by_plural[name]) for name in names)
                    yield "yes" if more > fewer else "no"
            return
        assert re.fullmatch(f"Which of these are there most of in the {MEDIUM}", text)
        counts = {choice: self.count_things(row, self.by_plural[choice]) for choice in choices}
        yield from (choice for choice, count in counts.items() if count and count == max(counts.values()))

    def exclude_attributes(self, one, other):
        """Whether what has one attribute has not the other, by what the table says of either."""
        one, other = self.attributes[one], self.attributes[other]
        said = [
            {first["id"], first["group"]} & set(second["excludes"].split("|"))
            for first, second in ((one, other), (other, one))
        ]
        near = one["id"] in other["near"].split("|") or other["id"] in one["near"].split("|")
        words = [set(re.split("[ -]", f"{row['name']} {row['adjective']}".lower())) for row in (one, other)]
        return any(said) and not near and not words[0] & words[1] - {"a", "an", "and", "in", "of", "the"}

    def judge_attribute(self, item, adjective):
        """Whether an object is what an adjective says: yes, no, or unsure."""
        held = [(one["kind"], one["value"]) for one in item["attributes"]]
        if adjective in {self.adjective[one] for one in held}:
            return "yes"
        is_excluded = (all(self.exclude_attributes(one, key) for key in self.keys_of[adjective]) for one in held)
        return "no" if any(is_excluded) else "unsure"

    def answer_attribute(self, row, text, form, choices):
        if form == "yes_no":
            for item, adjective in self.split_reference(row, re.sub("^(Is|Are) ", "", text)):
                if adjective in self.adjectives:
                    yield self.judge_attribute(item, adjective)
            return
        if found := re.fullmatch(f"(What|Who) in the {MEDIUM} is (.+)", text):
            yield from self.find_holders(row, found[2])
            return
        made_of = re.fullmatch(r"What (?:is|are) (.+) made of", text)
        describes = re.fullmatch("Which of these describes (.+)", text)
        if describes:
            reference, group = describes[1], None
        elif made_of:
            reference, group = made_of[1], "material"
        else:
            opening = next(opening for opening in OPEN if text.startswith(opening))
            reference, group = re.sub("^ (is|are) ", " ", text.removeprefix(opening)).strip(), OPEN[opening]
        for item, rest in self.split_reference(row, reference):
            if not rest:
                held = {
                    one["value"]
                    for one in item["attributes"]
                    if group in (None, self.attributes[one["kind"], one["value"]]["group"])
                }
                yield from held & set(choices) if choices else held
                yield from (f"unsure: {one}" for one in set(choices) - held if self.may_be(item, one, choices))

    def may_be(self, item, choice, choices):
        """Whether an object may be what one of several choices says, all of which are of one kind."""
        kinds = set.intersection(*({kind for kind, name in self.attributes if name == one} for one in choices))
        words = {word for (kind, name), word in self.adjective.items() if kind in kinds and name == choice}
        return any(self.judge_attribute(item, word) != "no" for word in words)

    def find_holders(self, row, adjective):
        """Names of the objects that are what an adjective says, or may be."""
        answers = [(self.call(item), self.judge_attribute(item, adjective)) for item in row["scene_graph"]["objects"]]
        certain = {name for name, answer in answers if answer == "yes"}
        yield from certain
        yield from (f"unsure: {name}" for name, answer in answers if answer == "unsure" and name not in certain)

    def judge(self, row, subject, heads, target):
        """Whether a picture of the scene shows a relation with one of these heads: yes, no, or unsure.

        A picture shows more than is stated, so no is what the scene excludes, or what has its one target elsewhere.
        """
        facts, denied = self.read_facts(row, heads)
        if any((subject, head, target) in facts for head in heads):
            return "yes"
        return "no" if all((subject, head, target) in denied for head in heads) else "unsure"

    def read_facts(self, row, heads):
        """What a scene states of its objects, and what of these heads it excludes."""
        facts, denied = set(), set()
        stated = row["scene_graph"]["relations"]
        linked = {frozenset((one["subject"], one["object"])) for one in stated}
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
            if "one" in known["says"].split("|"):
                for other in range(len(row["scene_graph"]["objects"])):
                    if not any(frozenset((other, end)) in linked for end in (relation["subject"], relation["object"])):
                        denied.add((relation["subject"], known["head"], other))
        return facts, denied

    def may_hold(self, row, subject, heads, target):
        """Whether a relation holds, or may by what is stated: by one that is near it, or a chain of such."""
        facts, _ = self.read_facts(row, heads)
        if self.judge(row, subject, heads, target) != "unsure":
            return self.judge(row, subject, heads, target) == "yes"
        near = set(heads).union(*(self.near.get(head, ()) for head in heads))
        reached, new = set(), {subject}
        while new:
            reached |= new
            new = {end for start, head, end in facts if start in reached and head in near} - reached
        return target in reached - {subject}

    def has_one(self, row, heads, number, back=False):
        """Whether a picture shows one target (`back`: one subject) of what a scene states with one of these heads.

        What it states of the object that is asked about tells, if it states any. Where there is no third object there
        is one in any case.
        """
        end = "object" if back else "subject"
        stated = [
            (self.relations[one["category"], one["predicate"]], one[end] == number)
            for one in row["scene_graph"]["relations"]
        ]
        stated = [(known, own) for known, own in stated if known["head"] in heads]
        stated = [known for known, own in stated if own] or [known for known, _ in stated]
        if back:
            turned = [self.by_id.get(known["inverse"], {"says": ""}) for known in stated]
            stated = [
                other if known["inverse"] or known["category"] == "spatial" else known
                for known, other in zip(stated, turned, strict=True)
            ]
        has_one = all("one" in known["says"].split("|") for known in stated)
        return len(row["scene_graph"]["objects"]) == 2 or has_one

    def deny(self, stated, heads):
        return [head for head in heads if (stated, head) in self.excludes]

    def list_named(self, row, text):
        """Numbers of the objects that a question with something false names."""
        objects = row["scene_graph"]["objects"]
        numbers = {id(item): number for number, item in enumerate(objects)}
        text = self.strip_auxiliary(text[:-1])
        for subject, rest in self.split_reference(row, text):
            for words, target in self.split_end(row, rest):
                if words in self.by_base:
                    return {numbers[id(subject)], target}
        return {
            numbers[id(subject)]
            for subject, rest in self.split_reference(row, text)
            for cut in re.finditer(" (?:an?|some) ", rest)
            if rest[: cut.start()] in self.by_base
        }

    def strip_auxiliary(self, text):
        return re.sub(f"^(?:{VIEWED})?(?:is|are|does|do) ", "", text, flags=re.IGNORECASE)

    def split_end(self, row, text):
        """Every (words, number of an object) that a text that ends with a reference can mean."""
        for number, reference in self.list_references(row):
            if text.endswith(f" {reference}"):
                yield text.removesuffix(f" {reference}"), number

    def answer_relation(self, row, text, form, choices):
        objects = row["scene_graph"]["objects"]
        every = range(len(objects))
        numbers = {id(item): number for number, item in enumerate(objects)}
        if form == "multiple_choice":
            assert len(choices) >= 3, "a question with two choices is the throw of a coin"
            rest = re.fullmatch("Which words fill the gap: (.+)", text)[1]
            for words, target in self.split_end(row, rest):
                for subject, left in self.split_reference(row, words):
                    if left in ("is ___", "are ___"):
                        for choice in choices:
                            answer = self.judge(row, numbers[id(subject)], self.by_predicate[choice], target)
                            if answer != "no":
                                yield choice if answer == "yes" else f"unsure: {choice}"
            return
        if form == "open":
            text = re.sub(f"^{VIEWED}", "", text)
            found = re.fullmatch("(?:what|who) (?:is|are|does|do) (the .+)", text, flags=re.IGNORECASE)
            for subject, words in self.split_reference(row, found[1]) if found else ():
                if words in self.by_base:
                    if not self.has_one(row, self.by_base[words], numbers[id(subject)]):
                        yield "unsure: a picture may show more than one"
                    for target in every:
                        if self.may_hold(row, numbers[id(subject)], self.by_base[words], target):
                            yield self.call(objects[target])
            rest = re.fullmatch("(?:what|who) (.+)", text, flags=re.IGNORECASE)[1]
            for words, target in self.split_end(row, rest):
                if words in self.by_singular:
                    if not self.has_one(row, self.by_singular[words], target, back=True):
                        yield "unsure: a picture may show more than one"
                    for subject in every:
                        if self.may_hold(row, subject, self.by_singular[words], target):
                            yield self.call(objects[subject])
            return
        for subject, rest in self.split_reference(row, self.strip_auxiliary(text)):
            for words, target in self.split_end(row, rest):
                if words in self.by_base:
                    yield self.judge(row, numbers[id(subject)], self.by_base[words], target)
            for cut in re.finditer(" (?:an?|some) ", rest):
                words, name = rest[: cut.start()], rest[cut.end() :]
                concepts = self.find_called(name)
                if words in self.by_base and concepts:
                    answers = {
                        self.judge(row, numbers[id(subject)], self.by_base[words], target)
                        for target in every
                        if self.is_one_of(objects[target], concepts)
                    }
                    yield "yes" if "yes" in answers else "unsure" if "unsure" in answers else "no"

    def answer_scene(self, row, text, form, choices):
        if form != "yes_no":
            kind = next(kind for opening, kind in OPEN_SCENE.items() if re.fullmatch(opening, text))
            (value,) = (one["value"] for one in row["scene_attributes"] if one["kind"] == kind)
            yield value
            return
        phrase = re.fullmatch(rf"(?:Does the scene take place|Is the scene|Is the {MEDIUM}) (.+)", text)[1]
        assert phrase in self.phrases
        yield "yes" if phrase in {self.phrase[one["kind"], one["value"]] for one in row["scene_attributes"]} else "no"
