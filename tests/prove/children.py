"""Programs that a proof starts."""

from asyncio.subprocess import Process

__all__ = ["gone"]


async def gone(child: Process) -> int:
    """Wait until *child* has ended and its pipes are read and closed; return its code.

    `wait` alone returns before that: whoever ends the loop then leaves them open.
    """
    await child.communicate()
    return child.returncode or 0
