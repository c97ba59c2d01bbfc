"""Options of the chaos test: how often to kill, and which instants to choose."""

import random

import pytest

DEFAULT_KILLS = 8


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, help=f"how often the server dies ({DEFAULT_KILLS})")
    parser.addoption("--beside", type=int, help="how many stories go on at one time (1)")
    parser.addoption("--kill-seed", type=int, help="chooses the instants (another each time)")


@pytest.fixture(scope="session")
def kills(pytestconfig: pytest.Config) -> int:
    """Return how many kills are wanted. Without its folder on the command line there is no option."""
    return int(pytestconfig.getoption("--kills", None) or DEFAULT_KILLS)


@pytest.fixture(scope="session")
def beside(pytestconfig: pytest.Config) -> int:
    return int(pytestconfig.getoption("--beside", None) or 1)


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    given = pytestconfig.getoption("--kill-seed", None)
    return int(given) if given is not None else random.SystemRandom().randrange(1_000_000)
