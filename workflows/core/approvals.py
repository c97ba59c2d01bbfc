"""Asking people, what their answer binds, and what it means for the steps behind it."""

from collections.abc import Mapping
from datetime import datetime

from workflows.core.attempts import perform
from workflows.core.codec import canonical, covered_digest, digest_of
from workflows.core.commands import AskApproval, Covered, Escalation, Question
from workflows.core.ending import unpin
from workflows.core.facts import ApprovalDecided, StepError
from workflows.core.failures import fail_expression, fail_step, refuse_step
from workflows.core.plan import Action, Approval, EvaluationFailed, Json, Node, SetVars
from workflows.core.state import COMPLETED, FAILED, FINAL, PENDING, WAITING, Pin, StepState
from workflows.core.turn import Turn
from workflows.core.wording import shown

YES = frozenset({"approved", "answered"})
CLOCK = "timer"  # who answers when nobody does
NOBODY = "Rejected: nobody decided in time"


def ask(turn: Turn, node: Node, step: StepState, approval: Approval) -> None:
    """Put the question of an approval step.

    Raises:
        EvaluationFailed: a text, the approvers, or the params of a step named in `covers` have no value.
    """
    covers: list[Covered] = []
    not_covered: list[tuple[str, str]] = []
    for target in node.guarded:
        if turn.state.steps[target].status is not PENDING:
            continue
        try:
            covers.append(_cover(turn, node, target, node.path))
        except EvaluationFailed as problem:
            if approval.covers is not None:
                unpin(turn, node.path)
                raise
            not_covered.append((target, str(problem)))
    try:
        _put(turn, node, node.path, step, (approval, covers, not_covered))
    except EvaluationFailed:
        unpin(turn, node.path)
        raise


def ask_gate(turn: Turn, node: Node, step: StepState, approval: Approval) -> None:
    """Put the question that stands before an action with `requires_approval`.

    Raises:
        EvaluationFailed: the action's params, or a text of the question, have no value.
    """
    gate = turn.state.steps.setdefault(node.gate, StepState())
    if gate.status in FINAL:
        gate.redo += 1
        turn.mark(node.gate, gate, PENDING)
        gate.output = gate.error = gate.decided = gate.ended_at = None
        gate.settled = gate.unreached = False
    gate.started_at = turn.at
    try:
        covered = _cover(turn, node, node.path, node.gate)
        step.input = covered.params
        turn.changed.add(node.path)
        _put(turn, node, node.gate, gate, (approval, [covered], []))
    except EvaluationFailed as problem:
        unpin(turn, node.gate)
        gate.error = StepError("expression", str(problem))
        turn.mark(node.gate, gate, FAILED)
        turn.settle(node.gate, gate)
        raise


def decided(turn: Turn, fact: ApprovalDecided) -> None:
    """Take the answer to the question that stands open at the fact's path."""
    step = turn.state.steps.get(fact.path)
    if step is None or turn.state.open.get(fact.path) != "approval":
        turn.late(f"no question stands open at {fact.path!r}")
        return
    if fact.digest is not None and fact.digest != step.asked:
        turn.late(f"another question than the answered one stands open at {fact.path!r}")
        return
    gated = turn.gated(fact.path)
    node = turn.nodes[gated or fact.path]
    approval = node.step.gate if gated else node.step.verb
    if isinstance(approval, Approval):
        _answer(turn, node, step, approval, fact)


def _answer(
    turn: Turn, node: Node, step: StepState, approval: Approval, fact: ApprovalDecided
) -> None:
    if fact.state == "superseded":
        _ask_again(turn, node, step, approval, fact.path)
        return
    step.decided = _as_output(fact)
    step.asked = None
    error = _refusal(fact, approval)
    if error is None:
        if fact.state == "expired":
            step.decided |= {"state": "answered", "decision": approval.on_timeout}
        output = {key: value for key, value in step.decided.items() if key != "state"}
        _accept(turn, node, step, fact.path, output)
    else:
        unpin(turn, fact.path)
        _refuse(turn, node, step, fact.path, error)


def _accept(turn: Turn, node: Node, step: StepState, path: str, output: Json) -> None:
    if path == node.path:
        turn.complete(node, step, output)
        return
    step.output, step.due_at = output, None
    turn.mark(path, step, COMPLETED)
    turn.settle(path, step)
    owner, action = turn.state.steps[node.path], node.step.verb
    if turn.state.paused_at is not None:
        turn.ready.append(node.path)
    elif isinstance(action, Action):
        try:
            perform(turn, node, owner, action)
        except EvaluationFailed as problem:
            fail_expression(turn, node, owner, problem)


def _refuse(turn: Turn, node: Node, step: StepState, path: str, error: StepError) -> None:
    if path == node.path:
        fail_step(turn, node, step, error)
        return
    step.error, step.due_at = error, None
    turn.mark(path, step, FAILED)
    turn.settle(path, step)
    refuse_step(turn, node, turn.state.steps[node.path], error)


def _ask_again(turn: Turn, node: Node, step: StepState, approval: Approval, path: str) -> None:
    unpin(turn, path)
    turn.state.open.pop(path)
    owner = turn.state.steps[node.path]
    try:
        if path == node.path:
            ask(turn, node, step, approval)
        else:
            ask_gate(turn, node, owner, approval)
    except EvaluationFailed as problem:
        fail_expression(turn, node, owner, problem)


def _no(fact: ApprovalDecided) -> str:
    """Say who said no, and why; where the clock did, that nobody else had."""
    if fact.by in (None, CLOCK):
        return NOBODY
    return f"Rejected by {fact.by}" + (f": {fact.comment}" if fact.comment else "")


def _refusal(fact: ApprovalDecided, approval: Approval) -> StepError | None:
    reason = f": {fact.comment}" if fact.comment else ""
    if fact.state in YES:
        return None
    if fact.state == "withdrawn":
        return StepError("cancelled", f"the question was withdrawn{reason}")
    if fact.state == "rejected":
        return StepError("rejected", _no(fact))
    if approval.on_timeout == "fail":
        return StepError("expired", "nobody decided in time")
    if approval.on_timeout == "reject":
        return StepError("rejected", NOBODY)
    return None


def _as_output(fact: ApprovalDecided) -> dict[str, Json]:
    return {
        "state": fact.state,
        "decision": fact.decision,
        "by": fact.by,
        "comment": fact.comment,
        "text": fact.text,
        "at": fact.at.isoformat(),
        "votes": [dict(vote) for vote in fact.votes],
    }


def _cover(turn: Turn, node: Node, target: str, gate: str) -> Covered:
    """Render and pin the params of the step at *target*, or take those that are pinned already.

    Raises:
        EvaluationFailed: they are not known yet.
    """
    covered = turn.nodes[target]
    action = covered.step.verb
    if not isinstance(action, Action):
        raise EvaluationFailed(f"`{target}` is not an action")
    pin = turn.state.pins.get(target)
    if pin is None:
        if target != node.path:
            _refuse_unsettled(turn, covered, action)
        params = turn.evaluate(f"params:{target}@{gate}", action.params, turn.scope.of(covered))
        pin = Pin(params, covered_digest(target, action.name, params), [])
        turn.state.pins[target] = pin
    if gate not in pin.gates:
        pin.gates.append(gate)
    return Covered(target, action.name, pin.params, pin.digest)


def _refuse_unsettled(turn: Turn, node: Node, action: Action) -> None:
    """Refuse to show what steps that have not ended may still change."""
    if not action.reads:
        return
    later = _after(turn, node)
    for path in turn.neighbours(node):
        other = turn.nodes[path].step
        if path not in later and not turn.state.steps[path].settled:
            sets = isinstance(other.verb, SetVars) and "vars" in action.reads
            if sets or not action.reads.isdisjoint({other.id, "steps"}):
                raise EvaluationFailed(f"depends on {other.id!r}")


def _after(turn: Turn, node: Node) -> set[str]:
    """Return the paths of *node* and of all steps that wait for it, directly or not."""
    found, todo = {node.path}, [node]
    while todo:
        for path, _ in todo.pop().dependants:
            if path not in found:
                found.add(path)
                todo.append(turn.nodes[path])
    return found


def _put(
    turn: Turn,
    node: Node,
    path: str,
    step: StepState,
    asked: tuple[Approval, list[Covered], list[tuple[str, str]]],
) -> None:
    approval = asked[0]
    expires_at = None if approval.timeout is None else turn.after(approval.timeout)
    step.attempts += 1
    question = _question(turn, node, path, expires_at, asked)
    step.asked = question.digest
    step.input = {"title": question.title, "digest": question.digest}
    turn.mark(path, step, WAITING)
    step.due_at = expires_at
    turn.hold(path, "approval")
    turn.commands.append(AskApproval(path, question, step.attempts))


def _question(
    turn: Turn,
    node: Node,
    path: str,
    expires_at: datetime | None,
    asked: tuple[Approval, list[Covered], list[tuple[str, str]]],
) -> Question:
    approval, covers, not_covered = asked
    names = turn.scope.of(node)
    texts, escalate = _texts(turn, path, approval, names), _escalate(turn, path, approval, names)
    shown = [
        path,
        turn.state.steps[path].attempts,
        turn.plan.revision,
        texts,
        [approval.quorum, approval.decisions, approval.answer, approval.require_reason],
        [approval.allow_self, expires_at, approval.on_timeout],
        [covered.digest for covered in covers],
        not_covered,
        *([[approval.remind, escalate]] if approval.remind or escalate else ()),
    ]
    return Question(
        title=texts["title"],
        description=texts["description"],
        show=tuple(texts["show"]),
        approvers=tuple(texts["approvers"]),
        quorum=approval.quorum,
        decisions=approval.decisions,
        answer=approval.answer,
        require_reason=approval.require_reason,
        allow_self=approval.allow_self,
        expires_at=expires_at,
        on_timeout=approval.on_timeout,
        channel=texts["channel"],
        covers=tuple(covers),
        not_covered=tuple(not_covered),
        digest=digest_of(shown),
        remind=approval.remind,
        escalate=escalate,
    )


def _escalate(
    turn: Turn, path: str, approval: Approval, names: Mapping[str, Json]
) -> tuple[Escalation, ...]:
    """Render who is asked later, as `_texts` renders who is asked at once."""
    found = []
    for number, (after, to) in enumerate(approval.escalate):
        value = turn.evaluate(f"escalate {number}:{path}", to, names)
        people = _people(value if isinstance(value, list) else [value])
        found.append(Escalation(after, tuple(people)))
    return tuple(found)


def _texts(turn: Turn, path: str, approval: Approval, names: Mapping[str, Json]) -> dict[str, Json]:
    """Render what is shown, once each, in the order of the card."""
    texts: dict[str, Json] = {}
    for part in ("title", "description", "channel", "show", "approvers"):
        template = getattr(approval, part)
        value = None if template is None else turn.evaluate(f"{part}:{path}", template, names)
        if part in {"show", "approvers"}:
            value = value if isinstance(value, list) else [value] if value is not None else []
        elif value is not None and not isinstance(value, str):
            value = canonical(value).decode()
        texts[part] = value
    if texts["title"] is None:
        raise EvaluationFailed("the title of the approval is null")
    texts["approvers"] = _people(texts["approvers"])
    return texts


def _people(value: list[Json]) -> list[str]:
    flat = [one for part in value for one in (part if isinstance(part, list) else [part])]
    if not flat or not all(isinstance(one, str) for one in flat):
        raise EvaluationFailed(f"approvers must be texts, at least one; got {shown(flat)}")
    return list(dict.fromkeys(flat))
