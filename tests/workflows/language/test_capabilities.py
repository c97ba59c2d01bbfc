"""What a definition may do beyond the one before it, and which gates of it are weaker."""

from typing import Any

import pytest
import yaml

from coordination.ports import Gain
from workflows.language.capabilities import gains

BEFORE = yaml.safe_load("""
name: release
settings: {approvers: ["@ada"], start_by: ["@team"]}
steps:
  - id: gate
    approval: {title: "Go?", approvers: ["@ada"], quorum: 2, covers: [deploy, tell]}
  - id: deploy
    action: shell.run
    params: {argv: [./deploy.sh, "{{ inputs.target }}"], env: {TOKEN: "{{ secrets.DEPLOY }}"}}
    compensate: {action: shell.run, params: {argv: [./rollback.sh]}}
  - id: tell
    action: http.request
    params: {url: "https://status.example.com/{{ inputs.target }}", method: POST}
  - id: last
    action: shell.run
    params: {argv: [./deploy.sh]}
    requires_approval: true
""")


def changed(**steps: dict[str, Any] | None) -> dict[str, Any]:
    """Return the definition with changes in some steps; None takes one out."""
    body: dict[str, Any] = yaml.safe_load(yaml.safe_dump(BEFORE))
    kept = []
    for step in body["steps"]:
        change = steps.get(step["id"], {})
        if change is not None:
            kept.append({**step, **change})
    body["steps"] = kept
    return body


def texts(after: Any, before: Any = BEFORE) -> list[str]:
    return [each.text for each in gains(before, after)]


def test_what_only_reads_differently_gains_nothing() -> None:
    after = changed(deploy={"name": "Deploy it", "timeout": "5m"})
    after["description"] = "The same"

    assert gains(BEFORE, after) == ()


def test_to_reach_other_runs_is_a_power_and_to_log_is_none() -> None:
    tells = {"id": "tells", "action": "baton.signal", "params": {"run": "R-1", "name": "go"}}
    logs = {"id": "logs", "action": "baton.log", "params": {"message": "x"}}

    assert texts({**BEFORE, "steps": [*BEFORE["steps"], tells, logs]}) == ["uses `baton.signal`"]


def test_of_the_first_revision_everything_is_new() -> None:
    assert gains(None, BEFORE) == (
        Gain("program", "deploy", "runs the program `./deploy.sh`"),
        Gain("secret", "deploy", "uses the secret `DEPLOY`"),
        Gain("program", "deploy", "runs the program `./rollback.sh`"),
        Gain("host", "tell", "calls the host `status.example.com`"),
    )


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["./other.sh"], "runs the program `./other.sh`"),
        (["sh", "-c", "curl x | sh"], "runs the program `sh -c curl x | sh`"),
        (["sudo", "./deploy.sh"], "runs the program `sudo ./deploy.sh`"),
        (["{{ inputs.what }}"], "runs the program `{{ inputs.what }}`"),
    ],
)
def test_a_new_program_is_one_that_was_not_run_before(argv: list[str], says: str) -> None:
    assert texts(changed(last={"params": {"argv": argv}})) == [says]


def test_a_program_of_a_template_is_what_the_settings_allow() -> None:
    after = changed(last={"params": {"argv": ["{{ inputs.what }}"]}})
    after["settings"]["programs"] = ["./deploy.sh", "./danger.sh"]

    assert texts(after) == ["runs the program `./danger.sh`"]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://STATUS.example.com:443/x", "calls the host `status.example.com:443`"),
        ("https://user:pw@evil.example/x", "calls the host `evil.example`"),
        ("https://{{ inputs.host }}/x", "calls whatever host `https://{{ inputs.host }}/x` gives"),
        ("{{ inputs.url }}", "calls whatever host `{{ inputs.url }}` gives"),
    ],
)
def test_a_new_host_is_named(url: str, says: str) -> None:
    assert texts(changed(tell={"params": {"url": url, "method": "POST"}})) == [says]


def test_secrets_are_found_wherever_params_hold_them() -> None:
    params = {"url": "https://status.example.com", "headers": {"A": "x {{ secrets['KEY'] }}"}}

    assert texts(changed(tell={"params": params})) == ["uses the secret `KEY`"]


def test_what_may_run_twice_is_told() -> None:
    again = changed(
        deploy={"repeatable": True},
        tell={"params": {"url": "https://status.example.com", "honours_key": True}},
    )

    assert texts(again) == [
        "runs `deploy` again after a crash: `repeatable: true`",
        "sends `tell` again after a crash: `honours_key: true`",
    ]


def test_other_actions_and_children_are_told() -> None:
    after = changed(last={"action": "git.commit", "params": {"message": "x"}})
    after["steps"].append({"id": "call", "workflow": "other"})
    after["steps"].append({"id": "say", "action": "baton.log", "params": {"message": "x"}})

    assert texts(after) == ["uses `git.commit`", "starts the workflow `other`"]


@pytest.mark.parametrize(
    ("gate", "says"),
    [
        ({"quorum": 1}, "takes 1 instead of 2"),
        ({"approvers": ["@ada", "@bob"]}, "may be given by @bob as well"),
        ({"approvers": "@bob"}, "may be given by @bob as well"),
        (
            {"escalate": [{"after": "1h", "to": ["@boss"]}]},
            "may be given by @boss as well",
        ),
        ({"allow_self": True}, "may be given by whoever started the run"),
        ({"timeout": "1h", "on_timeout": "approve"}, "becomes `approve` if nobody answers"),
        ({"covers": ["deploy"]}, "does not cover `tell` any more"),
    ],
)
def test_a_weaker_gate_is_told(gate: dict[str, Any], says: str) -> None:
    asked = {**BEFORE["steps"][0]["approval"], **gate}
    after = changed(gate={"approval": asked})

    assert texts(after) == [f"the approval `gate` {says}"]
    assert not any(says in each for each in texts(BEFORE, after))


def test_a_gate_that_is_gone_is_told_with_what_it_guarded() -> None:
    assert texts(changed(gate=None)) == [
        "the approval `gate` is gone",
        "`deploy` waits for no approval any more",
        "`tell` waits for no approval any more",
    ]


def test_a_gate_of_a_step_that_is_gone_or_goes_around_is_told() -> None:
    assert texts(changed(last={"requires_approval": False, "needs": []})) == [
        "the approval `last~approval` is gone",
        "`last` waits for no approval any more",
    ]
    assert texts(changed(deploy={"needs": []})) == [
        "`deploy` waits for no approval any more",
        "`tell` waits for no approval any more",
    ]
    assert texts(changed(gate={"condition": "inputs.ask"})) == [
        "the approval `gate` is only asked under a condition"
    ]


def test_who_may_start_it_is_told_where_more_may() -> None:
    wider = changed()
    wider["settings"]["start_by"] = ["@team", "@others"]
    open_ = changed()
    open_["settings"]["start_by"] = []

    assert texts(wider) == ["@others may start it as well"]
    assert texts(open_) == ["everybody may start it"]


def test_steps_are_found_wherever_they_stand() -> None:
    step = {"id": "x", "action": "shell.run", "params": {"argv": ["./new.sh"]}}
    places: list[dict[str, Any]] = [
        {"id": "a", "for_each": [1], "steps": [step]},
        {"id": "b", "parallel": {"one": [step]}},
        {"id": "c", "switch": [{"if": "true", "steps": []}, {"else": [step]}]},
        {"id": "d", "repeat": {"until": "true", "max": 2}, "steps": [step]},
        {"id": "e", "action": "baton.log", "params": {"message": "x"}, "on_error": [step]},
    ]
    for place in places:
        after = changed()
        after["steps"].append(place)
        assert [(each.path, each.kind) for each in gains(BEFORE, after)] == [
            (f"{place['id']}.x", "program")
        ]
    after = changed()
    after["finally"] = [step]
    assert [each.path for each in gains(BEFORE, after)] == ["finally.x"]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        {},
        {"steps": None},
        {"steps": ["x", {"id": 1}, {"switch": None, "parallel": []}]},
        {"settings": [], "triggers": [1, {"secret": 2}]},
        {"steps": [{"id": "g", "approval": {"quorum": "x", "approvers": None, "covers": 1}}]},
    ],
)
def test_bodies_of_any_shape_are_compared(odd: Any) -> None:
    assert isinstance(gains(odd, BEFORE), tuple)
    assert isinstance(gains(BEFORE, odd), tuple)
