"""Reads from the variables of a CI service which run this is and what it is about.

Sources: the variables that each service documents; those of Jenkins, Buildkite and Azure are untried.
"""

from collections.abc import Callable, Mapping

from baton.collected.remote import repository

__all__ = ["CI", "read_ci"]

Variables = Mapping[str, str]
_MOST_BYTES = 8 * 1024 * 1024


class CI:
    """One run of a CI service: *key* ties all that belongs to it together.

    *subject* has ``repo``, ``sha``, ``ref`` (a branch, no tag), ``pr``, ``head_repo`` (where a pull
    request comes from another repository) and ``default_branch``, as far as they are known.
    """

    __slots__ = ("actor", "key", "subject")

    def __init__(
        self, host: str, run: str | None, subject: Mapping[str, object], actor: str | None = None
    ) -> None:
        self.key = f"ci:{host}:{run}" if host and run else None
        self.subject = {name: value for name, value in subject.items() if value}
        if self.subject.get("head_repo") == self.subject.get("repo"):
            self.subject.pop("head_repo", None)
        self.actor = actor


def read_ci(variables: Variables) -> CI | None:
    """Return the CI run that this program is part of, if it is part of one."""
    for mark, read in _SERVICES:
        if variables.get(mark):
            return read(variables)
    return None


def _github(of: Variables) -> CI:
    """On a pull request GITHUB_SHA is a merge that nobody made; the event tells the real one."""
    host = _host(of.get("GITHUB_SERVER_URL", "https://github.com"))
    event = _event(of.get("GITHUB_EVENT_PATH", ""))
    pull = _member(event, "pull_request")
    head = _member(pull, "head")
    head_repo = _member(head, "repo").get("full_name")
    is_branch = of.get("GITHUB_REF_TYPE", "branch") == "branch"
    ref = of.get("GITHUB_HEAD_REF") or (of.get("GITHUB_REF_NAME") if is_branch else None)
    number = pull.get("number") or _number(of.get("GITHUB_REF", ""), "refs/pull/")
    repo = of.get("GITHUB_REPOSITORY")
    subject = {
        "repo": f"{host}/{repo}" if repo else None,
        "sha": head.get("sha") or of.get("GITHUB_SHA"),
        "ref": ref if not (number and not of.get("GITHUB_HEAD_REF")) else None,
        "pr": number,
        "head_repo": f"{host}/{head_repo}" if head_repo else None,
        "default_branch": _member(event, "repository").get("default_branch"),
    }
    return CI(host, of.get("GITHUB_RUN_ID"), subject, of.get("GITHUB_ACTOR"))


def _gitlab(of: Variables) -> CI:
    host = of.get("CI_SERVER_HOST", "gitlab.com").lower()
    project, source = of.get("CI_PROJECT_PATH"), of.get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH")
    request = _int(of.get("CI_MERGE_REQUEST_IID"))
    ref = of.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME") or of.get("CI_COMMIT_REF_NAME")
    subject = {
        "repo": f"{host}/{project}" if project else None,
        "sha": of.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or of.get("CI_COMMIT_SHA"),
        "ref": None if of.get("CI_COMMIT_TAG") else ref,
        "pr": request,
        "head_repo": f"{host}/{source}" if source else None,
        "default_branch": of.get("CI_DEFAULT_BRANCH"),
    }
    return CI(host, of.get("CI_PIPELINE_ID"), subject, of.get("GITLAB_USER_LOGIN"))


def _circleci(of: Variables) -> CI:
    repo = repository(of.get("CIRCLE_REPOSITORY_URL", ""))
    request = of.get("CIRCLE_PR_NUMBER") or of.get("CIRCLE_PULL_REQUEST", "").rpartition("/")[2]
    owner, name = of.get("CIRCLE_PR_USERNAME"), of.get("CIRCLE_PR_REPONAME")
    head = f"{repo.partition('/')[0]}/{owner}/{name}" if repo and owner and name else None
    subject = {
        "repo": repo,
        "sha": of.get("CIRCLE_SHA1"),
        "ref": _branch(of.get("CIRCLE_BRANCH"), request),
        "pr": _int(request),
        "head_repo": head,
    }
    return CI("circleci.com", of.get("CIRCLE_WORKFLOW_ID"), subject, of.get("CIRCLE_USERNAME"))


def _jenkins(of: Variables) -> CI:
    request = of.get("CHANGE_ID")
    branch = of.get("CHANGE_BRANCH") if request else of.get("BRANCH_NAME")
    subject = {
        "repo": repository(of.get("GIT_URL", "")),
        "sha": of.get("GIT_COMMIT"),
        "ref": None if of.get("TAG_NAME") else branch,
        "pr": _int(request),
    }
    return CI(_host(of.get("JENKINS_URL", "")), of.get("BUILD_TAG"), subject)


def _buildkite(of: Variables) -> CI:
    commit = of.get("BUILDKITE_COMMIT")
    subject = {
        "repo": repository(of.get("BUILDKITE_REPO", "")),
        "sha": None if commit == "HEAD" else commit,
        "ref": None if of.get("BUILDKITE_TAG") else of.get("BUILDKITE_BRANCH"),
        "pr": _int(of.get("BUILDKITE_PULL_REQUEST")),
        "head_repo": repository(of.get("BUILDKITE_PULL_REQUEST_REPO", "")),
        "default_branch": of.get("BUILDKITE_PIPELINE_DEFAULT_BRANCH"),
    }
    return CI("buildkite.com", of.get("BUILDKITE_BUILD_ID"), subject)


def _azure(of: Variables) -> CI:
    """BUILD_SOURCEBRANCHNAME holds but the last part of a name; the whole is in SOURCEBRANCH."""
    branch = of.get("SYSTEM_PULLREQUEST_SOURCEBRANCH") or of.get("BUILD_SOURCEBRANCH", "")
    name = branch.removeprefix("refs/heads/")
    if not branch:
        name = of.get("BUILD_SOURCEBRANCHNAME", "")
    request = of.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER") or of.get(
        "SYSTEM_PULLREQUEST_PULLREQUESTID"
    )
    subject = {
        "repo": repository(of.get("BUILD_REPOSITORY_URI", "")),
        "sha": of.get("SYSTEM_PULLREQUEST_SOURCECOMMITID") or of.get("BUILD_SOURCEVERSION"),
        "ref": None if name.startswith("refs/") else name,
        "pr": _int(request),
    }
    host = _host(of.get("SYSTEM_COLLECTIONURI", "https://dev.azure.com"))
    return CI(host, of.get("BUILD_BUILDID"), subject)


_SERVICES: tuple[tuple[str, Callable[[Variables], CI]], ...] = (
    ("GITHUB_ACTIONS", _github),
    ("GITLAB_CI", _gitlab),
    ("CIRCLECI", _circleci),
    ("JENKINS_URL", _jenkins),
    ("BUILDKITE", _buildkite),
    ("TF_BUILD", _azure),
)


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()


def _int(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None


def _number(ref: str, before: str) -> int | None:
    return _int(ref.removeprefix(before).partition("/")[0]) if ref.startswith(before) else None


def _branch(name: str | None, request: str) -> str | None:
    """Leave out what stands in for the branch of a fork, whose name is not told."""
    return None if request and (name or "").startswith("pull/") else name


def _event(path: str) -> dict[str, object]:
    import json  # noqa: PLC0415 - loaded already where anything is sent

    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib is slow to import
            return _object(json.loads(file.read(_MOST_BYTES)))
    except (OSError, ValueError, RecursionError):
        return {}


def _member(of: Mapping[str, object], name: str) -> dict[str, object]:
    return _object(of.get(name))


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
