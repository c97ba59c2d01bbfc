"""Makes a history that fails smaller: without kinds of faults, then without single ones, then less."""

from collections.abc import Iterator
from dataclasses import replace

from tests.prove.simulation.faults import KINDS, Mask
from tests.prove.simulation.stage import Played, Stage

MOST = 60  # plays


def shrink(stage: Stage, failed: Played) -> tuple[Mask, Played]:
    """Return the smallest mask found under which *failed* still breaks the same promise."""
    mask, best, plays = Mask(), failed, 0
    smaller = True
    while smaller and plays < MOST:
        smaller = False
        for tried in _smaller(mask, best):
            plays += 1
            played = stage.play(failed.seed, tried)
            if _same(played, failed):
                mask, best, smaller = tried, played, True
                break
            if plays >= MOST:
                break
    return mask, best


def _same(played: Played, failed: Played) -> bool:
    """Say whether the same promise is broken: its name stands at the front."""
    return played.broken is not None and _promise(played) == _promise(failed)


def _promise(played: Played) -> str:
    return " ".join((played.broken or "").split()[:2])


def _smaller(mask: Mask, played: Played) -> Iterator[Mask]:
    """Yield masks that leave out a little more: the most at first."""
    for kind in KINDS:
        if kind not in mask.kinds and played.struck[kind]:
            yield replace(mask, kinds=mask.kinds + kind)
    if not mask.calm:
        yield replace(mask, calm=True)
    if mask.builds is None:
        yield replace(mask, builds=1)
    for kind, count in played.struck.items():
        for number in range(min(count, 12)):
            if kind not in mask.kinds and (kind, number) not in mask.single:
                yield replace(mask, single=frozenset({*mask.single, (kind, number)}))


__all__ = ["shrink"]
