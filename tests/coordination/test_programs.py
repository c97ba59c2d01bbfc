"""Whose change it is that nobody saw being made: by when the file system says that it was."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coordination import programs
from coordination.programs import Span, Trace
from tests.coordination.inbox import Inbox, make_database, open_inbox

OVER = Span("a", 1, 1000, begun=100, ended=200)
OPEN = Span("b", 2, 1000, begun=300)


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    inbox = open_inbox(make_database(tmp_path))
    yield inbox
    await inbox.door.close()


async def behind(inbox: Inbox, trace: Trace, *spans: Span) -> int | None:
    known = spans or (OVER, OPEN)
    return await inbox.door.read(lambda reader: programs.behind(reader, known, trace, "w"))


@pytest.mark.parametrize(
    ("trace", "run"),
    [
        (Trace(99, [99]), None),
        (Trace(100, [100]), 1),
        (Trace(200, [200]), 1),
        (Trace(201, [201]), None),
        (Trace(299, [350]), None),  # its folder changed later, and it itself did not
        (Trace(10**18, [300]), 2),
        (Trace(150, [150], added=True, owner=1001), None),
        (Trace(150, [150], added=True, owner=1000), 1),
        (Trace(150, [150], added=False, owner=1001), 1),
        (Trace(20, [30, 150], added=True, owner=1000, since=90), 1),  # came with a folder
        (Trace(20, [30, 150], added=True, owner=1000), None),
        (Trace(20, [30, 250], added=True, owner=1000, since=90), None),
        (Trace(None, [150]), 1),
        (Trace(None, [99, 150], since=50), None),
        (Trace(None, [250]), None),  # and who looked last is not known
        (Trace(None, [250], since=150), 1),  # nobody has looked since the program ended
        (Trace(None, [250], since=220), None),
        (Trace(None, []), None),
    ],
)
async def test_a_change_is_put_down_to_who_was_at_work_when_it_was_made(
    inbox: Inbox, trace: Trace, run: int | None
) -> None:
    assert await behind(inbox, trace) == run


async def test_root_may_write_in_anybodys_name(inbox: Inbox) -> None:
    root = Span("a", 1, 0, begun=100, ended=200)
    assert await behind(inbox, Trace(150, [150], added=True, owner=1001), root) == 1


async def test_of_several_the_latest_counts_where_none_was_led_to(inbox: Inbox) -> None:
    one, two = (Span(name, run, 1000, 100) for name, run in (("a", 1), ("b", 2)))
    assert await behind(inbox, Trace(150, [150]), one, two) == 2


async def test_spans_begin_end_and_are_forgotten(inbox: Inbox) -> None:
    now = inbox.clock.now()
    await inbox.write(lambda tx: programs.begin(tx, Span("a", 1, 5, 100), now=now))
    await inbox.write(lambda tx: programs.begin(tx, Span("b", 2, 5, 150), now=now))
    await inbox.write(lambda tx: programs.end(tx, "a", at=200, now=now))
    assert await inbox.door.read(programs.spans) == (
        Span("a", 1, 5, 100, 200),
        Span("b", 2, 5, 150),
    )
    await inbox.write(lambda tx: programs.settle(tx, before=200, now=now))
    assert len(await inbox.door.read(programs.spans)) == 2
    await inbox.write(lambda tx: programs.settle(tx, before=201, now=now))
    assert [each.id for each in await inbox.door.read(programs.spans)] == ["b"]
    await inbox.write(lambda tx: programs.close(tx, before=120, now=now))
    assert (await inbox.door.read(programs.spans))[0].ended is None
    await inbox.write(lambda tx: programs.close(tx, before=500, now=now))
    assert (await inbox.door.read(programs.spans))[0].ended == 500


async def test_a_clock_that_is_set_back_meanwhile_hides_nothing(inbox: Inbox) -> None:
    now = inbox.clock.now()
    await inbox.write(lambda tx: programs.begin(tx, Span("a", 1, 5, 100), now=now))
    await inbox.write(lambda tx: programs.end(tx, "a", at=40, now=now))
    assert await inbox.door.read(programs.spans) == (Span("a", 1, 5, 40, 100),)


async def test_the_oldest_are_forgotten_where_nobody_looks(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = inbox.clock.now()
    monkeypatch.setattr(programs, "MOST", 20)  # each is written with all the others

    def unit(tx: object) -> None:
        for number in range(programs.MOST + 3):
            programs.begin(tx, Span(f"s{number}", 1, 5, number), now=now)  # type: ignore[arg-type]

    await inbox.write(unit)
    known = await inbox.door.read(programs.spans)
    assert (len(known), known[0].id) == (programs.MOST, "s3")
