"""A command that runs as if it had been started by the shell itself."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Container, Mapping, Sequence
from types import FrameType

from baton.commands.bell import Bell

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing is slow to import
    from typing import IO

__all__ = ["Child"]

_FORWARDED = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
_FROM_KEYBOARD = frozenset({signal.SIGINT, signal.SIGQUIT})
_MOST_KEPT = 64 * 1024
_PATIENCE = 1.0  # for what the command left running with its output open
_ESCAPES = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])"


class Child:
    """One command. It keeps this program's stdin, process group, and inherited descriptors.

    Args:
        argv: the program and its arguments.
        environment: all of it.
        kept: which of stdout (1) and stderr (2) are passed on through pipes, so that the end of
            what is written to them can be kept; else the command writes to the very descriptor of
            this program, and finds the terminal that it may be.
    """

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], *, kept: Container[int]
    ) -> None:
        self._argv = argv
        self._environment = environment
        self._streams = [subprocess.PIPE if number in kept else None for number in (1, 2)]
        self._kept = bytearray()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self.received: set[int] = set()

    def run(self) -> int:
        """Run to the end; return the exit code, or the negative number of the signal.

        Raises:
            OSError: it cannot be started.
        """
        before = {number: signal.getsignal(number) for number in _FORWARDED}
        taken = [number for number, old in before.items() if old is not signal.SIG_IGN]
        for number in taken:
            signal.signal(number, self._forward)
        try:
            with Bell() as bell:
                return self._run(bell)
        finally:
            for number in taken:
                signal.signal(number, before[number])

    def tail(self, lines: int) -> str:
        """Return the last *lines* lines of what the command wrote, as plain text."""
        import re  # noqa: PLC0415 - compiling takes longer than a short command, and few fail

        with self._lock:
            text = self._kept.decode("utf-8", "replace")
        plain = re.sub(_ESCAPES, "", text).replace("\r\n", "\n")
        # A progress bar writes its line again and again; the last one counts.
        shown = [line.rstrip("\r").rpartition("\r")[2] for line in plain.rstrip("\n").split("\n")]
        return "\n".join(shown[-lines:])

    def _run(self, bell: Bell) -> int:
        out, err = self._streams
        self._process = subprocess.Popen(
            self._argv,
            env=self._environment,
            stdout=out,
            stderr=err,
            close_fds=False,  # what the shell handed down, a job server for one, is the command's
        )
        for number in self._early:
            self._process.send_signal(number)
        pumps = self._start_pumps(self._process)
        while (ended := self._process.poll()) is None:
            bell.wait()
        until = time.monotonic() + _PATIENCE
        for pump in pumps:
            pump.join(max(0.0, until - time.monotonic()))
        return ended

    def _forward(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.received.add(number)
        if number in _FROM_KEYBOARD and _in_foreground():
            return  # the terminal has sent it to the command as well
        if self._process is None:
            self._early.append(number)
        else:
            self._process.send_signal(number)

    def _start_pumps(self, process: subprocess.Popen[bytes]) -> list[threading.Thread]:
        pipes = [(process.stdout, 1), (process.stderr, 2)]
        pumps = [
            threading.Thread(target=self._pump, args=(pipe, out), daemon=True)
            for pipe, out in pipes
            if pipe is not None
        ]
        for pump in pumps:
            pump.start()
        return pumps

    def _pump(self, pipe: "IO[bytes]", out: int) -> None:
        with pipe:
            while chunk := os.read(pipe.fileno(), 65536):
                with self._lock:
                    self._kept += chunk
                    del self._kept[:-_MOST_KEPT]
                try:
                    _write(out, chunk)
                except OSError:  # nobody reads any more: let the command notice it, as it would
                    return


def _write(out: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(out, view) :]


def _in_foreground() -> bool:
    """Say whether the keys of the terminal reach this process group."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
