"""Whether a request was signed by who it says. Bytes in, yes or no out: nothing here raises.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
Source: https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from coordination.tokens import SHORTEST, signing_key

STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")
STANDARD_AGE = 300  # s that a Standard Webhook may be off, either way
SLACK_AGE = 300  # s that a request of Slack may be old
SLACK_AHEAD = 60  # s that its clock may run before ours
MOST = 20  # signatures in one header
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_ID = re.compile(r"[!-~]{1,256}", re.ASCII)


def verify_standard(
    headers: Mapping[str, Sequence[str]], raw: bytes, secrets: Iterable[str], now: datetime
) -> bool:
    """Say whether *raw* is a Standard Webhook that one of *secrets* signed, at about *now*.

    Args:
        headers: the values of each header of `STANDARD`; one that comes twice is as good as none.
        raw: the body.
        secrets: ``whsec_`` and base64, or plain text; those under 16 bytes do not count.
        now: the wall time.
    """
    found = [headers.get(name, ()) for name in STANDARD]
    if any(len(values) != 1 for values in found):
        return False
    name, stamp, signatures = (values[0] for values in found)
    if not (_ID.fullmatch(name) and _SECONDS.fullmatch(stamp)):
        return False
    if abs(now.timestamp() - int(stamp)) > STANDARD_AGE:
        return False
    told = [_decoded(each) for each in signatures.split(" ")[:MOST]]
    signed = b"%b.%b.%b" % (name.encode(), stamp.encode(), raw)
    right = False
    for secret in secrets:
        key = signing_key(secret)
        usable = key is not None and len(key) >= SHORTEST
        expected = hmac.new(key or b"-", signed, hashlib.sha256).digest()
        for each in told:  # to the end: how long it takes tells nothing
            right |= hmac.compare_digest(expected, each) and usable
    return right


def _decoded(signature: str) -> bytes:
    """Return the bytes of ``v1,<base64>``; of other versions, and of what is none, none."""
    version, _, text = signature.partition(",")
    if version != "v1":
        return b""
    try:
        return base64.b64decode(text.encode("utf-8", "replace"), validate=True)
    except (binascii.Error, ValueError):
        return b""


def verify_slack(timestamp: str, signature: str, raw: bytes, secret: str, now: datetime) -> bool:
    """Say whether Slack signed *raw* with *secret* at *timestamp*, not long before *now*."""
    if not secret or not _SECONDS.fullmatch(timestamp):
        return False
    age = now.timestamp() - int(timestamp)
    if not -SLACK_AHEAD <= age <= SLACK_AGE:
        return False
    signed = hmac.new(secret.encode(), b"v0:%b:%b" % (timestamp.encode(), raw), hashlib.sha256)
    expected = f"v0={signed.hexdigest()}".encode()
    return hmac.compare_digest(expected, signature.encode("utf-8", "replace"))
