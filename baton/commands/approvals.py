"""``baton approve`` and ``baton reject``."""

import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from baton.commands.showing import plain, show_json
from baton.commands.talk import USAGE, Stop, ask, connect, quoted

__all__ = ["add_approve_arguments", "add_arguments", "approve", "reject"]


def add_approve_arguments(parser: ArgumentParser) -> None:
    add_arguments(parser)
    parser.add_argument("--choice", metavar="OPTION", help="of the answers that the question offers, where it is not yes or no")  # fmt: skip
    parser.add_argument("--text", metavar="TEXT", help="the answer, where the question asks for a text")  # fmt: skip


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="the approval, like A-17")
    parser.add_argument("--comment", metavar="TEXT", help="why; a rejection mostly needs one")
    parser.add_argument("--json", action="store_true", help="print the approval as JSON")
    parser.add_argument("--no-input", action="store_true", help="never ask for what is missing")


def approve(options: Namespace) -> int:
    if options.choice and options.text:
        raise Stop(USAGE, "a question takes a text or one of its options: --text or --choice")
    return _decide(options, options.choice or ("answer" if options.text else "approve"))


def reject(options: Namespace) -> int:
    return _decide(options, "reject")


def _decide(options: Namespace, choice: str) -> int:
    wire = connect()
    path = f"/v1/approvals/{quoted(options.id)}/decision"
    given = {"choice": choice, "comment": options.comment, "text": getattr(options, "text", None)}
    body = {name: value for name, value in given.items() if value}
    try:
        approval: Any = ask(wire, "POST", path, body, steadily=True)
    except Stop as stop:
        if stop.reason != "comment-required" or options.no_input or not sys.stdin.isatty():
            raise
        approval = ask(wire, "POST", path, {**body, "comment": _why(choice)}, steadily=True)
    approval = approval if isinstance(approval, dict) else {}
    if options.json:
        show_json(approval)
    else:
        print(f"{plain(options.id)} {_state(approval, choice)}")
    return 0


def _why(choice: str) -> str:
    print(f"Why {choice}? ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _state(approval: dict[str, Any], choice: str) -> str:
    state = approval.get("state")
    if state == "open":
        return f"has your {choice}, and waits for others"
    if state == "checking":
        return f"has your {choice}, and looks up who you are"
    return str(state or choice)
