"""H5, T-19, T-24: every listener and every verb of `/baton` for everybody there can be.

Who may not sees a sentence at most, and changes nothing; who may is not turned away.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from coordination.database import Transaction, update
from coordination.database import definitions as definitions_table
from coordination.database import processes as processes_table
from coordination.questions import Approval
from handlers.slack import ids
from handlers.slack.verbs import VERBS
from tests.handlers.http.house import RUN, House, open_house
from tests.handlers.http.test_hostile_requests import contents
from tests.security.hall import BOT, Json, Office, Outcome
from tests.security.people import (
    ASKED,
    EVERYBODY,
    HANDLES,
    INVOLVED,
    OUTSIDE,
    ROLES,
    TAKING_PART,
    Actor,
    may,
    may_answer,
)

# Of the sentences with which somebody is turned away, what only those say.
NO = ("may ", "does not know", "deactivated", "Bots and apps", "Guests and people", "can answer", "asked for", "Only an")  # fmt: skip
BODY = {"name": "pipeline", "settings": {}, "inputs": {"target": {"type": "string"}}}
Verdict = Callable[[str], bool]


@dataclass
class Hall:
    """An office, and what lies open in it."""

    office: Office
    asked: Approval
    event: str
    process: int

    @property
    def answer(self) -> str:
        return f"{self.asked.id}.{self.asked.version}"

    @property
    def silent(self) -> str:
        return f"th_1.{self.process}.1"


Sends = Callable[[Hall, str], Json]


@dataclass(frozen=True)
class Row:
    """What a proper client sends, who may, and how the run stands before."""

    sends: Sends
    may: Verdict
    run: Mapping[str, Any] | None = None
    step: str = "waiting"


def does(action: str) -> Verdict:
    return lambda handle: may(Actor(handle), action)


def answers(handle: str) -> bool:
    return may_answer(Actor(handle))


def approves_the_step(handle: str) -> bool:
    return may(Actor(handle), "resolve", involved=())


def owns_the_process(action: str) -> Verdict:
    return lambda handle: may(Actor(handle), action, involved=("linus",))


def again(handle: str) -> bool:
    return may(Actor(handle), "start") and may(Actor(handle), "handle")


def everybody(handle: str) -> bool:
    return True


def is_admin(handle: str) -> bool:
    return handle == "root"


looks = does("read")
FAILED = {"status": "failed", "error": {"type": "failed", "message": "x", "path": "gate"}}


def button(action_id: str, value: Callable[[Hall], str]) -> Sends:
    return lambda hall, who: hall.office.click(who, action_id, value(hall))


def chooses(action_id: str, value: Callable[[Hall], str]) -> Sends:
    return lambda hall, who: hall.office.click(
        who, action_id, "", selected_option={"value": value(hall)}
    )


def sends(metadata: Callable[[Hall], str], values: Json | None = None) -> Sends:
    return lambda hall, who: hall.office.form(who, metadata(hall), values)


def happens(**event: Any) -> Sends:
    return lambda hall, who: hall.office.event(who, **event)


def hands_on(hall: Hall, who: str) -> Json:
    """Each to somebody who has no vote yet."""
    to = {"grace": "UMALLORY", "linus": "UAUDE", "olga": "UROOT"}.get(who, "UMALLORY")
    values = {ids.TO_BLOCK: {ids.TO_INPUT: {"selected_user": to}}}
    return hall.office.form(who, f"{hall.answer}.delegate", values)


def redraws(hall: Hall, who: str) -> Json:
    body = hall.office.click(who, ids.RETRY_FROM, "", selected_option={"value": "*"})
    return {**body, "view": {"id": "V1", "private_metadata": RUN}}


ROOT = "9.9"


def of_answer(hall: Hall) -> str:
    return hall.answer


def of_run(hall: Hall) -> str:
    return RUN


def said(block: str, name: str, text: str) -> Json:
    return {block: {name: {"value": text}}}


WHY_SO = said(ids.REASON_BLOCK, ids.REASON_INPUT, "because")
STEP = {ids.STEP_BLOCK: {ids.SKIP_STEP: {"selected_option": {"value": "gate"}}}}
UNKNOWN = {"status": "unknown"}

LISTENERS: Mapping[str, Row] = {
    f"action {ids.APPROVE}": Row(button(ids.APPROVE, of_answer), answers),
    f"action {ids.REJECT_NOW}": Row(button(ids.REJECT_NOW, of_answer), answers),
    f"action ^{ids.CHOOSE}:": Row(button(f"{ids.CHOOSE}:approve", of_answer), answers),
    f"action {ids.PICK}": Row(chooses(ids.PICK, lambda hall: f"{hall.answer}.approve"), answers),
    f"action {ids.APPROVE_WITH}": Row(button(ids.APPROVE_WITH, of_answer), answers),
    f"action {ids.REJECT}": Row(button(ids.REJECT, of_answer), answers),
    f"action ^{ids.ANSWER}:": Row(button(f"{ids.ANSWER}:approve", of_answer), answers),
    f"view {ids.REASON}": Row(sends(lambda hall: f"{hall.answer}.reject", WHY_SO), answers),
    f"action {ids.DETAILS}": Row(button(ids.DETAILS, of_answer), looks),
    f"action {ids.DELEGATE}": Row(button(ids.DELEGATE, of_answer), looks),
    f"view {ids.DELEGATION}": Row(hands_on, answers),
    f"action {ids.TAKE_BACK}": Row(button(ids.TAKE_BACK, of_answer), looks),
    f"action {ids.ASK_AGAIN}": Row(button(ids.ASK_AGAIN, of_answer), does("repeat")),
    f"action {ids.SNOOZE}": Row(button(ids.SNOOZE, of_answer), answers),
    f"action {ids.RETRY}": Row(button(ids.RETRY, of_run), does("retry"), FAILED),
    f"action {ids.RETRY_WITH}": Row(button(ids.RETRY_WITH, of_run), does("retry"), FAILED),
    f"action {ids.RETRY_FROM}": Row(redraws, looks, FAILED),
    f"view {ids.RETRY_FORM}": Row(sends(of_run), does("retry"), FAILED),
    f"action {ids.CANCEL}": Row(button(ids.CANCEL, of_run), does("cancel")),
    f"action {ids.CANCEL_WITH}": Row(button(ids.CANCEL_WITH, of_run), does("cancel")),
    f"view {ids.CANCEL_FORM}": Row(sends(lambda hall: f"{RUN}.going", WHY_SO), does("cancel")),
    f"action {ids.PAUSE}": Row(button(ids.PAUSE, of_run), does("pause")),
    f"action {ids.RESUME}": Row(button(ids.RESUME, of_run), does("resume")),
    f"action {ids.MORE}": Row(chooses(ids.MORE, lambda hall: f"skip.{RUN}"), does("skip")),
    f"view {ids.SKIP_FORM}": Row(sends(of_run, STEP), does("skip")),
    f"view {ids.ROLLBACK_FORM}": Row(sends(of_run, WHY_SO), does("rollback")),
    f"view {ids.HANDLED_FORM}": Row(sends(of_run, WHY_SO), does("handle"), FAILED),
    f"action {ids.EDIT}": Row(button(ids.EDIT, of_run), does("handle"), FAILED),
    f"view {ids.EDIT_FORM}": Row(sends(of_run), again, FAILED),
    f"action {ids.RESOLVE_RETRY}": Row(
        button(ids.RESOLVE_RETRY, lambda hall: f"{RUN}.1.gate"), approves_the_step, UNKNOWN, "unknown"
    ),
    f"action {ids.RESOLVE_DONE}": Row(
        button(ids.RESOLVE_DONE, lambda hall: f"{RUN}.1.gate"), approves_the_step, UNKNOWN, "unknown"
    ),
    f"action {ids.RESOLVE_FAIL}": Row(
        button(ids.RESOLVE_FAIL, lambda hall: f"{RUN}.1.gate"), approves_the_step, UNKNOWN, "unknown"
    ),
    f"action {ids.PING}": Row(button(ids.PING, lambda hall: hall.silent), owns_the_process("ping")),
    f"action {ids.MARK_FAILED}": Row(
        button(ids.MARK_FAILED, lambda hall: hall.silent), owns_the_process("tend")
    ),
    f"action {ids.WAIT_LONGER}": Row(
        button(ids.WAIT_LONGER, lambda hall: hall.silent), owns_the_process("tend")
    ),
    f"action {ids.OPEN_RUN}": Row(button(ids.OPEN_RUN, of_run), everybody),
    f"action {ids.OPEN_WEB}": Row(button(ids.OPEN_WEB, of_run), everybody),
    f"action {ids.WHY}": Row(button(ids.WHY, lambda hall: "th_1"), looks),
    f"action {ids.SHOW_APPROVALS}": Row(button(ids.SHOW_APPROVALS, lambda hall: ""), looks),
    f"action {ids.SHOW_RUNS}": Row(button(ids.SHOW_RUNS, lambda hall: ""), looks),
    f"action {ids.SHOW_WORKFLOWS}": Row(button(ids.SHOW_WORKFLOWS, lambda hall: ""), looks),
    f"action {ids.SEE_ALL}": Row(button(ids.SEE_ALL, lambda hall: "running.0"), looks),
    f"action ^{ids.TURN}:": Row(button(f"{ids.TURN}:next", lambda hall: "running.0"), looks),
    # Everybody ends what they themselves follow, and nobody else's.
    f"action {ids.UNFOLLOW}": Row(button(ids.UNFOLLOW, lambda hall: "1"), everybody),
    f"action {ids.START_DEMO}": Row(button(ids.START_DEMO, lambda hall: "pipeline"), does("start")),
    f"view {ids.WORKFLOW}": Row(
        sends(
            lambda hall: "",
            {ids.WORKFLOW_BLOCK: {ids.WORKFLOW_INPUT: {"selected_option": {"value": "pipeline"}}}},
        ),
        does("start"),
    ),
    f"view {ids.START}": Row(sends(lambda hall: "pipeline"), does("start")),
    f"global_shortcut {ids.START_SHORTCUT}": Row(
        lambda hall, who: {"type": "shortcut", **hall.office.by(who)}, does("start")
    ),
    f"message_shortcut {ids.MESSAGE_SHORTCUT}": Row(
        lambda hall, who: {
            **hall.office.by(who),
            "type": "message_action",
            "message": {"text": "x", "ts": "1.1"},
        },
        does("start"),
    ),
    "event app_mention": Row(
        happens(type="app_mention", channel="C1", thread_ts=ROOT, text=f"<@{BOT}> status"), looks
    ),
    "event message": Row(
        happens(type="message", channel="D1", channel_type="im", text="runs"), looks
    ),
    # A Home holds what its owner started and is asked, which for those from outside is nothing.
    "event app_home_opened": Row(happens(type="app_home_opened", tab="home", channel="D1"), everybody),
    "event member_joined_channel": Row(happens(type="member_joined_channel", channel="C1"), everybody),
    "event channel_rename": Row(happens(type="channel_rename", channel="C1"), everybody),
    "event group_rename": Row(happens(type="group_rename", channel="C1"), everybody),
    "event channel_unarchive": Row(happens(type="channel_unarchive", channel="C1"), everybody),
    "event group_unarchive": Row(happens(type="group_unarchive", channel="C1"), everybody),
}  # fmt: skip

# By verb: what is typed, who may, and how the run stands.
LINES: Mapping[str, tuple[str, Verdict, Mapping[str, Any] | None]] = {
    "help": ("help", everybody, None),
    "list": ("list", looks, None),
    "describe": ("describe pipeline", looks, None),
    "runs": ("runs", looks, None),
    "status": ("status R-1000", looks, None),
    "explain": ("explain th_1", looks, None),
    "dry-run": ("dry-run pipeline", looks, None),
    "approvals": ("approvals all", looks, None),
    "approve": ("approve A-1", looks, None),
    "reject": ("reject A-1", looks, None),
    "resolve": ("resolve R-1000", looks, None),
    "start": ("start pipeline", does("start"), None),
    "pause": ("pause R-1000", does("pause"), None),
    "resume": ("resume R-1000", does("resume"), None),
    "cancel": ("cancel R-1000", does("cancel"), None),
    "schedule": ("schedule pipeline", looks, None),
    "retry": ("retry R-1000", does("retry"), FAILED),
    "skip": ("skip R-1000 gate", does("skip"), None),
    "rollback": ("rollback R-1000", does("rollback"), None),
    "handled": ('handled R-1000 reason:"by hand"', does("handle"), FAILED),
    "signal": ("signal R-1000 go_on", does("signal"), None),
    "activate": ("activate pipeline", does("publish"), None),
    "archive": ("archive pipeline", does("publish"), None),
    "restore": ("restore pipeline", does("publish"), None),
    "revisions": ("revisions pipeline", looks, None),
    "diff": ("diff pipeline", looks, None),
    "subscribe": ("subscribe pipeline", looks, None),
    "unsubscribe": ("unsubscribe pipeline", looks, None),
    "mentions": ("mentions off", looks, None),
    "settings": ("settings", looks, None),
    "connect": ("connect", looks, None),
    "doctor": ("doctor", is_admin, None),
    "whoami": ("whoami", everybody, None),
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    with capture_logs() as logs:
        async with open_house(tmp_path) as opened:
            rules = opened.edge.coordinator.rules
            opened.edge.coordinator.rules = replace(rules, roles=ROLES)
            await opened.scene.know(EVERYBODY)
            yield opened
    assert [each for each in logs if each["log_level"] == "error"] == []


async def furnished(house: House, row: Row) -> Hall:
    """Let something be asked, a step be there, a process of linus be silent."""
    await house.set_run(number=1_000)  # the runs that are started count from 1
    await house.scene.door.write(lambda tx: tx.execute(update(definitions_table), body=BODY))
    asked = await house.question()
    await house.add_step("gate", row.step)
    reporting = await house.token("notify", source="seed", owner="ULINUS")
    told = await house.report(reporting, process_id="x", status="started")
    process = (await house.scene.rows(processes_table))[-1].key
    await silence(house, process)
    if row.run is not None:
        await house.set_run(**row.run)
    return Hall(Office(house), asked, told["event_id"], process)


async def silence(house: House, process: int) -> None:
    thread = house.scene.thread_key

    def unit(tx: Transaction) -> None:
        where = processes_table.c.key == process
        stalled = {"stalled_since": house.world.clock.now(), "thread_key": thread}
        tx.execute(update(processes_table).where(where), **stalled)

    await house.scene.door.write(unit)


def turned_away(outcome: Outcome) -> bool:
    """Say whether somebody was told that they may not, and nothing else."""
    return not outcome.seen.knows and any(each in outcome.sentences for each in NO)


async def judge(house: House, hall: Hall, name: str, row: Row) -> None:
    """Let those act first who may not, then those who may."""
    before = await contents(house)
    for handle in HANDLES:
        if not row.may(handle):
            outcome = await hall.office.act(name, row.sends(hall, handle))
            assert turned_away(outcome), (handle, outcome)
    assert await contents(house) == before
    for handle in HANDLES:
        if row.may(handle):
            outcome = await hall.office.act(name, row.sends(hall, handle))
            assert not turned_away(outcome), (handle, outcome.sentences)


def test_every_listener_has_a_row(house: House) -> None:
    office = Office(house)

    taken = {name.replace("\\", "") for name in office.listeners.known}
    assert taken - {f"command {ids.COMMAND}"} == set(LISTENERS)
    assert (len(office.listeners.first), len(office.listeners.failing)) == (1, 1)


def test_every_verb_has_a_row() -> None:
    assert [verb.name for verb in VERBS] == list(LINES)


@pytest.mark.parametrize("name", LISTENERS)
async def test_no_listener_does_more_than_who_acts_may(house: House, name: str) -> None:
    row = LISTENERS[name]
    hall = await furnished(house, row)
    registered = {each.replace("\\", ""): each for each in hall.office.listeners.known}

    await judge(house, hall, registered[name], row)


@pytest.mark.parametrize("verb", LINES)
async def test_no_command_does_more_than_who_types_may(house: House, verb: str) -> None:
    line, verdict, run = LINES[verb]
    row = Row(lambda hall, who: hall.office.typed(who, line), verdict, run)

    await judge(house, await furnished(house, row), f"command {ids.COMMAND}", row)


def test_the_rows_tell_people_apart() -> None:
    """Else nothing would be shown by them."""
    verdicts = [row.may for row in LISTENERS.values()] + [row[1] for row in LINES.values()]
    patterns = {tuple(verdict(handle) for handle in HANDLES) for verdict in verdicts}

    assert len(patterns) >= 7
    assert {*ASKED, *INVOLVED} <= set(TAKING_PART)
    assert set(OUTSIDE).isdisjoint(TAKING_PART)
