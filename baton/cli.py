"""The command ``baton``: what HTTP can do, from a shell."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence

from baton.commands import approvals, login, notify, run, runs
from baton.commands.talk import Stop
from baton.environment import read_environment

__all__ = ["main", "parser"]

_INTERRUPTED = 130

_Verb = tuple[str, str, Callable[[ArgumentParser], None], Callable[[Namespace], int]]
_VERBS: tuple[_Verb, ...] = (
    ("notify", "report one event", notify.add_arguments, notify.notify),
    ("run", "run a command and report on it", run.add_arguments, run.run),
    ("approve", "say yes to an approval", approvals.add_arguments, approvals.approve),
    ("reject", "say no to an approval", approvals.add_arguments, approvals.reject),
    ("runs", "list the runs of workflows", runs.add_arguments, runs.runs),
    ("show", "say where a run stands", runs.add_show_arguments, runs.show),
    ("whoami", "say whom the server takes us for", login.add_whoami_arguments, login.whoami),
    ("login", "store address and token of a server", login.add_arguments, login.login),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 done, 1 failed, 2 wrong usage, 4 not configured or not allowed, 130 interrupted; ``baton
    run`` returns that of its command.
    """
    options = parser().parse_args(argv)
    try:
        code: int = options.perform(options)
        sys.stdout.flush()
    except Stop as stop:
        _explain(stop)
        return stop.code
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # who reads our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _explain(stop: Stop) -> None:
    print(f"baton: {stop}", file=sys.stderr)
    if read_environment().debug:
        import traceback  # noqa: PLC0415 - only for those who ask

        traceback.print_exception(stop)


def parser() -> ArgumentParser:
    """Return what reads the command line; it describes every command."""
    whole = ArgumentParser(prog="baton", description="Report to Baton and answer its questions.")
    verbs = whole.add_subparsers(metavar="COMMAND", required=True)
    for name, help_, add_arguments, perform in _VERBS:
        verb = verbs.add_parser(
            name, help=help_, description=f"{help_.capitalize()}.", allow_abbrev=False
        )
        add_arguments(verb)
        verb.set_defaults(perform=perform)
    return whole
