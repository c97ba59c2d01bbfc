"""``baton ask``: put a question to people, and wait for what they decide."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from baton.commands.patience import Patience, poll
from baton.commands.places import ended, outcome
from baton.commands.reporting import about_here
from baton.commands.showing import plain, show_json
from baton.commands.talk import TIMED_OUT, USAGE, Stop, ask, connect, is_interrupt, quoted, say
from baton.commands.typed import duration, from_file
from baton.environment import Environment, read_environment
from baton.identity import new_id

if TYPE_CHECKING:
    from baton.wire import Wire

__all__ = ["add_arguments", "put"]

_GRACE = 30.0  # s after the expiry, for the verdict of the clock to arrive


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("prompt", metavar="PROMPT", help="what to ask, as one argument")
    parser.add_argument("--approvers", metavar="WHO", action="append", default=[], help="who may answer, as @maya or @sre; several with commas, or repeated")  # fmt: skip
    parser.add_argument("--option", metavar="ID[=LABEL]", action="append", default=[], help="an answer to choose from, in place of approve; repeated for each")  # fmt: skip
    parser.add_argument("--text", action="store_true", help="ask for a text")
    parser.add_argument("--timeout", type=duration, metavar="TIME", help="when it is too late for an answer, as 30m")  # fmt: skip
    parser.add_argument("--on-timeout", metavar="ANSWER", help="what counts then: reject, fail or one of the options")  # fmt: skip
    parser.add_argument("--body", metavar="TEXT|@FILE", help="what it is about, shown as it is")
    parser.add_argument("--key", metavar="KEY", help="the same key finds the same question again")
    parser.add_argument("--json", action="store_true", help="print the approval as JSON")


def put(options: Namespace) -> int:
    """Open the approval and wait; print the decision."""
    environment = read_environment()
    body = _question(options, environment)
    wire = connect()
    approval = ask(wire, "POST", "/v1/approvals", body, steadily=True)
    own = environment.process_id is None
    try:  # whoever sees that it was asked may press Ctrl-C at once
        say(f"asked as {approval.get('label')}{_who(approval)}; waiting for the answer")
        patience = Patience(None if options.timeout is None else options.timeout + _GRACE)
        path = f"/v1/approvals/{quoted(str(approval.get('id')))}"
        asked = approval  # it is stored: from here on a server that is away comes back
        approval, decided = poll(
            wire, path, patience, lambda it: ended("approval", it), known=asked
        )
    except (KeyboardInterrupt, RuntimeError) as error:
        if is_interrupt(error):
            _leave(wire, approval, own=own and options.key is None)
        raise
    if not decided:
        raise Stop(TIMED_OUT, f"nobody answered {approval.get('label')} in time")
    if own:
        _finish(wire, approval)
    return _tell(approval, as_json=options.json)


def _question(options: Namespace, environment: Environment) -> dict[str, Any]:
    named = [each.strip() for text in options.approvers for each in text.split(",")]
    approval = {
        "prompt": options.prompt,
        "approvers": [each for each in named if each],
        "options": [_option(text) for text in options.option],
        "kind": "text" if options.text else None,
        "on_timeout": options.on_timeout,
        "body": None if options.body is None else from_file(options.body, "--body"),
    }
    if options.option and options.text:
        raise Stop(USAGE, "ask for a text, or for one of the options: --text or --option")
    if options.on_timeout and options.timeout is None:
        raise Stop(USAGE, "--on-timeout needs a --timeout, as --timeout 30m")
    body = {
        "id": None if options.key else new_id(),  # before the first try: a second is no other
        "key": options.key,
        "expires_in": options.timeout,
        "process_id": environment.process_id,
        "run_id": environment.run,
        "traceparent": environment.traceparent,
    }
    if environment.process_id:
        approval["scope"] = "step"  # a No is not the end of the process that we run in
    given = {name: value for name, value in approval.items() if value}
    said = {name: value for name, value in body.items() if value}
    return about_here({**said, "approval": given})


def _option(text: str) -> dict[str, str]:
    name, _, label = text.partition("=")
    return {"id": name, "label": label or name}


def _who(approval: Mapping[str, Any]) -> str:
    names = ", ".join(plain(name) for name in approval.get("eligible") or ())
    return f" of {names}" if names else ", though nobody is named who may answer (--approvers)"


def _tell(approval: Mapping[str, Any], *, as_json: bool) -> int:
    if as_json:
        show_json(approval)
    else:
        state = approval.get("state")
        answer = approval.get("text") or approval.get("decision") if state == "answered" else state
        print(plain(answer))
    by = approval.get("by")
    how = f"{approval.get('label')} {approval.get('state')}"
    how += f" by {by}" if by and by != "timer" else ""
    why = approval.get("comment") or approval.get("note")
    say(plain(f"{how}: {why}" if why else how))
    return outcome("approval", approval)


def _finish(wire: "Wire", approval: Mapping[str, Any]) -> None:
    """Close the process that only asked; a No has done so by itself."""
    code = outcome("approval", approval)
    if approval.get("state") in ("approved", "answered"):
        _report(wire, approval, "completed")
    elif code == TIMED_OUT and approval.get("state") == "expired":
        _report(wire, approval, "failed", error={"message": "nobody answered in time"})


def _leave(wire: "Wire", approval: Mapping[str, Any], *, own: bool) -> None:
    """Take the question back, unless somebody may come back for its answer."""
    label = approval.get("label")
    if own:
        _report(wire, approval, "cancelled")
        say(f"{label} is withdrawn")
    else:
        say(f"{label} stays open")


def _report(wire: "Wire", approval: Mapping[str, Any], status: str, **more: object) -> None:
    """Say what became of the asking process, once; whether that arrives changes nothing here."""
    process = approval.get("process") or {}
    body = {"id": f"{approval.get('id')}.end", "process_id": process.get("id"), "status": status}
    try:
        ask(wire, "POST", "/v1/notify", {**body, **more}, timeout=5.0)
    except Stop as stop:
        say(f"the answer counts, but its card could not be closed: {stop}")
