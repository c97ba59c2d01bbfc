"""What Baton promises, what it does not say with that, and what guards each promise."""

from dataclasses import dataclass

__all__ = ["PROMISES", "Promise"]


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise. *proofs* are folders beside this one, *tests* files and folders under `tests/`."""

    id: str
    says: str
    limits: str
    proofs: tuple[str, ...]
    tests: tuple[str, ...] = ()


PROMISES = (
    Promise(
        "P1",
        "A report that was answered 202 is stored, with its work and its thread, whatever is killed or unplugged, at whatever moment.",
        "Nothing is promised of reports that were answered with 4xx or 5xx: send them again.",
        ("simulation", "power", "syscalls", "kill"),
        ("stories/test_a_kill.py", "stories/test_report_from_anywhere.py"),
    ),
    Promise(
        "P2",
        "No 2xx goes out before what it says is durable.",
        "A 5xx may mean that it was stored after all; the same key again finds it.",
        ("power", "syscalls", "simulation"),
    ),
    Promise(
        "P3",
        "The same key never starts anything twice within seven days; the same key with another body is refused with 422.",
        "After seven days a key is new.",
        ("simulation", "network"),
        ("stories/test_disorder.py",),
    ),
    Promise(
        "P4",
        "A step whose result is stored is never executed again; a run goes on at the first step without one. An earlier life of Baton cannot write any more.",
        "A step that says it may be repeated can run again where its result was not stored.",
        ("simulation", "kill", "syscalls"),
        ("contracts/test_runtime.py",),
    ),
    Promise(
        "P5",
        "A step that must not be repeated starts at most once for each approval. Where Baton dies in the middle of it, a person is asked what became of it.",
        "Without an approval: once for each run, and for each time that a person says so. A death between the note and the start asks as well, though nothing happened.",
        ("simulation", "kill", "syscalls"),
        ("contracts/test_runtime_actions.py",),
    ),
    Promise(
        "P6",
        "A question is decided once, by somebody who may decide it then and still may when the step begins, on the very bytes that were shown. Whoever comes later learns who decided.",
        "Nobody can know whether it was read. Groups are as the directory knew them at most five minutes before.",
        ("simulation", "races", "kill"),
        (
            "stories/test_who_may_decide.py",
            "stories/test_decide_well.py",
            "properties/test_votes.py",
        ),
    ),
    Promise(
        "P7",
        "Slack may be away or slow for a day: what it has to be told is late, not lost, and in order within a thread.",
        "Of many states of a bar only some are shown; the last one always is.",
        ("simulation", "network"),
        ("stories/test_slack_in_trouble.py",),
    ),
    Promise(
        "P8",
        "Slack shows something twice only where it took a message and its answer was lost; then once more at most, and Baton finds the two and goes on with one.",
        "Slack has no documented key against doubles.",
        ("network", "simulation"),
        ("stories/test_slack_in_trouble.py",),
    ),
    Promise(
        "P9",
        "A disk that is full, locked or failing is answered with 503 and when to come again; nothing is half written; readiness turns red, and all heals when there is room again. After a failed sync the process ends and starts from what is durable.",
        "Actions that run then may finish; what became of them may have to be asked.",
        ("disk", "syscalls"),
    ),
    Promise(
        "P10",
        "Under ten times of what it can take, Baton takes what it answers 202 in time, and refuses the rest quickly. Answers of people are not held up.",
        "Measured by `benchmarks/overload.py` where the disk is the limit; where the processor is the limit, both take longer: at 2.6 times what it can take, 2.8 s for what is accepted and 0.5 s for a refusal, p99. The first third of a second of a flood out of calm is taken whole, and waits longer. A source without a rate may take the places of others.",
        (),
        ("handlers/http/test_places.py", "handlers/http/test_limits.py"),
    ),
    Promise(
        "P11",
        "A wall clock that jumps a day, in either direction, neither loses a timer nor fires it twice; a slot of a schedule starts one run at most.",
        "A deadline is a stored time: where the clock was put right, it follows the clock.",
        ("clock", "simulation"),
        ("stories/test_clocks.py", "stories/test_by_the_clock.py"),
    ),
    Promise(
        "P12",
        "Each decision and each order has a row in the audit trail, written with it, and the rows are a chain: one that is changed or missing is found.",
        "Whoever owns the machine can write the whole chain anew, unless its head is kept elsewhere.",
        ("simulation", "kill", "power"),
    ),
    Promise(
        "P13",
        "After a restart with 10,000 open runs Baton accepts again within 2 s.",
        "See `benchmarks/restart.py` and `benchmarks/parked.py` for what was measured.",
        (),
    ),
    Promise(
        "P14",
        "A run keeps the revision that it began with, and each version finishes what an earlier one recorded. A newer database is refused, not guessed at.",
        "147 journals are recorded so far, of one version.",
        ("corpus",),
        ("stories/test_definitions.py",),
    ),
    Promise(
        "P15",
        "A backup taken while Baton runs is whole. A restore holds every open run until somebody resumes it, and asks before each step that must not be repeated.",
        "What was acknowledged after the backup is gone from Baton; the report of the restore says since when.",
        (),
        ("stories/test_a_restore.py",),
    ),
    Promise(
        "P16",
        "When the trouble is over, every run ends or waits for somebody, in bounded time.",
        "The time that an author's own waits take comes on top.",
        ("simulation", "races"),
    ),
    Promise(
        "P18",
        "Once a cancel is answered, nothing of the run begins but its undoing, `on_cancel` and `finally`; the programs that it started are gone, with all that they started.",
        "What was sent already is not taken back: that is what `undo` is for.",
        ("simulation", "kill"),
        ("contracts/test_runtime_steering.py",),
    ),
)
