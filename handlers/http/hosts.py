"""By which name a browser came: a foreign name that leads to this server may be a trap.

A page of a stranger can let its own name point to this machine and then read what it loads. So what
browsers see is shown only under the names that this server has.
"""

from urllib.parse import urlsplit

from fastapi import Request

from handlers.http.edge import Edge
from handlers.http.problems import Problem

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def refuse_foreign_host(request: Request, edge: Edge) -> None:
    """Return if the request came by a name of this server.

    Raises:
        Problem: 421.
    """
    names = request.headers.getlist("host")
    name = host_name(names[0]) if len(names) == 1 else None
    if name is None or not (
        name in LOOPBACK or name == host_name(urlsplit(edge.public_url).netloc)
    ):
        raise Problem(
            421,
            f"This page is at {edge.public_url}. If that is not where people find it, "
            "set BATON_PUBLIC_URL to where they do.",
        )


def host_name(netloc: str) -> str | None:
    """Return the name in ``name:port``, in lower case; None where there is none."""
    try:
        return urlsplit(f"//{netloc}").hostname
    except ValueError:
        return None
