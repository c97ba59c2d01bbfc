"""Options of the long run: more histories, or one of them again."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--histories", type=int, default=300, help="how many to simulate")
    parser.addoption("--seed", type=int, default=0, help="of the history to play alone")
