"""The names under which Slack hands clicks, modals and commands back.

Cards outlive code, so a name is never reused for something else; what changes its meaning gets the
next number. Only `APPROVE` and the forms approve anything.
"""

COMMAND = "/baton"

# An approval's buttons carry `<approval id>.<version>`.
APPROVE = "baton_approve:v1"  # answers at once
APPROVE_WITH = "baton_approve_with:v1"  # opens the form of a reason
REJECT = "baton_reject:v1"  # opens the form of a reason
REJECT_NOW = "baton_reject_now:v1"  # answers at once
CHOOSE = "baton_choose:v1"  # with `:<choice>`, answers at once
ANSWER = "baton_answer:v1"  # with `:<choice>`, opens the form

PICK = "baton_pick:v1"  # a list whose options carry `<approval id>.<version>.<choice>`
DETAILS = "baton_details:v1"  # opens everything that is known of the question
DELEGATE = "baton_delegate:v1"  # in it: opens the form that asks to whom
TAKE_BACK = "baton_take_back:v1"  # in it: ends that
ASK_AGAIN = "baton_ask_again:v1"
SNOOZE = "baton_snooze:v1"  # on a reminder

DELEGATION = "baton_delegation:v1"  # the form: `<approval id>.<version>.delegate`
TO_BLOCK = "to"
TO_INPUT = "to_person"

REASON = "baton_reason:v1"  # the form: `<approval id>.<version>.<choice>`
REASON_BLOCK = "reason"
REASON_INPUT = "reason_text"
ANSWER_BLOCK = "answer"
ANSWER_INPUT = "answer_text"

# A run's buttons carry its id.
RETRY = "baton_retry:v1"  # retries at once; on cards that are older than the form
RETRY_WITH = "baton_retry_with:v1"  # opens the form that says what runs again
CANCEL = "baton_cancel:v1"  # cancels at once; on cards that are older than the form
CANCEL_WITH = "baton_cancel_with:v1"  # opens the form that asks how, and why
PAUSE = "baton_pause:v1"
RESUME = "baton_resume:v1"
EDIT = "baton_edit_input:v1"  # opens the form of its inputs
MORE = "baton_more:v1"  # a menu; its options carry `<skip, rollback, handled>.<run id>`
OPEN_RUN = "baton_open_run:v1"  # a link; Slack reports the click all the same

WHY = "baton_why:v1"  # carries the id of a thread; opens what is known of it

# Those of a silent process carry `<thread id>.<key>.<attempt>`.
PING = "baton_ping:v1"
MARK_FAILED = "baton_mark_failed:v1"
WAIT_LONGER = "baton_wait_longer:v1"

# Those of a step that is unknown carry `<run id>.<attempt>.<path>`.
RESOLVE_RETRY = "baton_resolve_retry:v1"
RESOLVE_DONE = "baton_resolve_done:v1"
RESOLVE_FAIL = "baton_resolve_fail:v1"

# Under help and lists.
SHOW_APPROVALS = "baton_show_approvals:v1"
SHOW_RUNS = "baton_show_runs:v1"
SHOW_WORKFLOWS = "baton_show_workflows:v1"

# On Home, and in the lists that it opens.
SEE_ALL = "baton_see_all:v1"  # carries `<kind>.<page>`, opens a list
TURN = "baton_turn:v1"  # the same, within the list; with `:<direction>`
UNFOLLOW = "baton_unfollow:v1"  # carries the key of a subscription
START_DEMO = "baton_start_demo:v1"  # carries the name of a workflow
OPEN_WEB = "baton_open_web:v1"  # a link, as above

# In the menus of Slack.
START_SHORTCUT = "baton_start_run:v1"
MESSAGE_SHORTCUT = "baton_start_from_message:v1"

LOADING = "baton_loading:v1"  # a modal that is not ready yet, or only says something
START = "baton_start:v1"  # the form of a start: the workflow's name
START_INPUT = "value"
START_BLOCK = "in."  # before the name of the input

WORKFLOW = "baton_workflow:v1"  # the form that asks which one; the id of a draft, or nothing
WORKFLOW_BLOCK = "workflow"
WORKFLOW_INPUT = "workflow_name"

# The forms that steer a run: each carries its id, that of a cancel `<run id>.<going or ending>`.
RETRY_FORM = "baton_retry_form:v1"
CANCEL_FORM = "baton_cancel_form:v1"
SKIP_FORM = "baton_skip_form:v1"
ROLLBACK_FORM = "baton_rollback_form:v1"
HANDLED_FORM = "baton_handled_form:v1"
EDIT_FORM = "baton_edit_form:v1"  # the form of a start; the run whose place another one takes
STEP_BLOCK = "step"
RETRY_FROM = "baton_retry_from:v1"  # a list in the form of a retry; choosing draws it anew
SKIP_STEP = "skip_step"
MODE_BLOCK = "mode"
MODE_INPUT = "cancel_mode"

HOME = "baton_home:v1"
