"""What the API says of each thing, as plain JSON. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from coordination.accept import Accepted
from coordination.definitions import RevisionView, WorkflowView
from coordination.events_view import EventView
from coordination.explain import Explanation
from coordination.hook_secrets import HookSecret
from coordination.ports import Gain, OpenQuestion, RunView, StepView, TriggerSpec
from coordination.publishing import Publication
from coordination.questions import Approval, Vote
from coordination.threads_view import ProcessView, ThreadSummary, ThreadView
from coordination.waiting_for import card_word, waiting_for
from workflows.language.schema import schema_of_inputs

Json = Any


def moment(at: datetime | None) -> str | None:
    """Write a time as RFC 3339 in UTC."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def accepted_json(one: Accepted) -> Json:
    """Return one result of a report."""
    return {
        "event_id": one.event_id,
        "id": one.id,
        "namespace": one.namespace,
        "process_id": one.process_id,
        "attempt": one.attempt,
        "thread_id": one.thread_id,
        "run_id": one.run_id,
        "status": one.status,
        "effect": one.effect,
        "duplicate": one.duplicate,
        "approval_id": one.approval_id,
        "thread_url": one.thread_url,
        "warnings": list(one.warnings),
    }


def run_summary(run: RunView, *, public_url: str) -> dict[str, Json]:
    """Return a run without its steps: a row of the list."""
    return {
        "id": run.id,
        "number": run.number,
        "label": run.label,
        "workflow": run.workflow,
        "title": run.title,
        "revision": run.revision,
        "status": run.status.value,
        "word": card_word(run),
        "waiting_for": waiting_json(run),
        "started_by": run.started_by,
        "trigger": run.trigger,
        "inputs": run.inputs,
        "outputs": run.outputs,
        "error": run.error,
        "note": run.note,
        "created_at": moment(run.created_at),
        "started_at": moment(run.started_at),
        "ended_at": moment(run.ended_at),
        "updated_at": moment(run.updated_at),
        "thread_id": run.thread_id,
        "handled": handled_json(run),
        "url": f"{public_url}/r/{run.label}",
        "approvals": [asked_json(question) for question in run.questions],
    }


def handled_json(run: RunView) -> Json:
    """Return who dealt with the failure of a run, when, and what they did about it."""
    done = run.handled
    return done and {"by": done.by, "at": moment(done.at), "reason": done.reason}


def waiting_json(run: RunView) -> Json:
    """Return what the run waits for: the sentence that every surface shows."""
    waits = waiting_for(run)
    if waits is None:
        return None
    return {
        "kind": waits.kind,
        "text": waits.text,
        "since": moment(waits.since),
        "who": list(waits.who),
    }


def asked_json(question: OpenQuestion) -> dict[str, Json]:
    return {
        "id": question.approval_id,
        "number": question.number,
        "label": f"A-{question.number}",
        "state": "open",
        "path": question.path,
        "title": question.title,
    }


def run_json(run: RunView, *, public_url: str) -> dict[str, Json]:
    """Return a whole run."""
    return {
        **run_summary(run, public_url=public_url),
        "steps": [step_json(step) for step in run.steps],
    }


def step_json(step: StepView) -> dict[str, Json]:
    return {
        "path": step.path,
        "name": step.name,
        "kind": step.kind,
        "action": step.action,
        "status": step.status.value,
        "attempts": step.attempts,
        "redo": step.redo,
        "input": step.input,
        "output": step.output,
        "error": step.error,
        "started_at": moment(step.started_at),
        "ended_at": moment(step.ended_at),
        "due_at": moment(step.due_at),
        "log": step.log,
    }


def approval_json(approval: Approval) -> dict[str, Json]:
    """Return an approval as `events.md` 5.8 names its members, and its label."""
    question = approval.question
    process = approval.process
    return {
        "id": approval.id,
        "number": approval.number,
        "label": approval.label,
        "state": approval.state,
        "version": approval.version,
        "digest": approval.digest,
        "prompt": question.title,
        "description": question.description,
        "show": list(question.show),
        "kind": "text" if question.answer == "text" else "decision",
        "options": list(question.choices),
        "require_reason": question.require_reason,
        "covers": [
            {"path": item.path, "action": item.action, "params": item.params, "digest": item.digest}
            for item in question.covers
        ],
        "not_covered": [{"path": path, "why": why} for path, why in question.not_covered],
        "thread_id": approval.thread_id,
        "run_id": approval.run_id,
        "process": process and {"namespace": process.namespace, "id": process.id},
        "requested_by": approval.requested_by,
        "quorum": question.quorum,
        "decision": approval.decision,
        "by": approval.decided_by,
        "comment": approval.comment,
        "text": approval.text,
        "via": approval.via,
        "at": moment(approval.decided_at),
        "asked_at": moment(approval.asked_at),
        **people_json(approval),
        "expires_at": moment(approval.expires_at),
        "note": approval.note,
    }


def people_json(approval: Approval) -> dict[str, Json]:
    """Return who is asked, who has answered, and who does so for whom."""
    return {
        "eligible": list(approval.approvers),
        "votes": [vote_json(vote) for vote in approval.votes],
        "escalated": [{"to": list(each.to), "at": moment(each.at)} for each in approval.escalated],
        "delegations": [
            {"by": each.person, "to": each.to_person, "at": moment(each.at)}
            for each in approval.delegations
        ],
        "again_of": approval.again_of,
    }


def vote_json(vote: Vote) -> Mapping[str, Json]:
    return {
        "by": vote.person,
        "choice": vote.choice,
        "text": vote.text,
        "comment": vote.comment,
        "via": vote.via,
        "for": vote.for_person,
        "state": vote.state,
        "at": moment(vote.at),
    }


def process_json(process: ProcessView) -> dict[str, Json]:
    """Return a process and those below it; the members of its fold stand beside its own."""
    return {
        **process.state,
        "namespace": process.namespace,
        "process_id": process.process_id,
        "attempt": process.attempt,
        "source": process.source,
        "name": process.name,
        "category": process.category,
        "status": process.status.value,
        "owner": process.owner,
        "thread_id": process.thread_id,
        "run_id": process.run_id,
        "stalled_since": moment(process.stalled_since),
        "started_at": moment(process.started_at),
        "ended_at": moment(process.ended_at),
        "created_at": moment(process.created_at),
        "updated_at": moment(process.updated_at),
        "children": [process_json(child) for child in process.children],
    }


def thread_summary(thread: ThreadSummary | ThreadView) -> dict[str, Json]:
    return {
        "id": thread.id,
        "title": thread.title,
        "channel": thread.channel,
        "thread_url": thread.url,
        "created_at": moment(thread.created_at),
        "updated_at": moment(thread.updated_at),
    }


def thread_json(thread: ThreadView, *, public_url: str) -> dict[str, Json]:
    """Return a thread with all that belongs to it."""
    return {
        **thread_summary(thread),
        "processes": [process_json(one) for one in thread.processes],
        "runs": [run_summary(run, public_url=public_url) for run in thread.runs],
        "approvals": [approval_json(one) for one in thread.approvals],
        "keys": [{"key": each.key, "strong": each.strong} for each in thread.keys],
        "related": [
            {
                "id": each.id,
                "title": each.title,
                "because": each.because,
                "thread_url": each.url,
                "since": moment(each.since),
            }
            for each in thread.related
        ],
        "archived_at": moment(thread.archived_at),
    }


def event_json(event: EventView) -> dict[str, Json]:
    """Return an event: what came, and what it did."""
    return {
        **event.body,
        "event_id": event.id,
        "seq": event.seq,
        "thread_id": event.thread_id,
        "effect": event.effect,
        "applied": event.applied,
        "explain": explained(event),
        "dispatched_at": moment(event.dispatched_at),
    }


def explained(event: EventView) -> Json:
    """Return the record of what an event did; once it was acted upon, that names its triggers."""
    if event.dispatched_at is None:
        return event.explain
    return {"triggers": [], **(event.explain or {})}


def explanation_json(found: Explanation) -> dict[str, Json]:
    """Return why an event did what it did, as data and as `lines` to read."""
    return {**found.to_json(), "lines": list(found.lines())}


def workflow_json(
    workflow: WorkflowView,
    *,
    whole: bool,
    upcoming: Mapping[str, Sequence[datetime]] | None = None,
) -> dict[str, Json]:
    """Return a workflow; *whole* with its text, its inputs and the problems of a broken file.

    *upcoming* are the next times of its triggers by the clock, by their ids.
    """
    definition = workflow.definition
    row = {
        "name": workflow.name,
        "title": workflow.title,
        "description": definition.description,
        "status": workflow.status,
        "revision": workflow.revision,
        "hash": definition.hash,
        "triggers": [_trigger_json(each, upcoming or {}) for each in definition.triggers],
        "problems": workflow.problems,
        "published_at": moment(workflow.published_at),
        "published_by": workflow.published_by,
        "draft": workflow.draft,
        "origin": workflow.origin.partition(":")[0] or None,
        "file": workflow.file,
    }
    if whole:
        row |= {"source": definition.source, "inputs_schema": schema_of_inputs(definition.body)}
    return row


def _trigger_json(
    trigger: TriggerSpec, upcoming: Mapping[str, Sequence[datetime]]
) -> dict[str, Json]:
    row: dict[str, Json] = {
        "id": trigger.id,
        "kind": trigger.kind,
        "event": trigger.event if trigger.kind == "event" else None,
        "where": trigger.where,
    }
    if trigger.keys:
        row["keys"] = dict(trigger.keys)
    if trigger.parts:
        row["parts"] = [_trigger_json(each, upcoming) for each in trigger.parts]
    if trigger.id in upcoming:
        row["next"] = [moment(at) for at in upcoming[trigger.id]]
    return row


def publication_json(done: Publication, *, public_url: str) -> dict[str, Json]:
    """Return what became of a text: the workflow as it is now, and what was published."""
    return {
        **workflow_json(done.view, whole=True),
        "published": {
            "revision": done.revision,
            "changed": done.changed,
            "created": done.created,
            "gains": gains_json(done.gains),
            "warnings": list(done.warnings),
            "secrets": [secret_json(each, public_url=public_url) for each in done.secrets],
        },
    }


def gains_json(gains: Iterable[Gain]) -> list[Json]:
    return [{"kind": each.kind, "path": each.path, "text": each.text} for each in gains]


def revision_json(revision: RevisionView) -> dict[str, Json]:
    """Return a revision without its text."""
    return {
        "revision": revision.number,
        "hash": revision.hash,
        "title": revision.title,
        "use": revision.use,
        "published_at": moment(revision.published_at),
        "published_by": revision.published_by,
    }


def hook_json(
    workflow: str, hook: TriggerSpec, made: Collection[str], *, public_url: str
) -> dict[str, Json]:
    """Return where a webhook of a workflow is called, and whether there is a secret to sign with."""
    named = hook.keys.get("secret")
    kept = f"store:{named}" if named is not None else "made" if hook.id in made else "missing"
    return {"trigger": hook.id, "url": hook_url(workflow, hook.id, public_url), "secret": kept}


def secret_json(made: HookSecret, *, public_url: str) -> dict[str, Json]:
    """Return a secret that was made just now, with the address of its trigger."""
    url = hook_url(made.workflow, made.trigger, public_url)
    return {"trigger": made.trigger, "url": url, "secret": made.secret}


def hook_url(workflow: str, trigger: str, public_url: str) -> str:
    return f"{public_url}/v1/hooks/workflow/{workflow}/{trigger}"
