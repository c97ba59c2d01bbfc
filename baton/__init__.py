"""Report what your tools do to Baton, the place where a software team's tools meet.

::

    import baton

    with baton.process("Nightly build", category="build") as p:
        p.progress(3, 10, "compiling")
        p.link("https://ci.example/builds/7")
        p.result(tests=412)

Where to report is in ``BATON_URL`` and ``BATON_TOKEN``; without them nothing happens. Nothing in
here raises into your program, holds it up for more than two seconds, or writes to its stdout.
"""

from baton.client import Client, default_client
from baton.errors import BatonError
from baton.process import Process, current_process, process
from baton.tracked import tracked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from baton.answers import Result

__all__ = ["BatonError", "Client", "Process", "current_process", "notify", "process", "tracked"]


def notify(
    process_id: str | None = None, status: str | None = None, **fields: object
) -> "Result | None":
    """Report one event; see :meth:`Client.notify`. Returns None when no answer came in time."""
    return default_client().notify(process_id, status, **fields)
