"""The names under which Slack hands clicks, modals and commands back. Cards outlive code: never reuse one."""

APPROVE = "baton_approve:v1"
REJECT = "baton_reject:v1"
CHOOSE = "baton_choose:v1"
DETAILS = "baton_details:v1"

RETRY = "baton_retry:v1"
CANCEL = "baton_cancel:v1"
OPEN_RUN = "baton_open_run:v1"

RESOLVE_RETRY = "baton_resolve_retry:v1"
RESOLVE_DONE = "baton_resolve_done:v1"
RESOLVE_FAIL = "baton_resolve_fail:v1"

REASON = "baton_reason:v1"
REASON_BLOCK = "reason"
REASON_INPUT = "reason_text"

START = "baton_start:v1"
START_FROM_LIST = "baton_start_from_list:v1"

COMMAND = "/baton"
