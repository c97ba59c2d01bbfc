"""What a host is told once, at composition."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from baton.connector import Files, Processes
from coordination.policy import Roles
from workflows.core.codec import canonical

__all__ = ["HostSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """How a host works; durations are `timedelta`, sizes bytes.

    Args:
        instance_key: what the ids of this instance are derived with; secret.
        public_url: where people reach Baton, without a slash at the end; None: nowhere.
        actions_at_once: how many actions are performed at one time.
        grace: how long a stop waits for actions that are being performed.
        sweep: how often rows are looked for whose hint was lost.
        pause: how long to wait before the database is tried again.
        runs_at_once: how many runs are brought back at a time from what an earlier life left; whoever comes
            meanwhile waits for so many at most.
        largest_output: what a step may give; more fails it.
        largest_context: what all that came into a run may be; what is too much fails its step.
        roles: says who has which role now, to judge right before an approved action starts.
        files: gives the files for the actions of the run with this key; None: those of the World.
        programs: gives the programs for one action of the run with this key; None: likewise.
    """

    instance_key: bytes = field(repr=False)
    public_url: str | None = None
    actions_at_once: int = 16
    grace: timedelta = timedelta(seconds=10)
    sweep: timedelta = timedelta(seconds=5)
    pause: timedelta = timedelta(seconds=1)
    runs_at_once: int = 100
    largest_output: int = 8 * 2**20
    largest_context: int = 32 * 2**20
    roles: Callable[[], Roles] = Roles
    files: Callable[[int], Files] | None = None
    programs: Callable[[int, str], Processes] | None = None

    def derive(self, *parts: Any) -> str:
        """Return what belongs to *parts* and this instance for ever: 64 hex digits."""
        return hmac.new(self.instance_key, canonical(list(parts)), hashlib.sha256).hexdigest()

    def step_key(self, run_id: str, path: str, redo: int) -> str:
        """Return the idempotency key of a step: that of every attempt, until a person reruns it."""
        return self.derive(run_id, path, redo)
