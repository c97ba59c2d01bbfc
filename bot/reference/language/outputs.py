"""What each verb leaves as the output of its step. A test rehearses the examples and compares."""

from collections.abc import Mapping
from typing import Final

__all__ = ["FIELDS", "OUTPUTS"]

OUTPUTS: Final[Mapping[str, str]] = {
    "action": "What the action gives. [Actions](../../actions.md) lists the fields of each.",
    "approval": "What people said, a map:",
    "wait": "null",
    "wait_for": "The event, field by field, as `GET /v1/events/{id}` shows it; null after "
    "`on_timeout: continue`. Of a signal, a map:",
    "for_each": "A list with a value for each item, in the order of the items: what `collect` gives, or "
    "the output of the last step. It is null for a turn that failed.",
    "parallel": "A map with the output of the last step of each branch, by its name, and `winner`, "
    "the name of the branch that was completed first.",
    "switch": "The output of the last step that ran; null where no branch was taken.",
    "repeat": "The output of the last step of the last turn.",
    "workflow": "The `outputs` of the child. With `detach: true`, a map:",
    "set": "null",
    "fail": "None: the run is over.",
    "stop": "None: the run is over.",
}
FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "approval": {
        "decision": "what was decided: `approve`, `reject` or one of `decisions`",
        "by": "who decided, or `timer`",
        "comment": "the reason they gave, or null",
        "text": "what they wrote, with `answer: text`, or null",
        "at": "when",
        "votes": "each vote: `by`, `choice`, `comment`, `text`, `at`",
    },
    "wait_for": {
        "name": "the name of the signal",
        "payload": "what came with it",
        "by": "who sent it",
        "at": "when",
    },
    "workflow": {
        "run_id": "of the child",
        "url": "of its page",
    },
}
