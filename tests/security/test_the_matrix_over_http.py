"""H5, T-19, T-22: every address for everybody there can be, judged by the rows of the policy alone.

Who may not gets 401 or 403 and changes nothing; who may gets past both, whatever else comes of it.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from coordination.policy import POLICY, Principal
from coordination.questions import Approval
from handlers.http.access import ACCESS, ANY_TOKEN, NOBODY_ASKED, OWN, PAGE, PERSON, SIGNED
from tests.handlers.http.house import House, open_house
from tests.handlers.http.test_doors import addresses, filled
from tests.handlers.http.test_hostile_requests import contents
from tests.security.people import (
    ASKED,
    ASKED_SOURCE,
    EVERYBODY,
    HANDLES,
    INVOLVED,
    OUTSIDE,
    ROLES,
    SCOPES,
    STARTER,
    Actor,
    may,
    may_answer,
)

REFUSED = (401, 403)
TEXT = "name: pipeline\nsteps:\n  - {id: say, action: baton.log, params: {message: hi}}\n"
WORDS = {NOBODY_ASKED, SIGNED, PAGE, PERSON, ANY_TOKEN, OWN}
Verdict = Callable[[Actor], bool]

# What a proper request to each address that changes something sends. An address that is not here has
# no verdict, and the first test fails.
BODIES: Mapping[str, Any] = {
    "POST /v1/notify": {"process_id": "b1", "status": "started"},
    "POST /v1/events/{event_id}/replay": {},
    "PUT /v1/workflows/{name}": TEXT,
    "POST /v1/workflows/validate": TEXT,
    "POST /v1/workflows/{name}/activate": {},
    "POST /v1/workflows/{name}/pause": {},
    "POST /v1/workflows/{name}/resume": {},
    "POST /v1/workflows/{name}/archive": {},
    "POST /v1/workflows/{name}/restore": {},
    "POST /v1/workflows/{name}/triggers/{trigger}/rotate": {},
    "POST /v1/workflows/{name}/dry-run": {},
    "POST /v1/workflows/{name}/runs": {"inputs": {}},
    "POST /v1/runs/{ref}/pause": {},
    "POST /v1/runs/{ref}/resume": {},
    "POST /v1/runs/{ref}/cancel": {},
    "POST /v1/runs/{ref}/retry": {},
    "POST /v1/runs/{ref}/skip": {"path": "gate"},
    "POST /v1/runs/{ref}/rollback": {"reason": "it leaks"},
    "POST /v1/runs/{ref}/handled": {"reason": "by hand"},
    "POST /v1/runs/{ref}/again": {"inputs": {}},
    "POST /v1/runs/{ref}/signal": {"name": "go_on"},
    "POST /v1/runs/{ref}/resolve": {"path": "gate", "outcome": "retry"},
    "POST /v1/approvals": {"approval": {"prompt": "Go?", "approvers": ["@grace"]}},
    "POST /v1/approvals/{ref}/decision": {"choice": "approve"},
    "POST /v1/approvals/{ref}/delegate": {"grace": "@mallory", "linus": "@aude", "olga": "@root"},
    "POST /v1/approvals/{ref}/again": {},
}


def starts_again(actor: Actor) -> bool:
    """A run in the place of another one: it is started, and the other one is dealt with."""
    return may(actor, "start") and may(actor, "handle")


def hands_on(actor: Actor) -> bool:
    """A vote is handed on by a person who has it; a tool has none."""
    return actor.handle in ASKED and may_answer(actor)


# Where the row of the policy is not all: who is asked, and who approves that very step.
NARROWER: Mapping[str, Verdict] = {
    "POST /v1/approvals/{ref}/decision": may_answer,
    "POST /v1/approvals/{ref}/delegate": hands_on,
    "POST /v1/runs/{ref}/again": starts_again,
    "POST /v1/runs/{ref}/resolve": lambda actor: may(actor, "resolve", involved=()),
}


def verdict_of(row: str) -> Verdict:
    need = ACCESS[row]
    if need == ANY_TOKEN:
        return lambda actor: actor.scopes is not None
    if (
        need == OWN
    ):  # without the scope it sees its own namespace, and of all else that there is none
        return lambda actor: actor.scopes is not None or may(actor, "read")
    if row in NARROWER:
        return NARROWER[row]
    return lambda actor: may(actor, need)


def tokens_for(row: str) -> Iterator[Actor]:
    """Yield a token of everybody with the right scope, with all the wrong ones, and with admin's."""
    scope = POLICY[ACCESS[row]].scope if ACCESS[row] in POLICY else "read"
    for handle in (None, *HANDLES):
        yield Actor(handle, frozenset({scope}))
    for handle in (None, *ASKED, STARTER, "root", "mallory", "gone"):
        yield Actor(handle, frozenset({"admin"}))
    for handle in (None, "olga", "root"):
        yield Actor(handle, frozenset(SCOPES) - {scope, "admin"})
    yield Actor(None, frozenset({scope}), ASKED_SOURCE)
    yield Actor(None, frozenset(SCOPES) - {scope, "admin"}, ASKED_SOURCE)


BY_TOKEN = sorted(row for row, need in ACCESS.items() if need in POLICY or need in (ANY_TOKEN, OWN))
BY_PERSON = sorted(row for row, need in ACCESS.items() if need == PERSON)
READ_BY_PERSON = sorted(
    row for row, need in ACCESS.items() if need in ("read", OWN) and row.startswith("GET")
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    with capture_logs() as logs:
        async for opened in furnished_house(tmp_path):
            yield opened
    assert [each for each in logs if each["log_level"] == "error"] == []


async def furnished_house(folder: Path) -> AsyncIterator[House]:
    async with open_house(folder) as opened:
        rules = opened.edge.coordinator.rules
        opened.edge.coordinator.rules = replace(rules, roles=ROLES)
        await opened.scene.know(EVERYBODY)
        yield opened


class Hall:
    """A house in which something is asked, and everybody's token."""

    def __init__(self, house: House, asked: Approval, event: str) -> None:
        self.house = house
        self.asked = asked
        self.event = event
        self._made: dict[Actor, str] = {}

    async def token(self, actor: Actor) -> str:
        if actor not in self._made:
            self._made[actor] = await self.house.token(
                *sorted(actor.scopes or ()), source=actor.source, owner=actor.person_id
            )
        return self._made[actor]

    async def send(self, row: str, actor: Actor) -> httpx.Response:
        """Send what a proper client sends to this address, as *actor*."""
        row = row.replace("{event_id}", self.event)
        if "/approvals/" in row:
            row = row.replace("{ref}", self.asked.id)
        method, path = filled(row)
        body = BODIES.get(row.replace(self.event, "{event_id}").replace(self.asked.id, "{ref}"))
        if method == "POST" and path.endswith("/delegate"):  # each to somebody who has no vote yet
            body = {"to": body.get(actor.handle, "@mallory")}
        more: dict[str, Any] = {}
        if isinstance(body, str):
            more = {"content": body, "headers": {"Content-Type": "application/yaml"}}
        elif body is not None:
            more = {"json": body}
        shown = "HEAD" if path == "/v1/stream" else method
        answer = await self.house.ask(shown, path, await self.token(actor), **more)
        assert isinstance(answer, httpx.Response)
        return answer


async def furnished(house: House) -> Hall:
    await house.set_run(number=1_000)  # the runs that are started count from 1
    asked = await house.question()
    reporting = await house.token("notify", source="seed")
    told = await house.report(reporting, process_id="x", status="started")
    return Hall(house, asked, told["event_id"])


def test_every_address_that_changes_something_has_a_body(house: House) -> None:
    changing = {
        name
        for name, _ in addresses(house.app)
        if not name.startswith(("GET", "OPTIONS")) and ACCESS[name] not in WORDS - {OWN}
    }

    assert changing == set(BODIES)


def test_every_action_of_the_policy_is_some_address_or_button() -> None:
    only_in_slack = {"ping", "tend"}

    assert {need for need in ACCESS.values() if need in POLICY} == set(POLICY) - only_in_slack


@pytest.mark.parametrize("row", BY_TOKEN)
async def test_no_token_does_more_than_its_scope_and_its_person_may(house: House, row: str) -> None:
    hall, verdict = await furnished(house), verdict_of(row)
    actors = list(tokens_for(row))
    refused = [actor for actor in actors if not verdict(actor)]
    allowed = [actor for actor in actors if verdict(actor)]
    for actor in actors:
        await hall.token(actor)
    before = await contents(house)

    wrongly = [
        (actor, answer.status_code)
        for actor in refused
        if (answer := await hall.send(row, actor)).status_code not in REFUSED
    ]
    assert wrongly == [], "these may not"
    assert await contents(house) == before
    assert len(refused) + (ACCESS[row] in (ANY_TOKEN, OWN)) > 0
    turned_away = [
        (actor, answer.text)
        for actor in allowed
        if (answer := await hall.send(row, actor)).status_code in REFUSED
    ]
    assert turned_away == [], "these may"
    assert len(allowed) > 0


@pytest.mark.parametrize("handle", HANDLES)
async def test_nobody_from_outside_opens_a_page(house: House, handle: str) -> None:
    hall = await furnished(house)
    house.log_in(handle)
    for row in BY_PERSON + READ_BY_PERSON:
        method, path = filled(row.replace("{event_id}", hall.event))
        answer = await house.ask("HEAD" if path == "/v1/stream" else method, path)
        if handle in OUTSIDE:
            assert answer.status_code == 403, row
        elif method == "GET":  # there is no log, no second revision
            assert answer.status_code in (200, 404, 409), row
        else:  # nothing comes of a form that is none
            assert answer.status_code in (400, 403, 415), row


def form(house: House, cookie: str, approval: Approval) -> dict[str, str]:
    now = house.world.clock.now()
    csrf = house.edge.sessions.form(cookie, approval.id, now=now)
    return {"approval": approval.id, "choice": "approve", "csrf": csrf}


@pytest.mark.parametrize("handle", HANDLES)
async def test_the_form_of_a_page_decides_for_those_who_are_asked(
    house: House, handle: str
) -> None:
    """With a form that fits, as a page would give it to them: being shown it is not the guard."""
    hall = await furnished(house)
    cookie = house.log_in(handle)

    await house.post(filled("POST /r/{ref}/decision")[1], data=form(house, cookie, hall.asked))

    stands = await house.edge.coordinator.approval(hall.asked.id)
    assert stands.state == ("approved" if handle in ASKED else "open")


@pytest.mark.parametrize(
    "broken", ["none", "other approval", "other session", "other choice", "get"]
)
async def test_a_form_that_a_page_did_not_give_decides_nothing(house: House, broken: str) -> None:
    hall = await furnished(house)
    other = await house.question("second")
    theirs = house.log_in("linus")
    cookie = house.log_in("grace")
    sent = form(house, theirs if broken == "other session" else cookie, hall.asked)
    if broken == "none":
        del sent["csrf"]
    if broken == "other approval":
        sent["approval"] = other.id
    if broken == "other choice":
        sent["choice"] = "approve\x00"
    path = filled("POST /r/{ref}/decision")[1]
    if broken == "get":
        await house.get(path, params=sent)
    else:
        await house.post(path, data=sent)

    for each in (hall.asked, other):
        assert (await house.edge.coordinator.approval(each.id)).state == "open"


@pytest.mark.parametrize("action", sorted(POLICY))
def test_each_row_lets_somebody_through_and_somebody_not(action: str) -> None:
    """Else the matrix would say nothing about it."""
    actors = [Actor(handle) for handle in HANDLES]
    wrong = [Actor(None, frozenset(SCOPES) - {POLICY[action].scope, "admin"})]

    assert any(may(actor, action) for actor in actors)
    assert not all(may(actor, action) for actor in actors)
    assert not any(may(actor, action) for actor in wrong)
    assert set(INVOLVED) < set(HANDLES)


def test_the_program_itself_is_in_no_row() -> None:
    assert {Principal("system", "x").human, Principal("timer", "x").human} == {None}
