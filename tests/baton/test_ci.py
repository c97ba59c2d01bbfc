"""What a CI service says of its run, and how it gets into events."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import baton
from baton.client import Client
from baton.collected.agent import agent_key
from baton.collected.ci import read_ci
from baton.collected.surroundings import Surroundings, with_surroundings
from baton.collected.trace import new_span, trace_id_of, traceparent

SHA, HEAD = "3f1c" * 10, "aaaa" * 10
GITHUB = {
    "GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/web",
    "GITHUB_RUN_ID": "42", "GITHUB_SHA": SHA, "GITHUB_REF": "refs/heads/feature/x",
    "GITHUB_REF_NAME": "feature/x", "GITHUB_REF_TYPE": "branch", "GITHUB_ACTOR": "ada",
}  # fmt: skip
PULL = {
    **GITHUB, "GITHUB_REF": "refs/pull/7/merge", "GITHUB_REF_NAME": "7/merge",
    "GITHUB_HEAD_REF": "feature/x", "GITHUB_BASE_REF": "main",
}  # fmt: skip
GITLAB = {
    "GITLAB_CI": "true", "CI_SERVER_HOST": "GitLab.com", "CI_PROJECT_PATH": "acme/web",
    "CI_PIPELINE_ID": "42", "CI_COMMIT_SHA": SHA, "CI_COMMIT_REF_NAME": "feature/x",
    "CI_DEFAULT_BRANCH": "main", "GITLAB_USER_LOGIN": "ada",
}  # fmt: skip
CIRCLE = {
    "CIRCLECI": "true", "CIRCLE_WORKFLOW_ID": "w-42", "CIRCLE_SHA1": SHA, "CIRCLE_BRANCH": "feature/x",
    "CIRCLE_REPOSITORY_URL": "git@github.com:acme/web.git",
}  # fmt: skip
JENKINS = {
    "JENKINS_URL": "https://ci.acme.example:8443/", "BUILD_TAG": "jenkins-web-42", "GIT_COMMIT": SHA,
    "BRANCH_NAME": "feature/x", "GIT_URL": "https://github.com/acme/web.git",
}  # fmt: skip
BUILDKITE = {
    "BUILDKITE": "true", "BUILDKITE_BUILD_ID": "b-42", "BUILDKITE_COMMIT": SHA,
    "BUILDKITE_BRANCH": "feature/x", "BUILDKITE_PULL_REQUEST": "false",
    "BUILDKITE_REPO": "git@github.com:acme/web.git", "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main",
}  # fmt: skip
AZURE = {
    "TF_BUILD": "True", "BUILD_BUILDID": "42", "BUILD_SOURCEVERSION": SHA, "BUILD_SOURCEBRANCHNAME": "x",
    "BUILD_SOURCEBRANCH": "refs/heads/feature/x", "BUILD_REPOSITORY_URI": "https://github.com/acme/web",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/acme/",
}  # fmt: skip
WEB = {"repo": "github.com/acme/web", "sha": SHA, "ref": "feature/x"}


@pytest.mark.parametrize(
    ("variables", "key", "subject"),
    [
        (GITHUB, "ci:github.com:42", WEB),
        ({**GITHUB, "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v2"}, "ci:github.com:42", {"repo": "github.com/acme/web", "sha": SHA}),
        (PULL, "ci:github.com:42", {**WEB, "pr": 7}),
        (GITLAB, "ci:gitlab.com:42", {**WEB, "repo": "gitlab.com/acme/web", "default_branch": "main"}),
        ({**GITLAB, "CI_COMMIT_TAG": "v2", "CI_COMMIT_REF_NAME": "v2"}, "ci:gitlab.com:42",
         {"repo": "gitlab.com/acme/web", "sha": SHA, "default_branch": "main"}),
        ({**GITLAB, "CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "fix",
          "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "ada/web", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD},
         "ci:gitlab.com:42", {"repo": "gitlab.com/acme/web", "sha": HEAD, "ref": "fix", "pr": 7,
                              "head_repo": "gitlab.com/ada/web", "default_branch": "main"}),
        (CIRCLE, "ci:circleci.com:w-42", WEB),
        ({**CIRCLE, "CIRCLE_BRANCH": "pull/7", "CIRCLE_PR_NUMBER": "7", "CIRCLE_PR_USERNAME": "ada",
          "CIRCLE_PR_REPONAME": "web"}, "ci:circleci.com:w-42",
         {"repo": "github.com/acme/web", "sha": SHA, "pr": 7, "head_repo": "github.com/ada/web"}),
        ({**CIRCLE, "CIRCLE_PULL_REQUEST": "https://github.com/acme/web/pull/7"},
         "ci:circleci.com:w-42", {**WEB, "pr": 7}),
        (JENKINS, "ci:ci.acme.example:jenkins-web-42", WEB),
        ({**JENKINS, "BRANCH_NAME": "PR-7", "CHANGE_ID": "7", "CHANGE_BRANCH": "fix"},
         "ci:ci.acme.example:jenkins-web-42", {**WEB, "ref": "fix", "pr": 7}),
        (BUILDKITE, "ci:buildkite.com:b-42", {**WEB, "default_branch": "main"}),
        ({**BUILDKITE, "BUILDKITE_COMMIT": "HEAD", "BUILDKITE_PULL_REQUEST": "7",
          "BUILDKITE_PULL_REQUEST_REPO": "https://github.com/acme/web"}, "ci:buildkite.com:b-42",
         {"repo": "github.com/acme/web", "ref": "feature/x", "pr": 7, "default_branch": "main"}),
        (AZURE, "ci:dev.azure.com:42", WEB),
        ({**AZURE, "BUILD_SOURCEBRANCH": "refs/pull/7/merge"}, "ci:dev.azure.com:42",
         {"repo": "github.com/acme/web", "sha": SHA}),
    ],
)  # fmt: skip
def test_each_service_says_what_its_run_is_about(
    variables: Mapping[str, str], key: str, subject: Mapping[str, Any]
) -> None:
    run = read_ci(variables)

    assert run is not None
    assert (run.key, run.subject) == (key, subject)


def test_outside_of_a_service_there_is_no_run() -> None:
    assert read_ci({"CI": "true", "GITHUB_SHA": SHA}) is None


def test_a_pull_request_is_about_its_head_and_not_about_a_merge_that_nobody_made(
    tmp_path: Path,
) -> None:
    event = tmp_path / "event.json"
    head = {"sha": HEAD, "repo": {"full_name": "ada/web"}}
    pull = {"number": 7, "head": head}
    event.write_text(json.dumps({"pull_request": pull, "repository": {"default_branch": "trunk"}}))

    run = read_ci({**PULL, "GITHUB_EVENT_PATH": str(event)})

    assert run is not None
    assert run.subject == {
        "repo": "github.com/acme/web", "sha": HEAD, "ref": "feature/x", "pr": 7,
        "head_repo": "github.com/ada/web", "default_branch": "trunk",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "[]", "{", '{"pull_request": []}', '{"pull_request": {"head": 3}}'])  # fmt: skip
def test_an_event_file_that_says_nothing_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "event.json").write_text(text)
    run = read_ci({**PULL, "GITHUB_EVENT_PATH": str(tmp_path / "event.json")})

    assert run is not None
    assert run.subject == {**WEB, "pr": 7}


@pytest.mark.parametrize(
    ("variables", "key"),
    [
        ({"CLAUDE_CODE_SESSION_ID": "0f3e-1"}, "agent:claude-code:0f3e-1"),
        ({"CODEX_THREAD_ID": "t1"}, "agent:codex:t1"),
        ({"CLAUDECODE": "1"}, None),
        ({"CLAUDE_CODE_SESSION_ID": "two words"}, None),
        ({"CLAUDE_CODE_SESSION_ID": "x" * 500}, None),
    ],
)
def test_the_session_of_an_agent_is_a_key(variables: Mapping[str, str], key: str | None) -> None:
    assert agent_key(variables) == key


def test_the_body_counts_and_the_surroundings_fill_in(tmp_path: Path) -> None:
    variables = {**GITHUB, "CLAUDE_CODE_SESSION_ID": "s1"}
    keys = ["ci:github.com:42", "agent:claude-code:s1"]
    where = str(tmp_path)

    plain = with_surroundings({"status": "started"}, where, variables)
    assert plain == {
        "status": "started", "subject": WEB, "keys": keys, "actor": {"id": "ada", "kind": "user"},
    }  # fmt: skip
    more = with_surroundings({"subject": {"service": "api"}, "keys": ["suite:x"]}, where, variables)
    assert more["subject"] == {**WEB, "service": "api"}
    assert more["keys"] == ["suite:x", *keys]
    own = with_surroundings({"subject": {"sha": HEAD}, "actor": {"id": "bob"}}, where, variables)
    assert (own["subject"], own["actor"]) == ({"sha": HEAD}, {"id": "bob"})


def test_the_surroundings_are_looked_at_once_for_each_folder(tmp_path: Path) -> None:
    seen = Surroundings()
    first = seen.at(str(tmp_path), GITHUB)

    assert seen.at(str(tmp_path), {}) is first
    assert seen.at(str(tmp_path / "other"), {}) == {}


def test_a_dependency_robot_is_a_robot(tmp_path: Path) -> None:
    found = Surroundings().at(str(tmp_path), {**GITHUB, "GITHUB_ACTOR": "dependabot[bot]"})
    assert found["actor"] == {"id": "dependabot[bot]", "kind": "bot"}


def test_starts_and_ends_carry_what_they_are_about_and_progress_does_not(
    server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in GITHUB.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    client = Client(server.url)
    with baton.process("x", client=client) as running:
        running.progress(1, 2)
        running.message("half")
    client.notify("other", "in_progress")
    assert client.flush(5)

    told = {(event["process_id"] == running.id, event["status"]): event for event in server.events}
    assert told[True, "started"]["subject"] == told[True, "completed"]["subject"] == WEB
    assert told[False, "in_progress"]["keys"] == ["ci:github.com:42"]
    assert not told[True, "in_progress"].keys() & {"subject", "keys", "actor"}


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        (f"00-{'a' * 32}-{'b' * 16}-01", "a" * 32),
        (f"cc-{'a' * 32}-{'b' * 16}-01-what-comes", "a" * 32),
        (f"00-{'0' * 32}-{'b' * 16}-01", None),
        (f"00-{'A' * 32}-{'b' * 16}-01", None),
        ("nonsense", None),
        ("", None),
        (None, None),
    ],
)
def test_a_trace_is_carried_on_and_a_malformed_one_is_none(
    header: str | None, trace: str | None
) -> None:
    assert trace_id_of(header) == trace
    minted = traceparent(trace, new_span())
    assert trace_id_of(minted) == (trace or trace_id_of(minted))
    assert len(minted) == 55
