"""What `/openapi.json` says beyond what FastAPI sees: refusals, rights, and bodies read by hand."""

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from handlers.http.access import ACCESS, ANY_TOKEN, NOBODY_ASKED, OWN, SIGNED
from handlers.http.bodies import CLOUD, CLOUD_BATCH, FORM, LINES
from handlers.http.problems import MEDIA_TYPE, TITLES
from handlers.http.schemas import PARTS, RUNS, answers_of

Document = dict[str, Any]

PROBLEM: Document = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:baton:problem:not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The request's id, as in X-Request-Id."},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}

EVENT: Document = {
    "type": "object",
    "description": "An event; a process event has process_id and status, any other has type.",
    "properties": {
        "id": {"type": "string", "maxLength": 256},
        "process_id": {"type": "string", "maxLength": 200},
        "name": {"type": "string"},
        "status": {"type": "string", "examples": ["started", "completed", "failed"]},
        "type": {"type": "string"},
        "message": {"type": "string"},
        "progress": {},
        "result": {"type": "object"},
        "links": {"type": "array", "items": {"type": "object"}},
        "parent": {"type": "object"},
    },
    "additionalProperties": True,
}

APPROVAL: Document = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string"},
        "kind": {"enum": ["decision", "choice", "text"]},
        "options": {"type": "array", "items": {}, "maxItems": 10},
        "approvers": {"type": "array", "items": {"type": "string"}},
        "require_reason": {"enum": ["reject", "always", "never"]},
        "expires_at": {"type": "string", "format": "date-time"},
        "on_timeout": {"type": "string"},
        "scope": {"enum": ["process", "step"]},
        "body": {"description": "What is decided about, shown as it is."},
    },
    "additionalProperties": True,
}

ATTRIBUTES: Document = {
    "type": "object",
    "description": "A CloudEvent in its JSON form, version 1.0 or 0.3.",
    "required": ["id", "source", "specversion", "type"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "source": {"type": "string", "minLength": 1},
        "specversion": {"enum": ["1.0", "0.3"]},
        "type": {"type": "string", "examples": ["dev.baton.process.started", "com.acme.pushed"]},
        "subject": {"type": "string"},
        "time": {"type": "string"},
        "data": {},
        "data_base64": {"type": "string"},
    },
    "additionalProperties": True,
}
LINES_OF_EVENTS: Document = {
    "schema": {"type": "string", "description": "One event as a JSON object on each line."}
}

NOTIFY: Document = {
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": False,
            "schema": {"type": "string"},
            "description": says,
        }
        for name, says in (
            ("dry_run", "1: say what would be stored, and store nothing."),
            ("strict", "1: every warning is a mistake."),
            ("source", "Of a signed report: which source signed it."),
        )
    ]
    + [
        {
            "name": name,
            "in": "header",
            "required": False,
            "schema": {"type": "string"},
            "description": says,
        }
        for name, says in (
            ("Idempotency-Key", "A name for this request: the same again is answered as before."),
            ("traceparent", "The trace that it belongs to."),
            ("ce-specversion", "The attributes of a CloudEvent stand in headers `ce-…`."),
        )
    ],
    "responses": {
        "200": {"description": "A rehearsal (`dry_run=1`), or a list of which only some were good."}
    },
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [EVENT, {"type": "array", "items": EVENT, "maxItems": 500}],
                }
            },
            CLOUD: {"schema": ATTRIBUTES},
            CLOUD_BATCH: {"schema": {"type": "array", "items": ATTRIBUTES, "maxItems": 500}},
            **dict.fromkeys(LINES, LINES_OF_EVENTS),
            FORM: {"schema": EVENT},
        },
    },
}

ASK: Document = {
    "responses": {"200": {"description": "The approval that the same key opened before."}},
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    **EVENT,
                    "description": "Members of a process event, and what is asked.",
                    "required": ["approval"],
                    "properties": {
                        **EVENT["properties"],
                        "key": {"type": "string", "maxLength": 200},
                        "expires_in": {"type": "number", "description": "Seconds from now."},
                        "approval": APPROVAL,
                    },
                }
            }
        },
    },
}

SCHEMES: Document = {
    "token": {"type": "http", "scheme": "bearer"},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks, of a source that signs.",
    },
    "password": {"type": "http", "scheme": "basic", "description": "The token as the password."},
    "login": {"type": "apiKey", "in": "cookie", "name": "baton_session"},
}


def takes(model: type[BaseModel]) -> Document:
    """Return the `openapi_extra` of a route whose JSON body is *model*."""
    schema = model.model_json_schema()
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def complete(app: FastAPI) -> Callable[[], Document]:
    """Return what makes the document of *app*: FastAPI's, and all that it does not see."""
    plain = app.openapi

    def made() -> Document:
        if app.openapi_schema is None:
            document = plain()
            for path, method, operation in operations(document):
                finish(operation, path, method)
            parts = document.setdefault("components", {})
            named = parts.get("schemas", {})
            own = {name: named[name] for name in named if "ValidationError" not in name}
            parts["schemas"] = {**own, **PARTS, **RUNS, "Problem": PROBLEM}
            parts["securitySchemes"] = SCHEMES
        return app.openapi_schema or document

    return made


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def finish(operation: Document, path: str, method: str) -> None:
    """Put to *operation* whom it takes, what it answers, and with what it may refuse."""
    need = need_of(path, method)
    responses = operation.setdefault("responses", {})
    responses.pop("422", None)  # FastAPI's own, which is not what is answered
    for status in refusals(path, method, need, asks=has_query(operation)):
        if path == "/readyz" and status == 503:
            continue  # it has a body of its own
        responses[str(status)] = {
            "description": TITLES[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    for good, kind, schema in answers_of(f"{method} {path}"):
        answer = responses.setdefault(str(good), {"description": "Successful Response"})
        answer.setdefault("content", {})[kind] = {"schema": schema}
    if need not in (NOBODY_ASKED, SIGNED):
        names = ["token", "password", *(["login"] if (need, method) == ("read", "GET") else [])]
        names += ["signature"] if path == "/v1/notify" else []
        operation["security"] = [{name: []} for name in names]


def need_of(path: str, method: str) -> str:
    """Return the row of an operation; a path as FastAPI shows it has lost its converters."""
    return next(
        need for row, need in ACCESS.items() if row.replace(":path}", "}") == f"{method} {path}"
    )


def refusals(path: str, method: str, need: str, *, asks: bool) -> list[int]:
    """Return every status with which an operation may refuse."""
    if need == SIGNED:
        called = [409, 422, 429] if path.startswith("/v1/hooks/") else [404]
        return sorted([400, 401, 413, 415, 500, 503, *called])
    found = [500, 503, *refusals_of_rights(need)]
    if "{" in path or path == "/v1/stream":
        found.append(404)
    if path.startswith("/v1/processes/"):
        found.append(409)  # of an earlier attempt with too many events
    if method == "PUT":
        found.append(412)
    if asks or method in ("POST", "PUT"):
        found.append(422)
    if method in ("POST", "PUT"):
        found += [400, 413, 415] if path == "/v1/notify" else [400, 409, 413, 415]
    return sorted(found)


def refusals_of_rights(need: str) -> list[int]:
    """Return every status with which somebody may not be let in."""
    found = [] if need == NOBODY_ASKED else [401, 410, 429]
    if need not in (NOBODY_ASKED, ANY_TOKEN, OWN):
        found.append(403)
    if need == "read":
        found.append(421)  # of a person who came by a foreign name
    return found


def has_query(operation: Document) -> bool:
    return any(one["in"] == "query" for one in operation.get("parameters", ()))
