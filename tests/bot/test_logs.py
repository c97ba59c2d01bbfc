"""What is logged must never stop what is done."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from bot.logs import Losing

FULL = Path("/dev/full")
LOGS = """
import structlog, sys
from bot.logs import configure
configure(sys.stderr)
structlog.get_logger().error("something", exc_info=ValueError("odd"))
print("it goes on")
"""


class FullStream(io.StringIO):
    full = True

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)

    def flush(self) -> None:
        if self.full:
            raise OSError(28, "No space left on device")


def test_what_cannot_be_written_is_lost_and_what_comes_later_is_not() -> None:
    stream = FullStream()
    losing = Losing(stream)
    print("early", file=losing, flush=True)  # type: ignore[call-overload]  # as structlog has it
    stream.full = False
    print("late", file=losing, flush=True)  # type: ignore[call-overload]

    assert stream.getvalue() == "late\n"
    assert not losing.isatty()


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_program_whose_log_is_full_goes_on() -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", LOGS],
            stderr=full,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.stdout == "it goes on\n"
