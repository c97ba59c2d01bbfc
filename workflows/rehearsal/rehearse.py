"""A rehearsal from its beginning to its end: nothing is performed, and a week takes milliseconds."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from coordination.waiting_for import waiting_for
from workflows.language.catalogue import Catalogue
from workflows.rehearsal.company import Company
from workflows.rehearsal.cues import Cues
from workflows.rehearsal.hall import Arrived, Hall
from workflows.rehearsal.happenings import Happening, Other, Signal, event_of, told
from workflows.rehearsal.opening import open_with
from workflows.rehearsal.player import Player
from workflows.rehearsal.script import Script
from workflows.rehearsal.stage import MOST, Stage
from workflows.rehearsal.standing import view_of
from workflows.rehearsal.timeline import Rehearsal, StepEnd, Timeline

__all__ = ["rehearse"]


def rehearse(
    name: str,
    company: Company,
    script: Script,
    *,
    catalogue: Catalogue,
    start: datetime,
    most: int = MOST,
) -> Rehearsal:
    """Rehearse the workflow *name* of *company*.

    Args:
        name: of the workflow.
        company: it, and the workflows that it may run as children.
        script: what happens to it, and what answers in place of actions and people.
        catalogue: the actions.
        start: what the virtual clock shows at first.
        most: how many things may happen.

    Raises:
        InvalidInputs: what it would be started with does not fit.
        InvalidScript: the script answers a question in a way that it does not take.
        TooLong: it does not come to an end.
    """
    stage = Stage(start)
    hall = Hall(
        stage=stage,
        timeline=Timeline(start),
        company=company,
        catalogue=catalogue,
        decisions=Cues(script.decide),
        stubs=Cues(script.stubs),
        cast=Player,
    )
    piece = company[name]
    opening = open_with(piece, script, start)
    player = Player(hall, piece, opening.began)
    stage.soon(partial(player.begin, opening.why))
    for happening in opening.rest:
        stage.soon(partial(_happen, hall, happening), after=happening.after)
    stage.play(most=most)
    return _report(hall, player)


def _happen(hall: Hall, happening: Happening) -> None:
    content = happening.content
    if isinstance(content, Signal):
        hall.signal(content)
    elif not isinstance(content, Other):
        event = event_of(content, number=happening.number, at=hall.stage.now)
        hall.arrive(Arrived(event, told(event)))


def _report(hall: Hall, player: Player) -> Rehearsal:
    core, cover = player.core, hall.timeline.cover
    waits = None
    if core.state.ended is None:
        waits = waiting_for(view_of(player, player.asking.open()))
    outputs = core.state.outputs
    return Rehearsal(
        status=core.status.value,
        outputs=None if outputs is None else cover(dict(outputs)),
        waiting_for=None if waits is None else cover(waits.text),
        steps=tuple(
            StepEnd(path, core.steps[path].status.value, core.steps[path].attempts)
            for path in sorted(core.steps, key=core.order)
        ),
        timeline=tuple(hall.timeline.entries),
        notes=tuple(_notes(hall)),
    )


def _notes(hall: Hall) -> Iterator[str]:
    """Say what of the script was never needed: a slip in a path would go unseen otherwise."""
    for path in hall.stubs.unused():
        yield f"The stub for `{path}` was not needed."
    for path in hall.decisions.unused():
        yield f"The decision for `{path}` was not needed."
