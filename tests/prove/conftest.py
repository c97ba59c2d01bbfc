"""What proofs share when pytest runs them: the counts that end in their verdict."""

from collections import Counter

import pytest

from tests.prove.verdict import COUNTS


@pytest.fixture(scope="session")
def counts(pytestconfig: pytest.Config) -> Counter[str]:
    """Return what a test counts into: what was tried, and what was come by."""
    return pytestconfig.stash.setdefault(COUNTS, Counter())


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if found := config.stash.get(COUNTS, None):
        terminalreporter.write_line(", ".join(f"{number} {what}" for what, number in found.items()))
