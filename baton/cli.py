"""The command ``baton``: what HTTP can do, from a shell."""

import gc
import os
import sys
from argparse import ArgumentParser, HelpFormatter, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module

from baton.commands.talk import USAGE, Stop, is_interrupt, say
from baton.environment import read_environment

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing is slow to import
    from typing import Any

__all__ = ["VERBS", "Verb", "main", "parser"]

_INTERRUPTED = 130
_ENDINGS = """exit codes:
  0 done    1 failed    2 wrong usage    3 the run failed, or people said no
  4 not configured or not allowed    5 timed out waiting    130 interrupted

baton COMMAND --help says more, with an example."""


class Verb:
    """One command. What it is made of is loaded only where it is asked for.

    Args:
        help_: what it does, in half a sentence.
        example: a line that works as it stands.
        module: of ``baton.commands``, and the two functions in it: what performs it, and what says
            what it takes.
    """

    __slots__ = ("_module", "example", "help")

    def __init__(self, help_: str, example: str, module: tuple[str, str, str]) -> None:
        self.help = help_
        self.example = example
        self._module = module

    def fill(self, parser: ArgumentParser) -> ArgumentParser:
        """Tell *parser* what the command takes, and how it is performed."""
        name, perform, add_arguments = self._module
        loaded: Any = import_module(f"baton.commands.{name}")
        parser.description = f"{self.help[:1].upper()}{self.help[1:]}."
        parser.epilog = f"example:\n  {self.example}"
        getattr(loaded, add_arguments)(parser)
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.set_defaults(perform=getattr(loaded, perform))
        return parser


VERBS = {
    "notify": Verb(
        "report one event, or one on each line of stdin",
        'baton notify started --id build-42 --name "Build web"',
        ("notify", "notify", "add_arguments"),
    ),
    "run": Verb(
        "run a command and report on it",
        'baton run --name "Unit tests" -- python3 --version',
        ("run", "run", "add_arguments"),
    ),
    "ask": Verb(
        "ask people, and wait for what they decide",
        'baton ask "Deploy v2.0 to production?" --approvers @grace --timeout 30m',
        ("ask", "put", "add_arguments"),
    ),
    "wait": Verb(
        "wait for the end of a process, a thread, a run or an approval",
        "baton wait build-42 --timeout 1h",
        ("wait", "wait", "add_arguments"),
    ),
    "approve": Verb(
        "say yes to an approval",
        "baton approve A-1",
        ("approvals", "approve", "add_approve_arguments"),
    ),
    "reject": Verb(
        "say no to an approval",
        'baton reject A-2 --comment "the freeze ends on Monday"',
        ("approvals", "reject", "add_arguments"),
    ),
    "start": Verb(
        "start a run of a workflow",
        "baton start release version=2.0 dry=yes",
        ("start", "start", "add_arguments"),
    ),
    "status": Verb(
        "say in one line where something stands",
        "baton status R-1",
        ("wait", "status", "add_status_arguments"),
    ),
    "pause": Verb(
        "begin no step of a run until it is resumed",
        "baton pause R-1",
        ("steer", "pause", "add_arguments"),
    ),
    "resume": Verb(
        "let a paused run go on",
        "baton resume R-1",
        ("steer", "resume", "add_arguments"),
    ),
    "cancel": Verb(
        "end a run",
        'baton cancel R-1 --reason "the wrong branch"',
        ("steer", "cancel", "add_cancel_arguments"),
    ),
    "retry": Verb(
        "run again what failed",
        "baton retry R-2",
        ("steer", "retry", "add_retry_arguments"),
    ),
    "skip": Verb(
        "leave a step of a run out",
        "baton skip R-2 announce",
        ("steer", "skip", "add_skip_arguments"),
    ),
    "rollback": Verb(
        "take back what a run did",
        'baton rollback R-2 --reason "it leaks"',
        ("steer", "rollback", "add_rollback_arguments"),
    ),
    "again": Verb(
        "start a run in the place of a failed one, with other inputs",
        "baton again R-2 target=staging",
        ("start", "again", "add_again_arguments"),
    ),
    "handled": Verb(
        "count a failed run as dealt with",
        'baton handled R-2 --reason "deployed by hand"',
        ("steer", "handled", "add_handled_arguments"),
    ),
    "signal": Verb(
        "send a run a signal that it waits for",
        "baton signal R-3 go_on batch=7",
        ("steer", "signal", "add_signal_arguments"),
    ),
    "resolve": Verb(
        "say what became of a step whose effect nobody could prove",
        "baton resolve R-3 deploy done",
        ("steer", "resolve", "add_resolve_arguments"),
    ),
    "junit": Verb(
        "count what test reports say, and report it",
        "baton junit report.xml --fail",
        ("junit", "junit", "add_arguments"),
    ),
    "explain": Verb(
        "say why an event joined its thread, and what came of it",
        "baton explain @event.json",
        ("explain", "explain", "add_arguments"),
    ),
    "runs": Verb(
        "list the runs of workflows",
        "baton runs --status waiting",
        ("runs", "runs", "add_arguments"),
    ),
    "show": Verb(
        "say where a run stands, with its steps",
        "baton show R-1",
        ("runs", "show", "add_show_arguments"),
    ),
    "watch": Verb(
        "follow a run until it ends",
        "baton watch R-1",
        ("watch", "watch", "add_arguments"),
    ),
    "events": Verb(
        "list the newest events, or print them as they come",
        "baton events --last 20 --type process.failed",
        ("events", "events", "add_arguments"),
    ),
    "whoami": Verb(
        "say whom the server takes us for",
        "baton whoami",
        ("login", "whoami", "add_whoami_arguments"),
    ),
    "login": Verb(
        "store address and token of a server",
        "baton login http://127.0.0.1:8765",
        ("login", "login", "add_arguments"),
    ),
    "doctor": Verb(
        "find out whether reports get through from here",
        "baton doctor",
        ("doctor", "doctor", "add_arguments"),
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; ``baton run`` returns that of its command."""
    if argv is not None:
        return _perform(list(argv))
    code = _perform(sys.argv[1:])
    gc.freeze()  # this program ends: looking through all it holds would take a while, and find nothing
    return code


def _perform(words: list[str]) -> int:
    if words == ["--version"]:
        return _version()
    options = _read(words)
    try:
        code: int = options.perform(options)
        sys.stdout.flush()
    except Stop as stop:
        _explain(stop)
        return stop.code
    except (KeyboardInterrupt, RuntimeError) as error:
        if not is_interrupt(error):
            raise
        return _INTERRUPTED
    except BrokenPipeError:  # who reads our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _read(words: list[str]) -> Namespace:
    """Read the command line with no more loaded than its command takes."""
    verb = VERBS.get(words[0]) if words else None
    if verb is not None:
        alone = ArgumentParser(f"baton {words[0]}", formatter_class=_narrow, allow_abbrev=False)
        return verb.fill(alone).parse_args(words[1:])
    if words and not words[0].startswith("-"):
        raise SystemExit(_unknown(words[0]))
    if words in ([], ["-h"], ["--help"]):
        return _overview()[0].parse_args(words)
    return parser().parse_args(words)


def _version() -> int:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow to import

    try:
        print(version("baton-bus"))
    except PackageNotFoundError:  # a copy of the files that nobody installed
        say("this copy was not installed, and does not know its version")
        return 1
    return 0


def _unknown(word: str) -> int:
    from difflib import get_close_matches  # noqa: PLC0415 - only for those who mistyped

    near = get_close_matches(word, VERBS, n=1)
    hint = f"did you mean: baton {near[0]}" if near else "baton --help lists what there is"
    say(f"there is no command {word[:60]!r}; {hint}")
    return USAGE


def _explain(stop: Stop) -> None:
    say(str(stop))
    if read_environment().debug:
        import traceback  # noqa: PLC0415 - only for those who ask

        traceback.print_exception(stop)


def parser() -> ArgumentParser:
    """Return what reads the whole command line; it describes every command."""
    whole, commands = _overview()
    for name, verb in VERBS.items():
        verb.fill(commands[name])
    return whole


def _overview() -> tuple[ArgumentParser, dict[str, ArgumentParser]]:
    """Return what names every command, and for each what :meth:`Verb.fill` is still to fill."""
    whole = ArgumentParser(
        prog="baton",
        description="Report to Baton and answer its questions.",
        epilog=_ENDINGS,
        formatter_class=_narrow,
    )
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    parsers = {
        name: commands.add_parser(name, help=verb.help, formatter_class=_narrow, allow_abbrev=False)
        for name, verb in VERBS.items()
    }
    whole.add_argument("--version", action="store_true", help="print the version, and do no more")
    whole.formatter_class = RawDescriptionHelpFormatter
    return whole, parsers


def _narrow(prog: str) -> HelpFormatter:
    """Check what a parser is told, before the formatter for people takes its place.

    That one asks how wide the terminal is, as soon as it is made; it takes 10 ms to find out.
    """
    return HelpFormatter(prog, width=80)
