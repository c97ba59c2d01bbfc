"""Flaws of what runs do: steps and their effects, recovery, cancelling, restoring."""

from tests.prove.zoo.rows import SIMULATION, Change, Planted

__all__ = ["ROWS"]

LIVE = "workflows/runtimes/host/live.py"
FLIGHT, INTENTS = "workflows/runtimes/host/flight.py", "workflows/runtimes/host/intents.py"

ROWS = (
    Planted(
        5,
        "no intent is stored, so that an effect is repeated after a crash",
        "P5",
        SIMULATION,
        (
            Change(
                INTENTS,
                "    return not action.repeatable or action.covered is not None\n",
                "    return False\n",
            ),
        ),
    ),
    Planted(
        6,
        "a step is marked as done before it ran",
        "P5",
        SIMULATION,
        (
            Change(
                FLIGHT,
                "            return await flying.perform(parts, run)\n",
                """            parts.world.tasks.start("later", flying.perform(parts, run))  # type: ignore
            return Answer()
""",
            ),
        ),
    ),
    Planted(
        14,
        "a circle of steps is published, whose needs are never met",
        "P16",
        "tests/workflows/language/test_rules_files.py::test_a_cycle_of_many_is_one_problem",
        (
            Change(
                "workflows/language/checks/graphs.py",
                "    _note_cycles(waiting, steps, findings)\n    return",
                "    return",
            ),
        ),
    ),
    Planted(
        15,
        "a condition that cannot be evaluated is a No, and skips its step",
        "R9",
        "tests/workflows/core/test_steps.py"
        "::test_a_condition_that_cannot_be_evaluated_fails_the_step",
        (
            Change(
                "workflows/core/verbs.py",
                '    return bool(turn.evaluate(f"condition:{node.path}", condition, turn.scope.of(node)))\n',
                """    try:
        return bool(turn.evaluate(f"condition:{node.path}", condition, turn.scope.of(node)))
    except EvaluationFailed:
        return False
""",
            ),
        ),
    ),
    Planted(
        16,
        "an event starts its run in a task that nobody owns",
        "P1",
        SIMULATION,
        (
            Change(
                "coordination/dispatcher.py",
                """            woken = plan.wakes.write(tx, row.id, now=now)
            acted = act(tx, row, plan.items, channel=self._channel, now=now, ids=ids)
""",
                """            woken = plan.wakes.write(tx, row.id, now=now)

            def begin(tx: Transaction) -> object:
                return act(tx, row, plan.items, channel=self._channel, now=now, ids=ids)

            asyncio.get_event_loop().create_task(self._door.write(begin))
            acted = act(tx, row, [], channel=self._channel, now=now, ids=ids)
""",
            ),
        ),
    ),
    Planted(
        34,
        "`retry` runs what must not be repeated again after a timeout",
        "P5",
        "tests/workflows/core/test_attempts.py"
        "::test_a_timed_out_step_that_is_not_repeatable_is_not_tried_again",
        (
            Change(
                "workflows/core/attempts.py",
                "    if on is None and not step.repeatable:\n",
                "    if False:\n",
            ),
        ),
    ),
    Planted(
        35,
        "a result is written whatever life it comes from",
        "P4",
        "tests/workflows/runtimes/test_embedded.py::test_an_older_life_cannot_write_any_more",
        (
            Change(
                "workflows/store.py",
                '    runs.c.seq == bindparam("was"),\n    runs.c.fence <= bindparam("held"),\n',
                '    runs.c.seq == bindparam("was"),\n    runs.c.fence <= bindparam("held") + 99,\n',
            ),
        ),
    ),
    Planted(
        36,
        "recovery rescues the runs that somebody woke, and none of those that were at work",
        "P16",
        SIMULATION,
        (
            Change(
                "workflows/runtimes/host/recovery.py",
                "        await self._bring_back({*interrupted, *woken})\n",
                "        await self._bring_back({*woken})\n",
            ),
        ),
    ),
    Planted(
        41,
        "the audit row of a decision is written in a transaction of its own",
        "P12",
        SIMULATION,
        (
            Change(
                "coordination/approvals.py",
                '    record(tx, whole, f"approval.{whole.state}", actor=whole.decided_by or "baton", at=now)\n',
                """    if whole.decided_by in (None, "timer"):
        record(tx, whole, f"approval.{whole.state}", actor="baton", at=now)
""",
            ),
            Change(
                "coordination/deciding.py",
                "        approval, due = await self._door.write(unit)\n",
                """        approval, due = await self._door.write(unit)
        if approval.ended:
            from coordination import approvals

            action, by = f"approval.{approval.state}", principal.actor
            await self._door.write(
                lambda tx: approvals.record(tx, approval, action, actor=by, at=judging.now)
            )
""",
            ),
        ),
    ),
    Planted(
        42,
        "a definition that is published changes the runs that go on",
        "P14",
        "tests/stories/test_definitions.py::test_a_run_keeps_the_revision_that_it_began_with",
        (
            Change(
                LIVE,
                "        self._open_run = await open_run(self._parts, run, found.entries)\n",
                """        names = [run.workflow]
        newest = await self._parts.door.read(lambda each: store.active_revisions(each, names))
        run = replace(run, hash=newest.get(run.workflow, run.hash))
        self._open_run = await open_run(self._parts, run, found.entries)
""",
            ),
        ),
    ),
    Planted(
        50,
        "a cancel kills the child and not its group",
        "P18",
        "tests/bot/test_world_processes.py::test_after_a_cancellation_the_whole_group_is_gone",
        (Change("bot/world/processes.py", "os.killpg(group, number)", "os.kill(group, number)"),),
    ),
    Planted(
        51,
        "a restored run goes on with its effects without asking",
        "P15",
        "tests/stories/test_a_restore.py"
        "::test_nothing_that_was_done_after_the_backup_is_done_again_unasked",
        (
            Change(
                LIVE,
                "        if run.restored and not action.repeatable and not action.redo:\n",
                "        if False:\n",
            ),
            Change(
                "workflows/runtimes/host/opened.py",
                "        asks = run.restored and not action.redo\n",
                "        asks = False\n",
            ),
        ),
    ),
)
