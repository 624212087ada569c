"""Reads captions of the default template back into scene graphs.

It knows the taxonomy's words and the template's grammar, and nothing of the code that writes captions or of the row:

    caption = {object verb object {"and" verb object} "."} ["There is" ["also"] object {"and" object} "."]
              ["The scene takes place" phrase {"and" phrase} "."] ["The scene is" phrase {"and" phrase} "."]
              ["The picture is" phrase {"and" phrase} "."]
    object  = article {adjective} name {adjective} | number {adjective} plural {adjective}
              | "the" [ordinal] name | "the" plural

A caption may have very many readings, so they are kept as choices that do not depend on each other: where phrases
begin and end (`Parse`), how the objects that may share a name are read (`Group`), and what each word means.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise, product
from math import prod
from typing import Any, NamedTuple

from generate_any_scene.taxonomy import SCENE_ATTRIBUTE_KINDS, Taxonomy

Pair = tuple[str, str]
Span = tuple[int, int]

SPELLED = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()  # noqa: SIM905
ORDINALS = {word: number for number, word in enumerate([*SPELLED, *(f"{n}th" for n in range(13, 21))], start=1)}
REPEATING = ("another", "more")
NUMBERS = {word: n for n, word in enumerate("two three four five six seven eight nine ten".split(), start=2)}  # noqa: SIM905
ARTICLES = frozenset({"the", "a", "an", "some", *REPEATING, *NUMBERS})
# What sentences on the whole scene are about, how they begin, and whose phrases follow; in the order of a caption.
TOPICS = {
    "scene": (["The", "scene", "takes", "place"], "setting"),
    "light": (["The", "scene", "is"], "light"),
    "picture": (["The", "picture", "is"], "image"),
    "video": (["The", "video", "is"], "video"),
    "3D model": (["The", "3D", "model", "is"], "3d"),
}
RELATING, LISTING, SETTING, LIGHTING, PICTURING = range(5)
MISPLACED = re.compile(r"^\s|\s$|\s\s|\s[.,]|[^\S ]")
TOKEN = re.compile(r"[^\s.,](?:\S*[^\s.,])?|[.,]")
END = "\n"


class Scene(NamedTuple):
    """A scene graph as a text puts it: objects in the order in which they are first named, the rest as it is said.

    Attributes:
        objects: Concept, attributes (kind and value) and number of each object.
        relations: Subject, (category, predicate) and object of each relation.
        attributes: Kind and value of each scene attribute.
    """

    objects: tuple[tuple[str, tuple[Pair, ...], int], ...]
    relations: tuple[tuple[int, Pair, int], ...] = ()
    attributes: tuple[Pair, ...] = ()


class Noun(NamedTuple):
    """What follows an article, read in one way.

    Attributes:
        cuts: Tokens at which the attributes before the name, the name, and those after it begin; then the end.
        before: Number of attributes before the name.
        ordinal: Which of the objects of this name a reference means; 0 where there is but one.
        count: How many it is said to be; 0 of "the balls", which may be any number above 1.
    """

    name: str
    cuts: tuple[int, ...]
    before: int = 0
    attributes: tuple[Pair, ...] = ()
    concepts: tuple[str, ...] = ()
    plural: bool = False
    ordinal: int = 0
    count: int = 1


class Mention(NamedTuple):
    """An object where it is named, and every way to read what follows the article."""

    article: str
    nouns: tuple[Noun, ...]


class Words(NamedTuple):
    """A verb or a scene attribute's phrase, and everything that it can mean."""

    span: Span
    meanings: tuple[Pair, ...]


class Sentence(NamedTuple):
    """`subject verb object and verb object.`; without verbs `There is object and object.`; or phrases on a topic."""

    kind: int
    mentions: tuple[Mention, ...] = ()
    verbs: tuple[Words, ...] = ()
    plural: bool = False
    phrases: tuple[Words, ...] = ()
    topic: str = ""


class Group(NamedTuple):
    """Mentions, by number, that may share a name.

    Attributes:
        solutions: Every way to read them together that makes sense: as which nouns, and, for each, the number of the
            mention that introduces what it means.
    """

    mentions: list[int]
    solutions: list[tuple[tuple[Noun, ...], tuple[int, ...]]]


class Parse(NamedTuple):
    """Readings that agree on where phrases begin and end: any solution of each group, any meaning of each word.

    Attributes:
        objects: For each mention that introduces an object, the object's number.
        verbs: Number of the subject's mention, verb, number of the object's mention.
        topics: What the sentences on the whole scene are about.
    """

    objects: dict[int, int]
    verbs: list[tuple[int, Words, int]]
    phrases: list[Words]
    groups: list[Group]
    topics: list[str]

    def count(self) -> int:
        words = [*(verb for _, verb, _ in self.verbs), *self.phrases]
        return prod(len(some.meanings) for some in words) * prod(
            sum(prod(len(noun.concepts) or 1 for noun in nouns) for nouns, _ in group.solutions)
            for group in self.groups
        )

    def list_scenes(self) -> Iterator[Scene]:
        for solutions in product(*(group.solutions for group in self.groups)):
            nouns, numbers = {}, {}
            for group, (some, meant) in zip(self.groups, solutions, strict=True):
                nouns |= zip(group.mentions, some, strict=True)
                numbers |= zip(group.mentions, (self.objects[one] for one in meant), strict=True)
            objects = [
                [(concept, nouns[at].attributes, nouns[at].count) for concept in nouns[at].concepts]
                for at in self.objects
            ]
            relations = [[(numbers[at], some, numbers[to]) for some in verb.meanings] for at, verb, to in self.verbs]
            phrases = [phrase.meanings for phrase in self.phrases]
            yield from map(Scene._make, product(product(*objects), product(*relations), product(*phrases)))

    def find(self, scene: Scene) -> list[tuple[str, Span]] | None:
        """The tokens that mention each element of a scene; None if the scene is not among the readings."""
        if (len(self.objects), len(self.verbs), len(self.phrases)) != tuple(map(len, scene)):
            return None
        numbers, spans = dict(self.objects), []
        for k, ((at, verb, to), (subject, meaning, target)) in enumerate(
            zip(self.verbs, scene.relations, strict=True)
        ):
            agreed = numbers.setdefault(at, subject) == subject and numbers.setdefault(to, target) == target
            if not agreed or meaning not in verb.meanings:
                return None
            spans.append((f"relation/{k}", verb.span))
        for k, (phrase, meaning) in enumerate(zip(self.phrases, scene.attributes, strict=True)):
            if meaning not in phrase.meanings:
                return None
            spans.append((f"scene/{k}", phrase.span))
        for mentions, solutions in self.groups:
            wanted = [numbers[at] for at in mentions]
            for nouns, meant in solutions:
                if [self.objects[at] for at in meant] == wanted and all(
                    scene.objects[number][0] in noun.concepts
                    and scene.objects[number][1:] == (noun.attributes, noun.count)
                    for at, number, noun in zip(mentions, wanted, nouns, strict=True)
                    if at in self.objects
                ):
                    break
            else:
                return None
            for number, noun in zip(wanted, nouns, strict=True):
                elements = [f"attribute/{number}/{j}" for j in range(len(noun.attributes))]
                elements.insert(noun.before, f"object/{number}")
                spans += zip(elements, pairwise(noun.cuts), strict=True)
        return spans


class Readings(NamedTuple):
    """All readings of a caption."""

    tokens: list[str]
    spans: list[Span]
    parses: list[Parse]

    def count(self) -> int:
        return sum(parse.count() for parse in self.parses)

    def list_scenes(self) -> list[Scene]:
        """Every reading written out."""
        return [scene for parse in self.parses for scene in parse.list_scenes()]

    def find(self, scene: Scene) -> list[tuple[str, int, int]] | None:
        """Element, start and end of each mention of a scene's elements; None if it is not among the readings."""
        for parse in self.parses:
            if (found := parse.find(scene)) is not None:
                return [(element, self.spans[first][0], self.spans[end - 1][1]) for element, (first, end) in found]
        return None

    def list_ambiguities(self) -> set[tuple[str, str]]:
        """Kind and text of everything that can be understood in several ways.

        Most kinds are of words: `name`, `adjective`, `predicate` and `phrase`, where one has several meanings;
        `compound`, where an object's phrase can be cut into adjectives and a name in several ways; `boundary`, where
        it is open what is an object's phrase. Two are not: `reference`, which object is meant, and `topic`, where
        "the picture" is what the caption describes, but the name of an object, too.
        """
        found = set()
        if len(self.parses) > 1:
            verbs = Counter(verb.span for parse in self.parses for _, verb, _ in parse.verbs)
            some = [self._join(*span) for span, number in verbs.items() if number < len(self.parses)]
            found.add(("boundary", " | ".join(some)))
        for parse in self.parses:
            words = [("predicate", verb) for _, verb, _ in parse.verbs] + [("phrase", some) for some in parse.phrases]
            found |= {(kind, self._join(*some.span)) for kind, some in words if len(some.meanings) > 1}
            for group in parse.groups:
                found.update(self._compare(parse, group))
                names = {noun.name for nouns, _ in group.solutions for noun in nouns}
                found |= {("topic", topic) for topic in parse.topics if topic in names}
        return found

    def _compare(self, parse: Parse, group: Group) -> Iterator[tuple[str, str]]:
        """What solutions of a group differ in."""
        places = [place for place, at in enumerate(group.mentions) if at in parse.objects]
        introduced = Counter(tuple(nouns[place] for place in places) for nouns, _ in group.solutions)
        yield from (("reference", nouns[0].name) for nouns, number in introduced.items() if number > 1)
        for nouns in map(set, zip(*introduced, strict=True)):
            cuts = {noun.cuts: noun.name for noun in nouns}
            first, *_, last = next(iter(cuts))
            if len(cuts) > 1:
                yield "compound", self._join(first, last)
            if len({(noun.cuts, noun.attributes) for noun in nouns}) > len(cuts):
                yield "adjective", self._join(first, last)
            for cut, name in cuts.items():
                if len({concept for noun in nouns if noun.cuts == cut for concept in noun.concepts}) > 1:
                    yield "name", name

    def _join(self, first: int, end: int) -> str:
        return " ".join(self.tokens[first:end])


class Trie:
    """Phrases by their tokens, each with everything that it can mean."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}

    def add(self, phrase: str, entry: Any) -> None:
        node = self.root
        for token in TOKEN.findall(phrase):
            node = node.setdefault(token, {})
        node.setdefault(END, []).append(entry)

    def walk(self, tokens: list[str], at: int) -> Iterator[tuple[int, list[Any]]]:
        """Yields the end and the entries of each phrase that begins here."""
        node = self.root
        while tokens[at] != END and (node := node.get(tokens[at])):
            at += 1
            if END in node:
                yield at, node[END]


def group_by(rows: list[dict], key: Callable[[dict], Any], value: Callable[[dict], Any]) -> dict[Any, tuple]:
    groups: dict[Any, list] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(value(row))
    return {key: tuple(values) for key, values in groups.items()}


class CaptionParser:
    """Reads captions with the words of one taxonomy."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.names, self.plurals, self.before, self.after, self.verbs = (Trie() for _ in range(5))
        self.phrases = {role: Trie() for _, role in TOPICS.values()}
        names = group_by(
            taxonomy.objects.to_pylist(),
            lambda row: (row["name"], row["article"], row["countability"] == "plural"),
            lambda row: row["id"],
        )
        for (name, *traits), concepts in names.items():
            self.names.add(name, (name, *traits, concepts))
        counted = [row for row in taxonomy.objects.to_pylist() if row["countability"] == "count"]
        for plural, concepts in group_by(counted, lambda row: row["plural"], lambda row: row["id"]).items():
            self.plurals.add(plural, (plural, concepts))
        for row in taxonomy.attributes.to_pylist():
            trie = self.before if row["position"] == "before" else self.after
            trie.add(row["adjective"], ((row["kind"], row["name"]), row["article"], row["order"]))
        relations = taxonomy.relations.to_pylist()
        for column, be in (("finite", "is"), ("finite_plural", "are")):
            verbs = group_by(
                relations,
                lambda row, column=column, be=be: row[column] or f"{be} {row['predicate']}",
                lambda row: (row["category"], row["predicate"]),
            )
            for verb, meanings in verbs.items():
                self.verbs.add(verb, (be == "are", meanings))
        for row in taxonomy.scene_attributes.to_pylist():
            rank = (*SCENE_ATTRIBUTE_KINDS, row["kind"]).index(row["kind"])
            for role in [row["role"]] if row["role"] != "picture" else row["modality"].split("|"):
                self.phrases[role].add(row["phrase"], (rank, (row["kind"], row["name"])))

    def read(self, caption: str) -> Readings:
        """All readings of a caption; none if the template cannot have written it."""
        if MISPLACED.search(caption):
            return Readings([], [], [])
        spans = [match.span() for match in TOKEN.finditer(caption)]
        tokens = [caption[first:end] for first, end in spans]
        parses = [solve(sentences) for sentences in Text(self, tokens).read()]
        return Readings(tokens, spans, [parse for parse in parses if parse])


class Text:
    """The tokens of one caption, and the objects found in it so far."""

    def __init__(self, words: CaptionParser, tokens: list[str]) -> None:
        self.words, self.tokens = words, [*tokens, END, END]
        self.found: dict[int, list[tuple[int, Mention]]] = {}

    def read(self, at: int = 0, earlier: int = RELATING) -> Iterator[list[Sentence]]:
        """Yields the sentences from here to the end; `earlier` is the kind of the one before."""
        if at and self.tokens[at] == END:
            yield []
        for end, sentence in (*self.relate(at), *self.enumerate(at), *self.describe(at)):
            if self.tokens[end] == "." and (sentence.kind > earlier or sentence.kind == earlier == RELATING):
                yield from ([sentence, *rest] for rest in self.read(end + 1, sentence.kind))

    def relate(self, at: int) -> Iterator[tuple[int, Sentence]]:
        for after, subject in self.mention(at, first=True):
            for end, clauses in self.listing(after, self.clause):
                plurals = {plural for plural, _, _ in clauses}
                if len(plurals) == 1:
                    mentions = (subject, *(target for _, _, target in clauses))
                    yield end, Sentence(RELATING, mentions, tuple(verb for _, verb, _ in clauses), plurals.pop())

    def clause(self, at: int) -> Iterator[tuple[int, tuple[bool, Words, Mention]]]:
        for after, entries in self.words.verbs.walk(self.tokens, at):
            for end, target in self.mention(after):
                yield from ((end, (plural, Words((at, after), some), target)) for plural, some in entries)

    def enumerate(self, at: int) -> Iterator[tuple[int, Sentence]]:
        for be in ("is", "are"):
            opening = ["There", be, "also"] if at else ["There", be]
            if self.tokens[at : at + len(opening)] == opening:
                for end, mentions in self.listing(at + len(opening), self.mention):
                    if all(mention.article != "the" for mention in mentions):
                        yield end, Sentence(LISTING, mentions, plural=be == "are")

    def describe(self, at: int) -> Iterator[tuple[int, Sentence]]:
        for topic, (opening, role) in TOPICS.items():
            if at and self.tokens[at : at + len(opening)] == opening:
                phrases = self.words.phrases[role]
                for end, found in self.listing(at + len(opening), lambda at: self.phrase(at, phrases)):  # noqa: B023
                    ranks, words = zip(*found, strict=True)
                    if list(ranks) == sorted(ranks):
                        kind = {"setting": SETTING, "light": LIGHTING}.get(role, PICTURING)
                        yield end, Sentence(kind, phrases=words, topic=topic)

    def phrase(self, at: int, phrases: Trie) -> Iterator[tuple[int, tuple[int, Words]]]:
        for end, entries in phrases.walk(self.tokens, at):
            for rank in {rank for rank, _ in entries}:
                yield end, (rank, Words((at, end), tuple(pair for other, pair in entries if other == rank)))

    def listing(self, at: int, item: Callable[[int], Iterable[tuple[int, Any]]]) -> Iterator[tuple[int, tuple]]:
        """Yields each list that begins here: `a`, `a and b`, `a, b, and c`."""
        for end, first in item(at):
            yield end, (first,)
            if self.tokens[end] == "and":
                yield from ((last, (first, second)) for last, second in item(end + 1))
            elif self.tokens[end] == ",":
                yield from ((last, (first, *rest)) for last, rest in self.rest(end + 1, item))

    def rest(self, at: int, item: Callable[[int], Iterable[tuple[int, Any]]]) -> Iterator[tuple[int, tuple]]:
        """Yields each end of a list of three or more, from its second item."""
        for end, one in item(at):
            if self.tokens[end] == ",":
                if self.tokens[end + 1] == "and":
                    yield from ((last, (one, other)) for last, other in item(end + 2))
                yield from ((last, (one, *rest)) for last, rest in self.rest(end + 1, item))

    def mention(self, at: int, first: bool = False) -> list[tuple[int, Mention]]:
        """The objects that may be named here, by where their phrases end; `first` in a sentence, with a capital."""
        article = self.tokens[at]
        if first:
            article = article.lower() if article[0].isupper() else ""
        if article not in ARTICLES:
            return []
        if at not in self.found:
            by_end: dict[int, list[Noun]] = {}
            for noun in self.refer(at + 1) if article == "the" else self.introduce(article, at + 1):
                by_end.setdefault(noun.cuts[-1], []).append(noun)
            self.found[at] = [(end, Mention(article, tuple(nouns))) for end, nouns in by_end.items()]
        return self.found[at]

    def refer(self, at: int) -> Iterator[Noun]:
        ordinal = ORDINALS.get(self.tokens[at], 0)
        for begin, number in ((at, 0), (at + 1, ordinal)) if ordinal else ((at, 0),):
            for end, entries in self.words.names.walk(self.tokens, begin):
                yield Noun(entries[0][0], (begin, end), ordinal=number)
        for end, entries in self.words.plurals.walk(self.tokens, at):
            yield Noun(entries[0][0], (at, end), count=0)

    def introduce(self, article: str, at: int) -> Iterator[Noun]:
        """Yields the nouns before which the article is right."""
        if article in NUMBERS:
            yield from self.multiply(NUMBERS[article], at)
        for noun, own, sound in self.adorn(at):
            if article == (sound if sound and own != "some" else own) or article == REPEATING[own == "some"]:
                yield noun

    def adorn(
        self, at: int, cuts: tuple[int, ...] = (), attributes: tuple[Pair, ...] = (), least: int = 0, sound: str = ""
    ) -> Iterator[tuple[Noun, str, str]]:
        """Yields nouns with their own article and that of the adjective before them, if there is one."""
        for end, entries in self.words.names.walk(self.tokens, at):
            for name, article, plural, concepts in entries:
                noun = Noun(name, (*cuts, at, end), len(cuts), attributes, concepts, plural)
                yield from ((some, article, sound) for some in self.trail(noun))
        for end, entries in self.words.before.walk(self.tokens, at):
            for pair, article, order in entries:
                if order >= least:
                    yield from self.adorn(end, (*cuts, at), (*attributes, pair), order, sound or article)

    def multiply(
        self, count: int, at: int, cuts: tuple[int, ...] = (), attributes: tuple[Pair, ...] = (), least: int = 0
    ) -> Iterator[Noun]:
        """Yields nouns in the plural."""
        for end, entries in self.words.plurals.walk(self.tokens, at):
            for name, concepts in entries:
                yield from self.trail(Noun(name, (*cuts, at, end), len(cuts), attributes, concepts, True, count=count))
        for end, entries in self.words.before.walk(self.tokens, at):
            for pair, _, order in entries:
                if order >= least:
                    yield from self.multiply(count, end, (*cuts, at), (*attributes, pair), order)

    def trail(self, noun: Noun, least: int = 0) -> Iterator[Noun]:
        """Yields the noun with none, one, ... of the attributes that stand after its name."""
        yield noun
        for end, entries in self.words.after.walk(self.tokens, noun.cuts[-1]):
            for pair, _, order in entries:
                if order >= least:
                    longer = noun._replace(cuts=(*noun.cuts, end), attributes=(*noun.attributes, pair))
                    yield from self.trail(longer, order)


def solve(sentences: list[Sentence]) -> Parse | None:
    """Finds out which mentions mean the same object; None where that makes no sense."""
    mentions: list[Mention] = []
    verbs: list[tuple[int, Words, int]] = []
    plurals: dict[int, bool] = {}
    for sentence in sentences:
        at = len(mentions)
        mentions += sentence.mentions
        verbs += [(at, verb, to) for to, verb in enumerate(sentence.verbs, start=at + 1)]
        if sentence.mentions:
            plurals[at] = sentence.plural
    homes: dict[str, list[int]] = {}
    for at, mention in enumerate(mentions):
        first, *others = {noun.name for noun in mention.nouns}
        home = homes.setdefault(first, [])
        for other in others:
            if (joined := homes.setdefault(other, home)) is not home:
                home[:] = sorted(home + joined)
                homes |= {name: home for name, some in homes.items() if some is joined}
        home.append(at)
    groups = []
    for home in {id(home): home for home in homes.values()}.values():
        choices = product(*(mentions[at].nouns for at in home))
        solutions = [(nouns, meant) for nouns in choices if (meant := resolve(home, nouns, mentions, plurals))]
        if not solutions:
            return None
        groups.append(Group(home, solutions))
    return Parse(
        {at: n for n, at in enumerate(at for at, mention in enumerate(mentions) if mention.article != "the")},
        verbs,
        [phrase for sentence in sentences for phrase in sentence.phrases],
        groups,
        [sentence.topic for sentence in sentences if sentence.topic],
    )


def resolve(
    home: list[int], nouns: tuple[Noun, ...], mentions: list[Mention], plurals: dict[int, bool]
) -> tuple[int, ...] | None:
    """For each mention the one that introduced what it means; None where articles, ordinals or verbs do not agree.

    Args:
        home: Numbers of a group's mentions, read as `nouns`.
        mentions: All mentions.
        plurals: For each mention that is the subject of a sentence, the number of its verb.
    """
    introduced = {at: noun for at, noun in zip(home, nouns, strict=True) if mentions[at].article != "the"}
    total = Counter(noun.name for noun in introduced.values())
    known: dict[str, list[int]] = {name: [] for name in total}
    meant, subjects = [], set()
    for at, noun in zip(home, nouns, strict=True):
        twins = known.get(noun.name, [])
        if at in introduced:
            if (mentions[at].article in REPEATING) != bool(twins):
                return None
            twins.append(at)
            meant.append(at)
        elif max(noun.ordinal, 1) <= len(twins) and bool(noun.ordinal) == (total[noun.name] > 1):
            meant.append(twins[max(noun.ordinal, 1) - 1])
            if (noun.count == 1) != (introduced[meant[-1]].count == 1):
                return None
        else:
            return None
        if at in plurals:
            if plurals[at] != introduced[meant[-1]].plural or meant[-1] in subjects:
                return None
            subjects.add(meant[-1])
    return tuple(meant)
