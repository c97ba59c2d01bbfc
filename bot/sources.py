"""What `python -m bot source` asks for: who may report, how they prove it, and when that ends."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from baton.reading import Source
from bot.keys import derived, instance_key
from bot.settings import Settings
from coordination import audit, tokens
from coordination.database import Door, Reader, Transaction
from coordination.secrets import Secrets, is_named
from coordination.store import tokens as store
from coordination.world import World

BEARER = "bearer"


async def perform_source(
    door: Door, world: World, settings: Settings, request: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Do what *request* says; its command begins with ``source-``.

    Raises:
        UnusableToken: the source cannot be like this, or there is none.
    """
    match request["command"]:
        case "source-list":
            return {"sources": await door.read(_all)}
        case "source-add":
            return await _add(door, world, settings, request)
        case "source-rotate":
            return await _rotate(door, world, settings, request)
        case _:
            return await _end(door, world, request)


async def _all(reader: Reader) -> list[Mapping[str, Any]]:
    return [
        {
            "name": row.name,
            "kind": row.kind,
            "namespace": row.namespace,
            "channel": row.channel,
            "scheme": row.scheme or BEARER,
            "retired": row.retired_at is not None,
        }
        for row in await store.all_sources(reader)
    ]


async def _add(
    door: Door, world: World, settings: Settings, request: Mapping[str, Any]
) -> Mapping[str, Any]:
    name, now = str(request["name"]), world.clock.now()
    source = Source(
        name,
        str(request.get("namespace") or name),
        str(request.get("kind") or "api"),
        may_choose_channel=bool(request.get("may_choose_channel")),
    )
    signs = (request.get("scheme") or BEARER) != BEARER
    secret = str(request.get("secret") or tokens.new_secret(world.ids)) if signs else None
    closed = secret and _secrets(settings, world).close(secret)

    def unit(tx: Transaction) -> None:
        tokens.put_source(
            tx, source, channel=request.get("channel"), now=now, scheme=request.get("scheme")
        )
        tokens.restore_source(tx, name)
        if secret and closed:
            tokens.add_secret(tx, name, secret, closed, now=now)
        _note(tx, "source.add", name, {"scheme": request.get("scheme")}, world)

    await door.write(unit)
    return {"name": name, "secret": _shown(secret), "address": settings.address}


async def _rotate(
    door: Door, world: World, settings: Settings, request: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Give a source that signs a second secret; the one before ends after the overlap."""
    name, now = str(request["name"]), world.clock.now()
    secret = str(request.get("secret") or tokens.new_secret(world.ids))
    closed = _secrets(settings, world).close(secret)
    overlap = timedelta(hours=float(request.get("overlap", 24)))

    def unit(tx: Transaction) -> None:
        tokens.add_secret(tx, name, secret, closed, now=now, overlap=overlap)
        _note(tx, "source.rotate", name, {"overlap": overlap.total_seconds()}, world)

    await door.write(unit)
    return {"name": name, "secret": _shown(secret), "address": settings.address}


async def _end(door: Door, world: World, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Retire a source, or take it back."""
    name, now = str(request["name"]), world.clock.now()
    retires = request["command"] == "source-retire"

    def unit(tx: Transaction) -> bool:
        if store.source(tx, name) is None:
            raise tokens.UnusableToken(f"There is no source {name[:100]!r}; `source list` has all.")
        if retires:
            done = tokens.retire_source(tx, name, now=now)
        else:
            done = tokens.restore_source(tx, name)
        if done:
            _note(tx, "source.retire" if retires else "source.restore", name, {}, world)
        return done

    return {"changed": await door.write(unit)}


def _secrets(settings: Settings, world: World) -> Secrets:
    return Secrets(derived(instance_key(settings, world.ids), "secrets"), settings.secret)


def _shown(secret: str | None) -> str | None:
    """Return what is to be shown once: not the name of a variable, whose owner knows the secret."""
    return None if secret is None or is_named(secret) else secret


def _note(tx: Transaction, action: str, name: str, detail: Mapping[str, Any], world: World) -> None:
    now = world.clock.now()
    audit.record(tx, at=now, actor="admin", action=action, object=name, detail=dict(detail))
