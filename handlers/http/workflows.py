"""Workflows: list, look, publish, and what becomes of them."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from coordination.errors import InvalidDefinition
from coordination.publishing import Order, Publication
from coordination.revisions import ABSENT
from handlers.http.auth import Caller
from handlers.http.bodies import FORM, media_type, not_taken, raw_body, read_model
from handlers.http.edge import Edge, EdgeOf
from handlers.http.openapi import takes
from handlers.http.problems import Problem
from handlers.http.shapes import (
    gains_json,
    hook_json,
    publication_json,
    workflow_json,
)

router = APIRouter(tags=["workflows"])

YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain")
WRITTEN: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string"}} for kind in YAML},
    }
}
YES = ("1", "true", "yes")


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ActivateBody(Body):
    revision: int | None = Field(None, ge=1, description="The draft that was looked at.")


class RestoreBody(Body):
    revision: int | None = Field(
        None, ge=1, description="Put this one to use again; without it, take it from the archive."
    )


class NothingBody(Body):
    """Nothing has to be said."""


@router.get("/v1/workflows")
async def list_workflows(edge: EdgeOf) -> JSONResponse:
    """List workflows by name, with status and what starts them."""
    found = await edge.coordinator.workflows()
    return JSONResponse({"workflows": [workflow_json(one, whole=False) for one in found]})


@router.get("/v1/workflows/{name}")
async def get_workflow(request: Request, edge: EdgeOf, name: str) -> Response:
    """Show a workflow with its text, its inputs, its webhooks and the problems of a file that broke.

    Its ETag changes with everything that an edit is based on.
    """
    view = await edge.coordinator.workflow(name)
    made = await edge.coordinator.hooks_with_secrets(name)
    body = workflow_json(view, whole=True, upcoming=await edge.coordinator.upcoming(view))
    body["hooks"] = [
        hook_json(view.name, each, made, public_url=edge.public_url)
        for each in view.definition.triggers
        if each.kind == "webhook"
    ]
    tag = f'"{view.tag}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return JSONResponse(body, headers={"ETag": tag})


@router.put("/v1/workflows/{name}", openapi_extra=WRITTEN)
async def put_workflow(
    request: Request, edge: EdgeOf, who: Caller, name: str, draft: str = ""
) -> JSONResponse:
    """Publish the YAML text and put it to use; `draft=1` keeps it beside what is in use.

    `If-Match` with the ETag of what the text is based on refuses to undo what others changed;
    `If-None-Match: *` only makes a new one. The answer says what the revision may do beyond the last,
    and shows the secrets of its webhooks that were made just now: nobody is shown them again.
    """
    order = Order(draft=draft.lower() in YES, expects=expected(request), named=name, via="api")
    done = await edge.coordinator.publish_workflow(who, await yaml_text(request), order)
    return published(edge, done)


@router.post("/v1/workflows/validate", openapi_extra=WRITTEN)
async def validate(request: Request, edge: EdgeOf) -> JSONResponse:
    """Check a YAML text and store nothing: all problems, and what it may do beyond what is in use."""
    text = await yaml_text(request)
    try:
        review = await edge.coordinator.review_definition(text)
    except InvalidDefinition as error:
        return JSONResponse(
            {"valid": False, "name": None, "problems": list(error.problems), "gains": []}
        )
    body = {
        "valid": True,
        "name": review.read.definition.name,
        "problems": list(review.read.warnings),
        "gains": gains_json(review.gains),
    }
    return JSONResponse(body)


@router.post("/v1/workflows/{name}/activate", openapi_extra=takes(ActivateBody))
async def activate(request: Request, edge: EdgeOf, who: Caller, name: str) -> JSONResponse:
    """Put the draft of a workflow to use; with `revision`, only if it is still that one."""
    body = await read_model(request, ActivateBody)
    done = await edge.coordinator.activate_workflow(
        who, name, revision=body.revision, via="api", shows=True
    )
    return published(edge, done)


@router.post("/v1/workflows/{name}/pause", openapi_extra=takes(NothingBody))
async def pause(request: Request, edge: EdgeOf, who: Caller, name: str) -> JSONResponse:
    """Let a workflow start nothing until it is resumed; runs that go on are left alone."""
    await read_model(request, NothingBody)
    view = await edge.coordinator.move_workflow(who, name, "pause", via="api")
    return JSONResponse(workflow_json(view, whole=True), headers={"ETag": f'"{view.tag}"'})


@router.post("/v1/workflows/{name}/resume", openapi_extra=takes(NothingBody))
async def resume(request: Request, edge: EdgeOf, who: Caller, name: str) -> JSONResponse:
    """Let a paused workflow start runs again."""
    await read_model(request, NothingBody)
    view = await edge.coordinator.move_workflow(who, name, "resume", via="api")
    return JSONResponse(workflow_json(view, whole=True), headers={"ETag": f'"{view.tag}"'})


@router.post("/v1/workflows/{name}/archive", openapi_extra=takes(NothingBody))
async def archive(request: Request, edge: EdgeOf, who: Caller, name: str) -> JSONResponse:
    """Put a workflow away: it starts nothing, and all its revisions are kept."""
    await read_model(request, NothingBody)
    view = await edge.coordinator.move_workflow(who, name, "archive", via="api")
    return JSONResponse(workflow_json(view, whole=True), headers={"ETag": f'"{view.tag}"'})


@router.post("/v1/workflows/{name}/restore", openapi_extra=takes(RestoreBody))
async def restore(request: Request, edge: EdgeOf, who: Caller, name: str) -> JSONResponse:
    """Take a workflow from the archive; with `revision`, put that one to use again."""
    body = await read_model(request, RestoreBody)
    if body.revision is not None:
        done = await edge.coordinator.restore_revision(
            who, name, body.revision, via="api", shows=True
        )
        return published(edge, done)
    view = await edge.coordinator.move_workflow(who, name, "restore", via="api")
    return JSONResponse(workflow_json(view, whole=True), headers={"ETag": f'"{view.tag}"'})


def published(edge: Edge, done: Publication) -> JSONResponse:
    """Answer what became of a text."""
    body = publication_json(done, public_url=edge.public_url)
    status = 201 if done.created else 200
    return JSONResponse(body, status, headers={"ETag": f'"{done.view.tag}"'})


def expected(request: Request) -> str | None:
    """Return the tag that the workflow must have for a change; None: whichever it has.

    Raises:
        Problem: 400 for a header that names several, or none.
    """
    if request.headers.get("if-none-match", "").strip() == "*":
        return ABSENT
    said = [each.strip() for each in request.headers.getlist("if-match")]
    if not said or said == ["*"]:
        return None
    tag = said[0].removeprefix("W/")
    if len(said) > 1 or "," in tag or not (len(tag) > 2 and tag[0] == tag[-1] == '"'):
        raise Problem(400, "Send one ETag in If-Match, as it came with the workflow.")
    return tag[1:-1]


async def yaml_text(request: Request) -> bytes:
    """Return the body, where it is a text as its author saved it.

    Raises:
        Problem: 400, 413, 415.
    """
    kind = media_type(request)
    if kind and kind not in (*YAML, FORM):  # what `curl --data-binary @file` says is taken for YAML
        raise not_taken(kind, YAML)
    return await raw_body(request)
