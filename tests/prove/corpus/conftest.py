"""The option that adds a recording of this version."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record", action="store_true", help="record the corpus of this version first"
    )
