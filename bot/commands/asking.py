"""Perform an operation: by the running server if there is one, else on its data folder."""

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.admin import ask
from bot.app import make_folders
from bot.keys import derived, instance_key
from bot.operations import perform
from bot.settings import Settings
from bot.world import make_world
from coordination.changes import Changes
from coordination.database import open_sqlite
from handlers.http.sessions import Sessions


def asked(settings: Settings, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what came of *request*.

    Raises:
        BatonError: it could not be done.
    """
    return asyncio.run(_asked(settings, request))


async def _asked(settings: Settings, request: Mapping[str, Any]) -> Mapping[str, Any]:
    done = await ask(settings.data / "admin.sock", request)
    if done is not None:
        return done
    await asyncio.to_thread(make_folders, settings)
    world = make_world(root=settings.work, http_allow=(), programs=())
    door = await open_sqlite(settings.database, changes=Changes("command"))
    try:
        sessions = Sessions(derived(instance_key(settings, world.ids), "sessions"))
        return await perform(door, world, sessions, request, settings)
    finally:
        await door.close()
