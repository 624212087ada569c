"""How answers are spelled, and which replies are read off together."""

from generate_any_scene.training.judges.replies import find_others, list_spellings, share_beginnings, spell_tokens


def test_spellings():
    assert list_spellings("yes") == ["yes", "Yes"]
    assert list_spellings("Yes") == ["Yes", "yes"]
    assert list_spellings("two") == ["two", "Two", "2"]
    assert list_spellings("2") == ["2", "two", "Two"]
    assert list_spellings("zero") == ["zero", "Zero", "0"]
    assert list_spellings("ISO 100") == ["ISO 100"]
    assert list_spellings("13") == ["13"]


class MarkedWords:
    """Tokens as SentencePiece makes them: `▁` stands for a space, also before the first word of a text."""

    vocabulary = ("▁Yes", "Yes", "▁yes", "yes", "▁", "\n", "▁red", "red", "▁R", "R", "ed", "▁reddish")

    def encode(self, text, add_special_tokens):
        assert not add_special_tokens
        text, tokens = "▁" + text.replace(" ", "▁"), []
        while text:
            tokens.append(max((one for one in self.vocabulary if text.startswith(one)), key=len))
            text = text[len(tokens[-1]) :]
        return [self.vocabulary.index(token) for token in tokens]


def test_spellings_of_a_tokenizer_that_marks_first_words():
    def name(answer):
        return {tuple(MarkedWords.vocabulary[token] for token in one) for one in spell_tokens(MarkedWords(), answer)}

    assert name("Yes") == {("▁Yes",), ("Yes",), ("▁yes",), ("yes",)}
    assert name("red") == {("▁red",), ("red",), ("▁R", "ed"), ("R", "ed")}


def test_replies_that_begin_alike_are_read_off_the_longest_beginning():
    """Each reply is a part of what is forced, and one token more."""
    replies = [(1,), (2,), (1, 2), (1, 3), (1, 2, 3, 4), (5, 6)]
    shared = share_beginnings(replies)
    assert shared == {(1, 2, 3): ((1, 2, 3, 4), (1, 2), (1, 3), (1,), (2,)), (5,): ((5, 6),)}
    assert share_beginnings([(1,), (2,)]) == {(): ((1,), (2,))}


def test_a_reply_that_becomes_another_answer_is_not_the_one_that_it_begins_with():
    numbers = {"1": [(1,), (9,)], "10": [(1, 0)], "100": [(1, 0, 0)], "eleven": [(1, 1), (8,)]}
    assert find_others(numbers) == {"1": {(1, 0), (1, 1)}, "10": {(1, 0, 0)}, "100": set(), "eleven": set()}
    assert find_others({"red": [(1,)], "Red kite": [(1, 2)], "reddish": [(1, 3)]})["red"] == {(1, 3)}
