"""Good answers are as `/openapi.json` says: each JSON address is described, and real answers fit."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.handlers.http.house import RUN, House

TEXT = "name: {}\ntriggers:\n  - {{webhook: generic, id: call}}\nsteps:\n  - {{id: say, action: baton.log, params: {{message: hi}}}}\n"
TEXTS = {
    "GET /v1/runs/{ref}/steps/{path}/log",
    "GET /metrics",
    "GET /v1/stream",
    "POST /slack/events",
}
EMPTY = {"OPTIONS /v1/notify"}


def misfits(document: Any, schema: Any, value: Any) -> Iterator[str]:
    """Yield where *value* is not as *schema* of *document* says."""
    whole = Draft202012Validator({**schema, "components": document.get("components", {})})
    yield from (f"{each.json_path}: {each.message}" for each in whole.iter_errors(value))


@pytest.fixture
async def document(house: House) -> Any:
    return (await house.get("/openapi.json")).json()


def good(document: Any) -> dict[str, Any]:
    """Return the schemas of good answers, by address, status and media type."""
    return {
        f"{method.upper()} {path} {status} {kind}": content["schema"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for status, answer in operation["responses"].items()
        for kind, content in answer.get("content", {}).items()
        if kind != "application/problem+json"
    }


async def test_every_address_that_answers_json_is_described(document: Any) -> None:
    described = {" ".join(name.split(" ")[:2]) for name, one in good(document).items() if one}
    there = {f"{m.upper()} {path}" for path, ms in document["paths"].items() for m in ms}

    assert there - described - TEXTS - EMPTY == set()


BATCH = {"accept": "application/cloudevents-batch+json"}
ONE = {"accept": "application/cloudevents+json"}
REPORT = {"process_id": "b1", "status": "started", "progress": "3/7"}
QUESTION = {"process_id": "q1", "approval": {"prompt": "Go?"}, "key": "k"}
ASKED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST /v1/notify", "", {"json": REPORT}),
    ("POST /v1/notify", "", {"json": [REPORT, {}]}),
    ("POST /v1/notify", "", {"json": [{}]}),
    ("POST /v1/notify", "?dry_run=1", {"json": REPORT}),
    ("GET /v1/events", "", {}),
    ("GET /v1/events", "", {"headers": BATCH}),
    ("GET /v1/events/{event_id}", "", {}),
    ("GET /v1/events/{event_id}", "", {"headers": ONE}),
    ("GET /v1/events/{event_id}/raw", "", {}),
    ("GET /v1/events/{event_id}/explain", "", {}),
    ("POST /v1/events/{event_id}/replay", "", {}),
    ("POST /v1/events/{event_id}/replay", "?apply=1", {}),
    ("POST /v1/approvals", "", {"json": QUESTION}),
    ("POST /v1/approvals", "", {"json": QUESTION}),
    ("GET /v1/processes", "", {}),
    ("GET /v1/processes/{name}", "", {}),
    ("GET /v1/threads", "", {}),
    ("GET /v1/threads/{ref}", "", {}),
    ("GET /v1/workflows", "", {}),
    ("POST /v1/workflows/validate", "", {"content": TEXT.format("hooked")}),
    ("PUT /v1/workflows/{name}", "", {"content": TEXT.format("hooked")}),
    ("PUT /v1/workflows/{name}", "", {"content": TEXT.format("hooked") + "title: Hooked\n"}),
    ("GET /v1/workflows/{name}", "", {}),
    ("GET /v1/workflows/{name}/revisions", "", {}),
    ("GET /v1/workflows/{name}/revisions/{number}", "", {}),
    ("GET /v1/workflows/{name}/diff", "", {}),
    ("POST /v1/workflows/{name}/triggers/{trigger}/rotate", "", {"json": {}}),
    ("POST /v1/workflows/{name}/dry-run", "", {"json": {}}),
    ("POST /v1/workflows/{name}/activate", "", {"json": {}}),
    ("POST /v1/workflows/{name}/pause", "", {"json": {}}),
    ("POST /v1/workflows/{name}/resume", "", {"json": {}}),
    ("POST /v1/workflows/{name}/archive", "", {"json": {}}),
    ("POST /v1/workflows/{name}/restore", "", {"json": {}}),
    ("GET /v1/runs", "", {}),
    ("GET /v1/runs/{ref}", "", {}),
    ("GET /v1/approvals", "", {}),
    ("GET /v1/approvals/{ref}", "", {}),
    ("POST /v1/approvals/{ref}/decision", "", {"json": {"choice": "approve"}}),
    ("POST /v1/runs/{ref}/pause", "", {"json": {}}),
    ("POST /v1/runs/{ref}/resume", "", {"json": {}}),
    ("POST /v1/runs/{ref}/skip", "", {"json": {"path": "build"}}),
    ("POST /v1/runs/{ref}/cancel", "", {"json": {}}),
    ("GET /v1/whoami", "", {}),
    ("GET /healthz", "", {}),
    ("GET /readyz", "", {}),
)
ELSEWHERE = {  # the same schemas as those beside them, and texts
    "GET /metrics 200 text/plain",
    "GET /v1/runs/{ref}/steps/{path}/log 200 text/plain",
    "POST /v1/workflows/{name}/runs 202 application/json",
    "POST /v1/hooks/workflow/{name}/{trigger} 202 application/json",
    "POST /v1/runs/{ref}/retry 202 application/json",
    "POST /v1/runs/{ref}/rollback 202 application/json",
    "POST /v1/runs/{ref}/handled 202 application/json",
    "POST /v1/runs/{ref}/again 202 application/json",
    "POST /v1/runs/{ref}/signal 202 application/json",
    "POST /v1/runs/{ref}/resolve 202 application/json",
    "POST /v1/approvals/{ref}/delegate 200 application/json",
    "POST /v1/approvals/{ref}/again 200 application/json",
}


async def test_real_answers_fit(house: House, document: Any) -> None:
    author = await house.token("admin", "publish", source="authors")
    token = await house.token("admin", "read", "notify", "approve", "run", owner="UOLGA")
    await house.add_step("gate", "waiting")
    await house.add_step("build", "running")
    asked = await house.question()
    told = await house.report(token, **REPORT)
    schemas, seen = good(document), set()

    for row, query, more in ASKED:
        method, _, path = row.partition(" ")
        ref = asked.id if "approvals" in path else told["thread_id"] if "threads" in path else RUN
        name = "hooked" if "workflows" in path else "ci:b1"
        address = path.format(
            event_id=told["event_id"], name=name, ref=ref, number=1, trigger="call"
        )
        who = author if "workflows" in path or path.endswith(("raw", "replay")) else token
        answer = await house.ask(method, address + query, who, **more)
        kind = answer.headers["content-type"].partition(";")[0]
        where = f"{row} {answer.status_code} {kind}"
        assert where in schemas, (where, answer.text)
        assert [*misfits(document, schemas[where], answer.json())] == [], where
        seen.add(where)

    described = {where for where, one in schemas.items() if one}
    assert described - seen - ELSEWHERE == set()


def test_a_misfit_is_found() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}

    assert [*misfits({}, schema, {"a": 1})] == []
    for wrong in ({}, {"a": "x"}, [], None):
        assert [*misfits({}, schema, wrong)], wrong
