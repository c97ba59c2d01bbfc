"""Who gets in: one row for each address, one answer to everybody who cannot say who they are."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from coordination.policy import POLICY
from handlers.http.access import ACCESS, ANY_TOKEN, NOBODY_ASKED, OWN, PAGE, PERSON
from handlers.http.auth import admit
from tests.handlers.http.house import RUN, House, problem

OPEN = {NOBODY_ASKED, PAGE}
GUARDED = sorted(row for row, need in ACCESS.items() if need not in {*OPEN, PERSON})


def addresses(app: FastAPI) -> Iterator[tuple[str, Any]]:
    """Yield every method and path of *app*, with its route."""
    for router in app.routes:
        inner = getattr(router, "original_router", None)
        for route in inner.routes if inner is not None else [router]:
            for method in sorted(route.methods - {"HEAD"}):
                yield f"{method} {route.path}", route


def filled(path: str) -> str:
    return path.replace("{name:path}", "ci:x").replace("{ref}", RUN).replace("{path}", "gate").replace("{", "").replace("}", "")


async def test_every_address_has_a_row_and_every_row_an_address(house: House) -> None:
    found = [name for name, _ in addresses(house.app)]

    assert sorted(found) == sorted(ACCESS)
    assert len(found) == len(set(found))


def test_every_row_names_an_action_of_the_policy() -> None:
    assert {need for need in ACCESS.values() if need not in {*OPEN, PERSON, ANY_TOKEN, OWN}} <= {*POLICY}


async def test_admittance_stands_before_every_route(house: House) -> None:
    for name, route in addresses(house.app):
        if isinstance(route, APIRoute):
            continue
        assert name == "GET /openapi.json"  # the one that FastAPI brings itself
    assert [each.dependency for each in house.app.router.dependencies] == [admit]
