"""`/openapi.json` and the reference page say the same as the application does."""

from pathlib import Path
from typing import Any

import pytest

from coordination.policy import POLICY
from handlers.http.access import ACCESS, PAGE, PERSON
from handlers.http.problems import CODES, TITLES
from handlers.http.reference import reference
from tests.handlers.http.house import House
from tests.handlers.http.test_doors import GUARDED, filled

ROOT = Path(__file__).parents[3]
METHODS = {"get", "post", "put", "options"}
POSTED: tuple[dict[str, Any], ...] = (
    {"json": {"nope": 1}},
    {"json": {"process_id": "b", "status": "started"}},
    {"content": b"x", "headers": {"Content-Type": "text/x"}},
    {"content": b"{", "headers": {"Content-Type": "application/json"}},
    {"headers": {"Content-Length": "9999999"}},
)
ALL_BAD = ("POST /v1/notify", "422")  # of a list: each item has a problem of its own
FILES = {"GET /page.css", "GET /icon.svg", "GET /assets/{name}", "GET /openapi.json"}


@pytest.fixture
async def document(house: House) -> dict[str, Any]:
    answer = await house.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    return body


def operations(document: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [ref for each in part.values() for ref in references(each)]
    return [ref for each in part for ref in references(each)] if isinstance(part, list) else []


async def test_the_document_is_whole(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"] == {"title": "Baton", "version": "0.0.0"}
    for ref in references(document):
        place: Any = document
        for name in ref.removeprefix("#/").split("/"):
            place = place[name]
    ids = [one["operationId"] for one in operations(document).values()]
    assert len(ids) == len(set(ids))
    assert all(set(methods) <= METHODS for methods in document["paths"].values())


async def test_every_parameter_of_a_path_is_declared(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        declared = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert {part[1:-1] for part in name.split("/") if part.startswith("{")} == declared


async def test_every_address_but_pages_is_described(document: dict[str, Any]) -> None:
    pages = {row for row, need in ACCESS.items() if need in (PAGE, PERSON)} | FILES

    assert set(operations(document)) == {
        row.replace(":path", "") for row in ACCESS if row not in pages
    }
    assert all(operation["description"] for operation in operations(document).values())


async def test_refusals_are_problems_and_none_is_fastapis_own(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        for status, answer in operation["responses"].items():
            if status < "400" or (name, status) == ("GET /readyz", "503"):
                continue
            refused = answer["content"].pop("application/problem+json")
            assert references(refused) == ["#/components/schemas/Problem"], (name, status)
            others = [*answer["content"]]
            assert others == (["application/json"] if (name, status) == ALL_BAD else [])
    assert "HTTPValidationError" not in str(document)


async def test_every_status_that_is_answered_is_described(
    house: House, document: dict[str, Any]
) -> None:
    described = {
        name.replace("{name}", "{name:path}") if "processes" in name else name: set(
            one["responses"]
        )
        for name, one in operations(document).items()
    }
    strong = await house.token("admin", "approve", "read", "run", "notify", owner="UOLGA")
    weak = await house.token("publish")

    for row in GUARDED:
        method, path = filled(row)
        if path == "/v1/stream":
            continue
        answers = [
            await house.ask(method, path),
            await house.ask(method, path, weak),
            await house.ask(method, path, strong),
            await house.ask(method, path.replace("run_0", "run_9"), strong),
            await house.ask(method, f"{path}?limit=x&wait=x", strong),
        ]
        for more in POSTED if method in ("POST", "PUT") else ():
            answers += [await house.ask(method, path, strong, **more)]
        found = {str(answer.status_code) for answer in answers}
        assert found <= described[row], row


def test_every_title_has_a_code() -> None:
    assert TITLES.keys() == CODES.keys()


def test_the_reference_is_what_the_tables_say() -> None:
    written = (ROOT / "docs" / "reference" / "http.md").read_text(encoding="utf-8")

    assert written == reference(), "write it anew: python -m bot.reference"
    assert all(f"`{row.split(' ')[1]}`".replace(":path", "") in written for row in ACCESS)
    assert {rule.scope for rule in POLICY.values()} <= set(written.replace("`", " ").split())
