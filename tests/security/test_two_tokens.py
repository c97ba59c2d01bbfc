"""G9, T-20: every operation of `/openapi.json` with two tokens: no answer is an error of ours, each
fits what is written of it, and who reports sees nothing of what others report.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from handlers.http.access import ACCESS
from tests.handlers.http.house import RUN, House, application, open_house
from tests.handlers.http.test_schemas import good, misfits
from tests.security.requests import bodies, fitting, parameters

CANARY = "kestrel-4Vb9Q"  # stands in all that the other source reports
EXAMPLES = min(20, max(6, settings().max_examples // 4))
LEFT_OUT = {"GET /v1/stream"}  # has no end; tests/handlers/http/test_stream.py looks at it


class Two:
    """A house in which two sources reported, and what each of them holds."""

    def __init__(self, house: House, document: Any) -> None:
        self.house = house
        self.document = document
        self.schemas = good(document)
        self.tokens: dict[str, str] = {}
        self.names: list[str] = [RUN, "R-3", "A-1", "A-2", "th_1", "pipeline", "gate", "0", "1"]

    async def furnish(self) -> None:
        house = self.house
        await house.set_run(number=1_000)
        await house.question()
        for who in ("mine", "theirs"):
            token = await house.token("notify", source=who)
            text = CANARY if who == "theirs" else "mine"
            body = {"process_id": f"{who}-1", "name": text, "message": f"says {text}"}
            told = await house.report(token, status="started", labels={"team": text}, **body)
            asking = {"approval": {"prompt": f"Go {text}?", "approvers": ["@grace"]}}
            asked = await house.report(token, **body, status="pending_approval", **asking)
            self.names += [told["event_id"], told["thread_id"], asked["approval_id"]]
            self.names.append(f"{who}:{who}-1")
            self.tokens[who] = token
        scopes = ("admin", "read", "notify", "run", "approve", "publish")
        self.tokens["all"] = await house.token(*scopes, source="all", owner="UROOT")

    async def send(self, row: str, drawn: Any) -> dict[str, httpx.Response]:
        """Send one request with each token; what is left of theirs is looked for in the answers."""
        method, path = row.split(" ", 1)
        place, query, headers, body = drawn
        address = path
        for name in ("{name}", "{ref}", "{path}", "{event_id}", "{number}", "{trigger}"):
            address = address.replace(name, quote(place[name], safe=":"))
        more: dict[str, Any] = {"params": query, "headers": in_ascii(headers)}
        if body is not None:
            kind, value = body
            more["content"] = written(kind, value)
            more["headers"]["Content-Type"] = kind
        return {
            who: await self.house.ask(method, address, self.tokens[who], **more)
            for who in ("mine", "all")
        }


def in_ascii(headers: dict[str, Any]) -> dict[str, str]:
    return {name: quote(str(value)[:500], safe=' "*,;=/') for name, value in headers.items()}


def written(kind: str, value: Any) -> bytes:
    if isinstance(value, str) and "json" not in kind:
        return value.encode("utf-8", "surrogatepass")
    return json.dumps(value).encode()


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    with capture_logs() as logs:
        async with open_house(tmp_path) as house:
            document = application(house.edge).openapi()
            found = Two(house, document)
            await found.furnish()
            yield found
    assert [each for each in logs if each["log_level"] in ("error", "critical")] == []


ROWS = sorted(
    row.replace(":path}", "}")
    for row in ACCESS
    if row.split(" ")[1].startswith(("/v1/", "/healthz", "/readyz", "/slack"))
    and row not in LEFT_OUT
)


@pytest.mark.parametrize("row", ROWS)
@given(data=st.data())
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
async def test_nothing_of_others_is_told_and_every_answer_is_as_described(
    two: Two, row: str, data: Any
) -> None:
    method, path = row.split(" ", 1)
    operation = two.document["paths"][path][method.lower()]
    names = st.sampled_from(two.names) | st.text(min_size=1, max_size=8)
    parts = ("{name}", "{ref}", "{path}", "{event_id}", "{number}", "{trigger}")
    place = data.draw(st.fixed_dictionaries(dict.fromkeys(parts, names)))
    query = data.draw(parameters(two.document, operation, "query"))
    query.pop("wait", None)  # nobody waits for what does not come
    headers = data.draw(parameters(two.document, operation, "header"))
    body = data.draw(bodies(two.document, operation))

    answers = await two.send(row, (place, query, headers, body))

    for who, answer in answers.items():
        assert answer.status_code < 500, (who, answer.text)
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if answer.status_code < 400 and "json" in kind:
            where = f"{row} {answer.status_code} {kind}"
            assert where in two.schemas
            assert [*misfits(two.document, two.schemas[where], answer.json())] == []
        elif kind == "application/problem+json" and "results" not in answer.json():
            assert answer.json()["status"] == answer.status_code
    assert CANARY not in answers["mine"].text


async def test_the_canary_is_there_to_be_seen(two: Two) -> None:
    """Else it would prove nothing that it is not."""
    for path in ("/v1/events", "/v1/processes", "/v1/approvals"):
        assert CANARY in (await two.house.get(path, two.tokens["all"])).text
    assert (
        CANARY in (await two.house.get("/v1/processes/theirs:theirs-1", two.tokens["theirs"])).text
    )


@given(
    value=fitting(
        {}, {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
    )
)
@settings(max_examples=20)
def test_most_of_what_is_made_fits(value: Any) -> None:
    assert isinstance(value, dict | list | str | int | float | type(None))
