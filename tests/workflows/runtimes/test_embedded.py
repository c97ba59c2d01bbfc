"""What only a durable runtime promises: a run survives the end of the program, wherever it comes."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from baton.connector import ActionContext, Finished
from coordination.children import child_id
from coordination.database import audit, journal, meta, select, steps, update
from coordination.database import runs as run_table
from coordination.ports import RunStatus
from coordination.store import runs as run_store
from tests.workflows.runtimes.bench import (
    Bench,
    Play,
    asks,
    chain,
    does,
    sight,
    statuses,
    step,
)
from workflows.core.plan import Child, Plan, Wait

PARKED = chain(step("gate", asks("ship")), step("ship", does("once")))
SLOW = {"takes": 30.0}


def test_a_parked_run_is_rows_and_no_object(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.rest(1)
        assert len(bench.host._lives) == 0

    play(PARKED, story)


def test_a_parked_run_goes_on_in_the_next_life(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        bench = await bench.reborn()
        assert len(bench.host._lives) == 0
        await bench.decide("approve")
        await bench.until("completed")
        assert bench.effects.of("ship") == 1

    play(PARKED, story)


def test_a_decision_that_was_stored_before_the_end_counts_after_it(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        bench.host._parts.stopping = True  # nobody hears of it in this life
        await bench.decide("approve")
        bench = await bench.reborn()
        await bench.until("completed", within=1)
        assert bench.effects.of("ship") == 1

    play(PARKED, story)


def test_a_repeatable_step_runs_again_with_the_same_key(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("slow", "running")
        bench = await bench.reborn()
        view = await bench.until("completed")

        assert sight(view, "slow").attempts == 2
        assert bench.effects.of("slow") == 2
        assert len(bench.effects.keys("slow")) == 1

    play(chain(step("slow", does("again", **SLOW)), step("then", does("once"))), story)


def test_a_step_that_is_not_repeatable_is_asked_about(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("ship", "running")
        await bench.rest(1)
        bench = await bench.reborn()
        view = await bench.until("unknown")
        await bench.rest(7200)

        assert bench.effects.of("ship") == 1
        assert "Baton stopped while it ran" in sight(view, "ship").error["message"]

    play(chain(step("ship", does("once", **SLOW))), story)


def test_a_completed_step_never_runs_again(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        for _ in range(3):
            await bench.until_step("slow", "running")
            await bench.rest(1)
            bench = await bench.reborn()
        view = await bench.until("completed")

        assert bench.effects.of("first") == 1
        assert sight(view, "slow").attempts == 4
        assert sight(view, "slow").output is None

    play(chain(step("first", does("once")), step("slow", does("again", **SLOW))), story)


def test_a_covered_repeatable_step_runs_again_on_the_bytes_that_were_approved(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.decide("approve")
        await bench.until_step("ship", "running")
        await bench.rest(1)
        bench = await bench.reborn()
        await bench.until("completed")

        assert bench.effects.said == ["these bytes", "these bytes"]

    ship = does("again", say="these bytes", **SLOW)
    play(chain(step("gate", asks("ship")), step("ship", ship)), story)


def test_an_action_that_waits_for_its_turn_was_never_started(play: Play) -> None:
    """Two commits: between being ready and its intent nothing has happened yet."""

    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("second", "running")
        await bench.rest(1)
        assert (bench.effects.of("first"), bench.effects.of("second")) == (1, 0)
        bench = await bench.reborn()
        view = await bench.until("unknown")
        await bench.rest(100)

        view = await bench.run()
        assert statuses(view) == {"first": "unknown", "second": "completed"}
        assert bench.effects.of("second") == 1

    plan = Plan(
        "demo",
        "Demo",
        "hash-demo",
        (step("first", does("once", **SLOW)), step("second", does("once"))),
    )
    play(plan, story, settings={"actions_at_once": 1})


def test_a_timer_that_came_due_meanwhile_fires_at_once(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        bench = await bench.reborn()
        view = await bench.until("completed", within=700)
        assert statuses(view) == {"pause": "completed"}

    play(chain(step("pause", Wait(duration=timedelta(minutes=10)))), story)


def test_a_wait_is_no_longer_for_a_restart_in_the_middle_of_it(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.rest(300)
        bench = await bench.reborn()
        view = await bench.until("completed", within=310)
        assert statuses(view) == {"pause": "completed"}

    play(chain(step("pause", Wait(duration=timedelta(minutes=10)))), story)


def test_a_clean_stop_waits_for_what_is_in_flight(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("ship", "running")
        await bench.host.stop()
        view = await bench.run()
        assert statuses(view) == {"ship": "completed", "then": "running"}

        bench = await bench.reborn()
        view = await bench.until("completed")
        assert (bench.effects.of("ship"), bench.effects.of("then")) == (1, 1)
        assert sight(view, "then").attempts == 2

    steps = (step("ship", does("once", takes=3.0)), step("then", does("again")))
    play(chain(*steps), story)


def test_a_stop_cancels_what_takes_too_long_and_the_next_life_asks(play: Play) -> None:
    async def story(bench: Bench) -> None:
        stopped: list[bool] = []

        async def watch(ctx: ActionContext) -> None:
            await ctx.cancelled.wait()
            stopped.append(True)

        bench.effects.scripts["ship"] = watch
        await bench.start()
        await bench.until_step("ship", "running")
        await bench.rest(1)
        await bench.host.stop()
        assert stopped == [True]
        bench = await bench.reborn()
        await bench.until("unknown")

    play(chain(step("ship", does("once"))), story)


def test_a_damaged_journal_halts_the_run_with_one_record(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        damage = (
            update(journal).where(journal.c.seq == 1).values(data='{"fact":{"kind":"Nothing"}}')
        )
        await bench.door.write(lambda tx: tx.execute(damage))
        await bench.decide("approve")
        view = await bench.until("faulted")
        await bench.rest(3600)
        records = await audited(bench, "run.faulted")

        assert "checksum does not fit" in view.error["message"]
        assert len(records) == 1
        assert bench.effects.log == []
        assert (await bench.run()).status is RunStatus.FAULTED

    play(PARKED, story)


def test_a_child_that_is_halted_fails_the_step_that_waits_for_it(play: Play) -> None:
    async def story(bench: Bench) -> None:
        pause = step("pause", Wait(duration=timedelta(minutes=10)))
        await bench.publish(Plan("kid", "Kid", "hash-kid", steps=chain(pause).steps))
        await bench.start()
        child = child_id("run_1", "call", 1)
        await bench.until_step("pause", "waiting", child)
        (row,) = await bench.door.read(lambda reader: run_store.find(reader, child))
        damage = update(journal).where(journal.c.run_key == row.key, journal.c.seq == 1)
        await bench.door.write(
            lambda tx: tx.execute(damage.values(data='{"fact":{"kind":"Nothing"}}'))
        )
        view = await bench.until("failed")

        assert (await bench.run(child)).status is RunStatus.FAULTED
        assert (view.error["type"], view.error["path"]) == ("child", "call")
        assert view.error["message"].startswith("R-2 (`kid`) was halted: ")
        assert "checksum does not fit" in view.error["message"]
        assert len(await audited(bench, "run.faulted")) == 1

    calls = step("call", Child("kid", lambda names: {}, False))  # noqa: FBT003  # as `detach`
    play(chain(calls, children=("kid",)), story, triggers=())


def test_a_missing_row_halts_the_run(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        more = update(run_table).values(seq=9)
        await bench.door.write(lambda tx: tx.execute(more))
        await bench.decide("approve")
        view = await bench.until("faulted")
        assert "the run counts 9" in view.error["message"]

    play(PARKED, story)


def test_a_program_that_would_go_another_way_halts_the_run(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        bench.plan = chain(step("other", does("again")), step("ship", does("once")))
        bench = await bench.reborn()
        await bench.decide("approve")
        view = await bench.until("faulted")
        assert "of the journal" in view.error["message"]
        assert bench.effects.log == []

    play(PARKED, story)


def test_a_definition_that_does_not_compile_any_more_halts_the_run(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        bench = await bench.reborn()

        def broken(content: str, body: Any) -> Plan:
            raise ValueError("steps[0]: nothing to do")

        bench.host._parts.read_plan = broken
        await bench.decide("approve")
        view = await bench.until("faulted")
        assert "steps[0]: nothing to do" in view.error["message"]

    play(PARKED, story)


def test_an_older_life_cannot_write_any_more(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("slow", "running")
        newer = update(run_table).values(fence=99)
        await bench.door.write(lambda tx: tx.execute(newer))
        await bench.rest(60)

        assert statuses(await bench.run()) == {"slow": "running", "then": "pending"}
        assert bench.effects.of("then") == 0

    play(chain(step("slow", does("again", takes=5.0)), step("then", does("once"))), story)


def test_each_life_has_a_number_above_the_last(play: Play) -> None:
    async def story(bench: Bench) -> None:
        first = await fence(bench)
        second = await fence(await bench.reborn())
        assert second == first + 1

    play(PARKED, story)


def test_the_log_of_a_step_is_kept_whole(play: Play) -> None:
    async def story(bench: Bench) -> None:
        async def build(ctx: ActionContext) -> Any:
            async def program(argv: Any) -> Any:
                return Finished(0, "line\n" * 1000, "warning with s3cr3t-canary-value\n")

            bench.world.processes.programs["make"] = program
            await ctx.processes.run(["make"], cwd=Path(), env={})

        bench.effects.scripts["build"] = build
        await bench.start()
        view = await bench.until("completed")
        log = await bench.door.read(lambda reader: run_store.log(reader, 1, "build"))

        assert sight(view, "build").log
        assert log == b"line\n" * 1000 + b"warning with [secret TOKEN]\n"

    play(chain(step("build", does("again", say={"$secret": "TOKEN"}))), story)


def test_a_large_value_is_cut_in_the_record_and_whole_in_the_run(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("completed")
        shown = sight(view, "big").output

        assert shown["cut"] is True
        assert shown["bytes"] == 100_002
        assert view.outputs == {"size": 100_000}

    size = ("size", lambda names: len(names["steps"]["big"]["output"]))
    play(chain(step("big", does("again", say="x" * 100_000)), outputs=(size,)), story)


def test_every_start_that_must_not_repeat_has_a_record(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.decide("approve")
        await bench.until("completed")
        (record,) = await audited(bench, "step.start")
        assert (record["path"], record["attempt"]) == ("ship", 1)
        assert record["digest"]

    play(PARKED, story)


def test_step_rows_stand_in_the_order_of_the_file(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        rows = await bench.door.read(
            lambda reader: reader.fetch_all(select(steps).order_by(steps.c.position))
        )
        assert [(row.path, row.status) for row in rows] == [
            ("gate", "waiting"),
            ("ship", "pending"),
        ]

    play(PARKED, story)


async def audited(bench: Bench, action: str) -> list[Any]:
    wanted = select(audit).where(audit.c.action == action)
    return [row.detail for row in await bench.door.read(lambda reader: reader.fetch_all(wanted))]


async def fence(bench: Bench) -> int:
    row = await bench.door.read(
        lambda reader: reader.fetch_one(select(meta).where(meta.c.name == "fence"))
    )
    assert row is not None
    return int(row.value)
