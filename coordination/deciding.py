"""What people are asked, and how they answer: the one decision function."""

import structlog

from coordination import directory, votes
from coordination.database import Transaction
from coordination.eligibility import Ballot
from coordination.footing import Footing, pending
from coordination.policy import Principal
from coordination.questions import Approval

log = structlog.get_logger(__name__)


class Deciding(Footing):
    """The verbs of those who answer."""

    _warned: frozenset[str] = frozenset()

    async def decide(  # noqa: PLR0913  # all that a surface can send along with an answer
        self,
        principal: Principal,
        approval_id: str,
        choice: str,
        *,
        version: int | None = None,
        digest: str | None = None,
        comment: str | None = None,
        text: str | None = None,
        via: str,
    ) -> Approval:
        """Answer an approval: the one way to do so, for every surface.

        The same answer by the same person again gives the same result. A state ``checking`` means
        that the answer is stored, and who gave it is being looked up.

        Raises:
            NotFound, NotAllowed, AlreadyDecided, Superseded, InvalidChoice, CommentRequired
        """
        ballot = Ballot(principal, approval_id, choice, version, digest, comment, text, via)
        judging = self._judging()

        def unit(tx: Transaction) -> tuple[Approval, list[int]]:
            approval = votes.decide(tx, ballot, judging)
            return approval, pending(tx, [approval])

        approval, due = await self._door.write(unit)
        self._hint(due)
        if approval.state == "checking":
            self._refresh_soon()
        return approval

    async def refresh_directory(self) -> int:
        """Read who there is, and judge open votes by it; count the people and groups that changed.

        To be called every few minutes: an older directory makes answers wait.
        """
        found, groups = await self._ports.people.people(), await self._ports.people.groups()
        judging = self._judging()

        def unit(tx: Transaction) -> tuple[int, list[int]]:
            changed = directory.replace(tx, found, groups, now=judging.now)
            return changed, pending(tx, votes.settle(tx, judging))

        changed, due = await self._door.write(unit)
        self._hint(due)
        await self._warn()
        return changed

    async def _warn(self) -> None:
        """Log whom definitions and settings name in vain, once for as long as it is the same."""
        found = await self.staffing_problems()
        for each in found:
            if each not in self._warned:
                log.warning("nobody_by_that_name", problem=each)
        self._warned = frozenset(found)

    def _refresh_soon(self) -> None:
        """Read the directory now, once for however many answers wait for it."""
        if not self._refreshing:
            self._refreshing = True
            self._world.tasks.start("read the directory", self._refresh_once())

    async def _refresh_once(self) -> None:
        try:
            await self.refresh_directory()
        except Exception as error:  # noqa: BLE001 - the edge of a task: the regular reading comes soon
            log.warning("directory_not_read", error=str(error))
        finally:
            self._refreshing = False
