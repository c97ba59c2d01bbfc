"""The page of a run and its forms: without JavaScript, for those who may, and for nobody else."""

from html.parser import HTMLParser
from typing import Any

import pytest

from coordination.database import wakeups as wakeups_table
from coordination.store.blobs import put
from tests.handlers.http.house import RUN, House


class Forms(HTMLParser):
    """Reads the forms of a page as a browser does: the address, the hidden fields, the buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.forms.append({"action": given["action"], "fields": {}, "buttons": []})
        elif tag in ("input", "textarea") and self.forms:
            self.forms[-1]["fields"][given["name"]] = given.get("value", "")
        elif tag == "button":
            self.forms[-1]["buttons"].append(given.get("value"))


def forms(page: str) -> list[dict[str, Any]]:
    reader = Forms()
    reader.feed(page)
    return reader.forms


async def shown(house: House, handle: str) -> str:
    house.log_in(handle)
    answer = await house.get("/r/R-3")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    return str(answer.text)


async def send(house: House, form: dict[str, Any], **fields: str) -> Any:
    return await house.post(form["action"], data={**form["fields"], **fields})


async def wakeups(house: House) -> list[tuple[str, Any]]:
    return [(row.kind, row.payload) for row in await house.scene.rows(wakeups_table)]


async def test_a_page_shows_the_run_whole(house: House) -> None:
    name = await house.scene.door.write(lambda tx: put(tx, b"all of it"))
    await house.add_step(
        "build",
        "failed",
        name="Build the shop",
        action="shell.run",
        input={"argv": ["make"]},
        output={"exit_code": 2},
        error={"type": "exit", "message": "make failed"},
        attempts=2,
        log=name,
    )
    await house.set_run(error={"message": "make failed"}, status="failed")

    page = await shown(house, "ada")

    for part in ("Build the shop", "attempt 2", "shell.run", "&quot;make&quot;", "make failed"):
        assert part in page
    assert "hush" not in page
    assert "@ada" in page
    assert f'href="/r/{RUN}/steps/build/log"' in page
    assert (await house.get(f"/r/{RUN}/steps/build/log")).text == "all of it"
    assert f'href="/v1/runs/{RUN}"' in page
    assert (await house.get(f"/v1/runs/{RUN}")).status_code == 200


async def test_a_run_that_is_not_there_is_said_on_a_page(house: House) -> None:
    house.log_in("ada")

    answer = await house.get("/r/R-99")

    assert answer.status_code == 404
    assert "There is no run &#x27;R-99&#x27;" in answer.text


async def test_without_a_login_there_is_only_the_way_to_one(house: House) -> None:
    asked = await house.question()

    for method, path in (
        ("GET", "/r/R-3"),
        ("GET", "/r/R-99"),
        ("POST", "/r/R-3/decision"),
        ("POST", "/r/R-3/retry"),
    ):
        answer = await house.ask(method, path)
        assert answer.status_code == 401
        assert "Pipeline" not in answer.text
    assert (await house.edge.coordinator.approval(asked.id)).state == "open"


async def test_a_person_answers_on_the_page(house: House) -> None:
    asked = await house.question()
    (form,) = forms(await shown(house, "grace"))

    answer = await send(house, form, choice="reject", comment="the freeze")

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/r/{RUN}?note=")
    page = (await house.get(answer.headers["location"])).text
    assert "A-1: your answer is recorded." in page
    assert "rejected by @grace" in page
    assert "the freeze" in page
    assert forms(page) == []
    decided = await house.edge.coordinator.approval(asked.id)
    assert (decided.state, decided.via, decided.comment) == ("rejected", "web", "the freeze")


async def test_the_buttons_are_only_for_those_who_may(house: House) -> None:
    await house.question()

    assert forms(await shown(house, "grace"))[0]["buttons"] == ["approve", "reject"]
    for handle in ("ada", "mallory"):
        page = await shown(house, handle)
        assert forms(page) == []
        assert "Deploy to production?" in page
        assert "@grace" in page  # the sentence that says who may


async def test_a_reason_that_is_missing_is_asked_for(house: House) -> None:
    asked = await house.question()
    (form,) = forms(await shown(house, "grace"))

    answer = await send(house, form, choice="reject")

    assert "takes a reason" in (await house.get(answer.headers["location"])).text
    assert (await house.edge.coordinator.approval(asked.id)).state == "open"


async def test_a_text_is_answered_with_a_text(house: House) -> None:
    asked = await house.question(answer="text")
    (form,) = forms(await shown(house, "grace"))

    await send(house, form, choice="answer", text="Use the blue one.")

    assert (await house.edge.coordinator.approval(asked.id)).text == "Use the blue one."


async def test_what_will_run_is_shown_as_it_will_run(house: House) -> None:
    await house.question(show=("the plan", {"sha": "abc"}), not_covered=(("verify", "it waits"),))

    page = await shown(house, "grace")

    for part in ("the plan", "&quot;sha&quot;: &quot;abc&quot;", "verify is not covered: it waits"):
        assert part in page


async def test_a_page_that_grew_old_decides_nothing(house: House) -> None:
    asked = await house.question()
    (form,) = forms(await shown(house, "grace"))
    await house.scene.answer("linus", asked)

    answer = await send(house, form, choice="reject", comment="no")

    assert "was already approved by @linus" in (await house.get(answer.headers["location"])).text
    assert (await house.edge.coordinator.approval(asked.id)).state == "approved"


@pytest.mark.parametrize("change", ["no token", "other session", "other approval", "old", "forged"])
async def test_a_forged_form_decides_nothing(house: House, change: str) -> None:
    first, second = await house.question(), await house.question("tomorrow")
    form = forms(await shown(house, "grace"))[0]
    if change == "no token":
        del form["fields"]["csrf"]
    elif change == "forged":
        form["fields"]["csrf"] = "e30.00"
    elif change == "other approval":
        form["fields"]["approval"] = second.id
    elif change == "other session":
        house.log_in("linus")
    else:
        house.later(hours=12)
        house.log_in("grace")

    answer = await send(house, form, choice="approve")

    assert answer.status_code == 403
    assert "Load the page again" in answer.text
    for asked in (first, second):
        assert (await house.edge.coordinator.approval(asked.id)).state == "open"


async def test_a_form_of_another_kind_is_refused(house: House) -> None:
    house.log_in("grace")

    assert (await house.post("/r/R-3/decision", json={"choice": "approve"})).status_code == 415
    twice = await house.post("/r/R-3/decision", data={"csrf": ["a", "b"]})
    assert twice.status_code == 400
    long = await house.post("/r/R-3/decision", data={"csrf": "x" * 70_000})
    assert long.status_code == 413


async def test_a_failed_run_is_tried_again_once(house: House) -> None:
    await house.set_run(status="failed")
    form = forms(await shown(house, "olga"))[0]
    assert form["action"] == f"/r/{RUN}/retry"

    first, again = await send(house, form), await send(house, form)

    assert (first.status_code, again.status_code) == (303, 303)
    assert "what failed is run again" in (await house.get(first.headers["location"])).text
    assert await wakeups(house) == [("retry", {"by": "UOLGA", "from_path": None})]


async def test_who_has_nothing_to_do_with_it_is_offered_nothing(house: House) -> None:
    await house.set_run(status="failed")
    assert forms(await shown(house, "mallory")) == []
    assert forms(await shown(house, "ada"))[0]["action"] == f"/r/{RUN}/retry"  # she started it

    form = forms(await shown(house, "olga"))[0]
    house.log_in("mallory")
    assert (await send(house, form)).status_code == 403
    assert await wakeups(house) == []


async def test_a_run_that_did_not_fail_offers_no_retry(house: House) -> None:
    for status in ("running", "completed", "cancelled", "faulted", "waiting"):
        await house.set_run(status=status)
        assert forms(await shown(house, "olga")) == []


@pytest.mark.parametrize("outcome", ["retry", "done", "fail"])
async def test_a_person_says_what_became_of_a_step(house: House, outcome: str) -> None:
    await house.add_step("deploy", "unknown")
    await house.set_run(status="unknown")
    (form,) = forms(await shown(house, "olga"))
    assert form["buttons"] == ["retry", "done", "fail"]

    answer = await send(house, form, outcome=outcome)
    await send(house, form, outcome=outcome)

    assert answer.status_code == 303
    assert [(kind, told["outcome"]) for kind, told in await wakeups(house)] == [
        ("resolve", outcome)
    ]


async def test_an_outcome_that_is_none_changes_nothing(house: House) -> None:
    await house.add_step("deploy", "unknown")
    await house.set_run(status="unknown")
    (form,) = forms(await shown(house, "olga"))

    answer = await send(house, form, outcome="maybe")

    assert "is none of retry, done, fail" in (await house.get(answer.headers["location"])).text
    assert await wakeups(house) == []


async def test_who_may_not_resolve_sees_the_question_only(house: House) -> None:
    await house.add_step("deploy", "unknown")
    await house.set_run(status="unknown")

    for handle in ("mallory", "ada"):  # who started it does not say what became of it
        page = await shown(house, handle)
        assert forms(page) == []
        assert "Did deploy happen?" in page


async def test_the_form_of_one_step_is_not_that_of_another_or_of_a_later_attempt(
    house: House,
) -> None:
    await house.add_step("deploy", "unknown")
    await house.add_step("verify", "unknown", position=2)
    await house.set_run(status="unknown")
    first, _ = forms(await shown(house, "olga"))

    answer = await send(house, {**first, "fields": {**first["fields"], "path": "verify"}})

    assert answer.status_code == 403
    assert (await send(house, first, path="nowhere", outcome="done")).status_code == 403
    assert await wakeups(house) == []


@pytest.mark.parametrize("status", ["queued", "running", "waiting", "completed", "failed"])
async def test_a_page_comes_anew_only_while_something_moves(house: House, status: str) -> None:
    await house.set_run(status=status)

    page = await shown(house, "mallory")

    assert ('http-equiv="refresh"' in page) == (status in ("queued", "running"))


async def test_a_page_that_asks_stays_where_it_is(house: House) -> None:
    await house.question()
    await house.set_run(status="running")

    assert 'http-equiv="refresh"' not in await shown(house, "grace")


async def test_a_sentence_in_the_address_is_not_shown(house: House) -> None:
    house.log_in("ada")

    answer = await house.get("/r/R-3?note=Your+session+ended")

    assert "session ended" not in answer.text


async def test_a_step_called_like_a_path_leads_nowhere_else(house: House) -> None:
    name = await house.scene.door.write(lambda tx: put(tx, b"all of it"))
    await house.add_step("a/../../x", "completed", log=name)

    page = await shown(house, "ada")

    assert f'href="/r/{RUN}/steps/a%2F..%2F..%2Fx/log"' in page
