"""`gas train`: what it refuses before anything is loaded."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "finetune_sd1"], "did you mean `finetune_sd15`"),
        (["train", "nothing.yaml"], "nothing.yaml is missing"),
        (["train", "finetune_sd15", "--set", "resolutoin=64"], "did you mean `resolution`"),
    ],
)
def test_mistakes_of_the_user_are_one_message_and_exit_status_2(arguments, message, assert_refused):
    assert_refused(arguments, message)
