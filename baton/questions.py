"""Questions to people, and waiting: for an answer, or for the end of a process.

What is wrong never looks like a yes. Where nobody can be asked, the answer is `unreachable`.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from baton.current import current_place
from baton.encoding import encode
from baton.environment import Environment
from baton.errors import BatonError
from baton.identity import new_id
from baton.quietly import Quietly
from baton.wire import Unreachable, Wire

__all__ = ["Decision", "ask", "wait"]

UNREACHABLE = "unreachable"
_OPEN = frozenset({"open", "checking"})
_ANSWERED = frozenset({"approved", "answered"})
_OF_THE_QUESTION = frozenset({"on_timeout", "body", "require_reason", "scope", "expires_at"})
_PAUSE, _LONGEST_PAUSE = 0.5, 5.0  # s
_GRACE = 3.0  # s, for an answer that is on its way when a poll ends
_POLL = 50.0  # s; proxies cut at 60
_OUTAGE = 60.0  # s that a server may be away while somebody waits
_TRIES = 3
_APPROVAL = re.compile(r"ap_\w+|A-\d+")
_ENDS = frozenset({"completed", "failed", "rejected", "cancelled", "skipped"})


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a question, or of a wait. It is true only where somebody approved.

    *state* is that of the approval (approved, rejected, answered, expired, withdrawn, superseded,
    or open where time ran out), that of the process which was waited for, `unreachable` where no
    server answered, or `refused` where it did not take the question; *note* says why.
    """

    state: str
    choice: str | None = None
    text: str | None = None
    by: str | None = None
    comment: str | None = None
    approval_id: str | None = None
    note: str | None = None

    def __bool__(self) -> bool:
        return self.state == "approved" and self.choice == "approve"


class Asker(Protocol):
    """What a client lends to whoever asks through it."""

    environment: Environment
    quietly: Quietly
    timeout: float
    active: bool

    def surroundings(self, fields: dict[str, object]) -> dict[str, object]:
        """Return *fields* with the thread and the trace that they belong to."""

    def send(self, body: dict[str, object]) -> None:
        """Queue one event."""


class _Over(BatonError):
    """There is nothing left to wait for; *decision* says why."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        super().__init__(decision.state)


def ask(own: Asker, question: dict[str, Any], wait: float, fields: dict[str, object]) -> Decision:
    """Put *question* to people, as a step of the process around it or alone; see `Client.ask`."""

    def talk(to: _Server) -> Decision:
        alone, content = _body(own, question, fields)
        opened = to.open(content)
        decision = to.until_decided(opened)
        asked = (opened.get("process") or {}).get("id")
        if alone and asked and decision.state in _ANSWERED:  # asking was all that process did
            own.send({"process_id": asked, "status": "completed"})
        return decision

    return _talk(own, wait, talk)


def wait(own: Asker, what: str, until: str, seconds: float, namespace: str | None) -> Decision:
    """Wait for an approval or a process; see `Client.wait`."""

    def talk(to: _Server) -> Decision:
        if _APPROVAL.fullmatch(what):
            return to.until_decided({"id": what})
        return to.until_there(namespace or to.namespace(), what, until)

    return _talk(own, seconds, talk)


def _talk(own: Asker, seconds: float, talk: "Callable[[_Server], Decision]") -> Decision:
    with own.quietly:
        url = own.environment.url
        if url is None or not own.active:
            return Decision(UNREACHABLE)
        try:
            return talk(_Server(own, url, time.monotonic() + max(0.0, seconds)))
        except _Over as over:
            return over.decision
    return Decision(UNREACHABLE)


def _body(own: Asker, question: dict[str, Any], fields: dict[str, object]) -> tuple[bool, bytes]:
    """Write the question, and say whether it stands alone.

    One from inside a process is a step of it: a rejection is an answer, and not the end.
    """
    given = own.surroundings(fields)
    for name in _OF_THE_QUESTION & given.keys():
        question[name] = given.pop(name)
    if question["options"] is not None:
        question["options"] = [_option(each) for each in question["options"]]
    place = current_place()
    process_id = place.process_id if place is not None else own.environment.process_id
    alone = process_id is None and "process_id" not in given
    if process_id is not None and "process_id" not in given:
        given["process_id"] = process_id
        question.setdefault("scope", "step")
    question = {name: value for name, value in question.items() if value is not None}
    return alone, encode({"id": new_id(), **given, "approval": question})


def _option(given: object) -> object:
    return {"id": given, "label": given} if isinstance(given, str) else given


class _Server:
    """Who is asked, and until when: *until* is a time of the monotonic clock."""

    def __init__(self, own: Asker, url: str, until: float) -> None:
        self._own = own
        self._wire = Wire(url, own.environment.token)
        self._until = until

    @property
    def _left(self) -> float:
        return max(0.0, self._until - time.monotonic())

    def open(self, content: bytes) -> dict[str, Any]:
        """Open the question; a second try carries the same id, so that nobody is asked twice."""
        for attempt in range(1, _TRIES + 1):
            found = self._once("POST", "/v1/approvals", content, self._own.timeout)
            if not isinstance(found, float):
                return found
            if attempt < _TRIES:
                time.sleep(min(_LONGEST_PAUSE, found))
        raise _Over(Decision(UNREACHABLE))

    def until_decided(self, seen: dict[str, Any]) -> Decision:
        """Wait until nobody is asked any more."""
        path = f"/v1/approvals/{quote(str(seen.get('id')), safe='')}?wait="
        while "state" not in seen or (seen["state"] in _OPEN and self._left > 0):
            seen = self._poll(path)
        return _decision(seen)

    def until_there(self, namespace: str, process_id: str, until: str) -> Decision:
        """Wait until the process has one of the statuses, or has ended."""
        name = quote(f"{namespace}:{process_id}", safe="")
        path = f"/v1/processes/{name}?until={quote(until, safe=',')}&wait="
        wanted = _ENDS | set(until.split(","))
        while True:
            status = str(self._poll(path).get("status"))
            if status in wanted or self._left <= 0:
                return Decision(status)

    def namespace(self) -> str:
        """Return where the ids of our processes are unique."""
        return str(self._poll("/v1/whoami?wait=").get("namespace"))

    def _poll(self, path: str) -> dict[str, Any]:
        """Ask, and ask again through an outage of a minute."""
        lost = time.monotonic() + _OUTAGE
        while True:
            seconds = min(_POLL, self._left)
            patience = seconds + self._own.timeout + _GRACE
            found = self._once("GET", f"{path}{seconds:.0f}", None, patience)
            if not isinstance(found, float):
                return found
            if time.monotonic() >= min(lost, self._until):
                raise _Over(Decision(UNREACHABLE))
            time.sleep(min(_LONGEST_PAUSE, found, self._left))

    def _once(
        self, method: str, path: str, content: bytes | None, timeout: float
    ) -> dict[str, Any] | float:
        """Return what the server says, or how many seconds to wait before asking again.

        Raises:
            _Over: it does not want to say.
        """
        try:
            answer = self._wire.call(method, path, content, timeout=timeout)
        except Unreachable as error:
            self._own.quietly.note(error)
            return _PAUSE
        if answer.ok and isinstance(answer.body, dict):
            return answer.body
        self._own.quietly.note(answer.detail)
        if not answer.again:
            raise _Over(Decision("refused", note=answer.detail))
        return _PAUSE if answer.retry_after is None else answer.retry_after


def _decision(approval: Mapping[str, Any]) -> Decision:
    def said(name: str) -> str | None:
        value = approval.get(name)
        return None if value is None else value if isinstance(value, str) else json.dumps(value)

    return Decision(
        state=said("state") or UNREACHABLE,
        choice=said("decision"),
        text=said("text"),
        by=said("by"),
        comment=said("comment"),
        approval_id=said("id"),
        note=said("note"),
    )
