"""Which words, emoji and channels a trigger on Slack asks for."""

import pytest

from coordination.spoken import Spoken, could_fit, fits, says


def spoken(**more: str) -> Spoken:
    given = {"text": "deploy web", "name": "#ops", **more}
    return Spoken(team="T1", channel="C1", ts="1700000000.000100", user="U1", **given)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("deploy *", "Deploy web"),
        ("deploy *", "  deploy\n\nweb and\nmore "),
        ("*deploy*", "please deploy it"),
        ("* to * now", "web to production to staging now"),
        ("*", "anything"),
        ("a*a", "aa"),
        ("red alert", "a RED  alert!"),
        ("ready?", "is it ready?"),
        ("[x]", "done [x]"),
        ("straße", "die STRASSE"),
        ("!ship", "now !ship it"),
    ],
)
def test_a_message_that_says_so(pattern: str, text: str) -> None:
    assert says(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("deploy *", "deploy"),
        ("deploy *", "please deploy web"),
        ("a*a", "a"),
        ("* to * now", "to now"),
        ("ab*ba", "aba"),
        ("alert", "alerting"),
        ("red alert", "alert red"),
        ("ready?", "readyx"),
    ],
)
def test_a_message_that_does_not(pattern: str, text: str) -> None:
    assert not says(pattern, text)


@pytest.mark.parametrize(
    ("wanted", "more", "fitting"),
    [
        ({"message": "deploy *"}, {}, True),
        ({"message": "deploy *", "channel": "C1"}, {}, True),
        ({"message": "deploy *", "channel": "#ops"}, {}, True),
        ({"message": "deploy *", "channel": "#dev"}, {}, False),
        ({"message": "deploy *", "channel": "C2"}, {}, False),
        ({"message": "deploy *"}, {"reaction": "eyes"}, False),
        ({"reaction": "eyes"}, {"reaction": "eyes"}, True),
        ({"reaction": "eyes"}, {"reaction": "eyes::skin-tone-3"}, True),
        ({"reaction": "eyes"}, {"reaction": "eye"}, False),
        ({"reaction": "eyes"}, {}, False),
        ({"reaction": "eyes", "message": "web"}, {"reaction": "eyes"}, True),
        ({"reaction": "eyes", "message": "api"}, {"reaction": "eyes"}, False),
    ],
)
def test_what_is_asked_for(wanted: dict[str, str], more: dict[str, str], fitting: bool) -> None:  # noqa: FBT001
    assert fits(wanted, spoken(**more)) is fitting


def test_as_long_as_text_and_name_are_not_known_it_may_fit_and_does_not() -> None:
    wanted = {"reaction": "eyes", "message": "web", "channel": "#ops"}
    bare = Spoken(team="T1", channel="C1", ts="1.0", user="U1", reaction="eyes")
    assert could_fit(wanted, bare)
    assert not fits(wanted, bare)
    assert not could_fit({**wanted, "channel": "C2"}, bare)
    assert not could_fit({"message": "api", "channel": "#ops"}, spoken())
