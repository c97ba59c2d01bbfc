"""Display numbers, taken in the unit that makes the thing they number."""

from coordination.store.counters import next_number as next  # noqa: A004  # read as counters.next

__all__ = ["next"]
