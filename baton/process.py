"""One piece of work, reported while it goes on."""

import os
import sys
import threading
from collections.abc import Mapping
from types import TracebackType

from baton.client import Client, default_client, new_id
from baton.collected.trace import new_span, trace_id_of, traceparent
from baton.current import Place, current_place, enter, leave
from baton.exports import exports

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing is slow to import
    from typing import Self

__all__ = ["Process", "current_process", "process"]


def current_process() -> "Process | None":
    """Return the innermost process whose ``with`` block this code runs in."""
    place = current_place()
    owner = place.owner if place is not None else None
    return owner if isinstance(owner, Process) else None


def process(
    name: str,
    *,
    id: str | None = None,  # noqa: A002 - the word of the event
    category: str | None = None,
    heartbeat: float | None = None,
    client: Client | None = None,
    **fields: object,
) -> "Process":
    """Report the body of the ``with`` (or ``async with``) block as one process.

    It ends as completed, as failed when the block raises, and as cancelled when it is interrupted.
    What the block raises goes on unchanged; nothing in here raises by itself.

    Args:
        name: for people.
        id: of the process; a new attempt of the same process has the same id. Made by default.
        category: build, test, deploy, job, task and so on.
        heartbeat: seconds between signs of life; none by default.
        client: by default the one that the environment describes.
        fields: others of an event, like ``labels`` and ``subject``, sent with the start.
    """
    own = client or default_client()
    return Process(own, {"name": name, "category": category}, id, heartbeat, fields)


class Process:
    """A process that is being reported. Made by :func:`process`."""

    def __init__(
        self,
        client: Client,
        title: Mapping[str, object],
        process_id: str | None,
        heartbeat: float | None,
        fields: Mapping[str, object],
    ) -> None:
        self.id = _text(process_id) or new_id()
        self._client = client
        self._heartbeat = heartbeat
        self._fields = dict(fields)
        self._result: dict[str, object] = {}
        self._pid = os.getpid()
        surroundings = _Surroundings(client, current_place(), self.id, fresh=process_id is None)
        self._place = Place(self.id, surroundings.exports, self)
        self._common = {**title, "process_id": self.id, **surroundings.fields}

    def progress(
        self,
        current: float | str | None = None,
        total: float | None = None,
        message: str | None = None,
        *,
        fraction: float | None = None,
        unit: str | None = None,
    ) -> None:
        """Say how far the work is: ``progress(3, 10, "compiling")``, ``progress("half", fraction=0.5)``.

        Cheap: what the server has not been told yet is replaced, not queued.
        """
        with self._client.quietly:
            if isinstance(current, str):
                current, message = None, current
            counted = {"current": current, "total": total, "fraction": fraction, "unit": unit}
            given = {name: value for name, value in counted.items() if value is not None}
            body: dict[str, object] = {"progress": given} if given else {}
            if message is not None:
                body["message"] = str(message)
            self._report("in_progress", body, coalesce=_is_small(given))

    def message(self, text: str) -> None:
        """Say in words what goes on."""
        self._tell({"message": str(text)})

    def link(self, url: str, title: str | None = None, rel: str | None = None) -> None:
        """Add a web address to the process."""
        self._tell({"links": [{"url": url, "title": title, "rel": rel or "related"}]})

    def next_step(self, label: str, url: str | None = None) -> None:
        """Say what a person may do when the process has ended."""
        steps = self._fields.setdefault("next_steps", [])
        if isinstance(steps, list):
            steps.append({"label": label, "url": url})
            self._tell({"next_steps": list(steps)})

    def result(self, **values: object) -> None:
        """Add to what the process reports at its end."""
        with self._client.quietly:
            self._result.update(values)

    def variables(self) -> dict[str, str]:
        """Return the environment by which programs started from here join this process."""
        return dict(self._place.exports)

    def start(self) -> "Process":
        """Report the start; ``with`` does this by itself."""
        with self._client.quietly:
            self._report("started", self._fields)
            if self._heartbeat and self._client.active:
                threading.Thread(target=self._beat, name="baton-heartbeat", daemon=True).start()
        return self

    def end(self, status: str, **fields: object) -> None:
        """Report the end, once; ``with`` does this by itself."""
        with self._client.quietly:
            if self._place.over.is_set():
                return
            self._place.over.set()
            self._place.owner = None  # a cycle would stay for the collector, in somebody's loop
            result = {"result": self._result} if self._result else {}
            self._report(status, {**result, **fields})

    def finish(self, error: BaseException | None) -> None:
        """Report the end that *error*, or its absence, stands for; ``with`` does this by itself."""
        with self._client.quietly:
            status, fields = _ending(error)
            self.end(status, **fields)

    def __enter__(self) -> "Self":
        self.start()
        with self._client.quietly:
            enter(self._place)
            if self._client.active:
                exports().enter(self._place.exports)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._client.quietly:
            if self._client.active:
                exports().leave(self._place.exports)
            if self._is_elsewhere():
                self._place.over.set()
            self.finish(error)
            leave(self._place)

    async def __aenter__(self) -> "Self":
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)

    def _tell(self, body: dict[str, object]) -> None:
        with self._client.quietly:
            self._report("in_progress", body)

    def _report(self, status: str, body: Mapping[str, object], *, coalesce: bool = False) -> None:
        if self._place.over.is_set() and status == "in_progress":
            return
        if self._client.active:
            event = {**self._common, **body, "status": status}
            self._client.send(event, coalesce=coalesce, collect=status != "in_progress")

    def _is_elsewhere(self) -> bool:
        """Say whether this is a forked child, whose parent goes on with the process and will end it.

        A parent that is gone has left the work to the child: that is how a daemon starts.
        """
        return self._pid != os.getpid() and os.getppid() == self._pid

    def _beat(self) -> None:
        seconds = max(1.0, float(self._heartbeat or 0))
        lease = min(86_400, max(30, int(seconds * 3)))
        while not self._place.over.wait(seconds):
            self._tell({"heartbeat": True, "lease_s": lease})


def _text(process_id: object) -> str | None:
    """Return the id as text; an object that cannot even say its name has none."""
    try:
        return None if process_id is None else str(process_id)
    except Exception:  # noqa: BLE001 - somebody else's method, and any error is as good as another
        return None


class _Surroundings:
    """Where a process belongs: its parent, its thread and its trace; and what it hands down."""

    def __init__(
        self, client: Client, outer: Place | None, process_id: str, *, fresh: bool
    ) -> None:
        given: Mapping[str, str] = outer.exports if outer is not None else {}
        here = client.environment
        parent = outer.process_id if outer is not None else here.process_id
        run = given.get("BATON_RUN") or here.run
        if run is None and parent is None and fresh:
            run = process_id  # opens a thread under this name, which what we start then joins
        known = trace_id_of(given.get("TRACEPARENT") or here.traceparent)
        header = traceparent(known, new_span())
        _, trace, span, _ = header.split("-")
        self.fields: dict[str, object] = {"run_id": run, "trace_id": trace, "span_id": span}
        if parent is not None and parent != process_id:
            self.fields["parent"] = {"process_id": parent}
        self.exports = {"BATON_PROCESS_ID": process_id, "TRACEPARENT": header}
        if run is not None:
            self.exports["BATON_RUN"] = run


def _ending(error: BaseException | None) -> tuple[str, dict[str, object]]:
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "completed", {}
    if isinstance(error, KeyboardInterrupt | GeneratorExit) or _is_cancellation(error):
        return "cancelled", {"message": type(error).__name__}
    if isinstance(error, SystemExit):
        return "failed", {"error": {"message": f"exit status {error.code}", "type": "exit"}}
    told = str(error)
    return "failed", {
        "error": {"message": told or type(error).__name__, "type": type(error).__name__}
    }


def _is_cancellation(error: BaseException) -> bool:
    asyncio = sys.modules.get("asyncio.exceptions")  # without it nothing was cancelled
    return asyncio is not None and isinstance(error, asyncio.CancelledError)


def _is_small(given: Mapping[str, object]) -> bool:
    return all(
        isinstance(value, int | float) and abs(value) < 10**15
        for name, value in given.items()
        if name != "unit"
    )
