"""Inputs: what people type is read as what is meant, and what programs send is taken as it is."""

from typing import Any

import pytest

from tests.stories.box import BatonInABox

TYPED = """
name: typed
inputs:
  count: {type: integer, minimum: 1, maximum: 9, description: How many}
  loud: {type: boolean, default: false}
  ports: {type: array, items: {type: integer}}
triggers: [{event: test.completed, inputs: {count: "{{ trigger.name }}"}}]
steps:
  - {id: work, action: test.work, params: {what: "{{ inputs.count }} {{ inputs.loud }} {{ inputs.ports }}"}}
"""


async def test_what_people_type_is_read(baton: BatonInABox) -> None:
    await baton.publish(TYPED)
    await baton.slash("start typed count:3 loud:yes ports:[80,443]", by="ada")

    assert baton.performed == ["3 true [80,443]"]


@pytest.mark.parametrize(
    ("inputs", "pointer"),
    [
        ({"count": "3"}, "/inputs/count"),
        ({"count": 3.0}, "/inputs/count"),
        ({"count": 30}, "/inputs/count"),
        ({"loud": "yes"}, "/inputs/loud"),
        ({"loud": 1}, "/inputs/loud"),
        ({"ports": "[80]"}, "/inputs/ports"),
        ({"ports": ["80"]}, "/inputs/ports"),
        ({"cuont": 3}, "/inputs/cuont"),
    ],
)
async def test_what_programs_send_is_never_guessed(
    baton: BatonInABox, inputs: dict[str, Any], pointer: str
) -> None:
    await baton.publish(TYPED)
    body = {"inputs": inputs, "request_id": "once"}
    answer = await baton.ask("POST", "/v1/workflows/typed/runs", json=body)
    await baton.quiet()

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    assert await baton.runs() == ()


async def test_text_of_an_event_is_no_number_either(baton: BatonInABox) -> None:
    await baton.publish(TYPED)
    await baton.report("test.completed", process="t-1", name="3")

    assert await baton.runs() == ()
    (told,) = baton.replies("t-1")
    assert "must be a whole number, not text" in told


async def test_the_schema_of_its_inputs_is_told(baton: BatonInABox) -> None:
    await baton.publish(TYPED)
    told = (await baton.ask("GET", "/v1/workflows/typed")).json()["inputs_schema"]

    assert told["properties"]["count"] == {
        "type": "integer",
        "minimum": 1.0,
        "maximum": 9.0,
        "description": "How many",
    }
    assert told["additionalProperties"] is False


async def test_inputs_and_outputs_stand_in_the_order_of_the_file(baton: BatonInABox) -> None:
    text = TYPED.replace("ports:", "a_last_one: {type: string}\n  ports:", 1)
    await baton.publish(text)
    told = (await baton.ask("GET", "/v1/workflows/typed")).json()["inputs_schema"]
    await baton.restart()
    again = (await baton.ask("GET", "/v1/workflows/typed")).json()["inputs_schema"]

    assert list(told["properties"]) == ["count", "loud", "a_last_one", "ports"]
    assert list(again["properties"]) == list(told["properties"])
