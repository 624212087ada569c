"""`python -m generate_any_scene.taxonomy.build.senses --sources DIR`: rewrites definitions and other words of objects.

Only everyday objects are in it, and those that share their name with another one: of the others nobody asks which is
meant.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ..loader import Taxonomy, load_all_shipped
from ..senses import SENSES
from .flags import read_rude_words
from .sources import open_wordnet
from .write import TABLES_FOLDER

FIRST = 2
"""Meanings of a word that people think of."""
LONGEST = 80
"""Letters of a definition; what is longer ends at the word before."""
BY_HAND = {"ball.n.01": ("sports ball",)}
"""Words that people use and WordNet does not have."""


def main() -> None:
    """Writes the file beside the tables."""
    parser = argparse.ArgumentParser(description="Rewrite the definitions and other words of objects.")
    parser.add_argument("--sources", type=Path, required=True, help="folder with the downloaded archives")
    parser.add_argument("--out", type=Path, default=TABLES_FOLDER, help="folder to write to")
    arguments = parser.parse_args()
    lines = ["id\tdefinition\taliases", *list_senses(load_all_shipped(), arguments.sources)]
    (arguments.out / SENSES).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def list_senses(taxonomy: Taxonomy, sources: Path) -> Iterator[str]:
    """Yields a line for each object that has something to say, by id."""
    wordnet = open_wordnet(sources)
    naughty, rude = read_rude_words(sources)
    rows = taxonomy.objects.select(["id", "name", "plural", "tier", "flags"]).to_pylist()
    shared = Counter(row["name"].casefold() for row in rows)
    for row in rows:
        common = row["tier"] == "common"
        if "offensive" in row["flags"] or not (common or shared[row["name"].casefold()] > 1):
            continue
        synset = wordnet.synset(row["id"]) if ".n." in row["id"] else None
        words = list_words(wordnet, synset) if synset and common else []
        said = {row["name"].casefold(), row["plural"].casefold()}
        aliases = [
            word
            for word in (*words, *BY_HAND.get(row["id"], ()))
            if word.casefold() not in said and word.lower() not in naughty and rude.get(word.lower(), "0") == "0"
        ]
        definition = shorten_gloss(synset.definition()) if synset else ""
        if definition or aliases:
            yield f"{row['id']}\t{definition}\t{'|'.join(aliases)}"


def list_words(wordnet, synset) -> list[str]:
    """Lists the words of which a synset is one of the first meanings: a sofa is a couch, but no lighter is a light."""
    lemmas = [name for name in synset.lemma_names() if synset in wordnet.synsets(name, "n")[:FIRST]]
    return [name.replace("_", " ") for name in lemmas]


def shorten_gloss(gloss: str) -> str:
    """Shortens a gloss to what it says first: `a small rodent; ...`, without remarks in brackets."""
    text = " ".join(re.sub(r"\([^)]*\)", " ", gloss).split(";")[0].split()).strip(" ,:")
    if len(text) <= LONGEST:
        return text
    return text[:LONGEST].rpartition(" ")[0].rstrip(" ,") + " ..."


if __name__ == "__main__":
    main()
