"""Names the rows that the paper's own rules keep (its Appendix B), as its metadata folders do."""

from __future__ import annotations

from collections import Counter

ROOT = "object.n.01"


def name_by_paper(wordnet) -> dict[str, str]:
    """Names each synset that the paper's rules keep, by id: `corn_snake`, or `iconoclast (destroyer)`.

    Kept are the hyponyms of `object.n.01` without named instances. The parent is the first hypernym of all in the
    alphabet; synsets that share both first lemma and parent are dropped, all of them; a lemma that is left more than
    once is told apart by its parent's lemma. The rules are applied once, not until nothing changes.
    """
    closure = set(wordnet.synset(ROOT).closure(lambda synset: synset.hyponyms()))
    parents = {synset: min(synset.hypernyms(), key=lambda above: above.name()) for synset in closure}
    shared = Counter((_read_lemma(synset), parent.name()) for synset, parent in parents.items())
    kept = [synset for synset, parent in parents.items() if shared[_read_lemma(synset), parent.name()] == 1]
    count = Counter(_read_lemma(synset) for synset in kept)
    return {
        synset.name(): _read_lemma(synset)
        if count[_read_lemma(synset)] == 1
        else f"{_read_lemma(synset)} ({_read_lemma(parents[synset])})"
        for synset in kept
    }


def _read_lemma(synset) -> str:
    return synset.lemma_names()[0].lower()
