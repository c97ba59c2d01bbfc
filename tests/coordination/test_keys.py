"""The keys of an event: which there are, in which form, and for how long each leads to its thread."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from baton.events import Event, Subject
from coordination.keys import KINDS, Sight, keys_of, kind_of, shared
from tests.coordination.inbox import T0, CountingIds, event

IDS = CountingIds()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def told(**more: Any) -> Event:
    return event("b", "started", ids=IDS, **more)


def of_subject(**members: Any) -> tuple[str, ...]:
    return keys_of(told(subject=Subject(**members)))


def test_keys_carry_the_namespace_or_the_source_where_they_are_only_unique_there() -> None:
    assert keys_of(told(correlation_id="c", namespace="other")) == ("corr:other:c",)
    assert keys_of(told(keys=("group:abc",), source="alerts")) == ("group:alerts:abc",)
    assert keys_of(told(thread_ts="1.2")) == ()
    assert keys_of(told(thread_ts="1.2", channel="C1")) == ("slack:C1:1.2",)


def test_hosts_and_repositories_do_not_differ_by_case_and_ids_do() -> None:
    given = ("ci:GitHub.com:4711", "deploy:GitHub.com/Acme/Web:X9", "agent:claude:AbC")
    assert keys_of(told(keys=given)) == (
        "ci:github.com:4711",
        "deploy:github.com/acme/web:X9",
        "agent:claude:AbC",
    )
    one = of_subject(repo="GitHub.com/Acme/Web", sha="ABC1234", pr=7, ref="Topic")
    assert one == of_subject(repo="github.com/acme/web", sha="abc1234", pr=7, ref="Topic")
    assert one[-1].endswith("#Topic")


def test_a_pull_request_of_a_fork_has_its_branch_and_commit_in_the_fork() -> None:
    repos = {"repo": "h/acme/web", "head_repo": "h/ada/web"}
    assert of_subject(**repos, pr=7, sha="abc1234", ref="topic") == (
        "pr:h/acme/web!7",
        "sha:h/ada/web@abc1234",
        "branch:h/ada/web#topic",
    )


@pytest.mark.parametrize(
    "odd",
    [
        *({"ref": name} for name in ("main", "master", "trunk", "HEAD", "refs/tags/v1", "tags/v1")),
        {"ref": "develop", "default_branch": "develop"},
        {"ref": "v1", "type": "tag"},
        {"ref": "refs/pull/7/merge"},
    ],
)
def test_no_branch_where_all_work_meets_and_no_tag_ties_anything(odd: dict[str, str]) -> None:
    assert of_subject(repo="h/o/n", **odd) == ()


def test_without_a_repository_a_commit_says_nothing() -> None:
    assert of_subject(sha="abc1234", ref="topic", pr=7) == ()


def test_every_kind_has_words_for_people() -> None:
    assert shared("ci:h:1") == "same CI run"
    assert len({kind.shared for kind in KINDS.values()}) == len(KINDS)


SEEN = Sight(1, "th_1", T0, T0, used=True, going=False, archived=False)


@pytest.mark.parametrize(
    ("key", "life"),
    [
        ("corr:ci:c", 30 * DAY),
        ("ci:h:1", 30 * DAY),
        ("slack:C:1", 30 * DAY),
        ("agent:c:1", 7 * DAY),
        ("deploy:r:1", 7 * DAY),
        ("suite:r:1", 7 * DAY),
        ("trace:f", DAY),
        ("pr:r!7", 7 * DAY),
        ("branch:r#b", DAY),
    ],
)
def test_a_key_lives_for_its_time_after_its_thread_was_last_heard_of(
    key: str, life: timedelta
) -> None:
    kind = kind_of(key)
    assert SEEN.alive(kind, T0 + life - HOUR)
    assert not SEEN.alive(kind, T0 + life + HOUR)
    assert replace(SEEN, going=True).alive(kind, T0 + 29 * DAY)


def test_a_group_of_alerts_lives_as_long_as_one_of_them_fires() -> None:
    assert not SEEN.alive(kind_of("group:s:1"), T0 + HOUR)
    assert replace(SEEN, going=True).alive(kind_of("group:s:1"), T0 + HOUR)


def test_a_commit_lives_from_when_it_was_last_seen_whatever_goes_on() -> None:
    seen = replace(SEEN, going=True, seen_until=T0 + DAY)
    assert seen.alive(kind_of("sha:r@a"), T0 + HOUR)
    assert not seen.alive(kind_of("sha:r@a"), T0 + 2 * DAY)


def test_a_thread_is_open_while_work_goes_on_or_has_not_begun_and_never_in_the_archive() -> None:
    kind = kind_of("pr:r!7")
    assert not SEEN.open(kind, T0 + HOUR)
    assert replace(SEEN, going=True).open(kind, T0 + HOUR)
    assert replace(SEEN, used=False).open(kind, T0 + HOUR)
    assert not replace(SEEN, going=True, archived=True).open(kind, T0 + HOUR)
    assert not replace(SEEN, going=True).open(kind, T0 + 31 * DAY)
