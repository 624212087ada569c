"""Decides which objects are flagged: what cannot be seen, what offends, demonyms, brands."""

from __future__ import annotations

import json
import re
from pathlib import Path

from .english import measure_concreteness, measure_visual
from .sources import find_archive, read_member, read_review, split_words

UNSEEN_LEXNAMES = frozenset(
    f"noun.{name}"
    for name in split_words(
        """
    cognition attribute shape state time quantity possession act Tops feeling motive
    """
    )
)
INVISIBLE_ROOTS = ("microorganism.n.01", "cell.n.02", "spore.n.01")
OFFENSIVE_GLOSS = re.compile(
    r"ethnic slur|offensive (term|name|word|slang)|\(offensive|disparag|derogat|pejorat|insulting term|"
    r"term of abuse|obscene (word|term)|contemptuous",
    re.IGNORECASE,
)
SEXUAL_GLOSS = re.compile(
    r"sexual|prostitut|intercourse|carnal|\braped?\b|\brapes\b|pornograph|homosexual|\bgay\b|lesbian|pimp|brothel",
    re.IGNORECASE,
)
# Words for people that are nothing but a judgment (a fool, a scoundrel).
JUDGING_ROOTS = ("bad_person.n.01", "unwelcome_person.n.01", "simpleton.n.01", "failure.n.04")
OFFENSIVE_USAGES = ("ethnic_slur", "disparagement", "obscenity", "dirty_word")
BRAND_USAGES = ("trademark", "trade_name")


def list_flags(wordnet, sources: Path, table: dict) -> dict[str, tuple[str, ...]]:
    """Lists the flags of every row, in the order of the alphabet."""
    people = _list_under(wordnet, "person.n.01")
    invisible = {id_ for root in INVISIBLE_ROOTS for id_ in _list_under(wordnet, root)}
    judging = {id_ for root in JUDGING_ROOTS for id_ in _list_under(wordnet, root)}
    demonym_roots = ("inhabitant.n.01", "religious_person.n.01", "ethnic_group.n.01", "native.n.01")
    demonyms = {id_ for root in demonym_roots for id_ in _list_under(wordnet, root)}
    naughty, rude = read_rude_words(sources)
    by_hand = dict(line.split(" = ") for line in read_review("flags.txt"))
    result = {}
    for id_, synset in table.items():
        word = synset.lemma_names()[0].replace("_", " ")
        gloss, usages = synset.definition(), _list_usages(synset)
        marks = set()
        votes = (word.lower() in naughty) + (rude.get(word.lower()) == "2")
        if any(usage.startswith(OFFENSIVE_USAGES) for usage in usages) or OFFENSIVE_GLOSS.search(gloss) or votes == 2:
            marks.add("offensive")
        if id_ in judging or (id_ in people and (votes == 1 or SEXUAL_GLOSS.search(gloss))):
            marks.add("offensive")
        if any(usage.startswith(BRAND_USAGES) for usage in usages):
            marks.add("brand")
        if id_ in demonyms or (id_ in people and word[:1].isupper()):
            marks.add("demonym")
        if id_ in invisible or _is_unseen(synset, word):
            marks.add("invisible")
        if id_ in by_hand:
            marks = set(by_hand[id_].split("|")) - {"none"}
        result[id_] = tuple(sorted(marks))
    return result


def read_rude_words(sources: Path) -> tuple[set[str], dict[str, str]]:
    """Reads words that nobody should read: a list of them, and how surely each of others is rude (0 to 2)."""
    naughty = json.loads(read_member(find_archive(sources, "naughty-words-*.tgz"), "package/en.json"))
    cuss = read_member(find_archive(sources, "cuss-*.tgz"), "package/index.js").decode()
    rude = dict(re.findall(r"""^\s*['"]?([^\s:'"][^:'"]*)['"]?:\s*([012]),""", cuss, re.MULTILINE))
    return {word.lower() for word in naughty}, rude


def _list_under(wordnet, root: str) -> set[str]:
    synset = wordnet.synset(root)
    return {root} | {below.name() for below in synset.closure(lambda synset: synset.hyponyms())}


def _list_usages(synset) -> list[str]:
    usages = [*synset.usage_domains(), *(usage.synset() for usage in synset.lemmas()[0].usage_domains())]
    return [usage.name() for usage in usages]


def _is_unseen(synset, word: str) -> bool:
    if synset.lexname() in UNSEEN_LEXNAMES:
        return True
    if synset.lexname() in ("noun.location", "noun.communication"):
        # Regions and messages; what is a thing all the same (a road sign, a meadow) is let in by hand.
        return synset.name().split(".")[0] not in read_seen_words()
    if synset._wordnet_corpus_reader.synsets(word.replace(" ", "_"), "n")[0] != synset:
        return False
    concreteness, visual = measure_concreteness(word), measure_visual(word)
    return (concreteness is not None and concreteness < 3.0) or (visual is not None and visual < 2.0)


def read_seen_words() -> set[str]:
    """Reads the words of places and messages that can be seen."""
    return set(read_review("seen.txt"))
