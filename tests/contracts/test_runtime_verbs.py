"""What every runtime promises of steps that hold other steps."""

from datetime import timedelta
from typing import Any

from baton.connector import ActionContext, Failed
from tests.workflows.runtimes.bench import (
    Bench,
    Play,
    asks,
    chain,
    does,
    raising,
    sight,
    statuses,
    step,
)
from workflows.core.plan import (
    Action,
    Case,
    ForEach,
    Parallel,
    Repeat,
    Switch,
    Wait,
    WaitFor,
)


def items(*given: Any) -> Any:
    return lambda names: list(given)


def says(value: Any, name: str = "again") -> Action:
    """Return the verb that says what *value* makes of the names that it sees."""
    return Action(f"test.{name}", lambda names: {"say": value(names)}, repeatable=name == "again")


def fan(*steps: Any, count: int = 3, **how: Any) -> Any:
    return step("fan", ForEach(items(*range(count)), steps, **how))


def test_a_loop_runs_its_steps_once_for_each_item_and_gives_the_list(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("completed")

        assert sight(view, "fan").output == [0, 10, 20]
        assert sight(view, "fan").detail == {"items": 3, "done": 3, "failed": 0}
        assert sorted(path for _, path, _ in bench.effects.log) == [
            "fan[0].post",
            "fan[1].post",
            "fan[2].post",
        ]
        assert view.outputs == {"sum": 30}

    post = step("post", says(lambda names: names["item"] * 10))
    total = ("sum", lambda names: sum(names["steps"]["fan"]["output"]))
    play(chain(fan(post), outputs=(total,)), story)


def test_a_loop_runs_no_more_turns_at_once_than_it_says(play: Play) -> None:
    async def story(bench: Bench) -> None:
        at_once = set()

        async def count(ctx: ActionContext) -> None:
            view = await bench.run()
            at_once.add(
                sum(each.status == "running" and each.kind == "action" for each in view.steps)
            )
            await bench.rest(1)

        bench.effects.scripts = {f"fan[{n}].post": count for n in range(6)}
        await bench.start()
        await bench.until("completed")
        assert max(at_once) == 2

    play(chain(fan(step("post", does("again")), count=6, concurrency=2)), story)


def test_steps_of_a_loop_stand_in_the_order_of_the_file_and_of_the_items(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("completed")

        assert [each.path for each in view.steps] == [
            "before",
            "fan",
            *[f"fan[{n}].{name}" for n in range(11) for name in ("one", "two")],
            "after",
        ]
        assert {each.detail for each in view.steps if each.kind == "action"} == {None}

    inner = (step("one", does("again")), step("two", does("again")))
    loop = fan(*inner, count=11, concurrency=3)
    play(chain(step("before", does("again")), loop, step("after", does("again"))), story)


def test_a_failure_inside_a_loop_ends_the_others_and_fails_it(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["fan[0].post"] = raising(Failed("no such channel"))
        await bench.start()
        view = await bench.until("failed")

        assert view.error["path"] == "fan[0].post"
        assert view.error["message"] == "no such channel"
        assert statuses(view)["fan[1].post"] == "cancelled"
        assert sight(view, "fan").detail["failed"] == 1
        assert "fan[2].post" not in statuses(view)

    def takes(names: Any) -> Any:
        return {"takes": 1.0 + 60 * names["index"]}

    post = step("post", Action("test.again", takes, repeatable=True))
    play(chain(fan(post, concurrency=2)), story)


def test_too_many_items_fail_the_loop_before_it_begins(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert view.error["type"] == "limit"
        assert "10,001" in view.error["message"]
        assert [each.path for each in view.steps] == ["fan"]

    play(chain(fan(step("post", does("again")), count=10_001)), story)


def test_the_first_branch_wins_and_the_others_are_closed(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("completed")
        await bench.report(process_id="t-1", status="completed", category="test")
        await bench.rest(600)

        assert sight(view, "race").output == {
            "quick": "here",
            "slow": None,
            "event": None,
            "winner": "quick",
        }
        assert sight(view, "race").detail["winner"] == "quick"
        assert statuses(view)["race.slow.work"] == "cancelled"
        assert statuses(view)["race.event.wait"] == "cancelled"
        assert bench.effects.of("race.slow.then") == 0
        assert bench.effects.of("race.quick.work") == 1

    branches = (
        ("quick", (step("work", does("again", say="here", takes=1.0)),)),
        ("slow", chain(step("work", does("once", takes=60.0)), step("then", does("once"))).steps),
        ("event", (step("wait", WaitFor("test.completed", lambda names: [])),)),
    )
    play(chain(step("race", Parallel(branches, join=1))), story, triggers=())


def test_all_branches_are_waited_for(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("completed")
        assert sight(view, "both").output == {"a": 1, "b": None, "winner": "a"}
        assert (view.ended_at - view.started_at) >= timedelta(minutes=5)

    branches = (
        ("a", (step("work", does("again", say=1)),)),
        ("b", (step("pause", Wait(duration=timedelta(minutes=5))),)),
    )
    play(chain(step("both", Parallel(branches))), story)


def test_a_switch_runs_the_first_case_that_holds(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("completed")
        assert [path for _, path, _ in bench.effects.log] == ["route.1.work"]
        assert sight(view, "route").output == "second"
        assert sight(view, "route").detail == {"branch": "1"}

    cases = (
        Case("0", lambda names: False, (step("work", does("again", say="first")),)),
        Case("1", lambda names: True, (step("work", does("again", say="second")),)),
        Case("else", None, (step("work", does("again", say="third")),)),
    )
    play(chain(step("route", Switch(cases))), story)


def test_a_repeat_asks_after_each_turn_and_waits_between_them(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until_step("poll", "waiting")
        assert sight(view, "poll").detail == {"turn": 1, "max": 5}
        assert sight(view, "poll").due_at is not None
        view = await bench.until("completed")

        assert [path for _, path, _ in bench.effects.log] == [f"poll#{n}.check" for n in (1, 2, 3)]
        assert sight(view, "poll").output == 2
        assert view.ended_at - view.started_at >= timedelta(seconds=60)

    check = step("check", says(lambda names: names["index"]))
    verb = Repeat(
        lambda names: names["steps"]["check"]["output"] == 2,
        (check,),
        most=5,
        delay=timedelta(seconds=30),
    )
    play(chain(step("poll", verb)), story)


def test_a_repeat_that_never_ends_is_exhausted(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert view.error["type"] == "exhausted"
        assert len(bench.effects.log) == 2

    play(chain(step("poll", Repeat(lambda n: False, (step("check", does("again")),), 2))), story)


def test_a_timeout_around_steps_ends_what_is_in_them(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        await bench.rest(600)

        assert view.error["type"] == "timeout"
        assert statuses(view) == {
            "fan": "failed",
            "fan[0].slow": "cancelled",
            "fan[0].then": "not_taken",
        }
        assert bench.effects.of("fan[0].then") == 0

    inner = chain(step("slow", does("again", takes=90.0)), step("then", does("once"))).steps
    loop = step("fan", ForEach(items(1), inner), timeout=timedelta(seconds=20))
    play(chain(loop), story)


def test_a_join_that_cannot_be_reached_any_more_fails_the_step(play: Play) -> None:
    async def story(bench: Bench) -> None:
        for name in "ab":
            bench.effects.scripts[f"vote.{name}.ask"] = raising(Failed(f"{name} says no"))
        await bench.start()
        view = await bench.until("failed", within=5)
        assert view.error["path"] == "vote.b.ask"
        assert sight(view, "vote").detail == {"branches": 3, "done": 0, "failed": 2, "winner": None}
        assert statuses(view)["vote.c.nap"] == "cancelled"

    nap = (step("nap", Wait(duration=timedelta(hours=1))),)
    asked = chain(step("ask", does("again"))).steps
    later = chain(
        step("nap", Wait(duration=timedelta(seconds=2))), step("ask", does("again"))
    ).steps
    branches = (("a", asked), ("b", later), ("c", nap))
    play(chain(step("vote", Parallel(branches, join=2))), story)


def test_loops_stand_inside_loops_and_keys_name_their_turns(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("completed")
        assert [each.path for each in view.steps] == [
            "teams",
            "teams[web].each",
            "teams[web].each#1.post",
            "teams[web].each#2.post",
            'teams["a b"].each',
            'teams["a b"].each#1.post',
            'teams["a b"].each#2.post',
        ]
        assert sight(view, "teams").output == ["web 1", "a b 1"]

    post = step("post", says(lambda names: f"{names['item']} {names['index']}"))
    enough = Repeat(lambda names: names["index"] == 1, (post,), 9)
    loop = ForEach(items("web", "a b"), (step("each", enough),), key=lambda names: names["item"])
    play(chain(step("teams", loop)), story)


def test_two_equal_keys_fail_the_loop_before_it_begins(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert "items 0 and 2 have the same key 'a'" in view.error["message"]
        assert bench.effects.log == []

    loop = ForEach(items("a", "b", "a"), (step("post", does("once")),), key=lambda n: n["item"])
    play(chain(step("fan", loop)), story)


def test_each_turn_of_a_gated_step_is_a_question_of_its_own(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        for number in range(2):
            view = await bench.until_step(f"fan[{number}].ship~approval", "waiting")
            assert [each.path for each in view.questions] == [f"fan[{number}].ship~approval"]
            await bench.decide("approve")
            await bench.until_step(f"fan[{number}].ship", "completed")
        view = await bench.until("completed")
        assert [bench.effects.of(f"fan[{n}].ship") for n in range(2)] == [1, 1]
        assert [each.path for each in view.steps][1:3] == ["fan[0].ship~approval", "fan[0].ship"]

    ship = step("ship", does("once"), gate=asks("ship"))
    play(chain(fan(ship, count=2, concurrency=1)), story)
