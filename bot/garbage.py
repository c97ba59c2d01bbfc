"""How often Python looks for objects that go in circles: seldom, since hardly any of ours do."""

import gc

__all__ = ["look_seldom"]

SELDOM = (5_000, 20, 20)


def look_seldom() -> None:
    """Never look through what is there by now, and seldom through the rest: each look stops everything.

    For the end of a start. That leaves hardly any garbage, and one last look for it would take longer
    than the start itself.
    """
    gc.freeze()
    gc.set_threshold(*SELDOM)
