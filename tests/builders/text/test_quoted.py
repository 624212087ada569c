"""What a caption quotes is found, whatever marks it stands in."""

import pytest
from generate_any_scene.builders.text.quoted import find_quoted


@pytest.mark.parametrize(
    ("caption", "quoted"),
    [
        ('A sign that says "Open" above a door', ["Open"]),
        ("A sign that says 'Don't Panic!', and one that says ‘it’s 5 o’clock’.", ["Don't Panic!", "it’s 5 o’clock"]),
        ("“Fresh bread” and „Brot“, «pain», 「パン」", ["Fresh bread", "Brot", "pain", "パン"]),
        ("The dogs' bowl beside the cats' bed, and a dog's tail", []),
        ('A 5" plate beside a 6" plate', []),
        ("", []),
    ],
)
def test_texts_in_quotes_are_found(caption, quoted):
    assert find_quoted(caption) == quoted
