"""Ctrl-C ends a command quietly, whatever it was about to load."""

import pytest

from baton.commands.talk import is_interrupt


class Pressed:
    """Ctrl-C in the body of a class, as in the middle of an import."""

    def __set_name__(self, owner: type, name: str) -> None:
        raise KeyboardInterrupt


def test_an_interrupt_that_comes_wrapped_is_one() -> None:
    with pytest.raises((RuntimeError, KeyboardInterrupt)) as caught:
        type("Loading", (), {"part": Pressed()})

    assert is_interrupt(caught.value)
    assert is_interrupt(KeyboardInterrupt())
    assert not is_interrupt(RuntimeError("something else"))
