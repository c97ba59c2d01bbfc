"""The page of security tests: which test guards against which kind of incident, and with how much.

`python -m tests.security.table` writes it; a test holds that it is as this says, and that every test
and every list of payloads that is named here exists.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/explanation/security-tests.md"
S, H, L, A = "tests/security", "tests/handlers/http", "tests/workflows/language", "tests/workflows/actions"  # fmt: skip
CORPUS, HOSTILE = f"{S}/corpus", f"{L}/hostile"


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of incident: tests as ``file::name``, payloads as ``file`` or ``file::NAME``."""

    incident: str
    guards: tuple[str, ...] = ()
    payloads: tuple[str, ...] = ()
    open: str = ""


ROWS: Mapping[str, Row] = {
    "T-01": Row(
        "Expressions that escape",
        (
            f"{L}/test_hostile_expressions.py::test_no_text_reaches_what_is_behind_its_names",
            f"{S}/test_looking_does_nothing.py::test_no_hostile_expression_reaches_the_machine",
            "tests/properties/test_expressions.py::test_data_is_never_evaluated",
        ),
        (f"{HOSTILE}/reach.txt",),
    ),
    "T-02": Row(
        "Templates that become code",
        ("tests/architecture/test_secrets.py::test_foreign_text_becomes_neither_code_nor_objects_nor_commands",),
    ),
    "T-03": Row(
        "Expressions that fill memory or time",
        (
            f"{L}/test_hostile_expressions.py::test_no_text_costs_much",
            f"{L}/test_hostile_expressions.py::test_no_source_is_hard_to_refuse",
            f"{L}/test_hostile_files.py::test_a_hostile_step_is_refused_within_a_moment",
        ),
        (f"{HOSTILE}/bombs.txt", f"{HOSTILE}/shapes.txt"),
    ),
    "T-04": Row("Stored rows that become objects", ("tests/workflows/test_journal.py::test_a_row_that_was_changed_is_found",)),
    "T-05": Row(
        "Validating that runs what it validates",
        (
            f"{S}/test_looking_does_nothing.py::test_validating_runs_nothing",
            f"{S}/test_looking_does_nothing.py::test_rehearsing_runs_nothing",
            f"{S}/test_looking_does_nothing.py::test_trying_an_event_runs_nothing",
        ),
        (f"{S}/test_looking_does_nothing.py::WHOLE", f"{S}/test_looking_does_nothing.py::ACTIONS"),
    ),
    "T-06": Row("YAML tags that make objects", (f"{L}/test_hostile_files.py::test_a_hostile_file_is_one_sentence_within_a_moment",)),
    "T-07": Row(
        "YAML that grows",
        (f"{L}/test_hostile_files.py::test_a_hostile_file_is_one_sentence_within_a_moment", f"{L}/test_limits.py"),
        (f"{L}/test_hostile_files.py::BOMBS", f"{L}/test_hostile_files.py::MANY"),
    ),
    "T-08": Row(
        "The last of two keys wins",
        (f"{L}/test_loader.py::test_a_scalar_is_what_yaml_1_2_says", f"{L}/test_loader.py::test_what_is_refused_has_its_place_and_stands_alone"),
    ),
    "T-09": Row("Archives that write elsewhere", open="nothing unpacks an archive"),
    "T-10": Row(
        "Patterns that never end",
        (f"{S}/test_own_patterns.py::test_every_pattern_of_ours_is_linear", f"{S}/test_own_patterns.py::test_a_path_of_brackets_is_read_at_once"),
        (f"{S}/test_own_patterns.py::PUMPS",),
    ),
    "T-11": Row(
        "Types of bodies that change the reader",
        (f"{H}/test_bodies.py::test_on_no_address_is_a_wrong_type_taken_or_an_error_of_ours", f"{H}/test_bodies.py::test_what_is_not_said_to_be_json_is_not_read_as_json"),
        (f"{H}/test_bodies.py::WRONG",),
    ),
    "T-12": Row(
        "Signatures that fail open",
        (f"{H}/test_signed.py::test_everything_that_is_wrong_looks_the_same", f"{H}/test_signed.py::test_no_secret_means_nobody_on_every_way", f"{H}/test_hooks.py::test_who_is_not_right_learns_nothing"),
        (f"{H}/test_signed.py::WRONG",),
    ),
    "T-13": Row(
        "Addresses that are open, keys that are known",
        (f"{H}/test_doors.py::test_without_credentials_every_guarded_address_says_the_same", "tests/bot/test_settings.py::test_a_key_that_is_none_or_everybodys_is_refused"),
        (f"{H}/test_doors.py::MALFORMED",),
    ),
    "T-14": Row(
        "Addresses in disguise",
        (f"{H}/test_hostile_requests.py::test_no_way_to_write_an_address_is_a_way_in", f"{H}/test_hostile_requests.py::test_no_header_is_a_way_in", f"{H}/test_doors.py::test_every_address_has_a_row_and_every_row_an_address"),
    ),
    "T-15": Row(
        "Answers that tell who is known",
        (f"{H}/test_hostile_requests.py::test_nobody_learns_which_tokens_there_are", f"{H}/test_same_work.py"),
        open="by counted work, not by a clock",
    ),
    "T-16": Row("Secrets compared letter by letter", ("tests/architecture/test_secrets.py::test_secrets_are_compared_in_constant_time_only",)),
    "T-17": Row(
        "Requests sent again, headers that break",
        (f"{H}/test_signatures.py::test_malformed_values_are_wrong_and_never_an_error", "tests/stories/test_hostile_requests.py::test_a_head_that_is_none_is_refused", f"{H}/test_hostile_requests.py::test_no_body_is_an_error_of_ours"),
        (f"{H}/test_hostile_requests.py::BODIES", f"{H}/test_hostile_requests.py::FORMS", f"{H}/test_hostile_requests.py::ODD", f"{H}/test_hostile_requests.py::QUERIES", "tests/stories/test_hostile_requests.py::HEADS", "tests/stories/test_hostile_requests.py::LINES", "tests/stories/test_hostile_requests.py::CHUNKS"),
    ),
    "T-18": Row("Bodies written anew before they are checked", (f"{H}/test_signatures.py::test_another_body_id_time_or_secret_is_wrong", f"{H}/test_signed.py::test_a_new_secret_takes_over_from_the_one_before")),
    "T-19": Row(
        "A role that may more than it says",
        (f"{S}/test_the_matrix_over_http.py::test_no_token_does_more_than_its_scope_and_its_person_may", f"{S}/test_the_matrix_over_http.py::test_nobody_from_outside_opens_a_page", f"{S}/test_the_matrix_in_slack.py::test_no_listener_does_more_than_who_acts_may", f"{S}/test_the_matrix_in_slack.py::test_no_command_does_more_than_who_types_may", f"{S}/test_the_matrix_of_commands.py::test_a_verb_asks_its_addresses_and_takes_their_no"),
        (f"{S}/test_the_matrix_over_http.py::BODIES", f"{S}/test_the_matrix_in_slack.py::LISTENERS", f"{S}/test_the_matrix_in_slack.py::LINES", f"{S}/test_the_matrix_of_commands.py::ASKS"),
    ),
    "T-20": Row("Filters that show what is others'", (f"{S}/test_two_tokens.py::test_nothing_of_others_is_told_and_every_answer_is_as_described",)),
    "T-21": Row("Copies that keep rights", (f"{S}/test_the_matrix_over_http.py::test_every_address_that_changes_something_has_a_body",)),
    "T-22": Row(
        "Answering without the right to",
        (f"{S}/test_the_matrix_over_http.py::test_the_form_of_a_page_decides_for_those_who_are_asked", f"{S}/test_the_matrix_over_http.py::test_a_form_that_a_page_did_not_give_decides_nothing", f"{H}/test_hostile_requests.py::test_looking_changes_nothing"),
    ),
    "T-23": Row(
        "The token of one question for another",
        (f"{H}/test_run_pages.py::test_the_form_of_one_step_is_not_that_of_another_or_of_a_later_attempt", f"{H}/test_login.py::test_a_form_is_of_one_session_and_about_one_thing", "tests/handlers/slack/test_errors.py::test_a_forged_value_is_a_private_sentence_and_nothing_else"),
        ("tests/handlers/slack/test_errors.py::FORGED",),
    ),
    "T-24": Row(
        "Chat that counts as an answer",
        ("tests/stories/test_what_decides.py::test_nothing_that_somebody_who_is_asked_says_decides", "tests/stories/test_what_decides.py::test_no_button_decides_for_those_who_are_not_asked", f"{S}/test_the_matrix_in_slack.py::test_every_listener_has_a_row"),
        ("tests/stories/test_what_decides.py::SENDERS", "tests/stories/test_what_decides.py::YES"),
    ),
    "T-25": Row("A program inside that may everything", ("tests/stories/test_what_decides.py::test_nobody_makes_up_a_principal_of_the_program", "tests/stories/test_what_decides.py::test_the_program_itself_decides_nothing")),
    "T-26": Row("Approving what one asked for", ("tests/coordination/test_approvals.py::test_a_machine_does_not_approve_what_it_asked_for_itself", "tests/properties/test_votes.py::test_any_history_of_answers_gives_one_verdict", "tests/stories/test_who_may_decide.py")),
    "T-27": Row(
        "Something else runs than was approved",
        ("tests/workflows/core/test_approvals.py::test_a_covered_step_is_never_rendered_again", "tests/coordination/test_approvals.py::test_an_old_version_or_other_bytes_do_not_count", "tests/stories/test_hostile_text.py::test_what_a_tool_asks_is_only_text"),
        ("tests/stories/test_hostile_text.py::TEXTS",),
    ),
    "T-28": Row("Data that becomes a command", (f"{A}/test_shell.py::test_what_an_expression_gave_is_one_argument_as_it_stands", "tests/bot/test_world_processes.py::test_arguments_are_no_shell", f"{L}/test_shell.py::test_a_template_in_shell_code_is_refused")),
    "T-29": Row(
        "Repositories that name programs",
        (f"{A}/test_git_safety.py::test_no_program_that_a_repository_names_is_run", f"{A}/test_git_safety.py::test_what_a_submodule_says_is_not_heard"),
        (f"{A}/test_git_safety.py::CONFIGS", f"{A}/test_git_safety.py::HOOKS", f"{A}/test_git_safety.py::MORE_HOOKS"),
    ),
    "T-30": Row("Paths that lead out", ("tests/bot/test_world_files.py::test_no_path_leads_out", "tests/bot/test_world_files.py::test_no_link_leads_out", f"{A}/test_files.py::test_no_action_leads_out")),
    "T-31": Row(
        "Requests to where nobody should look",
        (f"{S}/test_where_requests_go.py::test_no_spelling_leads_where_nobody_allowed_it", f"{S}/test_where_requests_go.py::test_a_name_that_changes_is_looked_up_once", f"{S}/test_where_requests_go.py::test_no_proxy_of_the_environment_is_asked", "tests/bot/test_world_http.py::test_a_redirect_is_an_answer_and_is_not_followed"),
        (f"{CORPUS}/addresses.txt",),
    ),
    "T-32": Row("Workflows that a model wrote", (f"{L}/test_capabilities.py::test_a_weaker_gate_is_told",), open="no model writes any yet"),
    "T-33": Row("Text that gives a model orders", open="there is no model yet"),
    "T-34": Row(
        "Tokens in a repository",
        (f"{S}/test_tokens_in_files.py::test_a_file_of_tokens_that_others_can_read_is_refused", f"{S}/test_tokens_in_files.py::test_a_token_of_ours_is_known_by_its_look", "tests/coordination/test_tokens.py::test_the_secret_is_not_stored_and_is_masked_in_logs"),
        (f"{S}/test_tokens_in_files.py::LINES",),
    ),
    "T-35": Row(
        "Secrets in logs and messages",
        ("tests/stories/test_secrets_stay_secret.py::test_a_secret_that_a_tool_reports_is_nowhere", "tests/stories/test_secret_inputs.py::test_a_secret_reaches_who_it_is_for_and_nothing_else"),
        ("tests/stories/test_secrets_stay_secret.py::KINDS",),
        open="of people and tools in stories about secrets; Baton's own tokens and key after every story, tokens in the store after every test of HTTP; not after every test",
    ),
    "T-36": Row("Headers that are stored", ("tests/coordination/test_raw_bodies.py::test_the_headers_of_what_holds_no_secret_are_masked_all_the_same", f"{S}/test_kept_headers.py::test_of_all_headers_only_those_of_a_short_list_are_kept"), (f"{S}/test_kept_headers.py::TELLING",)),
    "T-37": Row(
        "Scripts in pages",
        (
            "tests/browser/test_hostile_text.py::test_what_tools_report_is_only_text",
            "tests/browser/test_hostile_text.py::test_what_a_person_gives_as_reason_is_only_text",
            f"{H}/test_markup.py::test_whatever_a_run_holds_is_text_on_its_page",
            f"{H}/test_run_pages.py::test_a_sentence_in_the_address_is_not_shown",
        ),
        (f"{CORPUS}/scripts.txt",),
    ),
    "T-38": Row("Packages that were exchanged", ("tests/architecture/test_addresses.py::test_every_locked_package_has_a_hash",)),
    "T-39": Row("A shared control plane", open="there is one process and one database"),
}  # fmt: skip


def exists(guard: str) -> bool:
    """Say whether the file of a guard, and the test that it names, are there."""
    path, _, name = guard.partition("::")
    if not (ROOT / path).is_file():
        return False
    return not name or any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
        for node in parsed(path).body
    )


def parsed(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def count(payloads: str) -> int:
    """Count the lines of a corpus, or the members of a list that stands in a test."""
    path, _, name = payloads.partition("::")
    if not name:
        lines = (ROOT / path).read_text(encoding="utf-8").split("\n")
        return sum(1 for line in lines if line and not line.startswith("# "))
    return max((members(value) for value in values_of(path, name)), default=0)


def values_of(path: str, name: str) -> Iterator[ast.expr | None]:
    for node in parsed(path).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if node.target.id == name:
                yield node.value
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            yield node.value


def members(value: ast.expr | None) -> int:
    if isinstance(value, ast.Dict):
        return len(value.keys)
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return sum(
            members(each.value) if isinstance(each, ast.Starred) else 1 for each in value.elts
        )
    if isinstance(value, ast.DictComp):
        return members(value.generators[0].iter)
    return 0


def total() -> int:
    """Count all payloads, each list once."""
    return sum(count(each) for each in {each for row in ROWS.values() for each in row.payloads})


def page() -> str:
    lines = [
        "# Security tests",
        "",
        "What has gone wrong in other products, and which test of ours would find it here. The page is",
        "written by `python -m tests.security.table`, and a test holds that each test it names exists.",
        "Payloads are hostile inputs that stand in lists; what tests make up by themselves is not counted.",
        "",
        "| Id | What goes wrong | Guard | Payloads | What is thinner |",
        "|---|---|---|---|---|",
    ]
    for name, row in ROWS.items():
        guards = "<br>".join(f"`{shown(each)}`" for each in row.guards) or "none"
        many = sum(count(each) for each in row.payloads)
        lines.append(f"| {name} | {row.incident} | {guards} | {many or ''} | {row.open} |")
    return "\n".join([*lines, "", f"In all {total()} payloads.", ""])


def shown(guard: str) -> str:
    path, _, name = guard.partition("::")
    return f"{path.removeprefix('tests/')}: {name}" if name else path.removeprefix("tests/")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
