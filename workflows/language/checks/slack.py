"""Checks what a trigger waits for in Slack: words that a message can hold, an emoji, a channel."""

import re
from typing import Final

from workflows.language.expressions import has_template
from workflows.language.findings import Findings
from workflows.language.model import SlackPost
from workflows.language.places import Path

__all__ = ["check_slack"]

REACTION: Final = re.compile(r"[^\s:*]{1,100}")
CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,}|#[^\s#]{1,80}")
ANYTHING: Final = "* "


def check_slack(path: Path, post: SlackPost, findings: Findings) -> None:
    """Check the map at *path*."""
    written = findings.document.get(path) or {}
    said = [key for key, value in written.items() if value is not None and key != "channel"]
    if not said:  # what is there and wrong has been complained about
        findings.add(
            "missing",
            path,
            "`slack` needs the key `message` or `reaction`",
            "Write `message: deploy *`, or `reaction: eyes`.",
        )
    message = post.message
    if message is not None and not message.strip(ANYTHING) and post.channel is None:
        findings.add(
            "value",
            (*path, "message"),
            "every message of every channel would start a run",
            'Add `channel: "#name"`, or a word that the message has to hold.',
        )
    _check_form((*path, "reaction"), post.reaction, findings)
    _check_form((*path, "channel"), post.channel, findings)


def _check_form(path: Path, value: str | None, findings: Findings) -> None:
    """Check the name of an emoji or of a channel."""
    if value is None or has_template(value):  # that is noted as a stray one
        return
    if path[-1] == "reaction" and not REACTION.fullmatch(value):
        name = value.strip(": ").partition("::")[0].replace(" ", "_")
        message, hint = f"`{value[:80]}` is no name of an emoji", f"Write `{name[:80] or 'eyes'}`."
        findings.add("value", path, message, hint)
    if path[-1] == "channel" and not CHANNEL.fullmatch(value):
        name = value.strip("# ").replace(" ", "-")
        message = f"`{value[:80]}` is no channel"
        findings.add("value", path, message, f'Write `"#{name[:79] or "name"}"`, or an id.')
