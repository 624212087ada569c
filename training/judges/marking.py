"""How a question of a row is put to a judge, and whether the reply is right. Nothing here needs torch.

Judges reply in words, often in a whole sentence, and wrap their answer up; `wrappers.py` takes it out. It is compared
word by word: case, punctuation, accents and articles do not matter, hyphens part words, and numbers stay whole (`1.8`
is one word). A reply is refused, and neither right nor wrong, where it is no answer to the question; see `mark_reply`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

from ...builders.recipe.fields import show
from ...errors import GasError, advise
from ...taxonomy.english.inflection import make_plural
from ...taxonomy.english.numerals import SPELLED_NUMBERS, write_number
from .wrappers import unlist_reply, unwrap_reply

Question: TypeAlias = Mapping[str, Any]
"""A question as a row has it: `question`, `answer`, `choices`, `form`, `kind` and more."""

TEXTS = ("question", "answer", "form", "kind")
READ = {*TEXTS, "choices"}
"""What is read of every question."""
FORMS = {
    "yes_no": "it must be yes or no",
    "count": "it must be a number",
    "multiple_choice": "it must be one of its choices",
    "open": "",
}
"""Forms of questions, and what their answers must be."""

CHOOSE = "Choose one:"
"""Follows the words of a multiple-choice question on a line of its own; below it, each choice has one."""
BULLET = "- "
"""Begins the line of each choice. Choices hold commas, slashes and "or", but no line break."""

MORE_NUMBERS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty")
NUMBERS = {word: number for number, word in enumerate((*SPELLED_NUMBERS, *MORE_NUMBERS))} | {
    "no": 0,
    "none": 0,
    "single": 1,
}
"""What words for numbers mean, in replies to questions how many there are."""

YES = {"yes", "yeah", "yep", "yup", "true", "correct"}
NO = {"no", "nope", "nah", "false", "incorrect"}
"""First words of replies to questions that are answered with yes or no."""

DENIALS = {"not", "no", "nor", "neither", "never", "isnt", "arent", "doesnt", "dont", "wasnt", "werent"}
"""What comes right after one of these is not what the reply says."""

AUXILIARIES = {"is", "are", "was", "were", "do", "does", "did", "has", "have", "can"}
UNCOUNTED = {"of", "on", "in", "at", "to", "by", "with", "from", "and", "or", "is", "are", "which", "that", "such"}
"""What follows these is no name of what a number before them counts."""

_ARTICLE = re.compile(r"(?<![\w-])(?:a|an|the)\s+(?=\S)")
_WORD = re.compile(r"\d+(?:[.,]\d+)*[^\W\d_]*\+*|[^\W_]+\+*")
# Hyphens do not part these: a "four-leaf clover" is not four, and "2-3" is no number.
_COUNTED = re.compile(r"[^\W_]+(?:[-.,/][^\W_]+)*")
_MILLIMETRES = re.compile(r"(?<=\d)\s+(?=mm\b)")
_DASH = re.compile(r"(?<=\d)\s*[-\u2010-\u2015]\s*(?=\d)|(?<=\w)[\u2010-\u2015](?=\w)")
_ABSENT = re.compile(
    r"\b(?:(?:is|are|was|were|do|does|did|can|could)(?: not|nt)|cannot) "
    r"(?:see |find |spot |show |contain |appear to be |seem to be )?any\b"
)
_REFUSAL = re.compile(
    r"\b(?:"
    r"(?:cannot|can not|cant|could not|couldnt|unable to|not able to|not possible to|impossible to|hard to"
    r"|difficult to) (?:be |really |clearly |definitively )?(?:tell|say|see|determined?|identif\w+|answer\w*|know\w*"
    r"|judged?|infer\w*|seen|provide|assist|help)"
    r"|(?:do not|dont) (?:know|have enough)"
    r"|(?:not|isnt) (?:sure|certain|clear(?= (?:from|if|in|whether|wh\w+|how)\b|$)|specified|mentioned|applicable)"
    r"|not enough information"
    r"|no idea|not visible|unclear|unsure|unanswerable|undetermined|insufficient information|sorry"
    r")\b|^(?:unknown|n a)$"
)
_ASKED = re.compile(r"\bhow many (.+?) (?:are|is|were|do|does|can|have|has)\b")
_EITHER = re.compile(r"\W*(?:yes|no)\s*(?:/|or\b|and\b)\s*(?:yes|no)\b", re.IGNORECASE)
_SHOWN = re.compile(r" in (?:picture|image|photo|photograph|video|scene|(?:3d )?model)$")
_TURN = re.compile(r"\b(?:but|however|though)\b")


def read_questions(questions: str | Sequence[Question]) -> list[Question]:
    """A scene's questions as a row has them, or as JSON text, as files for trainers do.

    Answers are worded as those of datasets are: `Yes` is yes, and `2` is two.

    Raises:
        GasError: They are neither, or one of them is none; it says which.
    """
    found: Any = questions
    if isinstance(questions, str):
        try:
            found = json.loads(questions)
        except (ValueError, RecursionError) as error:
            raise GasError(
                f"`questions` is text, but no JSON: {questions[:60]!r}; give a list of questions"
            ) from error
    if not isinstance(found, Sequence) or not all(isinstance(one, Mapping) and one.keys() >= READ for one in found):
        keys = ", ".join(f"`{key}`" for key in sorted(READ))
        raise GasError(f"`questions` must be a list, of which each has {keys}; or such a list in JSON")
    return [_read_question(one, place) for place, one in enumerate(found, 1)]


def _read_question(one: Question, place: int) -> Question:
    name = f"question {place}, {show(one['question'])}"
    if wrong := [key for key in TEXTS if not isinstance(one[key], str)]:
        raise GasError(f"{name}: `{wrong[0]}` must be text, not {show(one[wrong[0]])}")
    if isinstance(one["choices"], str) or not all(isinstance(choice, str) for choice in one["choices"] or ()):
        raise GasError(f"{name}: `choices` must be a list of texts, not {show(one['choices'])}")
    if one["form"] not in FORMS:
        raise GasError(f"{name}: there is no form {show(one['form'])}; {advise(one['form'], FORMS)}")
    answer = _read_answer(one)
    if answer is None:
        raise GasError(f"{name}: its answer cannot be {show(one['answer'])}; {FORMS[one['form']]}")
    return one if answer == one["answer"] else {**one, "answer": answer}


def _read_answer(one: Question) -> str | None:
    """A question's own answer, worded as that of datasets; None where the question can have no such answer."""
    answer: str = one["answer"]
    folded = answer.strip().casefold()
    match one["form"]:
        case "yes_no":
            return folded if folded in ("yes", "no") else None
        case "count":
            number = _read_number(folded)
            return None if number is None else write_number(number)
        case "multiple_choice":
            return answer if answer in one["choices"] else None
        case _:
            return answer


def choose_questions(questions: str | Sequence[Question], kinds: Sequence[str] | None) -> list[Question]:
    """Takes the questions of some kinds, or all; of what they depend on, those that are taken, by their new places.

    See `read_questions` for what it takes and raises.
    """
    questions = read_questions(questions)
    if kinds is None:
        return list(questions)
    return take_questions(questions, [place for place, one in enumerate(questions) if one["kind"] in kinds])


def take_questions(questions: Sequence[Question], kept: Sequence[int]) -> list[Question]:
    """Takes the questions at some places; of what they depend on, those that are taken, by their new places."""
    places = {old: new for new, old in enumerate(kept)}

    def move(one: Question) -> Question:
        if not one.get("depends_on"):
            return one
        return {**one, "depends_on": [places[place] for place in one["depends_on"] if place in places]}

    return [move(questions[place]) for place in kept]


def word_question(question: Question) -> str:
    r"""The text to ask: the question itself, and below it the choices, if there are any.

    A multiple-choice question has `Choose one:` on its second line, and then one line a choice, each after `- `:

        Which words fill the gap: the man is ___ the chair?
        Choose one:
        - sitting on
        - kneeling beside
        - lying in front of

    so `text.split("\n- ")[1:]` are the choices again, whatever they hold.
    """
    if question["form"] != "multiple_choice":
        return question["question"]
    return "\n".join([question["question"], CHOOSE, *(f"{BULLET}{choice}" for choice in question["choices"])])


def mark_reply(reply: str, question: Question) -> bool | None:
    """Whether a reply in words is right.

    The answer itself always is, and any of its `aliases`. Otherwise, by the question's `form`:

    `yes_no`: The first word decides, yes, no or a word that means the same; or a sentence that says or denies what the
    question asks, in its words. Another reply is refused.

    `count`: The first number decides, in digits or in words up to twenty, that stands alone or counts what the
    question asks for; `no`, `none` and `not any` are zero. A single number of something else is taken for another name
    of it. A reply without a number, with numbers of other things, or with two joined by "or" or "to" is refused.

    `multiple_choice`: The one choice that the reply names decides; where it names none or several, it is refused.
    Numbers among numbers may be in digits. Of
    choices within one another (red, dark red) the longest is meant, and one right after `not` or `no` is not meant. An
    alias of the answer names it, where no choice is named.

    `open`: Right if the words of the answer, or of an alias, follow each other in the reply, not right after `not` or
    `no`. Questions about the whole scene may be answered without words that they say themselves: `Shallow.` for
    `shallow depth of field`. Another reply is wrong; it is refused only where it says that it cannot tell.

    In the last two, a noun may have a plural ending that the answer has not, and only what follows a "but" counts
    where the reply says first that it cannot tell.

    Args:
        reply: What the judge said.
        question: The question as a row has it, of which `question`, `answer`, `choices`, `form`, `kind` and `aliases`
            are read; rows of older datasets have no `aliases`.

    Returns: True for right, False for wrong, None where the judge gave no answer to the question.
    """
    asked = question["question"], question["answer"], question["form"], question["kind"]
    return _mark(reply, *asked, tuple(question["choices"]), tuple(question.get("aliases") or ()))


@lru_cache(maxsize=65536)  # in reinforcement learning the same few replies come again and again
def _mark(
    reply: str, question: str, answer: str, form: str, kind: str, choices: tuple[str, ...], aliases: tuple[str, ...]
) -> bool | None:
    if reply.strip().casefold() in (one.casefold() for one in (answer, *aliases)):
        return True
    reply = unwrap_reply(reply)
    if form == "yes_no":
        said = _read_yes_no(reply, question)
        return None if said is None else said == (answer.casefold() == "yes")
    if form == "count" or (choices and all(is_number(choice.casefold()) for choice in choices)):
        number = _read_count(reply, question)
        known = form == "count" or number in map(_read_count, choices)
        return number == _read_count(answer) if number is not None and known else None
    words = _leave_out_refusal(_split_words(reply))
    if not words:
        return None
    if form == "multiple_choice":
        named = _find_choice(words, choices, answer, aliases)
        return None if named is None else named == answer
    return _holds_answer(words, question, (answer, *aliases), kind)


def _split_words(text: str) -> list[str]:
    return _WORD.findall(_MILLIMETRES.sub("", _ARTICLE.sub("", _fold(text))))


def _fold(text: str) -> str:
    """Lower case, without accents and apostrophes: `jack-o-lantern`, `isnt`, `papier-mache`."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter not in "'’" and not unicodedata.combining(letter))


def _leave_out_refusal(words: list[str]) -> list[str]:
    """All words; where they say that the judge cannot tell, those after a "but", or none."""
    text = " ".join(words)
    refusal = _REFUSAL.search(text)
    if not refusal:
        return words
    turn = _TURN.search(text, refusal.end())
    return _leave_out_refusal(text[turn.end() :].split()) if turn else []


def _read_yes_no(reply: str, question: str) -> bool | None:
    """Whether a reply says yes, by its first word or by the words of the question."""
    listed = unlist_reply(reply)
    first = next(iter(_split_words(listed)), "")
    if first in YES | NO:
        return None if _EITHER.match(listed) else first in YES
    asked, said = _split_words(question), _split_words(reply)
    denied = sum(word in DENIALS for word in said)
    if denied > 1 or DENIALS & {*asked}:
        return None
    statement = _leave_out_auxiliaries(said)
    repeats = statement == _leave_out_auxiliaries(asked) or (statement in ("it", "there") and len(said) > 1)
    return not denied if repeats else None


def _leave_out_auxiliaries(words: Sequence[str]) -> str:
    """What a question has in common with sentences that answer it: `there dog` of `There is no dog in the picture`."""
    kept = " ".join(word for word in words if word not in AUXILIARIES | DENIALS | {"any", "some"})
    return _SHOWN.sub("", kept)


def _read_count(reply: str, question: str = "") -> int | None:
    """The number of what a question asks for, or the first one of a reply that stands alone."""
    listed = unlist_reply(reply)
    number = _find_count(listed, question) if listed != reply else None
    return _find_count(reply, question) if number is None else number


def _find_count(reply: str, question: str) -> int | None:
    text = _ARTICLE.sub("", _DASH.sub("-", _fold(reply)))
    if _ABSENT.search(text):
        return 0
    if _REFUSAL.search(" ".join(_WORD.findall(text))):
        return None
    found = list(_COUNTED.finditer(text))
    words = [one.group() for one in found]
    others: set[int] = set()
    for place, word in enumerate(words):
        number = _read_number(word)
        after = text[found[place].end() :]
        if number is None or (word == "no" and re.match(r"\s*(?:[^\w\s]|$)", after)):  # "No, there are two."
            continue
        if place and words[place - 1] in DENIALS:
            if number == 1:  # "not a single dog", "not one"
                return 0
            continue
        if words[place + 1 : place + 2] in (["or"], ["to"]) and any(map(is_number, words[place + 2 : place + 3])):
            return None
        counted = re.match(r"(?:\s+[^\W\d_][\w-]*)*", after)
        if _may_count(counted.group().split() if counted else [], question):
            return number
        if number:  # no cats: that says nothing of dogs
            others.add(place)
    return _read_number(words[others.pop()]) if len(others) == 1 else None


def _may_count(words: list[str], question: str) -> bool:
    """Whether a number before these words may be that of what a question asks for; not `cats`, of dogs."""
    asked = _ASKED.search(_fold(question))
    names = next((place for place, word in enumerate(words) if word in UNCOUNTED or is_number(word)), len(words))
    if not asked or not names:
        return True
    head = asked.group(1).partition(" of ")[0].split()[-1]
    return any(head in (word, make_plural(word)) for word in words[:names])


def _read_number(word: str) -> int | None:
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+|\d{1,9}", word, re.ASCII):
        return int(word.replace(",", ""))
    return NUMBERS.get(word)


def is_number(word: str) -> bool:
    """Whether a word is a number, in digits or in letters."""
    return _read_number(word) is not None


def _find_choice(words: list[str], choices: Sequence[str], answer: str, aliases: Sequence[str]) -> str | None:
    """The one choice that words name, or None. Plurals and aliases of the answer count where no choice is named."""
    wordings = [*((choice, choice) for choice in choices), *((alias, answer) for alias in aliases)]
    for loosely in (False, True):
        spans = [
            (*span, choice if loosely or wording == choice else None)
            for wording, choice in wordings
            for span in _find_phrase(words, _split_words(wording), loosely)
        ]
        named = {choice for start, _, choice in _keep_longest(spans) if not _is_denied(words, start)} - {None}
        if named:
            return named.pop() if len(named) == 1 else None
    return None


def _holds_answer(words: list[str], question: str, wordings: Sequence[str], kind: str) -> bool:
    """Whether words hold the answer to an open question, in one of its wordings."""
    said = set(_split_words(question)) if kind == "scene" else set()
    spans = []
    for wanted in map(_split_words, wordings):
        spans += _find_phrase(words, wanted, True)
        new = [place for place, word in enumerate(wanted) if word not in said]
        if new and len(new) < len(wanted):
            spans += _find_phrase(words, wanted[new[0] : new[-1] + 1], True)
    return any(not _is_denied(words, start) for start, _ in _keep_longest(spans))


Span = TypeVar("Span", bound=tuple)


def _keep_longest(spans: list[Span]) -> list[Span]:
    """Leaves out spans (where they begin, where they end, ...) that lie within a longer one."""
    return [
        span
        for span in spans
        if not any(one[0] <= span[0] and span[1] <= one[1] and one[1] - one[0] > span[1] - span[0] for one in spans)
    ]


def _find_phrase(words: list[str], phrase: list[str], with_plurals: bool) -> list[tuple[int, int]]:
    """Where a phrase begins and ends in words; with plurals, its last word may have a plural ending there."""
    if not phrase:
        return []
    *first, last = phrase
    endings = {last}
    if with_plurals:
        endings |= {f"{last}s", f"{last}es"} | ({f"{last[:-1]}ies"} if last.endswith("y") else set())
    return [
        (start, start + len(phrase))
        for start in range(len(words) - len(first))
        if words[start + len(first)] in endings and words[start : start + len(first)] == first
    ]


def _is_denied(words: list[str], start: int) -> bool:
    return start > 0 and words[start - 1] in DENIALS
