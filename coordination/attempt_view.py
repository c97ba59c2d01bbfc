"""An attempt of a process that another has followed: folded again from its events, to look at."""

from dataclasses import replace

from baton.events import Event
from coordination import threads_view
from coordination.attempts import Standing
from coordination.database import Reader, Row
from coordination.errors import Conflict, NotFound
from coordination.processes import fold
from coordination.store import events as event_store
from coordination.threads_view import ProcessView

MOST = 5_000  # events of one attempt; folding more would hold up everybody else


async def attempt(reader: Reader, namespace: str, process_id: str, number: int) -> ProcessView:
    """Return a process as its attempt *number* left it.

    The attempt that is shown is read as it stands, with its children; an earlier one has none, since
    they belong to the process and not to one of its attempts.

    Raises:
        NotFound: there is no such process, or it had no such attempt.
        Conflict: the attempt has too many events to fold them for one look.
    """
    process = await threads_view.process(reader, namespace, process_id)
    if process.attempt == number:
        return process
    rows = await event_store.read_attempt(reader, process.key, number, limit=MOST + 1)
    name = f"{namespace}:{process_id}"
    if not rows:
        raise NotFound(f"attempt {number} of the process", name)
    if len(rows) > MOST:
        raise Conflict(
            f"Attempt {number} of {name} has more than {MOST:,} events, too many to add up for one"
            " look. GET /v1/events has them."
        )
    return _as_it_was(process, number, rows)


def _as_it_was(process: ProcessView, number: int, rows: list[Row]) -> ProcessView:
    folded = fold([Event.from_json(row.body) for row in rows])
    fired = tuple(dict.fromkeys(row.status for row in rows if row.applied))
    return replace(
        process,
        attempt=number,
        name=folded.name or process.name,
        category=folded.category,
        status=folded.status,
        state=Standing(number, folded, fired=fired).to_json(),
        thread_id=rows[-1].thread_id or process.thread_id,
        started_at=folded.started_at,
        ended_at=folded.ended_at,
        created_at=rows[0].received_at,
        updated_at=rows[-1].received_at,
        stalled_since=None,
        children=(),
    )
