"""Finds what goes along with objects: mended parents, what they show besides, what they are confused with."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, product

from .near import Pair, Row, pair_line, read_lines, write_near
from .object_rows import ObjectRows, split_line
from .sources import read_review

SHORTEST_WORD = 3
"""Letters of a word in another one's name from which on it counts."""
MOST_ALIKE = 400
"""Rows under one that no everyday word tells apart, up to which it is believed that nobody can."""


def mark_kin(objects: ObjectRows) -> None:
    """Mends the parents of objects, and fills their columns `part_of` and `near`."""
    lists = read_lines("parents.toml")
    idioms, alone = ({name for line in lists[part] for name in split_line(line)} for part in ("idioms", "named_alone"))
    heads = {id_: head for id_, head in list_heads(objects) if objects.by_id[id_]["name"] not in idioms}
    unlike = mend_parents(objects, lists["kinds"], heads, alone)
    mark_near(objects, unlike)
    mark_parts(objects)


def list_heads(objects: ObjectRows) -> Iterator[Pair]:
    """Pairs every row of several words with the everyday thing that its last words name (`of` ends a name)."""
    for row in objects.rows:
        words = row["name"].lower().partition(" of ")[0].split()
        begins = range(0 if " of " in row["name"] else 1, len(words))
        found = next((objects.common[name] for i in begins if (name := " ".join(words[i:])) in objects.common), "")
        if found and found != row["id"]:
            yield row["id"], found


def mend_parents(objects: ObjectRows, lines: Iterable[str], heads: Mapping[str, str], alone: set[str]) -> list[Pair]:
    """Hangs things on what they are kinds of, by hand and by the last noun of names.

    Returns: Pairs of things and the last nouns of their names that do not say what they are.
    """
    for line in lines:
        kind, _, rest = line.partition(">")
        (above,) = objects.find(kind.strip())
        for id_ in (id_ for name in split_line(rest) for id_ in objects.find(name)):
            hang(objects, id_, above)
    unlike = []
    for id_, head in heads.items():
        row = objects.by_id[id_]
        same = set(row["kinds"].split("|")) == set(objects.by_id[head]["kinds"].split("|"))
        if row["tier"] == "common" and same and row["name"] not in alone and " of " not in row["name"]:
            hang(objects, id_, head)
        if not objects.is_under(id_, head) and not objects.is_under(head, id_):
            unlike.append((id_, head))
    return unlike


def hang(objects: ObjectRows, id_: str, above: str) -> None:
    """Makes a row the parent of another one, unless it is above it already, or under it."""
    if not objects.is_under(id_, above) and not objects.is_under(above, id_):
        objects.by_id[id_]["parent"] = above


def mark_near(objects: ObjectRows, unlike: Iterable[Pair]) -> None:
    """Fills the column `near`; a row that is near itself has nothing under it that people tell apart."""
    near: dict[str, set[str]] = {row["id"]: set() for row in objects.rows}
    lists = read_lines("near_objects.toml")
    alike = [id_ for line in lists.pop("alike") for name in split_line(line) for id_ in objects.find(name)]
    for id_ in (*alike, *list_alike(objects)):
        near[id_].add(id_)
    anybody, children = (
        [id_ for line in lists.pop(part) for name in split_line(line) for id_ in objects.find(name)]
        for part in ("anybody", "children")
    )
    adults = [row["id"] for row in objects.rows if is_everyday_person(row) and row["id"] not in children]
    for first, second in (
        *pair_by_hand(objects, [line for lines in lists.values() for line in lines]),
        *unlike,
        *pair_by_lemmas(objects),
        *product(anybody, adults),
    ):
        if first != second and not objects.is_under(first, second) and not objects.is_under(second, first):
            near[first].add(second)
            near[second].add(first)
    write_near(objects.rows, near)


def is_everyday_person(row: Row) -> bool:
    return row["tier"] == "common" and "person" in row["kinds"].split("|")


def list_alike(objects: ObjectRows) -> Iterator[str]:
    """Lists the highest rows with none of the common tier under them, but for what is right under a root.

    Who needs a rare word for a thing tells it from others by no picture.
    """
    with_common = {above for row in objects.rows if row["tier"] == "common" for above in objects.list_above(row["id"])}
    for row in objects.rows:
        id_, parent = row["id"], row["parent"]
        above_common = any(child in with_common for child in objects.children[id_])
        top = id_ not in with_common and parent in with_common
        leaf = row["tier"] == "common" and not above_common
        if (top or leaf) and objects.children[id_] and len(objects.list_under(id_)) <= MOST_ALIKE:
            yield id_


def pair_by_hand(objects: ObjectRows, lines: Iterable[str]) -> Iterator[Pair]:
    """Pairs what hand-made lines say."""
    for line in lines:
        names = split_line(line.replace(">", ";"))
        yield from pair_line(line, {name: objects.find(name) for name in names})


def pair_by_lemmas(objects: ObjectRows) -> Iterator[Pair]:
    """Pairs rows of a kind whose names are one in another spelling, or of which one has the other's name, too."""
    called: dict[str, list[Row]] = defaultdict(list)
    for row in objects.rows:
        if "merged" in row["flags"]:
            continue
        names = {row["name"]}
        if ".n." in row["id"]:
            names.update(objects.wordnet.synset(row["id"]).lemma_names())
        for name in {re.sub(r"[^a-z0-9]", "", name.lower()) for name in names}:
            called[name].append(row)
    for rows in called.values():
        for row, other in combinations(rows, 2):
            if not set(row["kinds"].split("|")).isdisjoint(other["kinds"].split("|")):
                yield row["id"], other["id"]


def mark_parts(objects: ObjectRows) -> None:
    """Fills the column `part_of`: ids, and kinds, of what shows each row."""
    wholes: dict[str, set[str]] = defaultdict(set)
    # What is so general is whole and part of anything.
    upper = set(read_review("upper.txt"))
    for part, whole in (*pair_parts_by_hand(objects), *pair_parts_by_wordnet(objects), *pair_parts_by_names(objects)):
        names = {objects.by_id[id_]["name"] for id_ in objects.list_above(whole)}
        if upper.isdisjoint((part, whole)) and not objects.is_under(part, whole):
            # "Bird" is meat of a bird, too.
            wholes[part].update({whole} if objects.by_id[part]["name"] not in names else ())
    for row in objects.rows:
        row["part_of"] = "|".join(sorted(wholes[row["id"]]))


def pair_parts_by_hand(objects: ObjectRows) -> Iterator[Pair]:
    """Pairs parts with wholes, ids or kinds, as `parts.toml` has them."""
    for lines in read_lines("parts.toml").values():
        for line in lines:
            parts, _, wholes = line.partition("<")
            parts_found = [id_ for name in split_line(parts) for id_ in objects.find(name)]
            for name in split_line(wholes):
                for whole in [name[1:]] if name.startswith("@") else objects.find(name):
                    yield from ((part, whole) for part in parts_found)


def pair_parts_by_wordnet(objects: ObjectRows) -> Iterator[Pair]:
    """Pairs parts, members and substances with their wholes, and parts of parts with them; homographs have none."""
    for id_ in objects.by_id:
        if ".n." not in id_ or is_homograph(objects, id_):
            continue
        synset = objects.wordnet.synset(id_)
        for whole in synset.closure(lambda one: one.part_holonyms()):
            if whole.name() in objects.by_id:
                yield id_, whole.name()
        for whole in (*synset.member_holonyms(), *synset.substance_holonyms()):
            if whole.name() in objects.by_id:
                yield id_, whole.name()


def is_homograph(objects: ObjectRows, id_: str) -> bool:
    """Says whether people think of another kind of thing when they hear a row's name: of an animal, not of a screw."""
    row = objects.by_id[id_]
    meant = objects.by_id[objects.common.get(row["name"].lower(), id_)]
    return set(row["kinds"].split("|")).isdisjoint(meant["kinds"].split("|"))


def pair_parts_by_names(objects: ObjectRows) -> Iterator[Pair]:
    """Pairs the everyday things that a name has among its words with what has this name: a dog walker's dog."""
    for row in objects.rows:
        name, _, content = row["name"].lower().partition(" of ")
        words = name.split()[:-1] + content.split()
        for begin, end in combinations(range(len(words) + 1), 2):
            word = " ".join(words[begin:end])
            if len(word) >= SHORTEST_WORD and word in objects.common:
                yield objects.common[word], row["id"]
