"""What people are told when something is not done. Pure: an error in, an answer out."""

from baton.errors import BatonError
from coordination.errors import AlreadyDecided, Refused, Superseded, Unavailable
from handlers.slack.answers import Answer, Changed, Sentence, TooLate
from handlers.slack.clicks import Forged
from handlers.slack.screens import Expired

EXPECTED = (Refused, Unavailable, Forged, Expired)
NOT_RECORDED = "Not recorded: my database does not answer. Press again."
NOT_CONFIRMED = "My database does not answer, so I cannot say whether this was recorded. Look at the card, then try again."


def answer_to(error: BatonError, *, url: str | None = None, stored: bool = False) -> Answer:
    """Say what an expected error means to whoever caused it.

    Args:
        error: one of `EXPECTED`.
        url: where the thread of the approval in question is.
        stored: whether something may have been stored before the database failed.
    """
    match error:
        case AlreadyDecided(approval=approval):
            return TooLate(approval)
        case Superseded(approval=approval):
            return Changed(approval, url)
        case Unavailable():
            return Sentence(NOT_CONFIRMED if stored else NOT_RECORDED)
        case _:
            return Sentence(str(error))


def unexpected(ref: str) -> Sentence:
    """Say that something broke; *ref* finds it in the log."""
    return Sentence(
        f"Something went wrong on my side (ref {ref}). Look at the card before you try again."
    )
