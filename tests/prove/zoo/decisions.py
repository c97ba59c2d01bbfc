"""Flaws of what people decide: who may, on what, how often, and what follows from it."""

from tests.prove.zoo.rows import SIMULATION, Change, Planted

__all__ = ["ROWS"]

ELIGIBILITY = "coordination/eligibility.py"
VOTES = "coordination/votes.py"
DECIDING = "coordination/deciding.py"
APPROVALS = "coordination/approvals.py"
STORE = "coordination/store/approvals.py"
ASKED_AT_ALL = """    if whole.run_key is not None:
        wakeups.add(
            tx,
            run_key=whole.run_key,
            kind="approval",
            payload=verdict_json(whole, now=now),
            delivery_id=f"{whole.id}.{whole.version}",
            now=now,
        )
"""

ROWS = (
    Planted(
        3,
        "an approval is read, then changed, so that two win",
        "P6",
        "tests/stories/test_who_may_decide.py::test_however_many_press_at_once_one_answer_counts",
        (
            Change(
                DECIDING,
                """        def unit(tx: Transaction) -> tuple[Approval, list[int]]:
            approval = votes.decide(tx, ballot, judging)
""",
                """        seen = await self._door.write(lambda tx: votes.find(tx, approval_id))

        def unit(tx: Transaction) -> tuple[Approval, list[int]]:
            approval = votes.decide(tx, ballot, judging, seen)
""",
            ),
            Change(
                VOTES,
                "def decide(tx: Transaction, ballot: Ballot, judging: Judging) -> Approval:",
                "def decide(tx: Transaction, ballot: Ballot, judging: Judging, approval) -> Approval:",
            ),
            Change(
                VOTES,
                "    approval = find(tx, ballot.approval)\n    human",
                "    human",
            ),
            Change(
                STORE,
                """_DECIDE = update(waits).where(
    waits.c.key == bindparam("wait"),
    _STILL_OPEN,
""",
                """_DECIDE = update(waits).where(
    waits.c.key == bindparam("wait"),
""",
            ),
        ),
    ),
    Planted(
        4,
        "nobody looks whether who clicks is asked",
        "P6, T-22",
        "tests/coordination/test_approvals.py::test_nobody_decides_who_may_not",
        (
            Change(
                ELIGIBILITY,
                "    no = refusal(approval, principal, standing)\n    if no:\n",
                "    no = None\n    if no:\n",
            ),
        ),
    ),
    Planted(
        10,
        "the result of a gate is never read: the run goes on after a No",
        "P6",
        "tests/workflows/core/test_approvals.py::test_a_rejected_release_is_never_deployed",
        (
            Change(
                "workflows/core/approvals.py",
                "    error = _refusal(fact, approval)\n",
                "    error = None\n",
            ),
        ),
    ),
    Planted(
        25,
        "the decision and what wakes the run are two transactions",
        "P6, P16",
        SIMULATION,
        (
            Change(
                APPROVALS,
                ASKED_AT_ALL,
                """    if whole.decided_by in (None, "timer"):
        wake(tx, whole, now)
""",
            ),
            Change(
                APPROVALS,
                "def redraw(tx: Transaction, approval: Approval,",
                f"""def wake(tx, whole, now):
{ASKED_AT_ALL}

def redraw(tx: Transaction, approval: Approval,""",
            ),
            Change(
                DECIDING,
                "        approval, due = await self._door.write(unit)\n",
                """        approval, due = await self._door.write(unit)
        if approval.ended:
            from coordination import approvals

            await self._door.write(lambda tx: approvals.wake(tx, approval, judging.now))
""",
            ),
        ),
    ),
    Planted(
        26,
        "the timer of the end is left, and ends what was approved",
        "P6",
        "tests/coordination/test_votes.py::test_a_click_before_the_deadline_wins_over_the_timer",
        (
            Change(
                APPROVALS,
                '    timers.clear(tx, "approval", decided.key)\n    whole',
                "    whole",
            ),
            Change(
                VOTES,
                "    if approval is None or approval.ended:\n        return None\n    decided",
                "    if approval is None:\n        return None\n    decided",
            ),
            Change(
                STORE,
                """_EXPIRE = update(waits).where(
    waits.c.key == bindparam("wait"),
    _STILL_OPEN,
""",
                """_EXPIRE = update(waits).where(
    waits.c.key == bindparam("wait"),
""",
            ),
        ),
    ),
    Planted(
        27,
        "a step that begins anew inherits the approval of the time before",
        "P6, T-23",
        "tests/workflows/core/test_rerun.py::test_an_approval_is_good_for_one_start",
        (
            Change(
                "workflows/core/rerun.py",
                "        if pin is not None and (path in again.redone or _started_for_good(step)):\n",
                "        if pin is not None and path in again.redone:\n",
            ),
        ),
    ),
    Planted(
        28,
        "whatever somebody writes in the thread counts as an answer",
        "T-24",
        "tests/stories/test_who_may_decide.py"
        "::test_what_somebody_writes_in_the_thread_decides_nothing",
        (
            Change(
                "handlers/slack/overhearing.py",
                """        ts, user = str(message.get("ts") or ""), str(message["user"])
""",
                """        ts, user = str(message.get("ts") or ""), str(message["user"])
        from coordination.policy import Principal

        who = Principal("person", user, user, "slack")
        if "approve" in str(message.get("text")).lower():
            for each in await self.coordinator.approvals("open", limit=1):
                await self.coordinator.decide(who, each.id, "approve", via="slack")
""",
            ),
        ),
    ),
    Planted(
        29,
        "what a button carries is believed, whatever card it stands on",
        "T-23",
        "tests/handlers/slack/test_approvals.py"
        "::test_the_button_of_an_older_version_decides_nothing",
        (
            Change(
                "handlers/slack/approvals.py",
                'seen.choice, version=seen.version, via="slack"',
                'seen.choice, via="slack"',
            ),
        ),
    ),
    Planted(
        30,
        "the arguments are rendered again after the approval",
        "T-27",
        "tests/workflows/core/test_approvals.py::test_a_covered_step_is_never_rendered_again",
        (
            Change(
                "workflows/core/attempts.py",
                "        params, digest = pins[path].params, pins[path].digest\n",
                """        names = turn.scope.of(node)
        params = turn.evaluate(f"params:{path}", action.params, names)
        digest = pins[path].digest
""",
            ),
        ),
    ),
    Planted(
        31,
        "one person with two accounts counts twice",
        "P6, T-26",
        "tests/coordination/test_directory.py::test_two_accounts_of_one_human_are_one_vote",
        (
            Change(
                ELIGIBILITY,
                "    for account in () if person is None else person.accounts:\n        vote",
                "    for account in ():\n        vote",
            ),
        ),
    ),
    Planted(
        47,
        "a text is published whoever brings it, with the rights that it names itself",
        "T-21",
        "tests/handlers/http/test_publishing.py"
        "::test_a_machine_of_its_own_and_a_person_without_the_role_publish_nothing",
        (
            Change(
                "coordination/publishing.py",
                """        await self.authorize(principal, PUBLISH)
        read = _all_good(""",
                "        read = _all_good(",
            ),
            Change(
                "handlers/http/auth.py",
                "        if rule.role is not Role.MEMBER and not rule.involved:",
                "        if rule is None:",
            ),
        ),
    ),
    Planted(
        48,
        "somebody whom nobody knows counts as an operator",
        "T-19",
        "tests/coordination/test_policy.py"
        "::test_strangers_guests_bots_and_those_who_left_may_nothing",
        (
            Change(
                "coordination/policy.py",
                """        if person is None or not is_active(person):
            return frozenset()
""",
                """        if person is None:
            return frozenset({Role.OPERATOR})
        if not is_active(person):
            return frozenset()
""",
            ),
            Change(
                "coordination/policy.py",
                """    if not is_active(person):
        raise NotAllowed(unknown""",
                """    if person is not None and not is_active(person):
        raise NotAllowed(unknown""",
            ),
        ),
    ),
)
