"""Which rung to begin with: kinds of blocks that Slack refused are not tried anew for a day."""

import re
from collections.abc import Mapping

from bot.slack.blocks import RICH, STABLE, STABLE_KINDS, Shown
from bot.slack.client import Trouble
from coordination.world import World

REMEMBERED = 24 * 3600.0  # s
POINTER = re.compile(r"json-pointer:/blocks/(\d+)")


class Refusals:
    """Which kinds of blocks the workspace does not take. Only for this life of the process."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._until: dict[str, float] = {}

    @property
    def kinds(self) -> Mapping[str, float]:
        """What was refused, and until when that is remembered on the monotonic clock."""
        now = self._world.clock.monotonic()
        self._until = {kind: until for kind, until in self._until.items() if until > now}
        return dict(self._until)

    def first(self, shown: Shown) -> int:
        """Return the rung to begin with."""
        if not self._until:
            return RICH
        refused = self.kinds
        return STABLE if any(each["type"] in refused for each in shown.blocks) else RICH

    def note(self, shown: Shown, trouble: Trouble) -> str | None:
        """Remember which kind of block was refused, if it is one that need not be known; name it."""
        for detail in trouble.details:
            place = POINTER.search(detail)
            if place is None or int(place[1]) >= len(shown.blocks):
                continue
            kind = str(shown.blocks[int(place[1])]["type"])
            if kind not in STABLE_KINDS:
                self._until[kind] = self._world.clock.monotonic() + REMEMBERED
            return kind
        return None
