"""`gas stats`, `structures`, `diff` and `verify`: what they print and what they refuse."""

import pytest


def test_structures_are_counted_and_listed(gas):
    assert gas("structures", "--complexity", "7", "--count") == (0, "83\n", "")
    status, out, err = gas("structures", "--complexity", "7")
    assert (status, err) == (0, "")
    assert len(set(out.splitlines())) == 83
    assert set(gas("structures", "--complexity", "7", "--objects", "2-3")[1].splitlines()) < set(out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["structures"], "which structures? give a recipe or --complexity"),
        (["structures", "--complexity", "9-3"], "the low end 9 is above the high end 3; write [3, 9]"),
        (["structures", "multi_objct"], "did you mean `multi_object`"),
        (["stats", "multi_objct"], "did you mean `multi_object`"),
        (["stats", "general", "--by", "knd"], "did you mean `kind`"),
        (["diff", "video", "vdeo"], "did you mean `video`"),
        (["diff", "video", "video", "--all", "--rows", "5"], "leave one of them out"),
        (["verify", "nowhere"], "nowhere is no folder; give a folder that `gas build` wrote"),
    ],
)
def test_mistakes_of_the_user_are_one_message_and_exit_status_2(arguments, message, assert_refused):
    assert_refused(arguments, message)
