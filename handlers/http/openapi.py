"""What `/openapi.json` says beyond what FastAPI sees: problems, and bodies that are read by hand."""

from typing import Any

from pydantic import BaseModel

from handlers.http.problems import MEDIA_TYPE, TITLES

PROBLEM: dict[str, Any] = {
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

EVENT: dict[str, Any] = {
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

NOTIFY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [EVENT, {"type": "array", "items": EVENT, "maxItems": 500}],
                }
            },
            "application/x-www-form-urlencoded": {"schema": EVENT},
        },
    }
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that may refuse with each of *statuses*."""
    return {
        status: {
            "description": TITLES[status],
            "content": {MEDIA_TYPE: {"schema": PROBLEM}},
        }
        for status in statuses
    }


def takes(model: type[BaseModel]) -> dict[str, Any]:
    """Return the `openapi_extra` of a route whose JSON body is *model*."""
    schema = model.model_json_schema()
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}
