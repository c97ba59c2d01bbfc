"""Flaws of what is accepted, kept and told: the store, its writer, the outbox and the clock."""

from tests.prove.zoo.rows import SIMULATION, Change, Planted

__all__ = ["ROWS"]

REPORTING, AT_ONCE = "coordination/reporting.py", "coordination/at_once.py"
TAKES = "        return await self._door.write(unit, patient=True)\n"

ROWS = (
    Planted(
        1,
        "acknowledges before the commit",
        "P1, P2",
        SIMULATION,
        (
            Change(
                REPORTING,
                TAKES,
                """
        def answers(tx: Transaction) -> None:
            raise _Rehearsed(unit(tx))

        try:
            await self._door.write(answers)
        except _Rehearsed as seen:
            storing = self._door.write(unit, patient=True)
            self._world.tasks.start("store what was answered", storing)
            return seen.found
        return ()
""",
            ),
        ),
    ),
    Planted(
        2,
        "de-duplicates by read, then insert",
        "P3",
        "tests/stories/test_disorder.py"
        "::test_d13_and_d17_many_at_once_are_one_process_and_one_card",
        (
            Change(
                REPORTING,
                """        def unit(tx: Transaction) -> tuple[Accepted, ...]:
            return tuple(accept.record(tx, each, now=now, ids=ids).accepted for each in incoming)
""",
                """        def look(tx: Transaction) -> list[bool]:
            return [
                each.identity is not None
                and identities.repeated(tx, replace(each.identity, strict=False), now=now) is None
                for each in incoming
            ]

        fresh = await self._door.write(look)

        def store(tx: Transaction, each: Incoming, new: bool) -> Accepted:
            if not new or each.identity is None:
                return accept.record(tx, each, now=now, ids=ids).accepted
            done = accept.record(tx, replace(each, identity=None), now=now, ids=ids).accepted
            told = replace(each.identity, body_hash=identities.body_hash(each.event))
            identities.remember(tx, told, accept._plain(done), now=now)
            return done

        def unit(tx: Transaction) -> tuple[Accepted, ...]:
            return tuple(store(tx, each, new) for each, new in zip(incoming, fresh, strict=True))
""",
            ),
        ),
    ),
    Planted(
        7,
        "`synchronous=NORMAL`",
        "P1",
        "tests/coordination/test_database.py::test_every_setting_of_the_connection_is_read_back",
        (
            Change(
                "coordination/database/writer.py",
                "def connect(path: Path, *, synchronous: int = 2)",
                "def connect(path: Path, *, synchronous: int = 1)",
            ),
            Change(
                "coordination/database/writer.py",
                "def __init__(self, path: Path, *, synchronous: int = 2) -> None:",
                "def __init__(self, path: Path, *, synchronous: int = 1) -> None:",
            ),
        ),
    ),
    Planted(
        8,
        "a notice is marked as sent before the post succeeded",
        "P7",
        SIMULATION,
        (
            Change(
                "bot/slack/delivery.py",
                "            await self._saying.say(leased)\n",
                """            now = self.world.clock.now()
            await self.door.write(lambda tx: outbox.sent(tx, leased, now=now))
            await self._saying.say(leased)
""",
            ),
        ),
    ),
    Planted(
        9,
        "the sender steps over a failed message of the same thread",
        "P7",
        "tests/coordination/test_turns.py::test_a_promise_that_was_refused_once_keeps_its_place",
        (
            Change(
                "coordination/outbox.py",
                "    store.delay(tx, leased.notice.thread_key, leased.notice.recipient, due_at)\n",
                "",
            ),
            Change(
                "coordination/turns.py",
                "    waiting = [row for row in rows if row.slot not in posted]\n",
                "    waiting = [row for row in due if row.slot not in posted]\n",
            ),
        ),
    ),
    Planted(
        13,
        "timers live in memory, and are gone after a restart",
        "P11, P16",
        SIMULATION,
        (
            Change(
                "coordination/timers.py",
                """        clock = self._world.clock
        with self._door.changes""",
                """        from coordination.database import delete, timers as rows

        clock = self._world.clock
        await self._door.write(lambda tx: tx.execute(delete(rows)))
        with self._door.changes""",
            ),
        ),
    ),
    Planted(
        17,
        "what makes a repeat is known in the memory of the process alone",
        "P3",
        SIMULATION,
        (
            Change(
                REPORTING,
                TAKES,
                """        seen = vars(self).setdefault("_seen", {})
        names = [each.identity and (each.identity.scope, each.identity.name) for each in incoming]
        if all(name in seen for name in names):
            return tuple(replace(seen[n], effect="duplicate", duplicate=True) for n in names)
        incoming = [replace(each, identity=None) for each in incoming]
        done = await self._door.write(unit, patient=True)
        seen.update((name, each) for name, each in zip(names, done, strict=True) if name)
        return done
""",
            ),
        ),
    ),
    Planted(
        32,
        "requests that Slack tries again are dropped",
        "P1",
        "tests/bot/slack/test_http_mode.py::test_what_slack_tries_again_is_heard",
        (
            Change(
                "handlers/http/slack.py",
                "    said = await slack.answer(",
                """    if "x-slack-retry-num" in request.headers:
        return Response()
    said = await slack.answer(""",
            ),
        ),
    ),
    Planted(
        33,
        "a 429 is taken for sent",
        "P7",
        SIMULATION,
        (
            Change(
                "bot/slack/client.py",
                "            if trouble.word in DONE:\n",
                """            if trouble.meaning is Meaning.LATER and method.startswith("chat."):
                return {"ok": True, "channel": arguments["channel"], "ts": "1.000100"}
            if trouble.word in DONE:
""",
            ),
        ),
    ),
    Planted(
        37,
        "a wait begins with its full length again after a crash",
        "P11",
        "tests/workflows/runtimes/test_embedded.py"
        "::test_a_wait_is_no_longer_for_a_restart_in_the_middle_of_it",
        (
            Change(
                "coordination/timers.py",
                """        clock = self._world.clock
        with self._door.changes""",
                """        from coordination.database import timers as rows, update

        clock = self._world.clock
        later = clock.now() + timedelta(minutes=10)
        await self._door.write(lambda tx: tx.execute(update(rows), due_at=later))
        with self._door.changes""",
            ),
        ),
    ),
    Planted(
        38,
        "a slot goes by the time on the wall, and comes twice when clocks go back",
        "P11",
        "tests/workflows/test_schedule.py::test_a_local_time_that_comes_twice_gives_one_slot",
        (
            Change(
                "workflows/schedule.py",
                "(slot for each in found if (slot := each.astimezone(UTC)) > start)",
                "(slot for each in found if (slot := each.astimezone(UTC)))",
            ),
        ),
    ),
    Planted(
        39,
        "a sync that failed is tried again",
        "P9",
        "tests/coordination/test_database.py::test_after_a_failed_sync_nothing_is_written_any_more",
        (
            Change(
                "coordination/database/faults.py",
                '    return int(getattr(error, "sqlite_errorcode", 0)) in UNSYNCED\n',
                "    return False\n",
            ),
        ),
    ),
    Planted(
        40,
        "those who read open the file for writing, and empty its log",
        "R3",
        "tests/coordination/test_readers.py::test_a_reader_cannot_write",
        (
            Change(
                "coordination/database/door.py",
                'self._uri = f"file:{quote(str(path.absolute()))}?mode=ro"',
                'self._uri = f"file:{quote(str(path.absolute()))}?mode=rw"',
            ),
        ),
    ),
    Planted(
        53,
        "an event that several wait for is put down as dealt with, and wakes none of them",
        "P1, P16",
        "tests/properties/test_at_once.py"
        "::test_however_late_the_dispatcher_is_the_same_events_wake_the_same_waits",
        (
            Change(
                AT_ONCE,
                "    if not found:\n        return store.passed_over",
                "    if len(found) != 1:\n        return store.passed_over",
            ),
        ),
    ),
    Planted(
        54,
        "an event wakes at once, though an older one still has to be looked at",
        "P16",
        "tests/properties/test_at_once.py"
        "::test_however_late_the_dispatcher_is_the_same_events_wake_the_same_waits",
        (Change(AT_ONCE, " or store.waits_behind(tx, seq):", ":"),),
    ),
    Planted(
        55,
        "an event wakes at once who waits for it under a condition, which nobody evaluates",
        "P6, P16",
        "tests/properties/test_at_once.py::test_both_ways_write_the_same_rows",
        (Change(AT_ONCE, """return "where" not in wait.filter and """, "return "),),
    ),
)
