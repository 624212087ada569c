"""How a caption becomes bytes: what the docstring of `builders/text` shows is what the code does."""

import doctest

from generate_any_scene.builders import text


def test_the_worked_example_is_true():
    result = doctest.testmod(text)
    assert result.attempted > 20
    assert not result.failed
