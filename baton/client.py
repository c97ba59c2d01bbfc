"""Reports events to one server, without ever hurting the program that does so."""

import os
import sys
import threading
import time
from collections.abc import Sequence
from functools import cache
from types import TracebackType

from baton.environment import Environment, read_environment
from baton.sender import Delivery, Item, Sender

TYPE_CHECKING = False
if TYPE_CHECKING:  # these modules are slow to import, and only annotations name them here
    from baton.answers import Result
    from baton.wire import Answer, Wire

__all__ = ["Client", "default_client", "new_id", "now"]


class Client:
    """Events for one server, sent in the background. Without an address it does nothing at all.

    No method raises, waits for more than *timeout*, or writes to stdout.

    Args:
        url: of the server; by default ``BATON_URL``, else what ``baton login`` stored.
        token: by default ``BATON_TOKEN``, else what ``baton login`` stored for this address.
        timeout: the longest wait for an answer, in seconds; by default ``BATON_TIMEOUT``, else 2.
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, *, timeout: float | None = None
    ) -> None:
        self.environment = _environment(url, token)
        self._timeout = timeout or self.environment.timeout
        self._wire: Wire | None = None
        self.quietly = Quietly(debug=self.environment.debug)
        self.active = bool(self.environment.url) and not self.environment.disabled
        self._sender = Sender(self._deliver, jitter=_jitter, timeout=self._timeout)

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
            body = {"process_id": process_id, "status": status, **self._surroundings(fields)}
            item = self._put(body, rank=_rank(body), wait=True)
            if item is None or item.settled is None or self._sender.failing:
                return None
            item.settled.wait(self._timeout)
            return item.answer
        return None

    def send(self, body: dict[str, object], *, coalesce: bool = False) -> None:
        """Queue one event and return at once.

        Args:
            body: the event; ``id`` and ``occurred_at`` are made here, before the first try.
            coalesce: newer progress of the same process may take the place of this event.
        """
        with self.quietly:
            rank = 0 if coalesce else _rank(body)
            self._put(body, rank=rank, wait=False)
            if rank == 2 and self._sender.forked:
                self._sender.flush(self._timeout)  # such a child often ends without saying so

    def flush(self, timeout: float = 2.0) -> bool:
        """Wait up to *timeout* seconds until all is delivered, and say whether it is."""
        with self.quietly:
            return self._sender.flush(timeout)
        return False

    def _surroundings(self, fields: dict[str, object]) -> dict[str, object]:
        here = self.environment
        around: dict[str, object] = {}
        if here.run and not fields.keys() & {"run_id", "workflow_id"}:
            around["run_id"] = here.run
        if here.traceparent and "trace_id" not in fields:
            around["traceparent"] = here.traceparent
        return {**around, **fields}

    def _put(self, body: dict[str, object], *, rank: int, wait: bool) -> Item | None:
        if not self.active:
            return None
        if self._wire is None:
            self._wire = self._connect()
        item = Item({"id": new_id(), "occurred_at": now(), **body}, rank=rank)
        if wait:
            item.settled = threading.Event()
        if rank:
            item.bytes()  # now, for the program may change its objects later
        self._sender.put(item)
        return item

    def _connect(self) -> "Wire":
        """Load what delivering needs, in the thread of the program.

        The sender's thread imports nothing: a program that forks in the middle of an import would
        leave its child with half a module for ever.
        """
        import baton.answers  # noqa: PLC0415 - and all of this only where something is sent
        import baton.plain  # noqa: PLC0415, F401
        from baton.wire import Wire  # noqa: PLC0415

        return Wire(self.environment.url or "", self.environment.token)

    def _deliver(self, items: Sequence[Item], timeout: float) -> Delivery:
        with self.quietly:
            return self._attempt(items, timeout)
        return self._settle(items, [])

    def _attempt(self, items: Sequence[Item], timeout: float) -> Delivery:
        from baton.wire import Unreachable  # noqa: PLC0415 - loaded before

        if self._wire is None:  # pragma: no cover - what is queued has seen one
            return self._settle(items, [])
        try:
            answer = self._wire.call("POST", "/v1/notify", _content(items), timeout=timeout)
        except Unreachable as error:
            self.quietly.note(error)
            return _later(items, Delivery(again=True, reached=False))
        if answer.again:
            self.quietly.note(answer.detail)
            return _later(items, Delivery(again=True, pause=answer.retry_after))
        return self._settle(items, self._results(answer))

    def _results(self, answer: "Answer") -> "list[Result]":
        from baton.answers import Result  # noqa: PLC0415 - loaded before

        results = answer.body.get("results") if isinstance(answer.body, dict) else None
        if not isinstance(results, list):
            self.quietly.note(answer.detail)
            return [Result(problem=answer.detail)]
        read = [Result.from_json(each) for each in results if isinstance(each, dict)]
        for result in read:
            if result.problem:
                self.quietly.note(result.problem)
        return read

    def _settle(self, items: Sequence[Item], results: "Sequence[Result]") -> Delivery:
        for place, item in enumerate(items):
            item.settle(results[place] if place < len(results) else None)
        return Delivery(again=False)


class Quietly:
    """``with`` this, nothing that goes wrong reaches the program: it is counted, and told once.

    It is told to the logger ``baton``, and with *debug* each time to stderr.
    """

    def __init__(self, *, debug: bool) -> None:
        self._debug = debug
        self.count = 0

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self.note(error)
        return True

    def note(self, trouble: object) -> None:
        """Count *trouble*, and tell the first."""
        self.count += 1
        if self._debug:
            print(f"baton: {trouble}", file=sys.stderr)
        if self.count > 1:
            return
        logging = sys.modules.get("logging")
        if logging is None:  # then nobody listens
            return
        logger = logging.getLogger("baton")
        logger.addHandler(logging.NullHandler())  # silent unless the program listens
        logger.warning("could not report: %s; the program goes on", trouble)


@cache
def default_client() -> Client:
    """Return the client that the functions of the package use, built on first use."""
    return Client()


def new_id() -> str:
    """Return a UUID of version 7: sortable by time, and no two alike.

    Source: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
    """
    number = int.from_bytes(os.urandom(10), "big")
    head = f"{time.time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF:012x}"
    random = f"{number & 0xFFF:03x}", f"{0x8000 | (number >> 12) & 0x3FFF:04x}", number >> 32
    return f"{head[:8]}-{head[8:]}-7{random[0]}-{random[1]}-{random[2]:012x}"


def now() -> str:
    """Return the time as RFC 3339, in UTC, to the microsecond."""
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1000:06d}Z"


def _environment(url: str | None, token: str | None) -> Environment:
    given = {name: value for name, value in (("BATON_URL", url), ("BATON_TOKEN", token)) if value}
    if url and not token and url != os.environ.get("BATON_URL"):
        given["BATON_TOKEN"] = ""  # a token of the environment is for the environment's address
    return read_environment({**os.environ, **given})


def _rank(body: dict[str, object]) -> int:
    return 1 if body.get("status") in ("queued", "started", "in_progress") else 2


def _later(items: Sequence[Item], delivery: Delivery) -> Delivery:
    for item in items:
        item.settle(None)  # nobody waits for a second try
    return delivery


def _content(items: Sequence[Item]) -> bytes:
    if len(items) == 1:
        return items[0].bytes()
    return b"[" + b",".join(item.bytes() for item in items) + b"]"


def _jitter() -> float:
    return int.from_bytes(os.urandom(4), "big") / 2**32
