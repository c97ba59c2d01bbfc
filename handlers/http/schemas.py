"""What good answers look like, for `/openapi.json`. A test holds them against real answers."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from handlers.http.bodies import CLOUD, CLOUD_BATCH

Document = dict[str, Any]

TEXT: Final[Document] = {"type": "string"}
NUMBER: Final[Document] = {"type": "integer"}
FLAG: Final[Document] = {"type": "boolean"}
TEXTS: Final[Document] = {"type": "array", "items": TEXT}
ANY: Final[Document] = {"description": "Any JSON."}
MOMENT: Final[Document] = {"type": "string", "format": "date-time"}


def maybe(part: Document) -> Document:
    """Return *part*, or null."""
    return {**part, "type": [part["type"], "null"]} if "type" in part else {"oneOf": [part, NULL]}


NULL: Final[Document] = {"type": "null"}
MAYBE: Final[Document] = {"type": ["string", "null"]}
AT: Final[Document] = {"type": ["string", "null"], "format": "date-time"}
OBJECT: Final[Document] = {"type": "object"}


def thing(members: Mapping[str, Document], *, texts: str = "", at: str = "") -> Document:
    """Return an object that has all these members; *texts* and *at* name those that may be null."""
    found = {
        **members,
        **dict.fromkeys(texts.split(), MAYBE),
        **dict.fromkeys(at.split(), AT),
    }
    return {"type": "object", "required": sorted(found), "properties": found}


def _with(whole: Document, **members: Document) -> Document:
    """Return *whole* with members that it may have."""
    return {**whole, "properties": {**whole["properties"], **members}}


def many(part: Document) -> Document:
    return {"type": "array", "items": part}


def ref(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}


def page(name: str, part: str, following: Document | None = None) -> Document:
    """Return a list under *name*, with the cursor of the next page where there are several."""
    cursor = {} if following is None else {"next": following}
    return thing({name: many(ref(part)), **cursor})


_WORKFLOW: Final[Mapping[str, Document]] = {
    "name": TEXT,
    "title": TEXT,
    "status": TEXT,
    "triggers": many(OBJECT),
    "problems": ANY,
    "revision": ANY,
    "draft": maybe(NUMBER),
}
_WORKFLOW_TEXTS: Final = "description hash published_by origin file"
_ENTRY: Final = _with(
    thing({"at": {"type": "number"}, "path": TEXT, "kind": TEXT}),
    status=TEXT,
    params=ANY,
    attempt=NUMBER,
    output=ANY,
    error=OBJECT,
    text=TEXT,
)
_REVISION: Final[Mapping[str, Document]] = {
    "revision": NUMBER,
    "hash": TEXT,
    "title": TEXT,
    "use": {"enum": ["in_use", "draft", "past"]},
    "published_at": MOMENT,
    "published_by": TEXT,
}
PARTS: Final[Mapping[str, Document]] = {
    "Result": thing(
        {
            "event_id": TEXT,
            "id": TEXT,
            "namespace": TEXT,
            "attempt": maybe(NUMBER),
            "effect": {"enum": ["created", "updated", "duplicate", "late", "ignored", "stored"]},
            "duplicate": FLAG,
            "warnings": TEXTS,
        },
        texts="process_id thread_id run_id status approval_id thread_url",
    ),
    "Bad": thing({"index": NUMBER, "problem": ref("Summary")}),
    "Summary": thing({"type": TEXT, "title": TEXT, "status": NUMBER, "detail": TEXT, "code": TEXT}),
    "Event": thing(
        {
            "event_id": TEXT,
            "seq": NUMBER,
            "id": TEXT,
            "kind": {"enum": ["process", "event"]},
            "type": TEXT,
            "source": TEXT,
            "namespace": TEXT,
            "occurred_at": MOMENT,
            "received_at": MOMENT,
            "effect": TEXT,
            "applied": FLAG,
            "explain": ANY,
        },
        texts="thread_id",
        at="dispatched_at",
    ),
    "CloudEvent": thing(
        {
            "specversion": TEXT,
            "id": TEXT,
            "source": TEXT,
            "type": TEXT,
            "time": MOMENT,
            "datacontenttype": TEXT,
            "data": OBJECT,
        }
    ),
    "Raw": thing(
        {
            "event_id": TEXT,
            "source": TEXT,
            "headers": OBJECT,
            "body": TEXT,
            "kept_until": MOMENT,
        }
    ),
    "Explanation": thing({"lines": TEXTS}),
    "Rehearsal": thing(
        {
            "events": many(OBJECT),
            "keys": TEXTS,
            "warnings": TEXTS,
            "explain": many(ref("Explanation")),
        },
        texts="ignored",
    ),
    "Process": thing(
        {
            "namespace": TEXT,
            "process_id": TEXT,
            "attempt": NUMBER,
            "source": TEXT,
            "name": TEXT,
            "status": TEXT,
            "thread_id": TEXT,
            "created_at": MOMENT,
            "updated_at": MOMENT,
            "children": many(ref("Process")),
        },
        texts="category owner run_id",
        at="started_at ended_at",
    ),
    "ThreadRow": thing(
        {"id": TEXT, "title": TEXT, "created_at": MOMENT, "updated_at": MOMENT},
        texts="channel thread_url",
    ),
    "Thread": thing(
        {
            "id": TEXT,
            "title": TEXT,
            "created_at": MOMENT,
            "updated_at": MOMENT,
            "processes": many(ref("Process")),
            "runs": many(ref("RunRow")),
            "approvals": many(ref("Approval")),
        },
        texts="channel thread_url",
    ),
    "WaitingFor": thing({"kind": TEXT, "text": TEXT, "who": TEXTS}, at="since"),
    "Step": thing(
        {
            "path": TEXT,
            "name": TEXT,
            "kind": TEXT,
            "status": TEXT,
            "attempts": NUMBER,
            "redo": NUMBER,
            "input": ANY,
            "output": ANY,
            "error": ANY,
            "log": ANY,
        },
        texts="action",
        at="started_at ended_at due_at",
    ),
    "Approval": thing(
        {
            "id": TEXT,
            "number": NUMBER,
            "label": TEXT,
            "state": TEXT,
            "version": NUMBER,
            "prompt": TEXT,
            "options": TEXTS,
            "eligible": TEXTS,
            "quorum": ANY,
            "covers": many(OBJECT),
            "process": ANY,
            "votes": many(OBJECT),
            "delegations": many(OBJECT),
            "escalated": many(OBJECT),
        },
        texts="digest thread_id run_id requested_by decision by comment text via note again_of",
        at="at asked_at expires_at",
    ),
    "Workflow": thing(_WORKFLOW, texts=_WORKFLOW_TEXTS, at="published_at"),
    "WorkflowDone": thing(
        {**_WORKFLOW, "source": TEXT, "inputs_schema": ANY},
        texts=_WORKFLOW_TEXTS,
        at="published_at",
    ),
    "Publication": thing(
        {
            **_WORKFLOW,
            "published": thing(
                {
                    "revision": NUMBER,
                    "changed": FLAG,
                    "created": FLAG,
                    "gains": many(ref("Gain")),
                    "warnings": many(ref("DefinitionProblem")),
                    "secrets": many(ref("HookSecret")),
                }
            ),
        },
        texts=_WORKFLOW_TEXTS,
        at="published_at",
    ),
    "Gain": thing({"kind": TEXT, "path": TEXT, "text": TEXT}),
    "DefinitionProblem": thing(
        {
            "severity": TEXT,
            "file": TEXT,
            "line": NUMBER,
            "column": NUMBER,
            "path": TEXT,
            "code": TEXT,
            "message": TEXT,
        },
        texts="hint",
    ),
    "Review": thing(
        {"valid": FLAG, "problems": many(ref("DefinitionProblem")), "gains": many(ref("Gain"))},
        texts="name",
    ),
    "DryRun": _with(
        thing(
            {
                "status": TEXT,
                "outputs": ANY,
                "steps": many(thing({"path": TEXT, "status": TEXT, "attempts": NUMBER})),
                "timeline": many(_ENTRY),
            }
        ),
        waiting_for=TEXT,
    ),
    "Revision": thing(_REVISION),
    "WholeRevision": thing({**_REVISION, "source": TEXT}),
    "Difference": thing({"from": NUMBER, "to": NUMBER, "diff": TEXT, "gains": many(ref("Gain"))}),
    "HookSecret": thing({"trigger": TEXT, "url": TEXT, "secret": TEXT}),
    "Called": thing({"effect": TEXT}, texts="event_id reason"),
    "Caller": thing(
        {"source": TEXT, "namespace": TEXT, "token_id": TEXT, "scopes": TEXTS}, texts="owner"
    ),
}

_RUN_ROW: Final[Mapping[str, Document]] = {
    "id": TEXT,
    "number": NUMBER,
    "label": TEXT,
    "workflow": TEXT,
    "title": TEXT,
    "status": TEXT,
    "word": TEXT,
    "waiting_for": {"oneOf": [ref("WaitingFor"), NULL]},
    "inputs": ANY,
    "outputs": ANY,
    "error": ANY,
    "handled": {"oneOf": [OBJECT, NULL]},
    "url": TEXT,
    "approvals": many(OBJECT),
}
_RUN_TEXTS: Final = "started_by note thread_id"
_RUN_TIMES: Final = "created_at started_at ended_at updated_at"
RUNS: Final[Mapping[str, Document]] = {
    "RunRow": thing(_RUN_ROW, texts=_RUN_TEXTS, at=_RUN_TIMES),
    "Run": thing({**_RUN_ROW, "steps": many(ref("Step"))}, texts=_RUN_TEXTS, at=_RUN_TIMES),
}

RESULTS: Final[Document] = thing({"results": many({"oneOf": [ref("Result"), ref("Bad")]})})
ONLY_BAD: Final[Document] = thing({"results": many(ref("Bad"))})
REHEARSAL: Final[Document] = ref("Rehearsal")
EVENT_OR: Final[Document] = {"oneOf": [RESULTS, REHEARSAL]}
DONE: Final[Document] = thing({"status": TEXT})

GOOD: Final[Mapping[str, tuple[int, Document]]] = {
    "POST /v1/notify": (202, RESULTS),
    "GET /v1/events": (200, page("events", "Event", NUMBER)),
    "GET /v1/events/{event_id}": (200, ref("Event")),
    "GET /v1/events/{event_id}/explain": (200, ref("Explanation")),
    "GET /v1/events/{event_id}/raw": (200, ref("Raw")),
    "POST /v1/events/{event_id}/replay": (202, RESULTS),
    "GET /v1/processes": (200, page("processes", "Process", maybe(NUMBER))),
    "GET /v1/processes/{name}": (200, ref("Process")),
    "GET /v1/threads": (200, page("threads", "ThreadRow", maybe(NUMBER))),
    "GET /v1/threads/{ref}": (200, ref("Thread")),
    "GET /v1/workflows": (200, page("workflows", "Workflow")),
    "GET /v1/workflows/{name}": (200, ref("Workflow")),
    "PUT /v1/workflows/{name}": (200, ref("Publication")),
    "POST /v1/workflows/validate": (200, ref("Review")),
    "POST /v1/workflows/{name}/activate": (200, ref("Publication")),
    "POST /v1/workflows/{name}/pause": (200, ref("WorkflowDone")),
    "POST /v1/workflows/{name}/resume": (200, ref("WorkflowDone")),
    "POST /v1/workflows/{name}/archive": (200, ref("WorkflowDone")),
    "POST /v1/workflows/{name}/restore": (200, ref("WorkflowDone")),
    "GET /v1/workflows/{name}/revisions": (200, page("revisions", "Revision")),
    "GET /v1/workflows/{name}/revisions/{number}": (200, ref("WholeRevision")),
    "GET /v1/workflows/{name}/diff": (200, ref("Difference")),
    "POST /v1/workflows/{name}/triggers/{trigger}/rotate": (200, ref("HookSecret")),
    "POST /v1/hooks/workflow/{name}/{trigger}": (202, ref("Called")),
    "POST /v1/workflows/{name}/dry-run": (200, ref("DryRun")),
    "POST /v1/workflows/{name}/runs": (202, ref("Run")),
    "GET /v1/runs": (200, page("runs", "RunRow", maybe(NUMBER))),
    "GET /v1/runs/{ref}": (200, ref("Run")),
    "POST /v1/runs/{ref}/pause": (202, ref("Run")),
    "POST /v1/runs/{ref}/resume": (202, ref("Run")),
    "POST /v1/runs/{ref}/cancel": (202, ref("Run")),
    "POST /v1/runs/{ref}/retry": (202, ref("Run")),
    "POST /v1/runs/{ref}/skip": (202, ref("Run")),
    "POST /v1/runs/{ref}/rollback": (202, ref("Run")),
    "POST /v1/runs/{ref}/handled": (202, ref("Run")),
    "POST /v1/runs/{ref}/again": (202, ref("Run")),
    "POST /v1/runs/{ref}/signal": (202, ref("Run")),
    "POST /v1/runs/{ref}/resolve": (202, ref("Run")),
    "GET /v1/approvals": (200, page("approvals", "Approval")),
    "POST /v1/approvals": (201, ref("Approval")),
    "GET /v1/approvals/{ref}": (200, ref("Approval")),
    "POST /v1/approvals/{ref}/decision": (200, ref("Approval")),
    "POST /v1/approvals/{ref}/delegate": (200, ref("Approval")),
    "POST /v1/approvals/{ref}/again": (200, ref("Approval")),
    "GET /v1/whoami": (200, ref("Caller")),
    "GET /healthz": (200, DONE),
    "GET /readyz": (200, DONE),
}
"""By method and path: the status of the ordinary answer, and its JSON."""

_BESIDE: Final[Mapping[str, Iterable[tuple[int, str, Document]]]] = {
    "POST /v1/notify": (
        (200, "application/json", EVENT_OR),
        (422, "application/json", ONLY_BAD),
    ),
    "POST /v1/events/{event_id}/replay": ((200, "application/json", REHEARSAL),),
    "GET /v1/events": ((200, CLOUD_BATCH, many(ref("CloudEvent"))),),
    "GET /v1/events/{event_id}": ((200, CLOUD, ref("CloudEvent")),),
    "POST /v1/approvals": ((200, "application/json", ref("Approval")),),
    "PUT /v1/workflows/{name}": ((201, "application/json", ref("Publication")),),
}


def answers_of(row: str) -> Iterable[tuple[int, str, Document]]:
    """Yield status, media type and schema of each good answer of an address."""
    if row in GOOD:
        status, schema = GOOD[row]
        yield status, "application/json", schema
    yield from _BESIDE.get(row, ())
