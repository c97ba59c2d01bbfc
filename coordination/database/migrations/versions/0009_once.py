"""Keep each thing once: nothing is rewritten, and an older Baton has to refuse what is written from here on.

The first row of a journal holds only what the row of its run does not. A row of the audit trail does
not repeat the sum of the row before it. The record of how an event was taken names the sentence
of a rule by the rule, and the process of the event by nothing.
"""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Change nothing: what is there reads the same."""
