"""What belongs together finds its thread without anybody saying so, and says why it is there."""

from typing import Any

from tests.stories.box import BatonInABox

REPO = "git@github.com:acme/web.git"


def about(**members: Any) -> dict[str, Any]:
    return {"subject": {"repo": REPO, **members}}


async def explained(baton: BatonInABox, told: dict[str, Any]) -> dict[str, Any]:
    answer = await baton.ask("GET", f"/v1/events/{told['event_id']}/explain")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_session_a_build_and_a_deployment_are_one_thread(baton: BatonInABox) -> None:
    await baton.report(
        "agent.started",
        process="session-1",
        name="Fix the cart",
        keys=["agent:claude:s1"],
        **about(ref="topic"),
    )
    await baton.report(
        "build.started",
        process="ci-881",
        name="CI run 881",
        keys=["ci:github.com:881"],
        **about(ref="topic", sha="abc1234"),
    )
    deploy = await baton.report(
        "deploy.started", process="deploy-9", name="Deploy", keys=["ci:GitHub.com:881"]
    )

    assert len(baton.slack.roots()) == 1
    card = baton.card("session-1")
    assert all(name in card.plain for name in ("Fix the cart", "CI run 881", "Deploy"))
    assert baton.replies("session-1") == [
        "joined: CI run 881 (same branch)",
        "joined: Deploy (same CI run)",
    ]
    thread = (await baton.ask("GET", f"/v1/threads/{deploy['thread_id']}")).json()
    of_work = [each for each in thread["keys"] if not each["key"].startswith("slack:")]
    assert {each["key"]: each["strong"] for each in of_work} == {
        "agent:claude:s1": True,
        "ci:github.com:881": True,
        "branch:github.com/acme/web#topic": False,
        "sha:github.com/acme/web@abc1234": False,
    }
    assert thread["related"] == []
    why = await baton.life.baton.coordinator.why(deploy["thread_id"])
    assert why == (
        "Fix the cart (ci:session-1): it opened the thread",
        "CI run 881 (ci:ci-881): same branch",
        "Deploy (ci:deploy-9): same CI run",
    )


async def test_two_pieces_of_work_on_main_stay_apart(baton: BatonInABox) -> None:
    for name in ("docs", "release"):
        await baton.report("build.started", process=name, **about(ref="main"))
    assert len(baton.slack.roots()) == 2


async def test_a_second_build_of_the_same_commit_is_a_thread_of_its_own(baton: BatonInABox) -> None:
    for name in ("build-1", "build-2"):
        await baton.report("build.started", process=name, **about(sha="abc1234"))
        await baton.report("build.completed", process=name, **about(sha="abc1234"))
    assert len(baton.slack.roots()) == 2


async def test_work_that_turns_out_to_belong_together_is_linked(baton: BatonInABox) -> None:
    one = await baton.report("build.started", process="ci-1", name="CI", keys=["ci:h:1"])
    two = await baton.report("agent.started", process="a-1", name="Agent", keys=["agent:c:1"])
    told = await baton.report("agent.in_progress", process="a-1", keys=["agent:c:1", "ci:h:1"])

    assert told["thread_id"] == two["thread_id"]
    assert baton.replies("ci-1")[0].startswith("Related: Agent (same CI run)")
    (line,) = baton.replies("a-1")
    assert line.startswith("Related: CI (same CI run)")
    thread = (await baton.ask("GET", f"/v1/threads/{one['thread_id']}")).json()
    assert [each["id"] for each in thread["related"]] == [two["thread_id"]]

    await baton.report("agent.in_progress", process="a-1", keys=["ci:h:1"])
    assert len(baton.replies("a-1")) == 1


async def test_a_hostile_name_is_shown_and_does_nothing_in_the_lines_of_a_thread(
    baton: BatonInABox,
) -> None:
    name = "<!channel> <@U0GRACE> <http://evil.example|x>"
    await baton.report("build.started", process="ci-1", name=name, keys=["ci:h:1"])
    await baton.report("build.started", process="ci-2", name=name, keys=["ci:h:1"])
    await baton.report("build.started", process="x", run_id="x", name=name, keys=["ci:h:1"])

    for root in baton.slack.roots():
        for message in (root, *baton.slack.thread(root)):
            assert not any("<!channel" in text or "<http" in text for text in message.markup)
    assert baton.slack.pings("grace") == []


async def test_an_explanation_reads_from_the_token_to_slack(baton: BatonInABox) -> None:
    told = await baton.report(
        "build.completed", process="build-7", id="e-1", keys=["ci:h:1"], **about(sha="abc1234")
    )
    found = await explained(baton, told)

    assert found["credential"]["source"] == "ci"
    assert len(found["credential"]["token"]) == 12
    assert found["identity"] == {"name": "e-1", "from": "id"}
    assert found["rule"]["name"] == "D9"
    assert [each["key"] for each in found["keys"]] == [
        "ci:h:1",
        "sha:github.com/acme/web@abc1234",
    ]
    assert [each["state"] for each in found["outbox"]] == ["sent"]
    assert found["lines"][0].startswith(f"{told['event_id']}: dev.baton.process.completed of ci:")
    assert "Triggers: none has this name of an event" in found["lines"]
    by_producer = await baton.ask("GET", "/v1/events/e-1/explain?source=ci")
    assert by_producer.json()["event_id"] == told["event_id"]
    nobody = await baton.ask("GET", "/v1/events/ev_nothing/explain")
    assert nobody.status_code == 404


async def test_events_are_searched_over_http(baton: BatonInABox) -> None:
    await baton.report("build.started", process="a", message="linking")
    await baton.report("build.failed", process="b", labels={"team": "web"})

    async def found(query: str) -> list[str]:
        answer = await baton.ask("GET", f"/v1/events?{query}")
        assert answer.status_code == 200, answer.text
        return [each["process_id"] for each in answer.json()["events"]]

    assert await found("type=build.ended") == ["b"]
    assert await found("type=build.*&status=started") == ["a"]
    assert await found("text=LINK") == ["a"]
    assert await found("source=ci") == ["a", "b"]
    assert await found("source=nobody") == []
    assert await found("since=2000-01-01T00:00:00Z&until=2001-01-01T00:00:00Z") == []
    assert (await baton.ask("GET", "/v1/events?since=yesterday")).status_code == 422
    listed = await baton.ask("GET", "/v1/processes?label=team%3Dweb")
    assert [each["process_id"] for each in listed.json()["processes"]] == ["b"]
    assert (await baton.ask("GET", "/v1/processes?label=web")).status_code == 422
