"""Reports with a signature in place of a token: Standard Webhooks to `/v1/notify`.

The body is read within its limit, then checked, and only then looked at. Whatever is wrong, the
answer is that of a bad token: it does not tell which sources there are.
"""

from fastapi import Request

from coordination.tokens import Credential
from handlers.http.bodies import read_bytes
from handlers.http.edge import Edge
from handlers.http.problems import unauthenticated
from handlers.http.signatures import STANDARD, verify_standard

SCHEME = "standard-webhooks"


def is_signed(request: Request) -> bool:
    """Say whether a request claims to be signed."""
    return any(name in request.headers for name in STANDARD)


async def signed(request: Request, edge: Edge) -> tuple[Credential, bytes]:
    """Return who signed the request, and its body.

    Raises:
        Problem: 401, with one body for every reason; 400 and 413 for a body that does not come.
    """
    raw = await read_bytes(request)
    names = request.query_params.getlist("source")
    credential, secrets = await edge.coordinator.signer(
        names[0] if len(names) == 1 else None if not names else "", SCHEME
    )
    headers = {name: request.headers.getlist(name) for name in STANDARD}
    right = verify_standard(headers, raw, secrets, edge.world.clock.now())
    if credential is None or not right:
        raise unauthenticated()
    return credential, raw
