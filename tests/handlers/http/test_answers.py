"""How a refusal is answered, whatever goes wrong and wherever, and what goes along with every answer."""

import asyncio
from pathlib import Path
from typing import Any, NoReturn

import pytest
from structlog.testing import capture_logs

from handlers.http import Demo
from handlers.http.access import ACCESS
from handlers.http.guard import Named
from handlers.http.problems import MOST_ERRORS, translated
from tests.handlers.http.house import RUN, URL, House, open_house, problem

EVERYWHERE = ("content-security-policy", "x-content-type-options", "referrer-policy")


async def broken(*_: Any) -> NoReturn:
    raise RuntimeError("a secret of the inside")


async def test_there_is_nothing_at_other_addresses(house: House) -> None:
    for path in ("/nothing", "/v1", "/v1/nothing", "/v1/runs/", "/docs", "/admin/token"):
        found = problem(await house.get(path))
        assert found["code"] == "not-found"
        assert "/openapi.json" in found["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/runs", "GET, HEAD"),
        ("POST", f"/v1/runs/{RUN}", "GET, HEAD"),
        ("PUT", "/v1/notify", "POST"),
        ("HEAD", "/v1/notify", "POST"),
        ("GET", f"/v1/runs/{RUN}/cancel", "POST"),
        ("PATCH", "/healthz", "GET, HEAD"),
        ("BREW", "/v1/notify", "POST"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    house: House, method: str, path: str, allowed: str
) -> None:
    answer = await house.ask(method, path)

    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
    if method != "HEAD":
        assert problem(answer)["code"] == "method-not-allowed"


async def test_head_is_answered_wherever_get_is(house: House) -> None:
    token = await house.token("read")
    paths = ["/healthz", "/readyz", "/openapi.json", "/v1/runs", f"/v1/runs/{RUN}", "/v1/whoami"]

    for path in [*paths, "/page.css", "/v1/runs/R-99"]:
        full, head = await house.get(path, token), await house.ask("HEAD", path, token)
        assert (head.status_code, head.content) == (full.status_code, b""), path
        assert head.headers["content-type"] == full.headers["content-type"]
        assert "x-request-id" in head.headers


async def test_head_of_the_stream_ends(house: House) -> None:
    token = await house.token("read")

    answer = await asyncio.wait_for(house.ask("HEAD", "/v1/stream", token), 2)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")


async def test_a_mistake_of_ours_is_told_without_the_inside(house: House) -> None:
    house.scene.door.read = broken  # type: ignore[method-assign, assignment]

    with capture_logs() as logs:
        answer = await house.get("/v1/runs", await house.token("read"))

    assert answer.status_code == 500
    (entry,) = logs
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert isinstance(entry["exc_info"], RuntimeError)
    assert problem(answer)["code"] == "internal"
    assert "secret" not in answer.text
    for name in EVERYWHERE:
        assert name in answer.headers


async def test_a_mistake_on_a_page_is_told_on_a_page(house: House) -> None:
    house.log_in("ada")
    house.scene.door.read = broken  # type: ignore[method-assign, assignment]

    with capture_logs():
        answer = await house.get(f"/r/{RUN}")

    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-request-id"] in answer.text
    assert "secret" not in answer.text


async def test_half_an_answer_is_cut_and_not_continued(house: House) -> None:
    sent: list[Any] = []

    async def half(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("in the middle")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "app": house.app}
    with capture_logs(), pytest.raises(RuntimeError):
        await Named(half)(scope, broken, send)

    assert [each["type"] for each in sent] == ["http.response.start"]


async def test_a_problem_looks_like_this(house: House) -> None:
    answer = await house.get("/v1/runs/R-99", await house.token("read"))

    assert problem(answer) == {
        "type": "urn:baton:problem:not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is no run 'R-99'.",
        "code": "not-found",
        "instance": answer.headers["x-request-id"],
    }


async def test_every_request_has_an_id_of_its_own(house: House) -> None:
    first, second = await house.get("/healthz"), await house.get("/healthz")

    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    taken = await house.get("/healthz", headers={"X-Request-Id": "mine"})
    assert taken.headers.get_list("x-request-id") != ["mine"]


async def test_parameters_that_do_not_fit_are_named(house: House) -> None:
    token = await house.token("read")

    for query in ("limit=0", "limit=501", "limit=x", "after=-1", "after=" + "9" * 30):
        found = problem(await house.get(f"/v1/runs?{query}", token))
        assert (found["status"], found["code"]) == (422, "invalid-event")
        assert found["errors"][0]["pointer"] == f"/query/{query.partition('=')[0]}"
    for path in ("/v1/approvals?state=no", "/v1/processes?status=no", "/v1/runs?status=no"):
        assert (await house.get(path, token)).status_code == 422
    assert (await house.get("/v1/processes/ci:b?until=no", token)).status_code == 422
    assert (await house.get("/v1/events?wait=nan", token)).status_code == 422


async def test_a_hundred_thousand_mistakes_do_not_make_a_long_answer(house: House) -> None:
    token = await house.token("run")
    body = {f"member-{n}": n for n in range(20_000)}

    answer = await house.post(f"/v1/runs/{RUN}/cancel", token, json=body)

    assert len(problem(answer)["errors"]) == MOST_ERRORS
    assert len(answer.content) < 20_000


async def test_a_long_name_is_not_echoed_whole(house: House) -> None:
    token = await house.token("run", "read")

    answers = [
        await house.post(f"/v1/runs/{RUN}/cancel", token, json={"x" * 90_000: 1}),
        await house.get("/v1/runs/" + "x" * 9000, token),
        await house.get("/v1/processes/ci:" + "x" * 9000, token),
        await house.post("/v1/workflows/" + "x" * 9000 + "/runs", token, json={}),
    ]

    for answer in answers:
        assert "x" * 250 not in answer.text


async def test_sentences_name_people_and_not_their_ids(house: House) -> None:
    asked = await house.question()
    await house.scene.answer("grace", asked)
    late = await house.token("approve", owner="ULINUS")

    answer = await house.post(
        f"/v1/approvals/{asked.id}/decision", late, json={"choice": "reject", "comment": "no"}
    )

    assert problem(answer)["code"] == "already-decided"
    assert "by @grace at 12:00 UTC" in problem(answer)["detail"]
    assert "UGRACE" not in answer.text


async def test_people_get_a_page_and_programs_a_document(house: House) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml"}

    assert "<h1>Not found</h1>" in (await house.get("/nothing", headers=browser)).text
    assert problem(await house.get("/v1/runs", headers=browser))["status"] == 401
    assert (await house.get("/r/R-3")).headers["content-type"].startswith("text/html")
    assert problem(await house.get("/demo.json"))["status"] == 404


async def test_what_goes_along_with_every_answer(house: House) -> None:
    for path in ("/healthz", "/v1/runs", "/nothing", "/r/R-3", "/page.css"):
        headers = (await house.get(path)).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'self';")
        for part in ("object-src 'none'", "base-uri 'none'", "form-action 'self'"):
            assert part in policy
        assert policy.endswith("frame-ancestors 'none'")
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


async def test_the_demo_frames_its_slack_and_nobody_frames_the_demo(tmp_path: Path) -> None:
    demo = Demo("http://127.0.0.1:9123/page?x=1", "#releases", "demo.db")

    async with open_house(tmp_path, demo=demo) as house:
        policy = (await house.get("/demo")).headers["content-security-policy"]

    assert "frame-src http://127.0.0.1:9123; " in policy
    assert "frame-ancestors 'none'" in policy


async def test_alive_and_ready_are_two_questions(house: House) -> None:
    assert (await house.get("/healthz")).json() == {"status": "ok"}
    assert (await house.get("/readyz")).json() == {"status": "ready"}

    house.failing["slack"] = "connecting"

    assert (await house.get("/healthz")).status_code == 200
    answer = await house.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, {"slack": "connecting"})


def test_what_nobody_foresaw_is_an_internal_problem() -> None:
    found = translated(KeyError("password"))

    assert (found.status, found.code) == (500, "internal")
    assert "password" not in found.detail


def test_nothing_of_the_admin_socket_is_on_a_port() -> None:
    assert not [row for row in ACCESS if "admin" in row]
    assert URL.startswith("http://127.0.0.1")
