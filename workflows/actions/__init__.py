"""Baton's own actions, as connectors."""

from collections.abc import Mapping

from baton.connector import Connector
from workflows.actions import data, files, flow, git, http, shell, slack
from workflows.actions.repositories import Git
from workflows.actions.signals import Signals

__all__ = ["built_in"]


def built_in(
    *,
    environment: Mapping[str, str],
    repositories: Git | None = None,
    signals: Signals | None = None,
) -> tuple[Connector, ...]:
    """Return the connectors that come with Baton.

    Args:
        environment: the variables that programs of `shell.run` see; they inherit no others.
        repositories: what runs git below BATON_ROOT; without it the actions `git.*` say so.
        signals: what tells other runs something; without it `baton.signal` says so.
    """
    return (
        flow.connector(signals),
        slack.connector,
        files.connector,
        data.connector,
        shell.connector(environment),
        http.connector,
        git.connector(repositories),
    )
