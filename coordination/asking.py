"""What a tool asks people, brought into the form in which everything is asked. Pure."""

import hashlib

from baton.events import ApprovalRequest, Event
from coordination.database import canonical
from coordination.questions import Question


def question_of(event: Event, request: ApprovalRequest, *, approvers: tuple[str, ...]) -> Question:
    """Return the question in *event*; its digest binds the answer to what is shown.

    Args:
        event: the report that asks.
        request: its ``approval`` block.
        approvers: whom the settings name; a tool may narrow these, never add to them.
    """
    title = request.prompt or event.message or f"{event.name or event.process_id} asks to go on"
    decisions = tuple(option.id for option in request.options) or ("approve", "reject")
    named = tuple(name for name in request.approvers if not approvers or name in approvers)
    shown = () if request.body is None else (canonical(request.body),)
    labels = tuple((option.id, option.label) for option in request.options)
    body = request.sealed or request.body
    asked = [title, list(decisions), request.kind, body, event.process_id, *labels]
    return Question(
        title=title,
        description=event.message if request.prompt else None,
        show=shown,
        approvers=named or approvers,
        decisions=decisions,
        answer="text" if request.kind == "text" else "choice",
        require_reason=request.require_reason,
        expires_at=request.expires_at,
        on_timeout=request.on_timeout,
        digest=hashlib.sha256(canonical(asked).encode()).hexdigest(),
        ends_process=request.scope == "process",
        labels=labels,
    )
