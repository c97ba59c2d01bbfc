"""Keys that a tool gives, and the parts of a subject that Baton ties threads by."""

from datetime import UTC, datetime
from typing import Any

import pytest

from baton.errors import InvalidEvent
from baton.events import KEY_KINDS, Event, Subject
from baton.reading import Reading, Source, read_event

NOW = datetime(2026, 3, 2, 10, 16, tzinfo=UTC)
CI = Source("ci", "builds", "api")


def read(**members: Any) -> Reading:
    return read_event(
        {"process_id": "b1", "status": "started", **members},
        credential=CI,
        received_at=NOW,
        event_id="ev_1",
        new_id=lambda: "made",
    )


@pytest.mark.parametrize("kind", KEY_KINDS)
def test_a_key_has_a_kind_and_whatever_the_tool_says_after_it(kind: str) -> None:
    assert read(keys=[f"{kind}:GitHub.com:47/11"]).event.keys == (f"{kind}:GitHub.com:47/11",)


def test_a_key_is_kept_once_and_comes_back_from_what_is_stored() -> None:
    event = read(keys=["ci:h:1", "ci:h:1", "agent:claude: s "]).event
    assert event.keys == ("ci:h:1", "agent:claude: s")
    assert Event.from_json(event.to_json()) == event


@pytest.mark.parametrize("odd", ["corr:ci:1", "slack:T:C:1.2", "pr:h/o/n!7", "run:x", "ci:", "ci"])
def test_a_key_of_a_kind_that_only_baton_makes_is_dropped_with_a_warning(odd: str) -> None:
    found = read(keys=[odd, "ci:h:1"])
    assert found.event.keys == ("ci:h:1",)
    assert found.dropped == ("/keys/0",)
    assert "ci:…, agent:…" in dict(found.warnings)["/keys/0"]


@pytest.mark.parametrize("wrong", ["ci:" + "x" * 198, "ci:a\u202eb", 3])
def test_a_key_is_never_cut_or_repaired(wrong: Any) -> None:
    with pytest.raises(InvalidEvent) as caught:
        read(keys=[wrong])
    assert [pointer for pointer, _ in caught.value.problems] == ["/keys/0"]


def test_the_eleventh_key_is_dropped() -> None:
    found = read(keys=[f"ci:h:{number}" for number in range(11)])
    assert len(found.event.keys) == 10
    assert found.dropped == ("/keys",)


def test_a_subject_names_the_fork_and_the_branch_where_all_work_meets() -> None:
    subject = {
        "repo": "git@GitHub.com:acme/web.git",
        "head_repo": "https://x:tok@github.com/ada/web.git",
        "default_branch": "refs/heads/develop",
    }
    assert read(subject=subject).event.subject == Subject(
        repo="github.com/acme/web", head_repo="github.com/ada/web", default_branch="develop"
    )


def test_a_reading_remembers_under_which_name_a_member_came() -> None:
    found = read(process_name="Build", id="b-1")
    assert (found.event.name, found.taken_from) == ("Build", {"name": "process_name"})
    assert read(name="Build").taken_from == {"id": ""}
