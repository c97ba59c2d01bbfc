"""Which repository the address of a remote stands for."""

__all__ = ["repository"]


def repository(url: str) -> str | None:
    """Write a remote as ``host/owner/name``, without credentials, port and ``.git``.

    The host is in lower case; a path on this machine names no repository that others know.
    """
    url = url.strip()
    scheme, separator, rest = url.partition("://")
    if separator:
        if scheme.lower() == "file":
            return None
        authority, _, path = rest.partition("/")
        host = _host(authority)
    else:
        authority, separator, path = url.partition(":")
        if not separator or "/" in authority or len(authority) < 2:  # C:\code is a path, too
            return None
        host = _host(authority)
    path = path.partition("?")[0].strip("/").removesuffix(".git").rstrip("/")
    return f"{host}/{path}" if host and path else None


def _host(authority: str) -> str:
    host = authority.rpartition("@")[2].lower()
    if host.startswith("["):
        return host.partition("]")[0][1:]
    return host.partition(":")[0]
