"""The stage lives its first lives in the process of the tests, and leaves no trace there."""

import bot.lifecycle
from bot.slack import delivery
from handlers.http import create_api
from tests.prove.golden.stage import Stage

PATIENCE = delivery.LOOK_AGAIN  # as it is before anything is played


def test_the_program_is_as_it_was_when_the_first_lives_are_over(stage: Stage) -> None:
    assert bot.lifecycle.create_api is create_api
    assert delivery.LOOK_AGAIN is PATIENCE
