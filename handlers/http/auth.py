"""Who asks: a token, or a person with a login. `admit` is the one way in, for every address."""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from coordination.errors import NotFound
from coordination.policy import POLICY, Principal, Role, require_scope
from coordination.tokens import Credential
from handlers.http.access import ACCESS, ANY_TOKEN, NOBODY_ASKED, OWN, PAGE, PERSON, SIGNED
from handlers.http.edge import Edge, EdgeOf
from handlers.http.hosts import refuse_foreign_host
from handlers.http.limits import Lane
from handlers.http.problems import retired, unauthenticated
from handlers.http.sessions import COOKIE
from handlers.http.signed import is_signed, signed

NOTIFY = "/v1/notify"


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who came in, by what, and what of it they may see.

    Args:
        principal: the one who asks; None where nobody is asked who they are.
        credential: of a token.
        only: the one namespace that they see; None for all.
        raw: the body, where it had to be read to know who sent it.
    """

    principal: Principal | None = None
    credential: Credential | None = None
    only: str | None = None
    raw: bytes | None = None

    def may_see(self, namespace: str | None, kind: str, ref: str) -> None:
        """Raise what is raised where there is nothing, unless *namespace* may be seen."""
        if self.only is not None and namespace != self.only:
            raise NotFound(kind, ref)


async def admit(request: Request, edge: EdgeOf) -> Admitted:
    """Let in who may use this address, and nobody else.

    Raises:
        Problem: 401 for all who cannot say who they are, with one body; 403; 410; 421; 429.
        NotAllowed: they are known, and may not.
    """
    path = getattr(request.scope.get("route"), "path", "")
    need = ACCESS.get(f"{request.method} {path}")
    if need in (NOBODY_ASKED, SIGNED):
        return Admitted()
    if need == PAGE:
        refuse_foreign_host(request, edge)
        return Admitted(visitor(request, edge))
    if need == PERSON:
        return Admitted(await person(request, edge, "read"))
    if path == NOTIFY:
        return await reporter(request, edge)
    alone = "authorization" not in request.headers and COOKIE in request.cookies
    if need in ("read", OWN) and alone and request.method == "GET":
        return Admitted(await person(request, edge, "read"))
    return await token(request, edge, need)


async def reporter(request: Request, edge: Edge) -> Admitted:
    """Let in who reports: with a token, or with a signature where the source has to sign.

    That a source was retired is said only to who could prove to be it.

    Raises:
        Problem: 401, with one body; 410; 429 where it has sent too much already.
        NotAllowed: it may not report.
    """
    raw = None
    if "authorization" not in request.headers and is_signed(request):
        credential, raw = await signed(request, edge)
    else:
        credential = await credential_of(request, edge)
        if credential.scheme is not None:
            raise unauthenticated()
    asks = principal(credential)
    require_scope(asks, "notify")
    if credential.retired:
        raise retired(credential.source.source)
    edge.limits.look(edge.coordinator.rules, credential.source.source)
    return Admitted(asks, credential, raw=raw)


def may_report(credential: Credential) -> bool:
    """Say whether a token lets its holder report as it is; why it does not, `reporter` says."""
    fine = credential.scheme is None and not credential.retired
    return fine and POLICY["notify"].scope in credential.scopes


async def token(request: Request, edge: Edge, need: str | None) -> Admitted:
    """Let a token in that has the scope of what it wants, and whose owner has the role."""
    credential = await credential_of(request, edge)
    asks = principal(credential)
    action = need or "use an address that the policy does not name"
    if need == "notify" and credential.scheme is not None:
        raise unauthenticated()  # it has to sign what it reports
    if need not in (ANY_TOKEN, OWN):
        rule = require_scope(asks, action)
        if rule.role is not Role.MEMBER and not rule.involved:  # else what it is about decides
            await edge.coordinator.authorize(asks, action)
    if credential.retired:
        raise retired(credential.source.source)
    edge.limits.take(edge.coordinator.rules, lane_of(action), credential.source.source)
    if need != OWN:
        return Admitted(asks, credential)
    reads = bool(asks.scopes & {POLICY["read"].scope, "admin"})
    return Admitted(asks, credential, None if reads else credential.source.namespace)


def lane_of(action: str) -> Lane:
    """Return the lane in which an action is counted."""
    scope = POLICY[action].scope if action in POLICY else "read"
    return "events" if scope == "notify" else "decisions" if scope == "approve" else "reads"


async def person(request: Request, edge: Edge, action: str) -> Principal:
    """Let somebody in who is logged in and, as the directory says today, belongs here."""
    found = visitor(request, edge)
    if found is None:
        raise unauthenticated()
    await edge.coordinator.authorize(found, action)
    return found


def visitor(request: Request, edge: Edge) -> Principal | None:
    """Return the person whose login the cookie carries, or None."""
    refuse_foreign_host(request, edge)
    cookie = request.cookies.get(COOKIE)
    members = edge.sessions.read("session", cookie, now=edge.world.clock.now()) if cookie else None
    return Principal(kind="person", id=members["p"]) if members else None


async def credential_of(request: Request, edge: Edge) -> Credential:
    """Return whose token came; a header that comes twice is as good as none."""
    headers = request.headers.getlist("authorization")
    text = presented(headers[0]) if len(headers) == 1 else None
    found = await edge.coordinator.authenticate(text) if text else None
    if found is None:
        raise unauthenticated()
    return found


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


AdmittedAs = Annotated[Admitted, Depends(admit)]


async def caller(admitted: AdmittedAs) -> Principal:
    """Return who asks, on an address that takes somebody."""
    if admitted.principal is None:
        raise unauthenticated()
    return admitted.principal


async def credential(admitted: AdmittedAs) -> Credential:
    """Return the token that came, on an address that takes one."""
    if admitted.credential is None:
        raise unauthenticated()
    return admitted.credential


Caller = Annotated[Principal, Depends(caller)]
CredentialOf = Annotated[Credential, Depends(credential)]
