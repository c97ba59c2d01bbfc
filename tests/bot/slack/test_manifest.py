"""The manifest asks for what is used, and for nothing else."""

import re
from pathlib import Path

import yaml

from bot.slack.manifest import (
    EVENTS,
    FREE,
    OPTIONAL,
    SCOPES,
    SOMETIMES,
    manifest,
    manifest_yaml,
    scopes,
)
from devslack.manifest import understand
from handlers.slack import ids
from handlers.slack.private import LOOKING
from handlers.slack.verbs import VERBS

ROOT = Path(__file__).resolve().parents[3]
METHOD = re.compile(
    r"\"((?:chat|conversations|reactions|users|views|auth|apps|assistant|files)\.[A-Za-z.]+)\""
)
SDK_CALLS = {"apps_connections_open": "apps.connections.open"}


def called() -> set[str]:
    """Return every Web API method that is named in Baton's Slack code."""
    found = set()
    for folder in ("bot/slack", "handlers/slack"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.name == "manifest.py":
                continue
            text = path.read_text(encoding="utf-8")
            found |= set(METHOD.findall(text))
            found |= {name for call, name in SDK_CALLS.items() if f".{call}(" in text}
    return found


def test_every_method_that_is_called_has_its_scopes_and_no_scope_is_asked_for_nothing() -> None:
    assert called() == {*SCOPES, *SOMETIMES, *FREE}


def test_the_manifest_is_one_that_slack_takes() -> None:
    understood = understand(manifest())
    assert understood.problems == ()
    assert sorted(understood.scopes) == sorted([*scopes(), *OPTIONAL])
    assert understood.events == frozenset(EVENTS)
    assert understood.command("/baton") is not None
    assert understood.home
    assert understood.messages_tab
    assert understood.shortcut(ids.START_SHORTCUT, "global") is not None
    assert understood.shortcut(ids.MESSAGE_SHORTCUT, "message") is not None


def test_what_is_typed_lists_only_verbs_that_exist() -> None:
    hint = manifest()["features"]["slash_commands"][0]["usage_hint"]
    assert hint.split(" | ") == [verb.name for verb in VERBS]


def test_what_is_offered_to_begin_with_is_typed_with_verbs_that_only_look() -> None:
    view = manifest()["features"]["agent_view"]
    assert len(view["agent_description"]) <= 300
    assert len(view["suggested_prompts"]) <= 4
    first = {each["message"].split()[0] for each in view["suggested_prompts"]}
    assert first <= {verb.name for verb in LOOKING}


def test_the_lengths_are_those_that_slack_allows() -> None:
    about = manifest()["display_information"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert 175 <= len(about["long_description"]) <= 4000


def test_apps_that_report_in_metadata_are_subscribed_to_and_nobody_else() -> None:
    senders = ["A0JENKINS", "B0NIGHTLY", "U0ADA", "A0JENKINS"]
    asked = manifest(senders=senders)["settings"]["event_subscriptions"]
    assert asked["metadata_subscriptions"] == [
        {"app_id": "A0JENKINS", "event_type": "baton.process"}
    ]
    assert sorted(set(asked["bot_events"]) - set(EVENTS)) == ["message_metadata_posted"]
    assert understand(manifest(senders=senders)).problems == ()

    nobody = manifest(senders=["U0ADA"])["settings"]["event_subscriptions"]
    assert set(nobody) == {"bot_events"}
    many = manifest(senders=[f"A{number}" for number in range(30)])
    assert understand(many).problems == ()


def test_the_text_says_the_same_as_the_value() -> None:
    assert yaml.safe_load(manifest_yaml()) == manifest()


def test_over_http_every_request_goes_to_the_one_address() -> None:
    made = manifest(url="https://baton.example/")
    address = "https://baton.example/slack/events"
    assert made["settings"]["event_subscriptions"]["request_url"] == address
    assert made["settings"]["interactivity"]["request_url"] == address
    assert [each["url"] for each in made["features"]["slash_commands"]] == [address]
    assert made["settings"]["socket_mode_enabled"] is False
    assert understand(made).problems == ()
    assert "http" not in str(manifest()["settings"])


def test_the_least_of_it_reads_nothing_that_people_write_in_channels() -> None:
    made = understand(manifest(least=True))
    assert made.problems == ()
    assert not {"channels:history", "groups:history"} & {*made.scopes}
    assert not {"message.channels", "message.groups"} & made.events
    assert {"app_mention", "app_home_opened"} <= made.events
    assert {"chat:write", "commands", "users:read"} <= {*made.scopes}
