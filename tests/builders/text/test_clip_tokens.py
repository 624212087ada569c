"""Tokens of CLIP, against the tokenizer of transformers with the same merges."""

from importlib.resources import files

import pyarrow as pa
import pytest
from generate_any_scene.builders.recipe.loading import list_recipes
from generate_any_scene.builders.text import clip_tokens
from generate_any_scene.builders.text.clip_tokens.counting import SPECIAL, _name_bytes, count_tokens
from generate_any_scene.builders.text.lengths import count_clip_tokens, count_words
from generate_any_scene.taxonomy import load_taxonomy

ODD = (
    "dog's",
    "rock'n'roll",
    "don't,",
    "café",
    "½",
    "x²",
    "f/1.8",
    "1/250",
    "35mm",
    "naïve",
    "…",
    '"quoted"',
    "日本語",
    "🦊",
)


@pytest.fixture(scope="module")
def tokenize():
    """The real tokenizer; its vocabulary is the bytes, the bytes at the end of a word, and what merges make."""
    transformers = pytest.importorskip("transformers")
    lines = files(clip_tokens).joinpath("merges.tsv").read_text(encoding="utf-8").splitlines()
    merges = [tuple(line.split("\t")) for line in lines]
    letters = sorted(_name_bytes(), key=lambda letter: (ord(letter) >= 256, ord(letter)))
    symbols = [*letters, *(f"{letter}</w>" for letter in letters), *map("".join, merges)]
    vocabulary = {symbol: number for number, symbol in enumerate([*symbols, "<|startoftext|>", "<|endoftext|>"])}
    tokenizer = transformers.CLIPTokenizer(vocab=vocabulary, merges=merges)
    return lambda texts: [len(one) for one in tokenizer(texts)["input_ids"]]


def test_a_known_text_has_as_many_tokens_as_clip_makes_of_it(tokenize):
    # 320 1125 539 320 2368 in the vocabulary of CLIP, between 49406 and 49407
    text = "a photo of a cat"
    assert count_clip_tokens(pa.array([text])).tolist() == tokenize([text]) == [5 + SPECIAL]


@pytest.mark.parametrize("table", ["objects", "attributes", "relations", "scene_attributes"])
def test_words_of_the_taxonomy_have_as_many_tokens_as_clip_makes_of_them(table, tokenize):
    columns = getattr(load_taxonomy(), table)
    words = sorted(
        {
            word
            for name in ("name", "plural", "adjective", "predicate", "finite", "phrase")
            if name in columns.column_names
            for text in columns[name].to_pylist()
            for word in text.split()
        }
    )
    words = words[::8]  # some of all, since there are many
    words += [f"{word}{sign}" for word in words[:500] for sign in (",", ".", "'s", ")")]
    assert [SPECIAL + count_tokens(word) for word in words] == tokenize(words)


def test_odd_words_have_as_many_tokens_as_clip_makes_of_them(tokenize):
    assert [SPECIAL + count_tokens(word) for word in ODD] == tokenize(list(ODD))


def test_captions_have_as_many_tokens_as_clip_makes_of_them(tokenize, write_rows):
    for recipe in list_recipes():
        captions = [row["caption"] for row in write_rows(recipe, ("questions=[]",), 300)]
        assert count_clip_tokens(pa.array(captions)).tolist() == tokenize(captions)


def test_words_are_parted_by_white_space_and_empty_texts_have_none():
    texts = pa.array(["a dog", "a dog, asleep.", "dog"])
    assert count_words(texts).tolist() == [2, 3, 1]
    assert count_clip_tokens(texts.slice(1, 2)).tolist() == [SPECIAL + 5, SPECIAL + 1]
