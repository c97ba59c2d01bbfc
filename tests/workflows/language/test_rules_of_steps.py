"""What is said of steps that could not do what they seem to say, in the words that a stranger reads."""

import pytest

from tests.workflows.language.samples import problems, steps
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.errors import InvalidDefinition

BUILT_IN = Registry(built_in(environment={}))
GATE = 'approval: {title: x, approvers: ["<@U123>"], %s}'


def said(text: str, head: str = "") -> list[tuple[str, str | None]]:
    return [(each.message, each.hint) for each in problems(steps(text, head))]


@pytest.mark.parametrize("way", ["continue", "[{id: h, wait: 1s}]"])
def test_nobody_handles_a_step_that_ends_the_run_as_failed(way: str) -> None:
    (found,) = problems(steps(f"- {{id: a, fail: x, on_error: {way}}}"))

    assert (found.severity, found.code, found.path) == (
        "warning",
        "no_effect",
        "steps[0].on_error",
    )
    assert found.message == "`fail` ends the run, whoever would handle it"


@pytest.mark.parametrize(
    ("end", "edge", "runs"),
    [
        ("fail: x", "{step: a, on: failure}", False),
        ("fail: x", "{step: a, if: 'true'}", False),
        ("fail: x", "{step: a, on: success}", False),
        ("fail: x", "a", False),
        ("fail: x", "{step: a, on: always}", True),
        ("stop: x", "a", False),
        ("stop: x", "{step: a, on: always}", False),
        ("stop: x", "{step: a, on: failure}", False),
        ("stop: '{{ inputs.x }}'", "{step: a, on: failure}", True),
        ("stop: '{{ inputs.x }}'", "{step: a, on: always}", True),
        ("stop: '{{ inputs.x }}'", "a", False),
        ("stop: '{{ inputs.x }}', on_error: continue", "a", True),
        ("stop: x, condition: inputs.x", "{step: a, on: always}", True),
        ("fail: x, condition: inputs.x", "a", True),
    ],
)
def test_nothing_follows_a_step_that_always_ends_the_run(end: str, edge: str, runs: bool) -> None:  # noqa: FBT001
    text = f"- {{id: a, {end}}}\n- {{id: b, wait: 1s, needs: [{edge}]}}"
    found = [
        each.code for each in problems(steps(text, "inputs: {x: {type: string, default: ''}}\n"))
    ]

    assert found == ([] if runs else ["unreachable"])


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "- {id: a, wait: 1s}\n- {id: b, wait: 1s, needs: a}",
            "`needs` must be a list or a map, not text",
            "Write `[a]`.",
        ),
        (
            "- {id: a, wait: 1s}\n- {id: b, wait: 1s, needs: {step: a}}",
            "there is no key `step` here",
            "There is only any.",
        ),
        (
            f"- {{id: a, {GATE % 'escalate: [{after: 1h}]'}}}",
            "an entry of `escalate` needs the key `to`",
            "Add `to`.",
        ),
        (
            "- {id: a, action: shell.run, params: {argv: make all}}",
            "`argv` must be a list, not text",
            "Put its entries into `[` and `]`.",
        ),
        (
            "- {id: a, action: http.x}",
            "there is no action `http.x`",
            "There are http.request.",
        ),
        (
            "- {id: a, action: email.send}",
            "there is no action `email.send`",
            "There are baton, http, ops, shell.",
        ),
        ("- {id: a, fail: }", "`fail` says nothing here", "Write what it is to do."),
        (
            f"- {{id: a, {GATE % 'covers: [zz]'}}}",
            "there is no step `zz` here",
            "It names steps of its own list that come after it.",
        ),
    ],
)
def test_a_common_slip_is_said_once_with_its_mend(text: str, message: str, hint: str) -> None:
    found = said(text)

    assert (message, hint) in found
    assert len([each for each in found if each[0] == message]) == 1


def test_a_text_for_argv_is_one_mistake() -> None:
    assert len(said("- {id: a, action: shell.run, params: {argv: make all}}")) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            "http.request, params: {url: u, allow_status: [x]}",
            "an entry of `allow_status` must be a whole number, not text",
        ),
        (
            "http.request, params: {url: u, honours_key: maybe}",
            "`honours_key` must be true or false, not text",
        ),
        ("shell.run, params: {argv: [x, {a: 1}]}", "an entry of `argv` must be text, not a map"),
        (
            "slack.post, params: {text: x, channel: 5}",
            "`channel` must be text or a list, not a number",
        ),
        ("slack.post, params: {text: x, channel: []}", "`channel` must not be empty"),
        (
            "slack.post, params: {text: x, channel: [5]}",
            "an entry of `channel` must be text, not a number",
        ),
        (
            "slack.update, params: {notice_id: x, text: y}",
            "`notice_id` does not have the form `^nt_[0-9A-Z]{26}$`",
        ),
        (
            "http.request, params: {url: u, timeout: 10}",
            "`timeout` is refused: '10' has no unit. Write `10s` for seconds, or `10m` for minutes.",
        ),
        ("data.read, params: {path: x, delimiter: ab}", "`delimiter` is longer than 1 characters"),
    ],
)
def test_a_wrong_param_is_said_once_in_our_own_words(call: str, message: str) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        check(steps(f"- {{id: a, action: {call}}}"), BUILT_IN, file="f.yaml")

    assert [each.message for each in refused.value.problems] == [message]
