"""Which session of a coding agent this program was started in."""

from collections.abc import Mapping

__all__ = ["agent_key"]

_SESSIONS = (
    ("claude-code", "CLAUDE_CODE_SESSION_ID"),
    ("codex", "CODEX_THREAD_ID"),
)


def agent_key(variables: Mapping[str, str]) -> str | None:
    """Return the key of the session, the innermost one that the environment names, or None."""
    for kind, name in _SESSIONS:
        session = variables.get(name, "")
        if session.isprintable() and " " not in session and 0 < len(session) <= 128:
            return f"agent:{kind}:{session}"
    return None
