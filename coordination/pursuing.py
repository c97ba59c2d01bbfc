"""What people do with a question beside answering it: hand it on, put it off, ask it again."""

from datetime import datetime, timedelta

from coordination import (
    approvals,
    deadlines,
    delegations,
    directory,
    question_view,
    reminders,
    repeating,
    votes,
)
from coordination.database import Transaction
from coordination.deciding import Deciding
from coordination.delegations import Handing, LookedUp
from coordination.eligibility import refusal
from coordination.errors import AlreadyDecided, NotAllowed, NotFound
from coordination.policy import Principal, is_active, names_person, require_scope
from coordination.question_view import QuestionView
from coordination.questions import Approval
from coordination.repeating import Repeat
from coordination.steering import Steering
from coordination.store import delegations as store
from coordination.timers import Due
from coordination.votes import Judging
from coordination.world import Ids

SNOOZE = timedelta(hours=1)


class Pursuing(Deciding, Steering):
    """The verbs around a question that waits."""

    async def delegate(
        self,
        principal: Principal,
        approval_id: str,
        to_person: str,
        *,
        comment: str | None = None,
        via: str,
    ) -> Approval:
        """Let *to_person* answer in the place of *principal*, who may not until they take it back.

        Raises:
            NotFound, NotAllowed, AlreadyDecided, Conflict
        """
        order = Handing(principal, approval_id, to_person, comment, via)
        return await self._handed(order)

    async def take_back(self, principal: Principal, approval_id: str, *, via: str) -> Approval:
        """Answer oneself again. What was not handed on changes nothing.

        Raises:
            NotFound, NotAllowed, AlreadyDecided
            Conflict: the vote was used already.
        """
        return await self._handed(Handing(principal, approval_id, None, None, via))

    async def snooze(self, principal: Principal, approval_id: str, *, via: str) -> Approval:
        """Hear of a question again in an hour, and not before.

        Raises:
            NotFound, AlreadyDecided
            NotAllowed: *principal* is not asked.
        """
        judging = self._judging()
        return await self._door.write(lambda tx: _snooze(tx, principal, approval_id, judging, via))

    async def ask_again(
        self, principal: Principal, approval_id: str, *, request_id: str, via: str
    ) -> Approval:
        """Ask again what nobody answered in time.

        What a process asked is asked anew, and that approval returned. What a run asked, it asks
        itself once its step is retried, which this does, for those who may do that too; then the old
        approval is returned.

        Raises:
            NotFound, NotAllowed, Conflict, IdempotencyMismatch
        """
        order, judging = Repeat(principal, approval_id, via), self._judging()
        asked = await self._door.write(lambda tx: repeating.ask_again(tx, order, judging))
        if asked.unanswered and asked.run_id is not None:
            await self.retry(
                principal, asked.run_id, from_path=asked.path, request_id=request_id, via=via
            )
        return asked

    async def look_at(self, principal: Principal, approval_id: str) -> QuestionView:
        """Return all that *principal* can see of a question. Raises: NotFound, NotAllowed."""
        await self.authorize(principal, "read")
        now, roles = self._world.clock.now(), self.rules.roles
        return await self._door.read(
            lambda reader: question_view.view(reader, approval_id, principal, roles, now=now)
        )

    async def called(self, form: str) -> str:
        """Return how people call whom *form* or an id means, for surfaces that are not Slack."""
        return directory.shown(form, await self._door.read(directory.read_all))

    async def person_meant(self, form: str) -> str:
        """Return the id of the person for whom *form* stands: an id, a mention, ``@handle``, an address.

        Raises:
            NotFound: it stands for nobody, or for a group as well.
        """
        known = await self._door.read(directory.read_all)
        found = [each for each in known.values() if names_person(form, each)]
        if not found:
            raise NotFound("person", form)
        return max(found, key=is_active).id  # whoever left may have had the same handle

    async def redraw_approval(self, approval_id: str) -> None:
        """Have the card of an approval shown as it is: somebody saw one that is not. Raises: NotFound."""
        now, ids = self._world.clock.now(), self._world.ids

        def unit(tx: Transaction) -> None:
            approvals.redraw(tx, votes.find(tx, approval_id), now=now, ids=ids)

        await self._door.write(unit)

    def fire_approval(self, tx: Transaction, due: Due, now: datetime, ids: Ids) -> None:
        """Fire a timer of an approval: what the timer loop calls for owners of that kind."""
        deadlines.fire(tx, due, Judging(self.rules.roles, now, ids))

    async def _handed(self, order: Handing) -> Approval:
        judging = self._judging()
        do = delegations.take_back if order.to_person is None else delegations.hand
        try:
            return await self._door.write(lambda tx: do(tx, order, judging))
        except LookedUp:
            self._refresh_soon()
            raise


def _snooze(
    tx: Transaction, principal: Principal, ref: str, judging: Judging, via: str
) -> Approval:
    require_scope(principal, "decide")
    asked = votes.find(tx, ref)
    person = principal.human or ""
    standing = directory.standing(tx, person, judging.roles, now=judging.now)
    if asked.ended:
        raise AlreadyDecided(asked)
    no = refusal(asked, principal, standing)
    if no:
        raise NotAllowed(no, code="not-eligible")
    store.note_nudge(tx, person, at=judging.now)
    reminders.put_off(tx, asked, person, judging.now + SNOOZE)
    approvals.record(tx, asked, "approval.snoozed", actor=person, at=judging.now, way=via)
    return asked
