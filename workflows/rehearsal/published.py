"""Rehearsals of what is published: the revision in use, with the workflows that it runs as children."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from coordination.definitions import WorkflowView
from coordination.errors import NotFound
from coordination.refusals import InvalidInputs, Refused
from coordination.world import Clock
from workflows.language.catalogue import Catalogue
from workflows.language.errors import InvalidInputs as NotFitting
from workflows.rehearsal.company import Rehearsable, of_definition
from workflows.rehearsal.rehearse import rehearse
from workflows.rehearsal.script import read_script
from workflows.rehearsal.timeline import Rehearsal

__all__ = ["NotRehearsed", "PublishedRehearsals"]

MOST: Final = 10_000  # facts: somebody waits for the answer, and others for the processor


class NotRehearsed(Refused):
    """A published workflow cannot be rehearsed as it is; the sentence says why."""

    code = "conflict"
    status = 409


class PublishedRehearsals:
    """Rehearses published workflows, beside the event loop.

    Args:
        workflow: finds a workflow; raises NotFound.
        catalogue: the actions.
        clock: from whose time the virtual one starts.
    """

    def __init__(
        self, workflow: Callable[[str], Awaitable[WorkflowView]], catalogue: Catalogue, clock: Clock
    ) -> None:
        self._workflow = workflow
        self._catalogue = catalogue
        self._clock = clock

    async def rehearse(self, name: str, given: Mapping[str, Any]) -> Rehearsal:
        """Rehearse the workflow *name*; *given* has the members of a script.

        Raises:
            NotFound: there is no such workflow.
            InvalidInputs: that of coordination, with every problem of every input.
            InvalidScript, TooLong: as `rehearse` raises them.
            NotRehearsed: its definition does not fit this version of Baton.
        """
        script = read_script(given)
        company = await self._company(name)
        now = self._clock.now()
        try:
            return await asyncio.to_thread(
                rehearse, name, company, script, catalogue=self._catalogue, start=now, most=MOST
            )
        except NotFitting as error:
            raise InvalidInputs(
                [(each.path.removeprefix("inputs."), each.message) for each in error.problems]
            ) from error

    async def _company(self, name: str) -> dict[str, Rehearsable]:
        found = {name: await self._piece(await self._workflow(name))}
        wanted = list(found[name].plan.children)
        while wanted:
            child = wanted.pop()
            if child in found:
                continue
            try:
                view = await self._workflow(child)
            except NotFound:
                continue  # the rehearsal says so, where it is needed
            found[child] = await self._piece(view)
            wanted += found[child].plan.children
        return found

    async def _piece(self, view: WorkflowView) -> Rehearsable:
        try:
            return await asyncio.to_thread(of_definition, view.definition, self._catalogue)
        except ValueError as error:
            raise NotRehearsed(f"`{view.name}` does not compile any more: {error}") from error
