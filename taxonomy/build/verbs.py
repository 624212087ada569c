"""Lists verbs whose WordNet frames take an object and that one can see being done."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from .english import measure_concreteness, measure_zipf
from .sources import find_archive, open_wordnet, read_member, read_review

# WordNet's frames: 8 "Somebody ----s something", 9 "Somebody ----s somebody", 10 "Something ----s somebody",
# 11 "Something ----s something".
THING, PERSON, BY_THING = 8, 9, 11
LEAST_CONCRETENESS = 3.0
LEAST_ZIPF = 2.8
SEXUAL_GLOSS = re.compile(r"sexual|intercourse|genital|copulat|obscen|prostitut", re.IGNORECASE)


@dataclass(frozen=True)
class Verb:
    """A verb in its dominant sense."""

    lemma: str
    gerund: str
    participle: str
    lexname: str
    acts_on_thing: bool
    acts_on_person: bool
    thing_acts: bool


@lru_cache(maxsize=1)
def list_verbs(sources: Path) -> list[Verb]:
    """Lists the verbs, most frequent first."""
    wordnet = open_wordnet(sources)
    archive = find_archive(sources, "naughty-words-*.tgz")
    banned = {*json.loads(read_member(archive, "package/en.json")), *read_review("verbs_dropped.txt")}
    lemmas = sorted({lemma for lemma in wordnet.all_lemma_names("v") if lemma.isalpha() and lemma.islower()} - banned)
    verbs = [verb for lemma in lemmas if (verb := _describe(wordnet, lemma))]
    return sorted(verbs, key=lambda verb: (-measure_zipf(verb.gerund), verb.lemma))


def _describe(wordnet, lemma: str) -> Verb | None:
    senses = [(synset, _find_lemma(synset, lemma)) for synset in wordnet.synsets(lemma, "v")]
    senses = [(synset, found) for synset, found in senses if found is not None]
    if not senses or any(SEXUAL_GLOSS.search(synset.definition()) for synset, _ in senses[:2]):
        return None
    uses = sum(found.count() for _, found in senses) or 1
    dominant = [pair for rank, pair in enumerate(senses) if rank == 0 or pair[1].count() / uses >= 0.25]
    frames = {frame for _, found in dominant for frame in found.frame_ids()}
    lexname = dominant[0][0].lexname().removeprefix("verb.")
    gerund, participle = _inflect(lemma, "VBG"), _inflect(lemma, "VBN")
    if not (gerund and participle and frames & {THING, PERSON, BY_THING}):
        return None
    concreteness = measure_concreteness(lemma) or 0
    least = 1.0 if lexname == "emotion" else 2.4 if lexname in ("social", "communication") else LEAST_CONCRETENESS
    if concreteness < least or min(measure_zipf(gerund), measure_zipf(participle)) < LEAST_ZIPF or _is_british(gerund):
        return None
    return Verb(lemma, gerund, participle, lexname, THING in frames, PERSON in frames, BY_THING in frames)


def _find_lemma(synset, name: str):
    return next((lemma for lemma in synset.lemmas() if lemma.name() == name), None)


@cache
def _inflect(lemma: str, tag: str) -> str:
    from lemminflect import getInflection

    forms = getInflection(lemma, tag=tag)
    # Where a verb has two forms (canceling, cancelling), the more frequent one; ties by spelling.
    return max(forms, key=lambda form: (measure_zipf(form), form)) if forms else ""


def _is_british(gerund: str) -> bool:
    return any(
        british in gerund and measure_zipf(gerund.replace(british, american)) >= measure_zipf(gerund)
        for british, american in (("ising", "izing"), ("ysing", "yzing"), ("ouring", "oring"))
    )
