"""What proofs share when pytest runs them: the counts that end in their verdict."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.prove.golden.stage import Stage
from tests.prove.verdict import COUNTS


@pytest.fixture(scope="session")
def counts(pytestconfig: pytest.Config) -> Counter[str]:
    """Return what a test counts into: what was tried, and what was come by."""
    return pytestconfig.stash.setdefault(COUNTS, Counter())


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Return the stage of the golden scenario: its first life was lived in this process."""
    made = Stage()
    try:
        made.prepare()
        yield made
    finally:
        made.clear()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if found := config.stash.get(COUNTS, None):
        terminalreporter.write_line(", ".join(f"{number} {what}" for what, number in found.items()))
