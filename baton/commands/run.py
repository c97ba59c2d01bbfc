"""``baton run``: a command as it is, and a report on it beside."""

import os
import sys
import time
from argparse import REMAINDER, ArgumentParser, ArgumentTypeError, Namespace

from baton.client import Client
from baton.commands.child import Child
from baton.commands.talk import USAGE, Stop
from baton.commands.typed import count, pairs, values
from baton.process import Process, process

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing is slow to import, as what the functions below load themselves
    from typing import Any

__all__ = ["add_arguments", "run"]

_NOT_FOUND, _NOT_RUNNABLE = 127, 126
_MOST_RESULT = 64 * 1024
_USUAL_TAIL = 40
_MOST_TAIL = 2900  # characters of the 3000 that a message may have
_INTERRUPTIONS = frozenset({1, 2, 3, 15})  # HUP, INT, QUIT, TERM


def add_arguments(parser: ArgumentParser) -> None:
    parser.usage = "baton run [options] -- COMMAND [ARGUMENT …]"
    parser.add_argument("--name", help="of the process, for people; by default the command's")
    parser.add_argument("--id", help="the same for each attempt at the same work; by default new")
    parser.add_argument("--category", default="job", help="build, test, deploy, job, task …")
    parser.add_argument(
        "--heartbeat", type=_positive, metavar="SECONDS", help="between signs of life"
    )
    parser.add_argument("--tail", type=count, metavar="LINES", help="of output to report on failure; 0 leaves the output alone. By default 40 of what no terminal shows")  # fmt: skip
    parser.add_argument("--result", metavar="NAME=VALUE", action="append", default=[])
    parser.add_argument(
        "--result-file", metavar="FILE", help="a JSON object that the command writes"
    )
    parser.add_argument("--label", metavar="NAME=VALUE", action="append", default=[])
    parser.add_argument("command", nargs=REMAINDER, help="the command, after --")


def run(options: Namespace) -> int:
    """Run the command and return its exit code; 128 + n when signal n ended it."""
    argv = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not argv:
        raise Stop(USAGE, "say which command to run, as: baton run -- make test")
    result = values(options.result, "--result")
    labels = pairs(options.label, "--label")
    fields: dict[str, Any] = {"labels": labels} if labels else {}
    reported = process(
        options.name or os.path.basename(argv[0].rstrip("/")),  # noqa: PTH119 - pathlib takes 10 ms
        id=options.id,
        category=options.category,
        heartbeat=options.heartbeat,
        client=Client(),  # which delivers what is left when this program exits
        **fields,
    )
    reported.result(**result)
    return _run(argv, options, reported)


def _run(argv: list[str], options: Namespace, reported: Process) -> int:
    lines = _USUAL_TAIL if options.tail is None else options.tail
    child = Child(argv, {**os.environ, **reported.variables()}, kept=_kept(options.tail))
    reported.start()
    began = time.monotonic()
    try:
        ended = child.run()
    except OSError as error:
        return _not_started(argv[0], error, reported)
    reported.result(
        duration_s=round(time.monotonic() - began, 3), **_from_file(options.result_file)
    )
    _report_end(ended, child, lines, reported)
    return 128 - ended if ended < 0 else ended


def _kept(tail: int | None) -> set[int]:
    """Say which streams go through our hands: a terminal does so only where somebody wants it."""
    if tail is None:
        return {number for number in (1, 2) if not os.isatty(number)}
    return {1, 2} if tail else set()


def _not_started(program: str, error: OSError, reported: Process) -> int:
    # The folder may be what is missing, too: the shell says 127 for the program alone.
    missing = isinstance(error, FileNotFoundError | NotADirectoryError)
    sentence = f"{program}: {(error.strerror or 'cannot be run').lower()}"
    print(f"baton: {sentence}", file=sys.stderr)
    reported.end("failed", error={"message": sentence, "type": "not-started"})
    return _NOT_FOUND if missing else _NOT_RUNNABLE


def _report_end(ended: int, child: Child, lines: int, reported: Process) -> None:
    if ended == 0:
        reported.end("completed")
        return
    reported.result(exit_code=128 - ended if ended < 0 else ended)
    tail = _masked_tail(child.tail(lines)) if lines else ""
    said = {"message": tail} if tail else {}
    signalled = -ended if ended < 0 else ended - 128  # a shell says 143 for its own TERM
    if signalled in child.received & _INTERRUPTIONS:
        reported.end("cancelled", **said)
        return
    sentence = f"ended by signal {-ended}" if ended < 0 else f"exit status {ended}"
    kind = "signal" if ended < 0 else "exit"
    reported.end("failed", error={"message": sentence, "type": kind}, **said)


def _masked_tail(text: str) -> str:
    """Hide secrets before cutting: half of a secret no longer looks like one."""
    from baton.masking import is_secret_name, mask  # noqa: PLC0415

    secrets = [
        value for name, value in os.environ.items() if len(value) >= 6 and is_secret_name(name)
    ]
    masked = mask(text, secrets)
    return masked if len(masked) <= _MOST_TAIL else "…" + masked[-_MOST_TAIL:]


def _from_file(name: str | None) -> "dict[str, Any]":
    if name is None:
        return {}
    import json  # noqa: PLC0415

    try:
        with open(name, "rb") as file:  # noqa: PTH123
            raw = file.read(_MOST_RESULT + 1)
        found = json.loads(raw) if len(raw) <= _MOST_RESULT else None
    except (OSError, ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    print(f"baton: {name} holds no JSON object of at most 64 KiB; left out", file=sys.stderr)
    return {}


def _positive(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if 1 <= seconds <= 86_400:
        return seconds
    raise ArgumentTypeError("a number of seconds, from 1 to 86400")
