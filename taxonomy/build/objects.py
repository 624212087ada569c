"""Builds objects.tsv and frequency.tsv: WordNet 3.0 under `object.n.01`, and what we see that it keeps elsewhere."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from .countability import decide_countability
from .english import choose_article, make_plural, measure_concreteness, measure_zipf
from .flags import list_flags
from .object_kin import mark_kin
from .object_rows import ObjectRows
from .object_sizes import mark_sizes
from .object_visibility import mark_visibility
from .paper import ROOT, name_by_paper
from .sources import DATA, open_wordnet, read_review, split_words

Row = dict[str, str]

# Rarer names have no row in frequency.tsv.
LEAST_ZIPF = 1.5
# A dish rarer than this, which no norm list knows either, is left out.
LEAST_USE = 0.5
# What is of one of these kinds is an artifact too.
MAN_MADE = frozenset(split_words("vehicle container clothing furniture device musical_instrument weapon toy artwork"))
# What is of one of these kinds is of none but these: one is in a place, and nobody lifts it or bumps into it.
PLACES = frozenset(split_words("room landform water ground area"))
# What is of one of these kinds is no artifact: it stands where it was built.
BUILT = frozenset(split_words("building structure"))
COMMON_ZIPF = 2.7
COMMON_CONCRETENESS = 4.0
# A rarer word is everyday too when everyone can picture it.
RARER_ZIPF = 2.1
RARER_CONCRETENESS = 4.55


def build_objects(sources: Path) -> tuple[list[Row], list[Row]]:
    """Builds the rows of objects.tsv and of frequency.tsv."""
    wordnet = open_wordnet(sources)
    table, forced_common = collect_synsets(wordnet)
    parents = choose_parents(wordnet, table)
    kinds = find_kinds(wordnet, table)
    names = dict(line.split(" = ") for line in read_review("names.txt"))
    dropped = set(read_review("drop.txt"))
    flags = list_flags(wordnet, sources, table)
    paper_names = name_by_paper(wordnet)
    offensive = {id_ for id_, marks in flags.items() if "offensive" in marks}
    replaced = merge_duplicates(table, parents, dropped, offensive)
    shown = {id_: names.get(id_) or display_name(synset) for id_, synset in table.items() if id_ not in replaced}
    uncommon = set(read_review("not_common.txt"))
    listed = resolve_names(wordnet, read_review("common.txt"), shown)
    shown.update(listed)
    common = listed.keys() | {id_ for id_ in forced_common if uncommon.isdisjoint((id_, display_name(table[id_])))}
    upper = set(read_review("upper.txt"))
    rows: list[Row] = []
    frequencies: list[Row] = []
    zipfs: dict[str, float] = {}
    for id_, synset in table.items():
        if id_ in replaced and id_ not in paper_names:
            continue
        name = shown.get(id_) or display_name(synset)
        countability = decide_countability(synset, name, kinds[id_])
        if countability == "plural" and not name.partition(" of ")[0].endswith(("s", "hose")) and id_ not in names:
            name = make_plural(name)
        zipf = estimate_zipf(synset, name)
        # What the hand lists call common has been looked at: it can be seen, whatever the rules say.
        marks = tuple(mark for mark in flags[id_] if mark != "invisible" or id_ not in common)
        if id_ in replaced:
            marks = (*marks, "merged")
        tier = "visible"
        if marks or id_ in upper:
            tier = "full"
        elif "body_part" in kinds[id_]:
            # Nobody asks for a lone hand.
            tier = "visible"
        elif id_ in common or (uncommon.isdisjoint((id_, name)) and is_common(synset, name, zipf)):
            tier = "common"
        rows.append(
            {
                "id": id_,
                "offset": f"{synset.offset():08d}",
                "name": name,
                "parent": find_shipped(parents[id_], replaced),
                "kinds": "|".join(kinds[id_]),
                "size": "",
                "countability": countability,
                "plural": make_plural(name) if countability == "count" else name,
                "article": choose_article(name) if countability == "count" else "some",
                "tier": tier,
                "flags": "|".join(marks),
                "visible": "yes",
                "part_of": "",
                "near": "",
                "paper_name": paper_names.get(id_, ""),
            }
        )
        # The loader takes what is missing for 0: so rare a name is dealt as if it were never used.
        frequencies += [{"id": id_, "zipf": f"{zipf:.2f}"}] if zipf >= LEAST_ZIPF else []
        zipfs[id_] = zipf
    demote_namesakes(rows, zipfs, listed)
    add_own_objects(rows, frequencies, uncommon)
    mark_visibility(ObjectRows(rows, sources))
    mark_sizes(ObjectRows(rows, sources))
    mark_kin(ObjectRows(rows, sources))
    return rows, frequencies


def collect_synsets(wordnet) -> tuple[dict[str, Any], set[str]]:
    """Collects the synsets of the table, by id, and the ids that the hand file calls common."""
    table = {synset.name(): synset for synset in (wordnet.synset(ROOT), *walk_down(wordnet, ROOT))}
    common: set[str] = set()
    for extra in tomllib.loads((DATA / "extra_objects.toml").read_text(encoding="utf-8"))["extra"]:
        found = [wordnet.synset(id_) for id_ in extra.get("synsets", ())]
        if extra.get("common"):
            common.update(synset.name() for synset in found)
        for id_ in extra.get("closure", ()):
            # A dish that nobody writes about may go, unless others hang on it.
            found += [synset for synset in walk_down(wordnet, id_) if synset.hyponyms() or is_in_use(synset)]
            found.append(wordnet.synset(id_))
        allowed = {synset.name() for id_ in extra.get("under", ()) for synset in walk_down(wordnet, id_)}
        for word in extra.get("words", "").split():
            senses = [sense for sense in wordnet.synsets(word, "n") if sense.name() in allowed]
            if senses:
                found.append(senses[0])
                if extra.get("common"):
                    common.add(senses[0].name())
        table.update((synset.name(), synset) for synset in found)
    return table, common


@cache
def walk_down(wordnet, id_: str) -> tuple:
    """Lists the synsets under one, without named instances, in a fixed order."""
    return tuple(sorted(set(wordnet.synset(id_).closure(lambda synset: synset.hyponyms())), key=lambda s: s.name()))


def choose_parents(wordnet, table: dict) -> dict[str, str]:
    """Chooses every row's parent: its first hypernym in the table, or else the nearest row above, or else the root."""
    parents = {}
    for id_, synset in table.items():
        if id_ == ROOT:
            parents[id_] = ""
            continue
        level = list(_list_hypernyms(synset))
        while level and not any(above.name() in table for above in level):
            level = [further for above in level for further in _list_hypernyms(above)]
        parents[id_] = next((above.name() for above in level if above.name() in table), ROOT)
    return parents


def _list_hypernyms(synset) -> list:
    # nltk sorts what `hypernyms()` returns; the order of WordNet's own file is in the pointers.
    return [
        synset._wordnet_corpus_reader.synset_from_pos_and_offset(pos, offset) for pos, offset in _read_pointers(synset)
    ]


def _read_pointers(synset) -> list[tuple[str, int]]:
    line = synset._wordnet_corpus_reader._data_file(synset.pos())
    line.seek(synset.offset())
    fields = line.readline().split("|")[0].split()
    position = 4 + 2 * int(fields[3], 16)
    pointers = fields[position + 1 : position + 1 + 4 * int(fields[position])]
    groups = [pointers[start : start + 4] for start in range(0, len(pointers), 4)]
    return [(pos, int(offset)) for symbol, offset, pos, _ in groups if symbol == "@"]


def find_kinds(wordnet, table: dict) -> dict[str, tuple[str, ...]]:
    """Finds the kinds of every row from the hand file of roots; `thing` where there is none."""
    members: dict[str, list[str]] = defaultdict(list)
    for kind, roots in tomllib.loads((DATA / "object_kinds.toml").read_text(encoding="utf-8")).items():
        inside = _collect(wordnet, roots["under"]) - _collect(wordnet, roots.get("not_under", ()))
        some = (inside | set(roots.get("also", ()))) - set(roots.get("but_not", ()))
        for id_ in some & table.keys():
            members[id_].append(kind)
    for found in members.values():
        if "artifact" not in found and not MAN_MADE.isdisjoint(found):
            found.append("artifact")
        if not {"ground", "area"}.isdisjoint(found) and "landform" not in found:
            found.append("landform")
        if not PLACES.isdisjoint(found):
            found[:] = [kind for kind in found if kind in PLACES]
        elif not BUILT.isdisjoint(found):
            found[:] = [kind for kind in found if kind != "artifact"]
    return {id_: tuple(members.get(id_, ("thing",))) for id_ in table}


def _collect(wordnet, ids) -> set[str]:
    return {name for id_ in ids for name in (id_, *(synset.name() for synset in walk_down(wordnet, id_)))}


def merge_duplicates(
    table: dict, parents: dict[str, str], dropped: Collection[str], offensive: Collection[str]
) -> dict[str, str]:
    """Says which row stands for each row that is left out, or flagged `merged` where the paper's rules keep it.

    Senses of one word under one parent are one thing to the eye: the first stands for the others. A dropped row is
    stood for by its parent. An offensive row stands for nothing else, and nothing for it.
    """
    senses = defaultdict(list)
    for id_, synset in table.items():
        if id_ not in dropped and id_ not in offensive:
            senses[(synset.lemma_names()[0].lower(), parents[id_])].append(id_)
    replaced = {id_: parents[id_] for id_ in dropped if id_ in table}
    for ids in senses.values():
        first, *others = sorted(ids, key=lambda id_: int(id_.rsplit(".", 1)[1]))
        replaced.update((id_, first) for id_ in others)
    return replaced


def resolve_names(wordnet, entries: list[str], shown: dict[str, str]) -> dict[str, str]:
    """Finds the rows that a hand list means, and the names to show them under.

    An entry is an id, or a name: what a row is shown under already, or else the first sense of this word that is
    in the table, which is then shown under it (`polar bear` for `ice_bear.n.01`).
    """
    first: dict[str, str] = {}
    for id_ in sorted(shown, key=lambda id_: (int(id_.rsplit(".", 1)[1]), id_)):
        first.setdefault(shown[id_], id_)
    result: dict[str, str] = {}
    unknown: list[str] = []
    for entry in entries:
        senses = [] if re.search(r"\.n\.\d\d$", entry) else wordnet.synsets(entry.replace(" ", "_"), "n")
        candidates = [entry, first.get(entry, ""), *(sense.name() for sense in senses)]
        found = next((id_ for id_ in candidates if id_ in shown), None)
        if found is None:
            unknown.append(entry)
        else:
            result.setdefault(found, shown[found] if entry == found else entry)
    if unknown:
        print(f"review lists: no such objects: {'; '.join(unknown)}")
    return result


def find_shipped(id_: str, replaced: dict[str, str]) -> str:
    """Follows replacements up to a row that is shipped."""
    while id_ in replaced:
        id_ = replaced[id_]
    return id_


def display_name(synset) -> str:
    """Makes the words to show: the first lemma, with spaces and its own capitals."""
    return synset.lemma_names()[0].replace("_", " ")


def rank_of(synset, name: str) -> int:
    """Gives the place of this sense among the noun senses of `name` (1 is the first), 99 when it is none of them."""
    senses = synset._wordnet_corpus_reader.synsets(name.replace(" ", "_"), "n")
    return senses.index(synset) + 1 if synset in senses else 99


def estimate_zipf(synset, name: str) -> float:
    """Estimates how often `name` is used in this sense.

    wordfreq combines the words of a phrase as if they were independent, which is too high: one is taken off for
    every further word, another when no norm list and no tagged text of WordNet has the phrase, and half for every
    sense before this one.
    """
    zipf = measure_zipf(name)
    words = len(name.replace("-", " ").split())
    if words > 1:
        zipf -= words - 1
        if measure_concreteness(name) is None and not any(lemma.count() for lemma in synset.lemmas()):
            zipf -= 1
    zipf -= 0.5 * (min(rank_of(synset, name), 6) - 1)
    return max(zipf, 0.0)


def is_in_use(synset) -> bool:
    """Says whether wordfreq or the norm lists know the words of a synset's name."""
    name = display_name(synset)
    return estimate_zipf(synset, name) >= LEAST_USE or measure_concreteness(name) is not None


def is_common(synset, name: str, zipf: float) -> bool:
    """Says whether a row is an everyday, concrete word in its first sense; phrases are let in by hand only."""
    concreteness = measure_concreteness(name)
    return (
        " " not in name
        and concreteness is not None
        and (
            (zipf >= COMMON_ZIPF and concreteness >= COMMON_CONCRETENESS)
            or (zipf >= RARER_ZIPF and concreteness >= RARER_CONCRETENESS)
        )
        and rank_of(synset, name) == 1
        and not name[:1].isupper()
    )


def demote_namesakes(rows: list[Row], zipf: dict[str, float], listed: Collection[str]) -> None:
    """Leaves one row of every name in the common tier: one of the hand list's, or else the most frequent."""
    best: dict[str, dict[str, str]] = {}
    for row in sorted(rows, key=lambda row: (row["id"] not in listed, -zipf[row["id"]], row["id"])):
        if row["tier"] == "common" and best.setdefault(row["name"].lower(), row) is not row:
            row["tier"] = "visible"


def add_own_objects(rows: list[Row], frequencies: list[Row], uncommon: Collection[str]) -> None:
    """Adds things that are younger than WordNet 3.0; their ids are like a synset's, with an `x`.

    They are everyday things but for those whose names are among the `uncommon`.
    """
    by_id = {row["id"]: row for row in rows}
    common = {row["name"].lower() for row in rows if row["tier"] == "common"}
    for block in tomllib.loads((DATA / "own_objects.toml").read_text(encoding="utf-8"))["own"]:
        for name in (name.strip() for name in block["names"].split(";") if name.strip()):
            if name.lower() in common:
                # WordNet has it after all, under another first word.
                continue
            common.add(name.lower())
            id_ = f"{re.sub('[^a-z0-9]+', '_', name.lower()).strip('_')}.x.01"
            countability = block.get("countability", "count")
            counted = countability == "count"
            rows.append(
                {
                    **by_id[block["parent"]],
                    "id": id_,
                    "offset": "",
                    "name": name,
                    "parent": block["parent"],
                    "kinds": block.get("kinds", by_id[block["parent"]]["kinds"]),
                    "countability": countability,
                    "plural": make_plural(name) if counted else name,
                    "article": choose_article(name) if counted else "some",
                    "tier": "visible" if name in uncommon else "common",
                    "flags": "",
                    "visible": "yes",
                    "part_of": "",
                    "near": "",
                    "paper_name": "",
                }
            )
            words = len(name.replace("-", " ").split())
            frequencies.append({"id": id_, "zipf": f"{max(measure_zipf(name) - words + 1, 0):.2f}"})
