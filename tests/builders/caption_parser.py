"""Reads captions of the default template back into scene graphs.

It knows the taxonomy's words and the template's grammar, in all frames, and nothing of the code that writes captions
or of the row:

    caption   = [opening] body "." [closing]
    opening   = [qualities ","] "this picture shows" | "a picture" ("of" | qualities "shows")      then: noun
              | qualities ":" | "in a picture" qualities "," | ["this picture is" pictures "."] [circumstances ","]
    closing   = "The picture is" qualities "." | "The scene is" ["set"] circumstances "."
    qualities = phrases of pictures, then ["set"] circumstances, as a list; circumstances are phrases with commas
    body      = {relating "."} [alone]
    relating  = clause [", while" clause | ", and" clause | ", with" noun]
    clause    = object verb object {"and" verb object}
    noun      = object predicate object | object ("that" | "who") verb object {"and" verb object}
    alone     = objects | "there is" objects | objects ("are shown" | "are in view") | object "is shown together with"
                objects | object ", along with" objects
              | "There is also" objects | objects "are" ("also shown" | "also in view" | "in the picture, too")
              | "The picture also shows" objects
    object    = article {adjective} name {adjective} | number {adjective} plural {adjective}
              | "the" [ordinal | adjective] name | "the" plural

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
# What captions call the whole scene, and the modality of what is called so.
MEDIUMS = {"picture": "image", "video": "video", "3D model": "3d"}
ROLES = ("setting", "light", "picture")
SETTING, LIGHT, PICTURE = range(3)
JOINTS = ("while", "and", "with")
BEGINNING, GOING_ON, NAMING = range(3)
"""How a body begins: as a sentence, within one, or as a noun."""
MISPLACED = re.compile(r"^\s|\s$|\s\s|\s[.,:]|[^\S ]")
TOKEN = re.compile(r"[^\s.,:](?:\S*[^\s.,:])?|[.,:]")
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
        ordinal: Which of the objects of this name a reference means; 0 where it does not count.
        apart: What a reference says of an object, in any of these senses, and not of others of its name.
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
    apart: tuple[Pair, ...] = ()


class Mention(NamedTuple):
    """An object where it is named, and every way to read what follows the article."""

    article: str
    nouns: tuple[Noun, ...]


class Words(NamedTuple):
    """A verb or a scene attribute's phrase, and everything that it can mean."""

    span: Span
    meanings: tuple[Pair, ...]


class Phrase(NamedTuple):
    """A phrase on the whole scene, with the role and the rank of its kind: where a row has it."""

    role: int
    rank: int
    words: Words


class Statement(NamedTuple):
    """A subject with verbs and their objects; without verbs, objects that stand alone.

    Attributes:
        plural: The number of the verb that the first mention goes with; None where there is no telling.
    """

    mentions: tuple[Mention, ...]
    verbs: tuple[Words, ...] = ()
    plural: bool | None = None


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
        self.names, self.plurals, self.before, self.after, self.verbs, self.linked, self.bare = (
            Trie() for _ in range(7)
        )
        self.phrases = {(role, modality): Trie() for role in range(len(ROLES)) for modality in MEDIUMS.values()}
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
        kinds = zip(*(taxonomy.objects[column].to_pylist() for column in ("id", "kinds")), strict=True)
        self.persons = {concept for concept, some in kinds if "person" in some.split("|")}
        for row in taxonomy.attributes.to_pylist():
            trie = self.before if row["position"] == "before" else self.after
            trie.add(row["adjective"], ((row["kind"], row["name"]), row["article"], row["order"]))
        relations = taxonomy.relations.to_pylist()
        for row in relations:
            row["needs that"] = bool(row["finite"]) or row["predicate"].startswith(("a ", "an ", "the "))
        linked, bare = ([row for row in relations if row["needs that"] == needed] for needed in (True, False))
        for trie, some in ((self.verbs, relations), (self.linked, linked)):
            for column, be in (("finite", "is"), ("finite_plural", "are")):
                verbs = group_by(
                    some,
                    lambda row, column=column, be=be: row[column] or f"{be} {row['predicate']}",
                    lambda row: (row["category"], row["predicate"]),
                )
                for verb, meanings in verbs.items():
                    trie.add(verb, (be == "are", meanings))
        predicates = group_by(bare, lambda row: row["predicate"], lambda row: (row["category"], row["predicate"]))
        for predicate, meanings in predicates.items():
            self.bare.add(predicate, (None, meanings))
        for row in taxonomy.scene_attributes.to_pylist():
            rank = (*SCENE_ATTRIBUTE_KINDS, row["kind"]).index(row["kind"])
            for modality in row["modality"].split("|"):
                trie = self.phrases[ROLES.index(row["role"]), modality]
                trie.add(row["phrase"], (rank, (row["kind"], row["name"])))

    def are_persons(self, noun: Noun) -> bool:
        """Whether a noun may mean a person."""
        return any(concept in self.persons for concept in noun.concepts)

    def read(self, caption: str) -> Readings:
        """All readings of a caption; none if the template cannot have written it."""
        if MISPLACED.search(caption):
            return Readings([], [], [])
        spans = [match.span() for match in TOKEN.finditer(caption)]
        tokens = [caption[first:end] for first, end in spans]
        parses = [
            solve(statements, phrases, topics)
            for medium in MEDIUMS
            for statements, phrases, topics in Text(self, tokens, medium).read()
        ]
        # What does not say what it is can be read as a picture, a video and a 3D model.
        distinct = [parse for i, parse in enumerate(parses) if parse and parse not in parses[:i]]
        return Readings(tokens, spans, distinct)


class Text:
    """The tokens of one caption of a picture, video or 3D model, and the objects found in it so far."""

    def __init__(self, words: CaptionParser, tokens: list[str], medium: str) -> None:
        self.words, self.tokens, self.medium = words, [*tokens, END, END], medium
        self.found: dict[int, list[tuple[int, Mention]]] = {}

    def read(self) -> Iterator[tuple[list[Statement], list[Phrase], list[str]]]:
        """Yields statements, phrases in the order of a row, and what sentences are about."""
        for begin, first, mode in self.open():
            for end, statements in self.body(begin, mode):
                for last, topics in self.close(end):
                    # Circumstances stand together, and so do pictures.
                    parts = [{phrase.role == PICTURE for phrase in some} for some in (first, last)]
                    if not parts[0] & parts[1]:
                        about = [self.medium] if self.medium in " ".join(self.tokens[:begin]) else []
                        yield statements, sorted([*first, *last], key=lambda one: one[:2]), [*about, *topics]

    def match(self, at: int, text: str) -> Iterator[int]:
        """Yields the end of a text if it stands here."""
        tokens = text.split()
        if self.tokens[at : at + len(tokens)] == tokens:
            yield at + len(tokens)

    def open(self) -> Iterator[tuple[int, list[Phrase], int]]:
        """Yields where objects begin, what is said of the scene before, and how they begin."""
        yield 0, [], BEGINNING
        for begin in self.match(0, f"A {self.medium}"):
            yield from ((last, [], NAMING) for last in self.match(begin, "of"))
            yield from (
                (last, some, NAMING) for end, some in self.qualities(begin) for last in self.match(end, "shows")
            )
        yield from ((last, [], NAMING) for last in self.match(0, f"This {self.medium} shows"))
        for end, some in self.qualities(0):
            yield from ((last, some, GOING_ON) for last in self.match(end, ":"))
            yield from ((last, some, NAMING) for last in self.match(end, f", this {self.medium} shows"))
        for begin in self.match(0, f"In a {self.medium}"):
            yield from ((last, some, GOING_ON) for end, some in self.qualities(begin) for last in self.match(end, ","))
        yield from ((last, some, GOING_ON) for end, some in self.circumstances(0) for last in self.match(end, ","))
        for begin in self.match(0, f"This {self.medium} is"):
            for end, some in self.qualities(begin):
                if self.tokens[end] == "." and all(phrase.role == PICTURE for phrase in some):
                    yield end + 1, some, BEGINNING
                    for last, others in self.circumstances(end + 1):
                        yield from ((after, [*some, *others], GOING_ON) for after in self.match(last, ","))

    def close(self, at: int) -> Iterator[tuple[list[Phrase], list[str]]]:
        """Yields what the last sentence says of the scene, if the caption ends with it, and what it calls it."""
        if self.tokens[at] == END:
            yield [], []
        for begin in self.match(at, f"The {self.medium} is"):
            for end, some in self.qualities(begin):
                if self.tokens[end : end + 2] == [".", END] and some[0].role == PICTURE:
                    yield some, [self.medium]
        for begin in self.match(at, "The scene is"):
            is_set = self.tokens[begin] == "set"
            for end, some in self.circumstances(begin + is_set):
                if is_set == (some[0].role == SETTING) and self.tokens[end : end + 2] == [".", END]:
                    yield some, ["scene"]

    def qualities(self, at: int) -> Iterator[tuple[int, list[Phrase]]]:
        """Yields each list of pictures and, last, circumstances."""
        for end, lists in self.listing(at, self.quality):
            ranks = [some[0].rank for some in lists if some[0].role == PICTURE]
            if (
                ranks == sorted(ranks)
                and len(ranks) >= len(lists) - 1
                and lists[0][0].role in (PICTURE, lists[-1][0].role)
            ):
                yield end, [phrase for some in lists for phrase in some]

    def quality(self, at: int) -> Iterator[tuple[int, list[Phrase]]]:
        yield from ((end, [phrase]) for end, phrase in self.phrase(at, PICTURE))
        if self.lower(at)[at] == "set":
            yield from ((end, some) for end, some in self.circumstances(at + 1) if some[0].role == SETTING)
        yield from ((end, some) for end, some in self.circumstances(at) if some[0].role == LIGHT)

    def circumstances(self, at: int, least: tuple[int, int] = (0, 0)) -> Iterator[tuple[int, list[Phrase]]]:
        for role in (SETTING, LIGHT):
            for end, phrase in self.phrase(at, role):
                if phrase[:2] >= least:
                    yield end, [phrase]
                    if self.tokens[end] == ",":
                        rest = self.circumstances(end + 1, phrase[:2])
                        yield from ((last, [phrase, *others]) for last, others in rest)

    def phrase(self, at: int, role: int) -> Iterator[tuple[int, Phrase]]:
        """Yields each phrase of a role that stands here, with a capital where the caption begins."""
        for end, entries in self.words.phrases[role, MEDIUMS[self.medium]].walk(self.lower(at), at):
            for rank in {rank for rank, _ in entries}:
                yield (
                    end,
                    Phrase(role, rank, Words((at, end), tuple(pair for other, pair in entries if other == rank))),
                )

    def lower(self, at: int) -> list[str]:
        """The tokens, without the capital that a sentence must begin with here."""
        if at and self.tokens[at - 1] != ".":
            return self.tokens
        first = self.tokens[at]
        lowered = first[0].lower() + first[1:] if first[0].isupper() else END
        return [*self.tokens[:at], lowered, *self.tokens[at + 1 :]]

    def body(self, at: int, mode: int, said: bool = False) -> Iterator[tuple[int, list[Statement]]]:
        """Yields the ends of the sentences on objects; `said` is whether relations were stated before."""
        if said:
            yield at, []
        for end, statements in self.relate(at, mode, said):
            if self.tokens[end] == ".":
                yield from ((last, [*statements, *rest]) for last, rest in self.body(end + 1, BEGINNING, True))
        found = self.enumerate_more(at) if said else self.enumerate(at, mode)
        yield from ((end + 1, [statement]) for end, statement in found if self.tokens[end] == ".")

    def relate(self, at: int, mode: int, said: bool) -> Iterator[tuple[int, list[Statement]]]:
        if not said:
            found = self.noun(at, mode == BEGINNING)
            yield from ((end, [noun]) for end, noun in found if mode == NAMING or self.is_all(end))
        if mode == NAMING:
            return
        for end, first in self.clause(at, mode == BEGINNING):
            yield end, [first]
            for after, joined in ((after, joint) for joint in JOINTS for after in self.match(end, f", {joint}")):
                others = self.noun(after) if joined == "with" else self.clause(after)
                for last, second in others:
                    new = second.mentions[0].article != "the" or joined != "with"
                    if new and len(first.verbs) == len(second.verbs) == 1:
                        yield last, [first, second]

    def is_all(self, end: int) -> bool:
        """Whether what ends here is all that a caption says of objects."""
        return self.tokens[end] == "." and any(True for _ in self.close(end + 1))

    def clause(self, at: int, capital: bool = False) -> Iterator[tuple[int, Statement]]:
        for after, subject in self.mention(at, capital):
            for end, verbs in self.listing(after, lambda at: self.verb(at, self.words.verbs)):
                yield from self.state(end, subject, verbs)

    def noun(self, at: int, capital: bool = False) -> Iterator[tuple[int, Statement]]:
        for after, subject in self.mention(at, capital):
            for end, verb in self.verb(after, self.words.bare):
                yield from self.state(end, subject, (verb,))
            if self.tokens[after] == "that":
                for end, verb in self.verb(after + 1, self.words.linked):
                    yield from self.state(end, subject, (verb,))
            is_person = any(map(self.words.are_persons, subject.nouns))
            if self.tokens[after] == "that" or (self.tokens[after] == "who" and is_person):
                for end, verbs in self.listing(after + 1, lambda at: self.verb(at, self.words.verbs)):
                    if len(verbs) > 1:
                        yield from self.state(end, subject, verbs)

    def state(self, end: int, subject: Mention, verbs: tuple) -> Iterator[tuple[int, Statement]]:
        """Yields the statement if the verbs are of one number."""
        numbers = {number for number, _, _ in verbs}
        if len(numbers) == 1:
            mentions = (subject, *(target for _, _, target in verbs))
            yield end, Statement(mentions, tuple(verb for _, verb, _ in verbs), numbers.pop())

    def verb(self, at: int, verbs: Trie) -> Iterator[tuple[int, tuple[bool | None, Words, Mention]]]:
        for after, entries in verbs.walk(self.tokens, at):
            for end, target in self.mention(after):
                yield from ((end, (plural, Words((at, after), some), target)) for plural, some in entries)

    def objects(self, at: int, capital: bool = False) -> Iterator[tuple[int, tuple[Mention, ...]]]:
        """Yields each list of new objects; with a capital, only the first has one."""
        begin = at

        def item(at: int) -> Iterator[tuple[int, Mention]]:
            found = self.mention(at, capital and at == begin)
            return ((end, mention) for end, mention in found if mention.article != "the")

        return self.listing(at, item)

    def enumerate(self, at: int, mode: int) -> Iterator[tuple[int, Statement]]:
        """Yields what is said of objects where there are no relations."""
        for end, mentions in self.objects(at, mode == BEGINNING):
            yield end, Statement(mentions)
            if mode == NAMING:
                continue
            for text in ("shown", "in view"):
                yield from self.agree(end, mentions, text)
            if len(mentions) == 1:
                for be in ("is", "are"):
                    for begin in self.match(end, f"{be} shown together with"):
                        for last, others in self.objects(begin):
                            yield last, Statement((*mentions, *others), plural=be == "are")
                for begin in self.match(end, ", along with"):
                    yield from ((last, Statement((*mentions, *others))) for last, others in self.objects(begin))
        if mode != NAMING:
            yield from self.there(at, "There" if mode == BEGINNING else "there", "")

    def enumerate_more(self, at: int) -> Iterator[tuple[int, Statement]]:
        """Yields what is said of objects after relations."""
        yield from self.there(at, "There", " also")
        for begin in self.match(at, f"The {self.medium} also shows"):
            yield from ((end, Statement(mentions)) for end, mentions in self.objects(begin))
        for end, mentions in self.objects(at, capital=True):
            for text in ("also shown", "also in view", f"in the {self.medium} , too"):
                yield from self.agree(end, mentions, text)

    def there(self, at: int, there: str, also: str) -> Iterator[tuple[int, Statement]]:
        for be in ("is", "are"):
            for begin in self.match(at, f"{there} {be}{also}"):
                yield from ((end, Statement(some, plural=be == "are")) for end, some in self.objects(begin))

    def agree(self, at: int, mentions: tuple[Mention, ...], text: str) -> Iterator[tuple[int, Statement]]:
        """Yields the statement if what follows the objects is this, with a verb in the number of all of them."""
        for be in ("is", "are") if len(mentions) == 1 else ("are",):
            for end in self.match(at, f"{be} {text}"):
                yield end, Statement(mentions, plural=be == "are" if len(mentions) == 1 else None)

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

    def mention(self, at: int, capital: bool = False) -> list[tuple[int, Mention]]:
        """The objects that may be named here, by where their phrases end; with a capital where a sentence begins."""
        article = self.tokens[at]
        if capital:
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
        for begin, adjectives in self.words.before.walk(self.tokens, at):
            pairs = tuple(pair for pair, _, _ in adjectives)
            for end, entries in self.words.names.walk(self.tokens, begin):
                yield Noun(entries[0][0], (begin, end), apart=pairs)

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


def solve(statements: list[Statement], phrases: list[Phrase], topics: list[str]) -> Parse | None:
    """Finds out which mentions mean the same object; None where that makes no sense."""
    mentions: list[Mention] = []
    verbs: list[tuple[int, Words, int]] = []
    plurals: dict[int, bool | None] = {}
    for statement in statements:
        at = len(mentions)
        mentions += statement.mentions
        verbs += [(at, verb, to) for to, verb in enumerate(statement.verbs, start=at + 1)]
        plurals[at] = statement.plural
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
        [phrase.words for phrase in phrases],
        groups,
        topics,
    )


def resolve(
    home: list[int], nouns: tuple[Noun, ...], mentions: list[Mention], plurals: dict[int, bool | None]
) -> tuple[int, ...] | None:
    """For each mention the one that introduced what it means; None where articles, ordinals or verbs do not agree.

    Args:
        home: Numbers of a group's mentions, read as `nouns`.
        mentions: All mentions.
        plurals: For each mention that is the subject of a sentence, the number of its verb, if that shows.
    """
    introduced = {at: noun for at, noun in zip(home, nouns, strict=True) if mentions[at].article != "the"}
    total = Counter(noun.name for noun in introduced.values())
    known: dict[str, list[int]] = {name: [] for name in total}
    meant, subjects = [], set()
    for at, noun in zip(home, nouns, strict=True):
        twins = known.get(noun.name, [])
        if at in introduced:
            # What is not like the first needs no "another", and only the second can be another.
            alike = [one for key, one in introduced.items() if one.name == noun.name and key != at]
            apart = set(noun.attributes) - {pair for one in alike for pair in one.attributes}
            if mentions[at].article in REPEATING and not twins:
                return None
            if mentions[at].article not in REPEATING and twins and not apart:
                return None
            twins.append(at)
            meant.append(at)
        elif noun.apart:
            # "The cork bridge" is the one that was said to be of cork, of two bridges or more.
            holders = [
                one
                for one, other in introduced.items()
                if other.name == noun.name and set(noun.apart) & set(other.attributes)
            ]
            if len(holders) != 1 or holders[0] not in twins or total[noun.name] == 1:
                return None
            meant.append(holders[0])
        elif max(noun.ordinal, 1) <= len(twins) and bool(noun.ordinal) == (total[noun.name] > 1):
            meant.append(twins[max(noun.ordinal, 1) - 1])
            if (noun.count == 1) != (introduced[meant[-1]].count == 1):
                return None
        else:
            return None
        if at in plurals:
            if plurals[at] not in (None, introduced[meant[-1]].plural) or meant[-1] in subjects:
                return None
            subjects.add(meant[-1])
    return tuple(meant)
