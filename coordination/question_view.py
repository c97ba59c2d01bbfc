"""A question as one person looks at it: what it is, who is waited for, what they can do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from coordination import directory, votes
from coordination.database import Reader
from coordination.eligibility import pending, refusal
from coordination.errors import decided_sentence
from coordination.policy import Principal, Roles
from coordination.questions import Approval


@dataclass(frozen=True, slots=True)
class QuestionView:
    """All that one person can see of a question.

    Args:
        approval: as it is now.
        handles: ids of people and groups by handle.
        waiting: the handles of those who may answer and have not.
        why_not: why the one who looks cannot answer; None: they can.
        voted: whether they have.
        handed: whether they handed their vote on.
    """

    approval: Approval
    handles: Mapping[str, str]
    waiting: tuple[str, ...]
    why_not: str | None
    voted: bool
    handed: bool


async def view(
    reader: Reader, ref: str, principal: Principal, roles: Roles, *, now: datetime
) -> QuestionView:
    """Return the question *ref* as *principal* looks at it. Raises: NotFound."""
    approval = await votes.read(reader, ref)
    standing = await directory.read_standing(reader, principal.human, roles, now=now)
    known = await directory.read_all(reader)
    why = decided_sentence(approval) if approval.ended else refusal(approval, principal, standing)
    waited_for = () if approval.ended else pending(approval, known, roles)
    return QuestionView(
        approval=approval,
        handles=directory.ids_by_handle(known),
        waiting=tuple(each.handle for each in waited_for),
        why_not=why and directory.with_handles(why, known),
        voted=approval.vote_of(principal.actor) is not None,
        handed=approval.handed_by(principal.actor) is not None,
    )
