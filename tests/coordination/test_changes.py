"""Who is told that something changed."""

from coordination.changes import KEPT, Change, Changes


def test_what_came_after_a_cursor_is_known_for_a_while() -> None:
    changes = Changes("boot")
    start = changes.cursor
    changes.publish([Change("run", "run_1"), Change("run", "run_2")])
    newer = changes.since(start)
    assert newer is not None
    assert [(one.cursor, one.change.id) for one in newer] == [
        ("boot-1", "run_1"),
        ("boot-2", "run_2"),
    ]
    assert changes.since("boot-2") == ()
    for unknown in ("boot-3", "other-1", "boot-", "boot-x", "", "boot--1"):
        assert changes.since(unknown) is None

    changes.publish(Change("run", f"run_{place}") for place in range(KEPT))
    assert changes.since(start) is None
    assert changes.since("boot-2") is not None


async def test_a_watcher_hears_its_kinds_and_only_inside_the_block() -> None:
    changes = Changes("boot")
    with changes.subscribe("run") as runs, changes.subscribe() as everything:
        changes.publish([Change("event", "ev_1"), Change("run", "run_1")])
        assert [change.id for change in await runs.wait(0.1)] == ["run_1"]
        assert [change.id for change in await everything.wait(0.1)] == ["ev_1", "run_1"]
    changes.publish([Change("run", "run_2")])
    assert await runs.wait(0) == ()
