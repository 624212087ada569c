"""Names of columns of words: `<table>.<word>`, with suffixes for other forms of the same words.

    object.name          dog            a word that a template can ask for (`views.py`)
    object.name^         Dog            CAPITAL: begins with a capital letter
    object.sense         , the tool,
    object.sense_last    , the tool     LAST: without the comma at the end

A template asks for a word; the text around it decides on the form. So suffixes are set where marks are read
(`templates.py`), and columns are made by their full names (`BlockWords.find_column`).
"""

CAPITAL = "^"
LAST = "_last"
ENDS_IN_COMMA = {"object.sense"}
"""Columns of words that end in a comma, which goes before other punctuation and at the end of a text."""


def name_column(word: str, capital: bool, last: bool) -> str:
    """The column of a form of a word: `name_column("object.name", True, False)` is `object.name^`."""
    return f"{word}{LAST if last else ''}{CAPITAL if capital else ''}"
