"""Workflows over HTTP: published, refused with places, moved, compared; and nothing undone unseen."""

from typing import Any

import httpx
import pytest

from coordination.database import audit as audit_table
from coordination.database import workflows as workflows_table
from tests.handlers.http.house import House, problem

HELLO = """# what we say every morning
name: hello
title: {title}
steps:
  - id: say
    action: baton.log
    params: {{message: hi}}
"""
WRONG = "name: hello\nsteps:\n  - id: say\n    action: baton.lgo\n"
SHELL = """name: hello
steps:
  - id: gate
    approval: {{title: Go?, approvers: [{who}], quorum: {quorum}}}
  - id: run
    action: shell.run
    params: {{argv: [{program}, now]}}
"""


@pytest.fixture
async def author(house: House) -> str:
    return await house.token("admin", "publish", "read", source="authors")


async def put(
    house: House, token: str, text: str, *, query: str = "", **headers: str
) -> httpx.Response:
    answer: httpx.Response = await house.ask(
        "PUT",
        f"/v1/workflows/hello{query}",
        token,
        content=text,
        headers={"Content-Type": "application/yaml", **headers},
    )
    return answer


async def audited(house: House) -> list[tuple[str, str, Any]]:
    rows = await house.scene.rows(audit_table)
    return [
        (row.actor, row.action, row.detail) for row in rows if row.action.startswith("workflow.")
    ]


async def test_a_text_is_published_and_is_active(house: House, author: str) -> None:
    answer = await put(house, author, HELLO.format(title="Hello"))
    body = answer.json()

    assert answer.status_code == 201
    assert (body["status"], body["revision"], body["origin"]) == ("active", 1, "api")
    assert body["source"].startswith("# what we say")
    assert body["published"]["created"]
    shown = await house.get("/v1/workflows/hello", author)
    assert shown.headers["etag"] == answer.headers["etag"]


async def test_the_same_text_again_changes_nothing(house: House, author: str) -> None:
    first = await put(house, author, HELLO.format(title="Hello"))
    again = await put(house, author, HELLO.format(title="Hello"))

    assert (again.status_code, again.json()["published"]["changed"]) == (200, False)
    assert again.headers["etag"] == first.headers["etag"]
    assert len(await audited(house)) == 1


async def test_other_comments_are_kept_without_a_new_revision(house: House, author: str) -> None:
    first = await put(house, author, HELLO.format(title="Hello"))
    again = await put(house, author, HELLO.format(title="Hello").replace("morning", "evening"))

    assert again.json()["revision"] == 1
    assert "evening" in again.json()["source"]
    assert again.headers["etag"] != first.headers["etag"]


async def test_what_is_wrong_is_told_with_its_place_and_nothing_is_stored(
    house: House, author: str
) -> None:
    answer = await put(house, author, WRONG)
    told = problem(answer)

    assert answer.status_code == 422
    (mistake,) = [each for each in told["errors"] if each["severity"] == "error"]
    assert (mistake["line"], mistake["pointer"]) == (4, "/steps/0/action")
    assert "baton.log" in mistake["detail"]
    assert (await house.get("/v1/workflows/hello", author)).status_code == 404


async def test_a_text_of_another_name_is_refused(house: House, author: str) -> None:
    answer = await put(house, author, HELLO.format(title="Hello").replace("hello", "goodbye"))

    assert answer.status_code == 422
    assert "sent as `hello`" in problem(answer)["detail"]


async def test_an_edit_of_what_others_changed_is_refused(house: House, author: str) -> None:
    first = (await put(house, author, HELLO.format(title="One"))).headers["etag"]
    second = await put(house, author, HELLO.format(title="Two"), **{"If-Match": first})
    late = await put(house, author, HELLO.format(title="Three"), **{"If-Match": first})
    new = await put(house, author, HELLO.format(title="Four"), **{"If-None-Match": "*"})
    odd = await put(house, author, HELLO.format(title="Five"), **{"If-Match": "x, y"})

    assert second.status_code == 200
    assert [late.status_code, new.status_code, odd.status_code] == [412, 412, 400]
    assert problem(late)["code"] == "precondition-failed"
    assert (await house.get("/v1/workflows/hello", author)).json()["title"] == "Two"


async def test_a_draft_stands_beside_what_is_in_use_until_it_is_activated(
    house: House, author: str
) -> None:
    await put(house, author, HELLO.format(title="One"))
    saved = (await put(house, author, HELLO.format(title="Two"), query="?draft=1")).json()
    assert (saved["title"], saved["revision"], saved["draft"]) == ("One", 1, 2)

    other = await house.post("/v1/workflows/hello/activate", author, json={"revision": 3})
    assert other.status_code == 409
    done = (await house.post("/v1/workflows/hello/activate", author, json={"revision": 2})).json()

    assert (done["title"], done["revision"], done["draft"]) == ("Two", 2, None)
    assert (done["published"]["changed"], done["status"]) == (True, "active")


async def test_a_new_draft_starts_nothing_until_it_is_activated(house: House, author: str) -> None:
    runs = await house.token("run", source="starter")
    saved = await put(house, author, HELLO.format(title="One"), query="?draft=1")
    refused = await house.post("/v1/workflows/hello/runs", runs, json={})
    await house.post("/v1/workflows/hello/activate", author)
    started = await house.post("/v1/workflows/hello/runs", runs, json={})

    assert saved.json()["status"] == "draft"
    assert (refused.status_code, started.status_code) == (409, 202)
    assert "activate" in problem(refused)["detail"]


@pytest.mark.parametrize(
    ("verbs", "status"),
    [
        (["pause"], "paused"),
        (["pause", "pause"], "paused"),
        (["pause", "resume"], "active"),
        (["archive"], "archived"),
        (["pause", "archive", "restore"], "active"),
    ],
)
async def test_a_workflow_goes_through_its_life(
    house: House, author: str, verbs: list[str], status: str
) -> None:
    await put(house, author, HELLO.format(title="One"))
    for verb in verbs:
        answer = await house.post(f"/v1/workflows/hello/{verb}", author)
        assert answer.status_code == 200, answer.text

    assert answer.json()["status"] == status
    assert len(await audited(house)) == 1 + len(set(verbs))


@pytest.mark.parametrize(
    ("before", "verb", "says"),
    [
        ([], "restore", "nothing to restore"),
        (["archive"], "pause", "restore it first"),
        (["archive"], "resume", "restore it first"),
        (["archive"], "activate", "restore it first"),
        (["pause"], "restore", "resume it instead"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_sentence(
    house: House, author: str, before: list[str], verb: str, says: str
) -> None:
    await put(house, author, HELLO.format(title="One"))
    for each in before:
        await house.post(f"/v1/workflows/hello/{each}", author)

    answer = await house.post(f"/v1/workflows/hello/{verb}", author)

    assert answer.status_code == 409
    assert says in problem(answer)["detail"]


async def test_an_archived_workflow_takes_no_text_and_an_archived_draft_comes_back_as_one(
    house: House, author: str
) -> None:
    await put(house, author, HELLO.format(title="One"), query="?draft=1")
    await house.post("/v1/workflows/hello/archive", author)
    refused = await put(house, author, HELLO.format(title="Two"))
    back = await house.post("/v1/workflows/hello/restore", author)

    assert refused.status_code == 409
    assert (back.json()["status"], back.json()["draft"]) == ("draft", None)


async def test_revisions_are_listed_compared_and_restored(house: House, author: str) -> None:
    await put(house, author, HELLO.format(title="One"))
    await put(house, author, HELLO.format(title="Two"))
    listed = (await house.get("/v1/workflows/hello/revisions", author)).json()["revisions"]
    first = (await house.get("/v1/workflows/hello/revisions/1", author)).json()
    compared = (await house.get("/v1/workflows/hello/diff", author)).json()
    back = (await house.get("/v1/workflows/hello/diff?from=2&to=1", author)).json()
    restored = await house.post("/v1/workflows/hello/restore", author, json={"revision": 1})
    gone = await house.get("/v1/workflows/hello/revisions/7", author)

    assert [(each["revision"], each["use"]) for each in listed] == [(2, "in_use"), (1, "past")]
    assert "title: One" in first["source"]
    assert "-title: One\n+title: Two\n" in compared["diff"]
    assert (back["from"], back["to"]) == (2, 1)
    assert "-title: Two\n+title: One\n" in back["diff"]
    assert (restored.json()["revision"], restored.json()["title"]) == (1, "One")
    assert gone.status_code == 404


async def test_what_a_revision_may_do_beyond_the_last_is_told_and_audited(
    house: House, author: str
) -> None:
    weaker = SHELL.format(who='"@ada", "@grace"', quorum=1, program="deploy.sh")
    await put(house, author, SHELL.format(who='"@ada"', quorum=2, program="test.sh"))
    checked = await house.post("/v1/workflows/validate", author, content=weaker)
    answer = await put(house, author, weaker)
    gains = [each["text"] for each in answer.json()["published"]["gains"]]

    assert gains == [
        "runs the program `deploy.sh`",
        "the approval `gate` takes 1 instead of 2",
        "the approval `gate` may be given by @grace as well",
    ]
    assert checked.json()["gains"] == answer.json()["published"]["gains"]
    *_, (actor, action, detail) = await audited(house)
    assert (actor, action, detail["gains"]) == ("source:authors", "workflow.publish", gains)
    assert detail["via"] == "api"


async def test_validate_stores_nothing(house: House, author: str) -> None:
    good = await house.post("/v1/workflows/validate", author, content=HELLO.format(title="Hello"))
    bad = await house.post("/v1/workflows/validate", author, content=WRONG)

    assert (good.json()["valid"], good.json()["name"]) == (True, "hello")
    assert not bad.json()["valid"]
    assert bad.json()["problems"][0]["line"] == 4
    assert [row.name for row in await house.scene.rows(workflows_table)] == ["pipeline"]


async def test_a_machine_of_its_own_and_a_person_without_the_role_publish_nothing(
    house: House,
) -> None:
    for token in (
        await house.token("publish", source="robot"),
        await house.token("publish", source="somebody", owner="UADA"),
    ):
        answer = await put(house, token, HELLO.format(title="Hello"))
        assert answer.status_code == 403
        assert "author" in problem(answer)["detail"]


async def test_what_is_no_text_is_refused(house: House, author: str) -> None:
    json = await house.ask("PUT", "/v1/workflows/hello", author, json={"name": "hello"})
    long = await put(house, author, "# " + "x" * 300_000)
    many = await put(house, author, "x" * 2_000_000)

    assert [json.status_code, long.status_code, many.status_code] == [415, 422, 413]


async def test_a_child_has_to_be_there(house: House, author: str) -> None:
    parent = "name: hello\nsteps:\n  - {id: call, workflow: helper_flow}\n"
    refused = await put(house, author, parent)
    await house.ask(
        "PUT",
        "/v1/workflows/helper_flow",
        author,
        content=HELLO.format(title="Child").replace("name: hello", "name: helper_flow"),
    )
    taken = await put(house, author, parent)

    assert refused.status_code == 422
    assert taken.status_code == 201
