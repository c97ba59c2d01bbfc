"""What an event says stands in its row once, and is read as it was told."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from baton.events import Event
from coordination.database import Reader, events, select, update
from coordination.incoming import Incoming
from coordination.store import events as store
from coordination.store.event_bodies import COLUMNS
from tests.coordination.inbox import CountingIds, event
from tests.properties.test_one_thread import open_database
from tests.properties.test_short_way import ODD, PLAIN

ANYTHING = st.fixed_dictionaries(
    {},
    optional={
        **PLAIN,
        **{name: ODD[name] for name in ("parent", "subject", "keys", "started_at", "approval")},
        "id": st.sampled_from(["their own", "another"]),
        "received_at": st.datetimes(timezones=st.timezones()),
    },
)
SHORT = {"event_id", *(column.name for column in COLUMNS)} - {"id", "attempt", "body"}


@st.composite
def told(draw: st.DrawFn) -> Event:
    is_process = draw(st.booleans())
    said = draw(ANYTHING)
    if is_process:
        return event("p", draw(st.sampled_from(["queued", "failed"])), ids=CountingIds(), **said)
    return event(None, None, ids=CountingIds(), **{**said, "type": "deploy.asked"})


@given(told())
def test_an_event_reads_back_as_it_was_told(given_event: Event) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stored, bodies = asyncio.run(stored_and_read(given_event, Path(folder)))
    assert not SHORT & stored.keys()  # what a column says, the body does not repeat
    for body in bodies:
        assert Event.from_json(body) == Event.from_json(said(given_event, body))
        assert body == said(given_event, body)
        assert list(body) == sorted(body)


def said(told: Event, body: object) -> dict[str, object]:
    """Return the canonical form, with the attempt to which it was put."""
    attempt = body.get("attempt") if isinstance(body, dict) else None
    return told.to_json() | ({} if attempt is None else {"attempt": attempt})


async def stored_and_read(
    given_event: Event, folder: Path
) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Return the body as it is stored, and as it is read: of today, and of an earlier version."""
    inbox = await open_database(folder)
    try:
        accepted = await inbox.take(Incoming(event=given_event, identity=None, trusted=True))

        async def query(reader: Reader) -> dict[str, object]:
            (row,) = await reader.fetch_all(select(events))
            found: dict[str, object] = row.body
            return found

        stored = await inbox.door.read(query)
        read = [await inbox.door.read(lambda reader: store.read(reader, accepted.event_id))]
        whole = given_event.to_json()  # as earlier versions wrote it
        if accepted.attempt is not None:
            whole["attempt"] = accepted.attempt
        await inbox.write(lambda tx: tx.execute(update(events), body=whole))
        read.append(await inbox.door.read(lambda reader: store.read(reader, accepted.event_id)))
    finally:
        await inbox.door.close()
    return stored, [row.body for row in read if row is not None]
