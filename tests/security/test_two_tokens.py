"""G9, T-20: every operation of `/openapi.json` with two tokens: no answer is an error of ours, each
fits what is written of it, and who reports sees nothing of what others report.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from structlog.testing import capture_logs

from handlers.http.access import ACCESS
from tests.handlers.http.house import RUN, URL, House, application, open_house
from tests.handlers.http.test_schemas import good, misfits

CANARY = "kestrel-4Vb9Q"  # stands in all that the other source reports
EXAMPLES = min(20, max(6, settings().max_examples // 4))
LEFT_OUT = {"GET /v1/stream"}  # has no end; tests/handlers/http/test_stream.py looks at it


class Two:
    """A house in which two sources reported, and what each of them holds."""

    def __init__(self, house: House, document: Any) -> None:
        self.house = house
        self.document = document
        self.schemas = good(document)
        self.operations = schemathesis.openapi.from_dict(document)
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

    def requests(self, row: str) -> st.SearchStrategy[Case]:
        """Return requests for an operation: mostly as it is written, else wrong in some part.

        The names in their paths are mostly of what there is.
        """
        method, path = row.split(" ", 1)
        operation = self.operations[path][method]
        right, wrong = (
            operation.as_strategy(generation_mode=mode)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        )
        names = st.lists(st.sampled_from(self.names), min_size=3, max_size=3)
        return st.builds(named, right | right | right | wrong, st.none() | names | names)

    async def send(self, case: Case) -> dict[str, httpx.Response]:
        """Send one request with each token."""
        made = requests.Request(**case.as_transport_kwargs(base_url=URL)).prepare()
        headers = {name: in_ascii(value) for name, value in made.headers.items()}
        for name in ("Authorization", "Content-Length"):
            headers.pop(name, None)
        return {
            who: await self.house.ask(
                str(made.method),
                made.path_url,
                self.tokens[who],
                headers=headers,
                content=made.body,
            )
            for who in ("mine", "all")
        }


def named(case: Case, names: list[str] | None) -> Case:
    """Have the path of *case* name something that there is, and let nobody wait for what does not come."""
    for name, known in zip(case.path_parameters, names or (), strict=False):
        case.path_parameters[name] = quote(known, safe=":")
    case.query.pop("wait", None)
    return case


def in_ascii(value: str | bytes) -> str:
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return quote(text[:500], safe=' "*,;=/+-.')


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
    answers = await two.send(data.draw(two.requests(row)))

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
