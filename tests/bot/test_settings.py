"""Settings: each wrong value is named with its mend, and no secret is shown."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.app import build, make_folders
from bot.configuration import Configuration, read_configuration, rules_of
from bot.keys import derived, instance_key
from bot.settings import InvalidSettings, Settings, read_settings
from coordination.noise import QuietHours
from coordination.rates import Rate
from coordination.slack_bus import BusChannel
from tests.coordination.scene import CountingIds

LOCAL = {
    "slack_api_url": "http://127.0.0.1:9/api/",
    "slack_bot_token": "xoxb-devslack-1",
    "slack_app_token": "xapp-devslack-1",
}


def made(**values: Any) -> Settings:
    return read_settings(_env_file=None, **values)


def refusal(**values: Any) -> str:
    with pytest.raises(InvalidSettings) as refused:
        made(**values).slack_tokens()
    return str(refused.value)


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_API_URL", "BATON_DATA"):
        monkeypatch.delenv(name, raising=False)


def test_the_environment_is_read_by_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1234")
    monkeypatch.setenv("BATON_HTTP_ALLOW", " localhost:80, example.com:8080 ,")
    monkeypatch.setenv("BATON_RAW_BODY_RETENTION", "P3D")
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:9/api")

    settings = made()

    assert settings.port == 1234
    assert settings.http_allow == ("localhost:80", "example.com:8080")
    assert settings.raw_body_retention == timedelta(days=3)
    assert settings.slack_api_url == "http://127.0.0.1:9/api/"
    assert settings.address == "http://127.0.0.1:1234"
    assert settings.configuration == Path(".baton/baton.yaml")


def test_a_public_address_goes_before_the_one_that_is_listened_on() -> None:
    assert made(public_url="https://baton.example/").address == "https://baton.example"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"port": 70_000}, "PORT: Input should be less than or equal to 65535"),
        ({"port": "x"}, "PORT: Input should be a valid integer"),
        ({"http_allow": "example.com"}, "BATON_HTTP_ALLOW: 'example.com' is not written host:port"),
        ({"http_allow": "a:b"}, "BATON_HTTP_ALLOW: 'a:b'"),
        ({"workflows": "/no/such"}, "BATON_WORKFLOWS: there is no folder /no/such; make it"),
        ({"public_url": "baton.example"}, "BATON_PUBLIC_URL: 'baton.example' is no http or https"),
        ({"public_url": "https://[::1"}, "BATON_PUBLIC_URL"),
        ({"slack_api_url": "slack"}, "SLACK_API_URL: 'slack' is no http or https address"),
        ({"action_limit": 0}, "BATON_ACTION_LIMIT: Input should be greater than or equal to 1"),
        ({"stop_grace": "soon"}, "BATON_STOP_GRACE: Input should be a valid timedelta"),
        ({"host": "0.0.0.0"}, "Set BATON_PUBLIC_URL to the address"),  # noqa: S104 - refused
        ({}, "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are not set. `python -m bot init`"),
        ({"slack_bot_token": "xoxb-1"}, "SLACK_APP_TOKEN is not set"),
        ({"slack_app_token": "xapp-1"}, "SLACK_BOT_TOKEN is not set"),
        ({**LOCAL, "slack_bot_token": "xapp-devslack-1"}, "SLACK_BOT_TOKEN must start with xoxb-"),
        ({**LOCAL, "slack_app_token": "xoxb-devslack-1"}, "SLACK_APP_TOKEN must start with xapp-"),
        ({**LOCAL, "slack_bot_token": "xoxb-1-real"}, "looks like one of a real workspace"),
        ({**LOCAL, "slack_api_url": "https://slack.com/api/"}, "Set SLACK_API_URL to its address"),
        (
            {**LOCAL, "slack_api_url": "http://localhost.evil.example/"},
            "Set SLACK_API_URL to its address",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_mend(values: dict[str, Any], says: str) -> None:
    assert says in refusal(**values)


def test_every_wrong_value_is_named_at_once() -> None:
    said = refusal(port=-1, action_limit=0, public_url="x")

    assert [name in said for name in ("PORT", "BATON_ACTION_LIMIT", "BATON_PUBLIC_URL")] == [
        True
    ] * 3


def test_no_secret_is_shown() -> None:
    settings = made(**LOCAL, key="k" * 40)

    for shown in (repr(settings), str(settings), refusal(**{**LOCAL, "slack_bot_token": "hush"})):
        assert "devslack-1" not in shown
        assert "k" * 40 not in shown
        assert "hush" not in shown


def test_good_tokens_are_given_out() -> None:
    assert made(**LOCAL).slack_tokens() == ("xoxb-devslack-1", "xapp-devslack-1")


def test_a_network_address_needs_a_name() -> None:
    assert made(host="0.0.0.0", public_url="https://baton.example").host  # noqa: S104 - named
    assert made(host="::1").host == "::1"


def test_programs_see_only_what_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_MINE", "hush")
    monkeypatch.setenv("BATON_SECRET_DEPLOY", "key")

    settings = made(shell_environment="PATH, NOT_THERE")

    assert settings.child_environment().keys() == {"PATH"}
    assert settings.secret("deploy") == "key"
    with pytest.raises(KeyError):
        settings.secret("other")


async def test_a_missing_token_stops_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="SLACK_BOT_TOKEN"):
        await build(made(data=tmp_path / "data"), Configuration())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["a file in the way", "a file above"])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, kind: str) -> None:
    (tmp_path / "taken").write_text("")
    place = tmp_path / "taken" if kind == "a file in the way" else tmp_path / "taken" / "data"

    with pytest.raises(InvalidSettings) as refused:
        make_folders(made(data=place))

    assert str(place) in str(refused.value)
    assert "Set BATON_DATA to a folder that Baton may write." in str(refused.value)


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = made(data=tmp_path)

    first = instance_key(settings, CountingIds())
    again = instance_key(settings, CountingIds())

    place = tmp_path / "instance.key"
    assert first == again
    assert place.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["instance.key"]
    assert derived(first, "runs") != derived(first, "sessions") != first


def test_a_key_of_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    one = instance_key(made(data=tmp_path, key="a" * 32), CountingIds())
    other = instance_key(made(data=tmp_path, key="b" * 32), CountingIds())

    assert one != other
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        ("", 0o600, "holds no key"),
        ("half a key", 0o600, "holds no key"),
        ("k" * 43, 0o644, "readable by others"),
        ("k" * 43, 0o640, "chmod 600"),
    ],
)
def test_a_key_that_is_none_or_everybodys_is_refused(
    tmp_path: Path, content: str, mode: int, says: str
) -> None:
    place = tmp_path / "instance.key"
    place.write_text(content)
    place.chmod(mode)

    with pytest.raises(InvalidSettings, match=says):
        instance_key(made(data=tmp_path), CountingIds())
    assert place.read_text() == content


def test_a_short_key_of_the_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="BATON_KEY is too short"):
        instance_key(made(data=tmp_path, key="short"), CountingIds())


def test_no_configuration_is_an_empty_one(tmp_path: Path) -> None:
    assert read_configuration(tmp_path / "none.yaml") == Configuration()
    (tmp_path / "empty.yaml").write_text("")
    assert read_configuration(tmp_path / "empty.yaml") == Configuration()


def test_a_configuration_says_who_and_what(tmp_path: Path) -> None:
    place = tmp_path / "baton.yaml"
    place.write_text(
        "roles: {operator: ['@olga', U123]}\n"
        "sources: {ci: {kind: ci, channel: '#builds'}}\n"
        "approvers: ['@grace']\n"
    )

    found = read_configuration(place)

    assert found.roles == {"operator": ("@olga", "U123")}
    assert found.sources["ci"].channel == "#builds"
    assert found.approvers == ("@grace",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("roles: {boss: ['@a']}", "there is no role 'boss'; the roles are member, operator"),
        ("rolls: {}", "rolls: Extra inputs are not permitted"),
        ("sources: {ci: {chanel: x}}", "sources.ci.chanel"),
        ("roles: [", "cannot be read"),
        ("- a list", "Input should be"),
        ("!!python/object/apply:os.system ['true']", "cannot be read"),
    ],
)
def test_a_wrong_configuration_is_named_with_its_place(
    tmp_path: Path, text: str, says: str
) -> None:
    place = tmp_path / "baton.yaml"
    place.write_text(text)

    with pytest.raises(InvalidSettings) as refused:
        read_configuration(place)

    assert str(place) in str(refused.value)
    assert says in str(refused.value)


def test_a_configuration_that_is_no_text_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "baton.yaml"
    place.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(InvalidSettings, match="cannot be read"):
        read_configuration(place)


def test_a_role_of_nobody_is_refused() -> None:
    with pytest.raises(InvalidSettings, match=r"baton\.yaml: roles\.operator: 'olga' is nobody"):
        rules_of(Configuration(roles={"operator": ("olga",)}), channel=None)


def test_what_the_file_says_of_channels_and_sources_becomes_rules(tmp_path: Path) -> None:
    path = tmp_path / "baton.yaml"
    path.write_text(
        "channels:\n"
        '  "#alerts": {broadcast: [failed], quiet_hours: {from: "22:00", to: "07:00", zone: Europe/Berlin}}\n'
        "sources:\n  ci: {rate: {per_second: 5, burst: 10}}\n  load: {rate: false}\n"
        'bus:\n  "#builds": {senders: {A0CI: ci}}\n'
    )
    rules = rules_of(read_configuration(path), channel="#general")
    alerts = rules.channels["#alerts"]
    assert alerts.quiet_hours == QuietHours(time(22), time(7), "Europe/Berlin")
    assert alerts.broadcast == ("failed",)
    assert rules.rates == {"ci": Rate(5, 10), "load": None}
    assert rules.bus == (BusChannel("#builds", {"A0CI": "ci"}),)


def test_each_form_that_can_name_somebody_is_taken(tmp_path: Path) -> None:
    forms = ["@sre", "U0A1", "<@U0A1>", "<@U0A1|ada>", "<!subteam^S0A1>", "S0A1", "a@b.example"]
    forms += ["role:operator", "source:ci"]
    path = tmp_path / "baton.yaml"
    path.write_text(yaml.safe_dump({"approvers": forms, "channels": {"#a": {"owners": forms}}}))

    rules = rules_of(read_configuration(path), channel=None)

    assert rules.approvers == rules.channels["#a"].owners == tuple(forms)


@pytest.mark.parametrize(
    ("says", "names"),
    [
        ("channels: {alerts: {}}", "channels: .* is no channel"),
        ('channels: {"#a": {quiet_hours: {from: 22:00, to: "07:00"}}}', "22:00"),
        ('channels: {"#a": {quiet_hours: {from: "22:00", to: "07:00", zone: Mars}}}', "Mars"),
        ('bus: {"#b": {senders: {ci: ci}}}', "'ci' is no id"),
        (
            'bus: {"#b": {senders: {A0CI: My CI}}}',
            r"bus\.#b\.senders: .*'My CI' cannot name a source",
        ),
        ("sources: {My CI: {}}", "sources: .*'My CI' cannot name a source; use up to 64"),
        ("approvers: [grace]", "approvers: .*'grace' is nobody; write @handle"),
        ("approvers: ['@grace', 'role:boss']", "approvers: .*'role:boss' is nobody"),
        ("approvers: ['@']", "approvers: .*'@' is nobody"),
        ("approvers: ['source:']", "approvers: .*'source:' is nobody"),
        ('channels: {"#a": {owners: [ops team]}}', r"channels\.#a\.owners: .*'ops team' is nobody"),
        ("sources: {ci: {rate: {per_second: 0}}}", r"sources\.ci\.rate"),
    ],
)
def test_a_wrong_line_of_the_file_is_named(tmp_path: Path, says: str, names: str) -> None:
    path = tmp_path / "baton.yaml"
    path.write_text(says)
    with pytest.raises(InvalidSettings, match=names):
        read_configuration(path)
