"""Baton's own actions, as connectors."""

from collections.abc import Mapping

from baton.connector import Connector
from workflows.actions import data, files, flow, http, shell, slack

__all__ = ["built_in"]


def built_in(*, environment: Mapping[str, str]) -> tuple[Connector, ...]:
    """Return the connectors that come with Baton.

    Args:
        environment: the variables that programs of `shell.run` see; they inherit no others.
    """
    return (
        flow.connector,
        slack.connector,
        files.connector,
        data.connector,
        shell.connector(environment),
        http.connector,
    )
