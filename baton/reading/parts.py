"""Reads the parts of an event that are objects of their own."""

import re
from typing import Any, Literal, cast

from baton.events import KEY_KINDS
from baton.masking import mask
from baton.parts import Actor, ErrorInfo, Link, NextStep, Parent, Subject
from baton.reading.members import Members, typed
from baton.reading.text import clean, first_problem_of_name, shorten, tidy_repo

__all__ = [
    "SLUG",
    "read_actor",
    "read_error",
    "read_keys",
    "read_links",
    "read_next_steps",
    "read_parent",
    "read_subject",
]

SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}", re.ASCII)
_SHA = re.compile(r"[0-9a-fA-F]{7,64}", re.ASCII)


def read_error(body: Members) -> ErrorInfo | None:
    """Take the error: an object, or its message alone."""
    value = body.take("error")
    if value is None:
        return None
    if isinstance(value, str):
        value = {"message": value}
    value = typed(value, dict, body.at("error"), body.findings)
    if value is None:
        return None
    members = Members(value, body.at("error"), body.findings)
    error = ErrorInfo(
        message=members.text("message", 2000, lines=True),
        type=members.text("type", 100),
        url=members.url("url"),
    )
    members.close()
    return error


def read_links(body: Members) -> tuple[Link, ...]:
    """Take up to 10 links. ``link`` and ``url`` are one address each, of the process itself."""
    single = body.url("link") or body.url("url")
    body.take("url")
    links = [
        link
        for pointer, value in body.items("links", 10)
        if (link := _link(value, pointer, body)) is not None
    ]
    if single and links:
        body.findings.drop(body.at("link"), "links are given too, and count")
    elif single:
        links.append(Link(rel="self", url=single))
    return tuple(links)


def _link(value: Any, pointer: str, body: Members) -> Link | None:
    if typed(value, dict, pointer, body.findings) is None:
        return None
    members = Members(value, pointer, body.findings)
    given = members.has("url")
    url = members.url("url")
    rel, title = members.text("rel", 40), members.text("title", 200)
    members.close()
    if not given:
        body.findings.problem(members.at("url"), "is required")
    return Link(rel=rel or "related", url=url, title=title) if url else None


def read_next_steps(body: Members) -> tuple[NextStep, ...]:
    """Take up to 10 next steps: a label each, or an object with one."""
    steps = [_next_step(value, pointer, body) for pointer, value in body.items("next_steps", 10)]
    return tuple(step for step in steps if step is not None)


def _next_step(value: Any, pointer: str, body: Members) -> NextStep | None:
    if isinstance(value, str):
        label = mask(clean(value, lines=False))
        if len(label) > 200:
            body.findings.truncated.append(pointer)
        return NextStep(label=shorten(label, 200)) if label else None
    if not isinstance(value, dict):
        body.findings.problem(pointer, "is neither a string nor an object")
        return None
    members = Members(value, pointer, body.findings)
    text, url = members.text("label", 200), members.url("url")
    action = members.name("action", 100)
    members.close()
    if text is None:
        body.findings.problem(members.at("label"), "is required")
        return None
    return NextStep(label=text, url=url, action=action)


def read_parent(body: Members, namespace: str, process_id: str | None) -> Parent | None:
    """Take the parent; a process that names itself has none."""
    members = body.inside("parent")
    if members is None:
        return None
    if not members.has("process_id"):
        body.findings.problem(members.at("process_id"), "is required")
    parent_id = members.name("process_id", 200)
    space = members.name("namespace", 64, SLUG)
    attempt = members.integer("attempt", 1, 10_000)
    members.close()
    if parent_id is None:
        return None
    if parent_id == process_id and (space or namespace) == namespace:
        body.findings.drop(body.at("parent"), "is the process itself; dropped")
        return None
    return Parent(process_id=parent_id, namespace=space, attempt=attempt)


def read_subject(body: Members) -> Subject | None:
    """Take what the work is about, with the repository as ``host/owner/name``."""
    members = body.inside("subject")
    if members is None:
        return None
    repo, head_repo = members.name("repo", 300), members.name("head_repo", 300)
    sha, ref = members.name("sha", 64, _SHA), members.name("ref", 255)
    default_branch = members.name("default_branch", 255)
    subject = Subject(
        type=members.name("type", 100),
        id=members.name("id", 256),
        url=members.url("url"),
        title=members.text("title", 200),
        repo=tidy_repo(repo) if repo else None,
        sha=sha.lower() if sha else None,
        ref=ref.removeprefix("refs/heads/") if ref else None,
        pr=members.integer("pr", 1, 2**53),
        environment=members.name("environment", 100),
        service=members.name("service", 100),
        version=members.name("version", 100),
        head_repo=tidy_repo(head_repo) if head_repo else None,
        default_branch=default_branch.removeprefix("refs/heads/") if default_branch else None,
    )
    members.close()
    return None if subject == Subject() else subject


def read_keys(body: Members) -> tuple[str, ...]:
    """Take up to 10 keys, as ``ci:github.com:4711``; one of another kind is dropped."""
    keys: dict[str, None] = {}
    for pointer, value in body.items("keys", 10):
        if typed(value, str, pointer, body.findings) is None:
            continue
        kind, _, called = value.partition(":")
        wrong = first_problem_of_name(value, 200)
        if wrong is not None:
            body.findings.problem(pointer, wrong)
        elif kind not in KEY_KINDS or not called.strip():
            known = ", ".join(f"{each}:…" for each in KEY_KINDS)
            body.findings.drop(pointer, f"is no key of a known kind ({known}); dropped")
        else:
            keys[f"{kind}:{called.strip()}"] = None
    return tuple(keys)


def read_actor(body: Members) -> Actor | None:
    """Take who caused the event."""
    members = body.inside("actor")
    if members is None:
        return None
    kind = cast(Literal["user", "bot"], members.choice("kind", ("user", "bot"), "user"))
    actor = Actor(
        id=members.name("id", 200),
        name=members.text("name", 200),
        email=members.name("email", 200),
        kind=kind,
    )
    members.close()
    return None if actor == Actor(kind=kind) else actor
