"""Definitions are read beside the loop: a large file holds nobody up."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coordination.coordinator import Coordinator, Ports, Rules
from tests.coordination.floor import Workspace
from tests.coordination.scene import ROLES, SmallWorld
from tests.coordination.shop import open_shop
from workflows.language.definition import InputCheck
from workflows.language.reading import DefinitionReader

TEXT = "name: flow\nsteps: [{id: a, wait: 1s}]\n"


class Watched(DefinitionReader):
    """Notes in which thread it is asked to read."""

    where = 0

    def read(self, files: Mapping[str, str | bytes], *known: Any) -> Any:
        self.where = threading.get_ident()
        return super().read(files, *known)


async def test_a_definition_is_read_in_another_thread(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    language = Watched(shop.registry)
    ports = Ports(shop.hints, InputCheck(), Workspace(), language=language)  # type: ignore[arg-type]
    coordinator = Coordinator(shop.inbox.door, SmallWorld(), ports, Rules(ROLES, (), "#general"))  # type: ignore[arg-type]

    read = await coordinator.check_definition(TEXT)
    await shop.inbox.door.close()

    assert read.definition.name == "flow"
    assert language.where not in (0, threading.get_ident())
