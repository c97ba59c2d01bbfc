"""Every refusal as a problem document (RFC 9457), and the one place that makes them.

Source: https://www.rfc-editor.org/rfc/rfc9457
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from baton.errors import BatonError, InvalidEvent, MalformedBody
from coordination.errors import InvalidInputs, Refused
from coordination.world import Ids

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: "The body cannot be read",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Gone",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not valid",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "Not available now",
}

CODES = {
    400: "malformed-body",
    401: "unauthenticated",
    403: "forbidden-scope",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid-event",
    503: "unavailable",
}


class Problem(Exception):
    """A refusal: *code* is one of the list in the reference, *detail* says what to do."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code or CODES.get(status, "internal")
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def unauthenticated() -> Problem:
    """One body for every failure of credentials: it tells nothing about what exists."""
    return Problem(
        401,
        "Send a token of this Baton as `Authorization: Bearer bt_…`.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def document(problem: Problem, instance: str) -> dict[str, Any]:
    """Return the members of the problem document; *instance* is the request's id."""
    body: dict[str, Any] = {
        "type": f"urn:baton:problem:{problem.code}",
        "title": TITLES.get(problem.status, "Not possible"),
        "status": problem.status,
        "detail": problem.detail,
        "instance": instance,
        "code": problem.code,
    }
    if problem.errors:
        body["errors"] = list(problem.errors)
    return body


def translated(error: Exception) -> Problem:
    """Turn a domain error into its problem; what nobody foresaw is an internal one."""
    match error:
        case Problem():
            return error
        case BatonError():
            return of_baton(error)
        case RequestValidationError():
            found = [
                {"pointer": "/" + "/".join(str(part) for part in one["loc"]), "detail": one["msg"]}
                for one in error.errors()
            ]
            return Problem(422, "The request has parameters that do not fit.", errors=found)
        case HTTPException():
            return Problem(error.status_code, sentence(error), headers=error.headers)
        case _:
            return Problem(500, "Nothing was changed, as far as Baton knows. The log has more.")


def of_baton(error: BatonError) -> Problem:
    match error:
        case MalformedBody():
            return Problem(400, str(error))
        case InvalidEvent():
            found = [{"pointer": pointer, "detail": detail} for pointer, detail in error.problems]
            return Problem(422, str(error), errors=found)
        case Refused():
            return refused(error)
        case _:
            return Problem(422, str(error))


def refused(error: Refused) -> Problem:
    found: list[dict[str, str]] = []
    if isinstance(error, InvalidInputs):
        found = [{"pointer": f"/inputs/{name}", "detail": text} for name, text in error.problems]
    headers = {"Retry-After": "2"} if error.status == 503 else {}
    return Problem(error.status, str(error), code=error.code, errors=found, headers=headers)


def sentence(error: HTTPException) -> str:
    if error.status_code == 404:
        return "There is nothing at this address. /openapi.json lists what there is."
    if error.status_code == 405:
        return "This address does not take that method; the header Allow names those it takes."
    return str(error.detail)


def answer(request: Request, error: Exception) -> Response:
    problem = translated(error)
    instance = str(request.scope.get("request_id", ""))
    if problem.status == 500:
        log.error("request_failed", request_id=instance, path=request.url.path, exc_info=error)
    body = json.dumps(document(problem, instance), ensure_ascii=False).encode()
    return Response(body, problem.status, problem.headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of *app* with a problem document."""

    async def handler(request: Request, error: Exception) -> Response:
        return answer(request, error)

    for kind in (Problem, BatonError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, handler)


class RequestId:
    """Name every request, in its scope and in the header ``X-Request-Id``."""

    def __init__(self, app: ASGIApp, ids: Ids) -> None:
        self.app = app
        self.ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name = self.ids.new("rq")
        scope["request_id"] = name

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", name.encode())]
            await send(message)

        await self.app(scope, receive, named)
