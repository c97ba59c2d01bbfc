"""Publishing and looking after workflows: the verbs of authors, and of the folders of definitions.

A text is read and checked before the unit that publishes it, beside the event loop; the unit compares
what it finds with what was looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from coordination import hook_secrets, revisions
from coordination.database import Transaction
from coordination.definitions import WorkflowView
from coordination.errors import Conflict, InvalidDefinition, NotFound, Unavailable
from coordination.hook_secrets import HookSecret
from coordination.policy import Principal
from coordination.ports import Definition, Gain, ReadDefinition
from coordination.reviewing import TEXT, Reviewing, good, refuse_idle
from coordination.revisions import Move, Published, Writing

PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Publication:
    """What became of a text.

    Args:
        view: the workflow as it is now.
        revision: the number of the revision that was published.
        changed: whether anything is different now.
        created: whether there was no such workflow.
        gains: what it may do beyond what was in use before.
        warnings: likely slips of the text.
        secrets: of its webhooks, as made just now: nobody is shown them again.
    """

    view: WorkflowView
    revision: int
    changed: bool
    created: bool = False
    gains: tuple[Gain, ...] = ()
    warnings: tuple[Mapping[str, Any], ...] = ()
    secrets: tuple[HookSecret, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How texts are to be published.

    Args:
        draft: beside what is in use.
        expects: the tag that the workflow must have.
        named: the name that it must have.
        via: the way it came.
        shows: whether whoever asks can be shown a secret, so that one is made.
    """

    draft: bool = False
    expects: str | None = None
    named: str | None = None
    via: str = "api"
    shows: bool = True


class Publishing(Reviewing):
    """The verbs of those who write workflows."""

    async def publish_workflow(
        self, principal: Principal, text: str | bytes, order: Order, *, file: str = TEXT
    ) -> Publication:
        """Publish a text and put it to use, or keep it as a draft.

        Raises:
            NotAllowed, Conflict, Outdated
            InvalidDefinition: with every problem of the text.
        """
        (done,) = await self.publish_workflows(principal, {file: text}, order)
        return done

    async def publish_workflows(
        self, principal: Principal, files: Mapping[str, str | bytes], order: Order
    ) -> tuple[Publication, ...]:
        """Publish texts that belong together: all of them, in one unit, or none.

        Raises:
            NotAllowed, Conflict, Outdated
            InvalidDefinition: with every problem of all of them.
        """
        await self.authorize(principal, PUBLISH)
        read = _all_good(await self.read_definitions(files))
        for each in read:
            _refuse_other_name(each.definition, order.named)
            if not order.draft:
                refuse_idle(each)
        by = principal.actor
        writings = [
            Writing(
                definition=each.definition,
                by=by,
                via=order.via,
                draft=order.draft,
                expects=order.expects,
            )
            for each in read
        ]
        done = await self._write(writings, shows=order.shows)
        return tuple(
            [
                replace(await self._publication(published, secrets), warnings=each.warnings)
                for each, (published, secrets) in zip(read, done, strict=True)
            ]
        )

    async def publish_files(self, writings: Sequence[Writing]) -> tuple[Published, ...]:
        """Publish what the folders hold, in one unit; nobody is there to be shown a secret."""
        return tuple(published for published, _ in await self._write(writings, shows=False))

    async def note_definition_problems(self, name: str, problems: Any) -> bool:
        """Record what is wrong with the file of a workflow; False where none of it was ever good."""
        now = self._world.clock.now()
        return await self._door.write(
            lambda tx: revisions.note_problems(tx, name, problems, at=now)
        )

    async def release_workflows(self, names: Sequence[str], *, by: str) -> None:
        """Let others change the workflows whose files are gone; they go on as they are."""
        now = self._world.clock.now()

        def unit(tx: Transaction) -> None:
            for name in names:
                revisions.release(tx, name, by=by, at=now)

        await self._door.write(unit)

    async def activate_workflow(
        self,
        principal: Principal,
        name: str,
        *,
        revision: int | None = None,
        via: str,
        shows: bool = False,
    ) -> Publication:
        """Put the draft of a workflow to use; *revision* is the one that was looked at.

        Raises:
            NotFound, NotAllowed, Conflict
            InvalidDefinition: it is not good any more, as when an action is gone.
        """
        await self.authorize(principal, PUBLISH)
        view = await self.workflow(name)
        number = view.draft or view.revision
        if revision is not None and revision != number:
            raise Conflict(f"The draft of `{name}` is revision {number} by now, not {revision}.")
        read = refuse_idle(await self.read_revision(name, number))
        now, gains = self._world.clock.now(), self._language.gains

        def unit(tx: Transaction) -> tuple[Published, tuple[HookSecret, ...]]:
            done = revisions.activate(
                tx, read.definition, by=principal.actor, via=via, gains=gains, at=now
            )
            return done, self._secrets(tx, read.definition, shows=shows)

        return await self._publication(*await self._door.write(unit))

    async def restore_revision(
        self, principal: Principal, name: str, number: int, *, via: str, shows: bool = False
    ) -> Publication:
        """Put an older revision to use again.

        Raises:
            NotFound, NotAllowed, Conflict
            InvalidDefinition: it is not good any more.
        """
        await self.authorize(principal, PUBLISH)
        read = refuse_idle(await self.read_revision(name, number))
        writing = Writing(definition=read.definition, by=principal.actor, via=via, origin=None)
        ((done, secrets),) = await self._write([writing], shows=shows)
        return replace(await self._publication(done, secrets), warnings=read.warnings)

    async def move_workflow(
        self, principal: Principal, name: str, verb: Move, *, via: str
    ) -> WorkflowView:
        """Pause, resume, archive or restore a workflow; one that is like that already stays so.

        Raises:
            NotFound, NotAllowed, Conflict
        """
        await self.authorize(principal, PUBLISH)
        now, by = self._world.clock.now(), principal.actor
        await self._door.write(lambda tx: revisions.move(tx, name, verb, by=by, via=via, at=now))
        return await self.workflow(name)

    async def rotate_hook(
        self, principal: Principal, name: str, trigger: str, *, overlap_hours: float, via: str
    ) -> HookSecret:
        """Make a new secret for a webhook trigger; the one before ends after the overlap.

        Raises:
            NotFound, NotAllowed
            Conflict: the definition names a secret of the store.
        """
        await self.authorize(principal, PUBLISH)
        spec = _hook(await self.workflow(name), trigger)
        if spec.keys.get("secret") is not None:
            raise Conflict(
                f"`{trigger}` of `{name}` uses the secret `{spec.keys['secret']}` of the store. "
                "Change it there."
            )
        now = self._world.clock.now()
        return await self._door.write(
            lambda tx: hook_secrets.rotate(
                tx,
                (name, trigger),
                self._closing,
                by=principal.actor,
                via=via,
                overlap_hours=overlap_hours,
                now=now,
            )
        )

    async def _write(
        self, writings: Sequence[Writing], *, shows: bool
    ) -> list[tuple[Published, tuple[HookSecret, ...]]]:
        now, gains = self._world.clock.now(), self._language.gains

        def unit(tx: Transaction) -> list[tuple[Published, tuple[HookSecret, ...]]]:
            return [
                (
                    revisions.publish(tx, each, gains=gains, at=now),
                    self._secrets(tx, each.definition, shows=shows and not each.draft),
                )
                for each in writings
            ]

        return await self._door.write(unit)

    def _secrets(
        self, tx: Transaction, definition: Definition, *, shows: bool
    ) -> tuple[HookSecret, ...]:
        """Make the secrets that the webhooks of a revision in use lack, if somebody can be shown them."""
        if not shows or self._ports.secrets is None:
            return ()
        now = self._world.clock.now()
        return hook_secrets.complete(tx, definition, self._closing, now=now)

    async def _publication(
        self, done: Published, secrets: tuple[HookSecret, ...] = ()
    ) -> Publication:
        return Publication(
            view=await self.workflow(done.revision.name),
            revision=done.revision.number,
            changed=done.changed,
            created=done.created,
            gains=done.gains,
            secrets=secrets,
        )

    @property
    def _closing(self) -> hook_secrets.Closing:
        if self._ports.secrets is None:
            raise Unavailable("This Baton keeps no secrets.")
        return hook_secrets.Closing(self._ports.secrets, self._world.ids)


def _all_good(
    found: Mapping[str, ReadDefinition | InvalidDefinition],
) -> list[ReadDefinition]:
    """Return all that can be published. Raises: InvalidDefinition, with the problems of all others."""
    bad = [each for each in found.values() if isinstance(each, InvalidDefinition)]
    if bad:
        problems = [problem for each in bad for problem in each.problems]
        raise InvalidDefinition(problems, "\n".join(str(each) for each in bad))
    return [good(each) for each in found.values()]


def _refuse_other_name(definition: Definition, named: str | None) -> None:
    if named is None or definition.name == named:
        return
    message = f"this defines `{definition.name}`, and is sent as `{named}`"
    problem = {
        **dict.fromkeys(("line", "column"), 1),
        "severity": "error",
        "file": TEXT,
        "path": "name",
        "code": "value",
        "message": message,
        "hint": "Make them the same: the name is what others know a workflow by.",
    }
    raise InvalidDefinition([problem], f"name: {message}. {problem['hint']}")


def _hook(view: WorkflowView, trigger: str) -> Any:
    """Return a webhook trigger of the revision in use. Raises: NotFound."""
    hooks = {each.id: each for each in view.definition.triggers if each.kind == "webhook"}
    if trigger not in hooks:
        raise NotFound(f"webhook trigger of {view.name}", trigger, known=hooks)
    return hooks[trigger]
