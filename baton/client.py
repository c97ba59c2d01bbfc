"""Reports events to one server, without ever hurting the program that does so."""

import os
import threading
from functools import cache

from baton.current import current_place
from baton.environment import Environment, read_environment
from baton.identity import new_id, now
from baton.item import LAST, REPLACEABLE, Item, rank_of
from baton.plain import plain
from baton.post import Post
from baton.quietly import Quietly
from baton.sender import Sender

TYPE_CHECKING = False
if TYPE_CHECKING:  # these modules are slow to import, and only annotations name them here
    from collections.abc import Sequence

    from baton.answers import Result
    from baton.questions import Decision
    from baton.replay import Replay

__all__ = ["Client", "default_client", "new_id", "now"]

FORK_PATIENCE = 0.5  # s, for the end of a child's process: the child may exit without a word


class Client:
    """Events for one server, sent in the background. Without an address it does nothing at all.

    No method raises, waits for more than *timeout* (but those that wait for people), or writes to
    stdout.

    Args:
        url: of the server; by default ``BATON_URL``, else what ``baton login`` stored.
        token: by default ``BATON_TOKEN``, else what ``baton login`` stored for this address.
        timeout: the longest wait for an answer, in seconds; by default ``BATON_TIMEOUT``, else 2.
        spool: whether what could not be delivered is kept on disk for the next program.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float | None = None,
        spool: bool = True,
    ) -> None:
        self.environment = _environment(url, token)
        self.timeout = timeout or self.environment.timeout
        self.quietly = Quietly(debug=self.environment.debug)
        self.active = self.environment.active
        self._post = Post(self.environment, self.quietly, spool=spool)
        self._sender = Sender(self._post, jitter=_jitter, timeout=self.timeout)

    def __repr__(self) -> str:
        return f"Client({self.environment.url!r})"

    def notify(
        self, process_id: str | None = None, status: str | None = None, **fields: object
    ) -> "Result | None":
        """Report one event, with the fields of an event as keywords.

        Returns:
            The server's answer, whose *problem* says why it refused the event; None when no
            answer came in time. The event is then sent later, and while the server cannot be
            reached nobody waits for it.
        """
        with self.quietly:
            body = {"process_id": process_id, "status": status, **self.surroundings(fields)}
            _add_parent(body, self.environment.process_id)
            item = self._put(body, rank=rank_of(body), collect=True, wait=True)
            if item is None or item.settled is None or self._sender.failing:
                return None
            item.settled.wait(self.timeout)
            return item.answer
        return None

    def send(
        self, body: dict[str, object], *, coalesce: bool = False, collect: bool = False
    ) -> None:
        """Queue one event and return at once.

        Args:
            body: the event; ``id`` and ``occurred_at`` are made here, before the first try.
            coalesce: newer progress of the same process may take the place of this event.
            collect: find out what the work is about, from the CI and git around the program.
        """
        with self.quietly:
            rank = REPLACEABLE if coalesce else rank_of(body)
            item = self._put(body, rank=rank, collect=collect, wait=False)
            if item is not None and rank == LAST and self._sender.young_fork:
                self._see_off()

    def flush(self, timeout: float = 2.0) -> bool:
        """Wait up to *timeout* seconds until all is delivered, and say whether it is."""
        with self.quietly:
            return self._sender.flush(timeout)
        return False

    def ask(
        self,
        prompt: str,
        *,
        approvers: "str | Sequence[str] | None" = None,
        options: "Sequence[object] | None" = None,
        text: bool = False,
        wait: float = 3600.0,
        **fields: object,
    ) -> "Decision":
        """Ask people, wait for their answer, and return it; it never raises.

        Args:
            prompt: the question.
            approvers: people and groups, as ``@sre``; they narrow those whom the source allows.
            options: answers other than approve and reject: texts, or objects with id and label.
            text: whether the answer is a text.
            wait: how long to wait, in seconds; the question then stays open.
            fields: ``key`` (the same key finds the same question again), ``expires_in`` (seconds),
                ``on_timeout``, ``body`` (what is being approved), ``require_reason``, and the
                fields of an event, as ``process_id``, ``name``, ``channel`` and ``links``.
        """
        from baton.questions import Decision, ask  # noqa: PLC0415 - most programs ask nothing

        with self.quietly:
            named = [approvers] if isinstance(approvers, str) else approvers
            question = {"prompt": prompt, "approvers": named, "options": options}
            if text:
                question["kind"] = "text"
            return ask(self, question, wait, fields)
        return Decision("unreachable")

    def wait(
        self,
        what: str,
        *,
        until: str = "terminal",
        wait: float = 3600.0,
        namespace: str | None = None,
    ) -> "Decision":
        """Wait for an approval (its id), or for a process (its id); it never raises.

        Args:
            what: an approval, as ``ap_…`` or ``A-17``; else the id of a process.
            until: of a process: ``terminal``, or statuses divided by commas.
            wait: how long, in seconds.
            namespace: of the process; by default that of the token.
        """
        from baton import questions  # noqa: PLC0415

        with self.quietly:
            return questions.wait(self, what, until, wait, namespace)
        return questions.Decision("unreachable")

    def replay(self) -> "Replay | None":
        """Return a way through what earlier programs kept for this server and source, if anything."""
        return self._post.replay() if self.active else None

    def surroundings(self, fields: dict[str, object]) -> dict[str, object]:
        """Return *fields* with the thread and the trace that they belong to, where they name none."""
        here, place = self.environment, current_place()
        exports = place.exports if place is not None else {}
        around: dict[str, object] = {}
        run = exports.get("BATON_RUN") or here.run
        if run and not fields.keys() & {"run_id", "workflow_id"}:
            around["run_id"] = run
        trace = exports.get("TRACEPARENT") or here.traceparent
        if trace and not fields.keys() & {"trace_id", "traceparent"}:
            around["traceparent"] = trace
        return {**around, **fields}

    def _see_off(self) -> None:
        """Deliver, or keep, what a child has that may end any moment without its exit functions."""
        if self._sender.failing or not self._sender.flush(min(FORK_PATIENCE, self.timeout)):
            self._sender.put_aside()

    def _put(self, body: dict[str, object], *, rank: int, collect: bool, wait: bool) -> Item | None:
        if not self.active:
            return None
        stamped = {"id": new_id(), "occurred_at": now(), **body}
        copied = {name: plain(value) for name, value in stamped.items() if value is not None}
        item = Item(copied, rank=rank, where=_here() if collect else None)
        if wait:
            item.settled = threading.Event()
        self._sender.put(item)
        return item


@cache
def default_client() -> Client:
    """Return the client that the functions of the package use, built on first use."""
    return Client()


def _environment(url: str | None, token: str | None) -> Environment:
    given = {name: value for name, value in (("BATON_URL", url), ("BATON_TOKEN", token)) if value}
    if url:
        given["BATON_TRANSPORT"] = ""  # whoever names a server means it
    if url and not token and url != os.environ.get("BATON_URL"):
        given["BATON_TOKEN"] = ""  # a token of the environment is for the environment's address
    return read_environment({**os.environ, **given})


def _add_parent(body: dict[str, object], inherited: str | None) -> None:
    place = current_place()
    parent = place.process_id if place is not None else inherited
    if parent and body.get("process_id") not in (None, parent) and "parent" not in body:
        body["parent"] = {"process_id": parent}


def _here() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - pathlib is slow to import
    except OSError:  # somebody has removed it
        return None


def _jitter() -> float:
    return int.from_bytes(os.urandom(4), "big") / 2**32
