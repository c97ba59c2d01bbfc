"""Who asks: a token, or a person with a login. Every route says here what it takes."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from coordination.tokens import Credential
from fastapi import Depends, Request

from coordination.policy import Principal
from handlers.http.edge import EdgeOf
from handlers.http.problems import Problem, unauthenticated
from handlers.http.sessions import COOKIE

Scope = Literal["read", "notify", "approve", "run", "publish", "admin"]


def presented(header: str) -> str | None:
    """Return the token in an ``Authorization`` header: a bearer's, or the password of Basic."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip() or None
    if scheme.lower() != "basic":
        return None
    try:
        _, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return password or None


async def credential_of(request: Request, edge: EdgeOf) -> Credential:
    """Return whose token came; without a good one there is one answer for all.

    Raises:
        Problem: 401.
    """
    headers = request.headers.getlist("authorization")
    token = presented(headers[0]) if len(headers) == 1 else None
    found = await edge.coordinator.authenticate(token) if token else None
    if found is None:
        raise unauthenticated()
    return found


def principal(credential: Credential) -> Principal:
    """Return the one who asks with *credential*, as policy judges them."""
    return Principal(
        kind="token",
        id=credential.token_id,
        person=credential.owner,
        source=credential.source.source,
        scopes=credential.scopes,
        admin="admin" in credential.scopes,
    )


def visitor(request: Request, edge: EdgeOf) -> Principal | None:
    """Return the person whose login the cookie carries, or None."""
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return None
    members = edge.sessions.read("session", cookie, now=edge.world.clock.now())
    return Principal(kind="person", id=members["p"]) if members else None


def caller(scope: Scope) -> Callable[..., Awaitable[Principal]]:
    """Return a dependency: a token with *scope*; to read, a person's login is as good."""

    async def check(request: Request, edge: EdgeOf) -> Principal:
        if scope == "read" and "authorization" not in request.headers:
            person = visitor(request, edge)
            if person is not None:
                return person
        found = await credential_of(request, edge)
        if scope not in found.scopes and not ("admin" in found.scopes and scope != "approve"):
            raise Problem(
                403,
                f"This token lacks the scope {scope!r}. "
                "Make one that has it with `python -m bot token create`.",
            )
        return principal(found)

    return check


CredentialOf = Annotated[Credential, Depends(credential_of)]
VisitorOf = Annotated[Principal | None, Depends(visitor)]
Reader = Annotated[Principal, Depends(caller("read"))]
Runner = Annotated[Principal, Depends(caller("run"))]
Approver = Annotated[Principal, Depends(caller("approve"))]
