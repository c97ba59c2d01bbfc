"""Texts in which secrets stand, or what is nearly one."""

from hypothesis import strategies as st

FRAGMENTS = (
    "bt_abcdefgh_0123456789abcdefgh", "xoxb-1234567890-abcdef", "xapp-1-A0-123456789",
    "ghp_0123456789abcdefghijABCD", "github_pat_0123456789abcdefghij", "glpat-0123456789abcdefghij",
    "sk-ant-0123456789abcdefghij", "AKIA0123456789ABCDEF", "AIza0123456789012345678901234567890",
    "eyJhbGciOiJI.eyJzdWIiOiIx.abc", "-----BEGIN RSA PRIVATE KEY-----", "hooks.slack.com/services/T0",
    "Bearer abcdefgh", "basic\u00a0", "Basic ", "x://u:pass@h", "Password=abcd", "api_key: abcd",
    "to\u017fecret", "\u212aEY=abcde", "-", "_", ":", "=", "@", "://", " ", "gh", "xox", "sk", "token", "x" * 700,
)  # fmt: skip
SECRETIVE = st.lists(st.text(max_size=4) | st.sampled_from(FRAGMENTS), max_size=4).map("".join)
