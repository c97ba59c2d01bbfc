import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def trees_in_peace() -> Iterator[None]:
    """Keep the collector away from trees of syntax: it takes twice as long as reading the source.

    It would look at each of a million nodes again and again, and none of them is part of a circle.
    """
    gc.disable()
    yield
    gc.enable()
