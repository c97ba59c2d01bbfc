"""A list is filled in line by line, or chosen; what is wrong stands under its field."""

from typing import Any

from tests.stories.box import BatonInABox

ROLLOUT = """
name: rollout
title: Roll out
inputs:
  hosts: {type: array, required: true, items: {type: string, pattern: "^[a-z0-9-]+$"}, max_length: 3}
  ports: {type: array, items: {type: integer, minimum: 1}, default: [80, 443]}
  regions: {type: array, items: {type: string, enum: [eu, us, asia]}, default: [eu]}
  rules: {type: array, items: {type: object}}
steps:
  - {id: note, action: test.work, params: {what: "{{ inputs.hosts }} {{ inputs.ports }} {{ inputs.regions }}"}}
"""


def field(baton: BatonInABox, name: str) -> dict[str, Any]:
    view = baton.slack.modal("linus")
    assert view is not None
    (found,) = [each for each in view["blocks"] if each["block_id"] == f"in.{name}"]
    return dict(found)


async def opened(baton: BatonInABox, typed: str = "start rollout") -> None:
    assert await baton.publish(ROLLOUT)
    await baton.slash(typed, by="linus")


async def test_a_list_is_an_entry_a_line_and_known_values_are_chosen(baton: BatonInABox) -> None:
    await opened(baton)
    hosts, ports, regions = (field(baton, name) for name in ("hosts", "ports", "regions"))
    assert (hosts["element"]["multiline"], hosts["hint"]["text"]) == (True, "One entry a line.")
    assert ports["element"]["initial_value"] == "80\n443"
    chosen = [each["value"] for each in regions["element"]["initial_options"]]
    offered = [each["value"] for each in regions["element"]["options"]]
    assert (chosen, offered) == (["eu"], ["eu", "us", "asia"])
    assert field(baton, "rules")["hint"]["text"] == "A list, as JSON."

    wrong = await baton.submit(
        by="linus",
        hosts="web-1\n\n web-2 \n",
        ports="8080",
        regions=["us", "asia"],  # type: ignore[arg-type]
    )
    assert wrong == {}
    (run,) = await baton.runs()
    assert run.inputs == {
        "hosts": ["web-1", "web-2"],
        "ports": [8080],
        "regions": ["us", "asia"],
        "rules": None,
    }


async def test_each_line_that_does_not_fit_is_named_under_its_field(baton: BatonInABox) -> None:
    await opened(baton)
    wrong = await baton.submit(by="linus", hosts="web-1\n\nWeb 2", ports="80\nhttp\n0")
    assert sorted(wrong) == ["hosts", "ports"]
    assert wrong["hosts"].startswith("Line 3, 'Web 2', must match the pattern")
    assert wrong["ports"] == (
        "Line 2, 'http', must be a whole number, not text. Line 3, '0', must be at least 1."
    )
    assert await baton.runs() == ()

    too_many = await baton.submit(by="linus", hosts="a\nb\nc\nd", ports="")
    assert too_many == {"hosts": "`hosts` must have at most 3 items."}
    assert await baton.submit(by="linus", hosts="true\n12") == {}
    (run,) = await baton.runs()
    assert run.inputs["hosts"] == ["true", "12"]


async def test_what_was_typed_as_json_stands_in_the_form_as_lines(baton: BatonInABox) -> None:
    await opened(baton, "start rollout ports:[1,2]")
    assert field(baton, "ports")["element"]["initial_value"] == "1\n2"
    assert await baton.submit(by="linus", hosts='["a", "b"]') == {}
    (run,) = await baton.runs()
    assert (run.inputs["hosts"], run.inputs["ports"]) == (["a", "b"], [1, 2])
