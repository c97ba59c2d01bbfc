"""``baton approve`` and ``baton reject``."""

from argparse import ArgumentParser, Namespace
from typing import Any

from baton.commands.talk import ask, connect, quoted, show_json

__all__ = ["add_arguments", "approve", "reject"]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("id", help="the approval, like A-17")
    parser.add_argument("--comment", help="why; a rejection mostly needs one")
    parser.add_argument("--json", action="store_true", help="print the approval as JSON")


def approve(options: Namespace) -> int:
    return _decide(options, "approve")


def reject(options: Namespace) -> int:
    return _decide(options, "reject")


def _decide(options: Namespace, choice: str) -> int:
    body = {"choice": choice}
    if options.comment:
        body["comment"] = options.comment
    path = f"/v1/approvals/{quoted(options.id)}/decision"
    approval: Any = ask(connect(), "POST", path, body)
    if options.json:
        show_json(approval)
    else:
        print(f"{options.id} {_state(approval, choice)}")
    return 0


def _state(approval: Any, choice: str) -> str:
    state = approval.get("state") if isinstance(approval, dict) else None
    if state == "open":
        return f"has your {choice}, and waits for others"
    return str(state or choice)
