"""Whether a request was signed by who it says. Bytes in, yes or no out: nothing here raises."""

import hashlib
import hmac
import re
from datetime import datetime

_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
SLACK_AGE = 300  # s that a request of Slack may be old
SLACK_AHEAD = 60  # s that its clock may run before ours


def verify_slack(timestamp: str, signature: str, raw: bytes, secret: str, now: datetime) -> bool:
    """Say whether Slack signed *raw* with *secret* at *timestamp*, not long before *now*."""
    if not secret or not _SECONDS.fullmatch(timestamp):
        return False
    age = now.timestamp() - int(timestamp)
    if not -SLACK_AHEAD <= age <= SLACK_AGE:
        return False
    signed = hmac.new(secret.encode(), b"v0:%b:%b" % (timestamp.encode(), raw), hashlib.sha256)
    return hmac.compare_digest(f"v0={signed.hexdigest()}".encode(), _bytes(signature))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
