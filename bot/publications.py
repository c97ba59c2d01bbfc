"""What `python -m bot export`, `apply` and `hook` ask for, of a running server or of its data folder."""

from collections.abc import Mapping
from typing import Any

from bot.keys import derived, instance_key
from bot.settings import Settings
from coordination.database import Door
from coordination.errors import InvalidDefinition
from coordination.footing import Ports
from coordination.hook_secrets import HookSecret
from coordination.lookups import Rules
from coordination.policy import Principal
from coordination.ports import Definition, Group, Person, Revision, RunView
from coordination.publishing import Order, Publication, Publishing
from coordination.secrets import Secrets
from coordination.world import World
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.definition import InputCheck
from workflows.language.reading import DefinitionReader

PREFIX = "workflow-"
# Whoever can open the socket, or the data folder, owns what is in it.
OWNER = Principal(kind="token", id="admin", scopes=frozenset({"admin"}), admin=True)


class Asleep:
    """Stands in for runtime and directory where no server runs: publishing needs neither."""

    async def publish_definition(self, definition: Definition, *, by: str) -> Revision:
        raise NotImplementedError

    async def start(self, run_id: str) -> None:
        """Leave the row to the next life."""

    async def deliver(self, wakeup_id: int) -> None:
        """Leave the row to the next life."""

    async def describe(self, run_id: str) -> RunView:
        raise NotImplementedError

    async def people(self) -> tuple[Person, ...]:
        return ()

    async def groups(self) -> tuple[Group, ...] | None:
        return None


def offline(door: Door, world: World, settings: Settings) -> Publishing:
    """Return what publishes into the data folder while no server runs."""
    secrets = Secrets(derived(instance_key(settings, world.ids), "secrets"), settings.secret)
    language = DefinitionReader(Registry(built_in(environment={})))
    asleep = Asleep()
    ports = Ports(asleep, InputCheck(), asleep, secrets, language)
    return Publishing(door, world, ports, Rules())


async def perform_workflow(
    publishing: Publishing, settings: Settings, request: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Do what *request* says; its command begins with ``workflow-``. Raises: BatonError."""
    match str(request["command"]).removeprefix(PREFIX):
        case "list":
            found = await publishing.workflows()
            return {"workflows": [{"name": each.name, "status": each.status} for each in found]}
        case "export":
            view = await publishing.workflow(str(request["name"]))
            return {"name": view.name, "status": view.status, "text": view.definition.source}
        case "apply":
            return await apply(publishing, settings, request)
        case _:
            made = await publishing.rotate_hook(
                OWNER,
                str(request["name"]),
                str(request["trigger"]),
                overlap_hours=float(request["overlap"]),
                via="cli",
            )
            return secret_told(made, settings)


async def apply(
    publishing: Publishing, settings: Settings, request: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Publish texts, all of them or none; what is wrong with them is an answer too."""
    order = Order(draft=bool(request.get("draft")), via="cli")
    try:
        done = await publishing.publish_workflows(OWNER, dict(request["files"]), order)
    except InvalidDefinition as error:
        return {"problems": [*error.problems], "published": []}
    return {"problems": [], "published": [told(each, settings) for each in done]}


def told(done: Publication, settings: Settings) -> Mapping[str, Any]:
    return {
        "name": done.view.name,
        "status": done.view.status,
        "revision": done.revision,
        "draft": done.view.draft,
        "changed": done.changed,
        "gains": [each.text for each in done.gains],
        "warnings": [*done.warnings],
        "secrets": [secret_told(each, settings) for each in done.secrets],
    }


def secret_told(made: HookSecret, settings: Settings) -> Mapping[str, Any]:
    url = f"{settings.address}/v1/hooks/workflow/{made.workflow}/{made.trigger}"
    return {"trigger": made.trigger, "url": url, "secret": made.secret}
