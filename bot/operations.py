"""What `python -m bot` asks for by name, on whichever side of the admin socket it is performed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from baton.errors import BatonError
from baton.reading import Source
from bot.housekeeping import Housekeeping, keeping_of
from bot.publications import PREFIX, offline, perform_workflow
from bot.settings import Settings
from bot.sources import perform_source
from bot.whom import whom
from coordination import audit, tokens
from coordination.database import Door, Transaction
from coordination.reconciling import redraw
from coordination.tokens import Grant
from coordination.world import World
from handlers.http.sessions import Sessions

PATIENCE = timedelta(seconds=15)  # of a purge by hand; another one goes on where it stopped


class UnknownCommand(BatonError):
    """There is no operation of that name."""


async def perform(
    door: Door, world: World, sessions: Sessions, request: Mapping[str, Any], settings: Settings
) -> Mapping[str, Any]:
    """Do what *request* says and return what there is to say about it.

    Raises:
        BatonError: it cannot be done; the sentence says why.
    """
    match request.get("command"):
        case str(command) if command.startswith("token-"):
            return await perform_token(door, world, settings, request)
        case "login-link":
            said = str(request["person"])
            person = await door.read(lambda reader: whom(reader, said))
            return login_link(world, sessions, person, settings)
        case "reconcile":
            return {"cards": await redraw(door, world, request.get("thread"))}
        case "purge":
            return await purge(door, world, settings, dry=bool(request.get("dry")))
        case str(command) if command.startswith("source-"):
            return await perform_source(door, world, settings, request)
        case str(command) if command.startswith(PREFIX):
            return await perform_workflow(offline(door, world, settings), settings, request)
        case command:
            raise UnknownCommand(f"This server does not know the command {command!r}.")


async def perform_token(
    door: Door, world: World, settings: Settings, request: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Do what *request* says of tokens. Raises: BatonError."""
    match request["command"]:
        case "token-create":
            return {**await create_token(door, world, request), "address": settings.address}
        case "token-rotate":
            return {**await rotate_token(door, world, request), "address": settings.address}
        case "token-revoke":
            return await revoke_token(door, world, str(request["token"]))
        case "token-list":
            return await list_tokens(door)
        case command:
            raise UnknownCommand(f"This server does not know the command {command!r}.")


async def create_token(door: Door, world: World, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a token, and its source if there is none; its text is told this once."""
    token, now = tokens.make(world.ids), world.clock.now()
    name = str(request["source"])
    source = Source(
        name,
        str(request.get("namespace") or name),
        str(request.get("kind") or "api"),
        may_choose_channel=bool(request.get("may_choose_channel")),
    )
    life, said = request.get("days"), request.get("owner")
    grant = Grant(
        source=name,
        scopes=tuple(request["scopes"]),
        owner=None if said is None else await door.read(lambda reader: whom(reader, str(said))),
        expires_at=now + timedelta(days=float(life)) if life else None,
    )

    def unit(tx: Transaction) -> None:
        tokens.put_source(tx, source, channel=request.get("channel"), now=now)
        tokens.create(tx, token, grant, now=now)
        detail = {"source": name, "scopes": sorted(grant.scopes), "owner": grant.owner}
        audit.record(
            tx, at=now, actor="admin", action="token.create", object=token.id, detail=detail
        )

    await door.write(unit)
    return {"token": token.text, "id": token.id}


async def rotate_token(door: Door, world: World, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a token like the newest one of a source; the others end after the overlap."""
    token, now = tokens.make(world.ids), world.clock.now()
    name, overlap = str(request["source"]), timedelta(hours=float(request.get("overlap", 24)))
    known = [one for one in await door.read(tokens.credentials) if one.source.source == name]
    if not known:
        raise tokens.UnusableToken(f"The source {name[:100]!r} has no token that could be rotated.")
    grant = Grant(source=name, scopes=tuple(known[-1].scopes), owner=known[-1].owner)

    def unit(tx: Transaction) -> int:
        ended = tokens.end_others(tx, name, until=now + overlap)
        tokens.create(tx, token, grant, now=now)
        detail = {"source": name, "overlap": overlap.total_seconds(), "others": ended}
        audit.record(
            tx, at=now, actor="admin", action="token.rotate", object=token.id, detail=detail
        )
        return ended

    return {"ended": await door.write(unit), "token": token.text, "id": token.id}


async def revoke_token(door: Door, world: World, token_id: str) -> Mapping[str, Any]:
    now = world.clock.now()

    def unit(tx: Transaction) -> bool:
        ended = tokens.revoke(tx, token_id, now=now)
        if ended:
            audit.record(
                tx, at=now, actor="admin", action="token.revoke", object=token_id, detail={}
            )
        return ended

    return {"revoked": await door.write(unit)}


async def list_tokens(door: Door) -> Mapping[str, Any]:
    found = await door.read(tokens.credentials)
    return {
        "tokens": [
            {
                "id": one.token_id,
                "source": one.source.source,
                "scopes": sorted(one.scopes),
                "owner": one.owner,
                "channel": one.channel,
            }
            for one in found
        ]
    }


async def purge(door: Door, world: World, settings: Settings, *, dry: bool) -> Mapping[str, Any]:
    """Forget what has served its time, or only count it, for as long as the one who asks waits."""
    keeper = Housekeeping(door, world, keeping_of(settings))
    done = await keeper.purge(dry=dry, within=PATIENCE)
    return {"dry": dry, "rows": done.rows, "more": done.more}


def login_link(
    world: World, sessions: Sessions, person: str, settings: Settings
) -> Mapping[str, Any]:
    """Return a link that logs *person* in, once, within ten minutes."""
    token = sessions.link(person, now=world.clock.now(), nonce=world.ids.new("ln"))
    return {"url": f"{settings.address}/login?t={token}"}
