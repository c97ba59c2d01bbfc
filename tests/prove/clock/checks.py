"""What must be true after a life in which the wall clock jumped."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from coordination.database import Row
from tests.prove.clock.life import CRON, Life, schedules
from workflows.schedule import slots

LATE = timedelta(minutes=1)
SWEEP = timedelta(seconds=75)  # in which whatever sleeps looks at the wall clock again
Rows = dict[str, list[Row]]


def wrong(life: Life, rows: Rows) -> list[str]:
    """Return what is wrong, in sentences."""
    return [*life.unsettled, *(said for check in CHECKS for said in check(life, rows))]


def no_probe_is_lost_or_doubled(life: Life, rows: Rows) -> Iterator[str]:
    """P11: each report started one run, and each run came to its end."""
    runs = Counter(run.workflow for run in rows["runs"] if run.workflow in life.probes)
    if runs != life.probes:
        yield f"P3: reported were {dict(life.probes)}, and runs are {dict(runs)}"
    for run in rows["runs"]:
        said = (run.error or {}).get("type")
        fine = run.status == "completed" or (run.workflow == "asking" and said == "rejected")
        if not fine:
            yield f"P11: R-{run.number} of {run.workflow} is {run.status} ({said})"


def each_time_comes_once_and_not_too_soon(life: Life, rows: Rows) -> Iterator[str]:
    """P11: a run hears once that a time has come, and not before the wall clock says so."""
    told: dict[int, list[Row]] = defaultdict(list)
    for row in rows["wakeups"]:
        told[row.run_key].append(row)
    for run in rows["runs"]:
        if run.workflow not in ("timer", "nudge", "waiting"):
            continue
        heard = [row for row in told[run.key] if row.kind in ("timer", "event")]
        if len(heard) != 1:
            yield f"P11: R-{run.number} of {run.workflow} heard {len(heard)} times: {heard}"
        for row in heard:
            life.reached[f"{run.workflow}: {row.kind}"] += 1
            if row.kind == "timer" and row.created_at < due_of(row):
                yield f"P11: R-{run.number}: {due_of(row)} came at {row.created_at}"


def due_of(row: Row) -> datetime:
    return datetime.fromisoformat(row.payload["due_at"])


def each_question_is_decided_once(life: Life, rows: Rows) -> Iterator[str]:
    """P6: by a person or by the clock."""
    verdicts = Counter(
        row.object
        for row in rows["audit"]
        if row.action in ("approval.approved", "approval.rejected", "approval.expired")
    )
    for asked in rows["approvals"]:
        life.reached[f"asking: {'the clock' if asked.decided_by == 'timer' else 'a person'}"] += 1
        if verdicts[asked.id] != 1:
            yield f"P6: {asked.id} has {verdicts[asked.id]} verdicts"
    late = [
        wait.id
        for wait in rows["waits"]
        if wait.state == "approved"
        for asked in rows["approvals"]
        if asked.wait_key == wait.key and asked.decided_at > wait.expires_at
    ]
    if late:
        yield f"P6: {late} were approved after their time"


def each_slot_fires_as_its_rule_says(life: Life, rows: Rows) -> Iterator[str]:
    """P11: a slot at most once; `all` every one of them, `latest` the newest, `none` only in time."""
    fired: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for run in rows["runs"]:
        if run.trigger["kind"] == "schedule":
            slot = datetime.fromisoformat(run.trigger["due_at"])
            fired[run.workflow].append((slot, run.created_at))
    for name, zone, rule in schedules():
        life.reached[f"slots fired with catch_up {rule}"] += len(fired[name])
        for said in _of_schedule(life, zone, rule, fired[name]):
            yield f"P11: {name} {said}"


def _of_schedule(
    life: Life, zone: str, rule: str, fired: list[tuple[datetime, datetime]]
) -> Iterator[str]:
    times = [slot for slot, _ in fired]
    passed = slots_until(CRON[rule], zone, life.began + SWEEP, life.wall.latest - SWEEP)
    known = slots_until(CRON[rule], zone, life.began - LATE, life.wall.latest + LATE)
    missed = sorted(set(passed) - set(times))
    if doubled := [slot for slot, n in Counter(times).items() if n > 1]:
        yield f"fired {doubled} more than once"
    if set(times) - set(known):
        yield f"fired {set(times) - set(known)}, which no clock of {zone} says"
    if rule == "all" and missed:
        yield f"lost {len(missed)} of {len(passed)} slots, as {missed[0]}"
    if rule == "latest" and passed and passed[-1] in missed:
        yield f"did not make up for {passed[-1]}, only for {times[-3:]}"
    if rule == "none" and (late := [each for each in fired if each[1] - each[0] > LATE + SWEEP]):
        yield f"fired {late[0][0]} as late as {late[0][1]}"


def slots_until(cron: str, zone: str, after: datetime, until: datetime) -> list[datetime]:
    found = []
    for slot in slots(cron, zone, after=after):
        if slot > until:
            break
        found.append(slot)
    return found


def nothing_is_left(life: Life, rows: Rows) -> Iterator[str]:
    left = [row.slot for row in rows["timers"] if row.owner_kind == "run"]
    if left:
        yield f"P11: timers of runs that are over are left: {left}"


CHECKS: tuple[Any, ...] = (
    no_probe_is_lost_or_doubled,
    each_time_comes_once_and_not_too_soon,
    each_question_is_decided_once,
    each_slot_fires_as_its_rule_says,
    nothing_is_left,
)
