"""Questions to people: what their answer binds, and what a No prevents."""

from datetime import timedelta

import pytest

from tests.workflows.core.story import T0, Story, action, approval, const, line, look, step
from workflows.core.codec import covered_digest
from workflows.core.commands import AskApproval, CloseApproval, FailRun, RunAction
from workflows.core.plan import EvaluationFailed, SetVars, Wait

ARGV = const({"argv": ["./deploy.sh", "production"]})


def release(**gate: object) -> Story:
    steps = line(step("gate", approval(**gate)), step("deploy", action(ARGV, repeatable=False)))
    return Story(*steps)


def test_an_approval_shows_the_very_bytes_that_will_run() -> None:
    story = release()
    story.start()

    (shown,) = story.asked.question.covers
    assert (shown.path, shown.action) == ("deploy", "ops.do")
    assert shown.digest == covered_digest("deploy", "ops.do", shown.params)
    assert (story.core.status, story.open) == ("waiting", [("gate", "approval")])

    (run,) = story.decide("gate")
    assert (run.params, run.covered) == (shown.params, shown.digest)


def test_a_covered_step_is_never_rendered_again() -> None:
    drawn = iter(["shown", "other"])
    story = Story(*line(step("gate", approval()), step("deploy", action(lambda _: next(drawn)))))
    story.start()
    (run,) = story.decide("gate")

    assert run.params == "shown"


def test_an_approval_yields_who_decided_what_and_when() -> None:
    story = release()
    story.start()
    vote = {"by": "@ada", "choice": "approve"}
    story.later(minutes=3).decide("gate", comment="go", votes=(vote,))

    assert story.core.steps["gate"].output == {
        "decision": "approve",
        "by": "@ada",
        "comment": "go",
        "text": None,
        "at": (T0 + timedelta(minutes=3)).isoformat(),
        "votes": [vote],
    }


def test_a_rejected_release_is_never_deployed() -> None:
    story = release()
    story.start()
    story.decide("gate", "rejected", comment="the freeze")

    (failed,) = story.of(FailRun)
    assert (failed.error.type, failed.path) == ("rejected", "gate")
    assert failed.error.message == "Rejected by @ada: the freeze"
    assert story.statuses == {"gate": "failed", "deploy": "not_taken"}
    assert [c for c in story.every if isinstance(c, RunAction)] == []
    assert story.told == []


def test_a_no_is_never_a_yes_even_where_it_is_handled() -> None:
    keys = {"on_error": (step("tell"),)}
    gate, deploy = step("gate", approval(), **keys), step("deploy", needs="gate")
    story = Story(gate, deploy, step("after", needs="deploy:always"))
    story.start()
    story.decide("gate", "rejected")
    assert story.running == ["gate~error.tell"]
    story.done("gate~error.tell")

    assert story.running == ["after"]
    assert story.stands("deploy") == "not_taken"


def test_continue_does_not_count_on_an_approval() -> None:
    story = Story(step("gate", approval(), on_error="continue"), step("after", needs="gate"))
    story.start()
    story.decide("gate", "rejected")

    assert story.core.status == "failed"


def test_a_failure_edge_takes_a_rejection() -> None:
    story = Story(
        step("gate", approval()), step("deploy", needs="gate"), step("sorry", needs="gate:failure")
    )
    story.start()
    story.decide("gate", "rejected")

    assert story.running == ["sorry"]
    story.done("sorry")
    assert story.core.status == "completed"
    assert story.stands("deploy") == "not_taken"


@pytest.mark.parametrize(
    ("on_timeout", "type_"), [("reject", "rejected"), ("fail", "expired"), ("later", None)]
)
def test_the_clock_decides_as_the_definition_says(on_timeout: str, type_: object) -> None:
    decisions = ("approve", "reject", "later")
    gate = approval(timeout=timedelta(hours=4), on_timeout=on_timeout, decisions=decisions)
    story = Story(step("gate", gate))
    story.start()
    assert story.asked.question.expires_at == T0 + timedelta(hours=4)
    assert story.core.waiting[0].due_at == T0 + timedelta(hours=4)

    story.later(hours=4).decide("gate", "expired", by=None)

    state = story.core.steps["gate"]
    assert (state.error.type if state.error else None) == type_
    assert (state.output or {}).get("decision") == (None if type_ else "later")


def test_a_decision_of_ones_own_completes_the_step_and_can_be_branched_on() -> None:
    chosen = "steps.gate.output.decision"
    ship = step("ship", needs="gate", condition=lambda c: look(chosen)(c) == "ship")
    hold = step("hold", needs="gate", condition=lambda c: look(chosen)(c) == "hold")
    story = Story(step("gate", approval(decisions=("ship", "hold", "reject"))), ship, hold)
    story.start()
    story.decide("gate", "answered", decision="hold")

    assert story.statuses == {"gate": "completed", "ship": "skipped", "hold": "running"}


def test_the_second_decision_changes_nothing() -> None:
    story = release()
    story.start()
    story.decide("gate")

    assert story.decide("gate", "rejected") == []
    assert story.stands("deploy") == "running"


def test_an_answer_to_another_question_changes_nothing() -> None:
    story = release()
    story.start()

    assert story.decide("gate", digest="of something else") == []
    assert story.stands("gate") == "waiting"
    story.decide("gate", digest=story.core.steps["gate"].asked)
    assert story.running == ["deploy"]


def test_a_superseded_question_is_asked_again() -> None:
    drawn = iter(["old", "new"])
    story = Story(*line(step("gate", approval()), step("deploy", action(lambda _: next(drawn)))))
    story.start()
    first = story.asked
    story.decide("gate", "superseded")

    assert story.asked.attempt == 2
    assert story.asked.question.digest != first.question.digest
    assert story.decide("gate", digest=first.question.digest) == []
    (run,) = story.decide("gate", digest=story.core.steps["gate"].asked)
    assert run.params == "new"


def test_a_withdrawn_question_is_no_yes() -> None:
    story = release()
    story.start()
    story.decide("gate", "withdrawn", by=None)

    assert story.core.status == "failed"
    assert story.stands("deploy") == "not_taken"


def test_params_that_are_not_known_yet_are_not_covered() -> None:
    build, gate = step("build"), step("gate", approval())
    hidden = look("steps.build.output")
    story = Story(build, gate, step("deploy", action(hidden), needs=("build", "gate")))
    story.start()

    assert story.asked.question.covers == ()
    assert story.asked.question.not_covered == (("deploy", "steps.build.output is missing"),)
    story.decide("gate")
    (run,) = story.done("build", "c0ffee")
    assert (run.params, run.covered) == ("c0ffee", None)


def test_a_default_does_not_hide_that_a_value_may_still_change() -> None:
    deploy = step("deploy", action(const("none"), reads="build"), needs=("build", "gate"))
    announce = step("announce", action(const("none"), reads="vars"), needs="gate")
    change = step("change", SetVars((("x", const(1)),)), needs="build")
    story = Story(step("build"), step("gate", approval()), deploy, announce, change)
    story.start()

    not_covered = (("deploy", "depends on 'build'"), ("announce", "depends on 'change'"))
    assert story.asked.question.not_covered == not_covered


def test_params_that_look_at_all_steps_depend_on_the_first_that_has_not_ended() -> None:
    story = Story(*line(step("gate", approval()), step("deploy", action(const(1), reads="steps"))))
    story.start()

    assert story.asked.question.not_covered == (("deploy", "depends on 'gate'"),)


def test_a_change_behind_a_step_is_no_reason_not_to_cover_it() -> None:
    change = step("change", SetVars((("x", const(1)),)), needs="deploy")
    story = Story(
        step("gate", approval()), step("deploy", action(ARGV, reads="vars"), needs="gate"), change
    )
    story.start()

    assert [covered.path for covered in story.asked.question.covers] == ["deploy"]


def test_only_actions_that_need_the_success_directly_are_covered() -> None:
    steps = (
        step("gate", approval()),
        step("direct", needs="gate"),
        step("written", needs="gate:success"),
        step("always", needs="gate:always"),
        step("sorry", needs="gate:failure"),
        step("pause", Wait(), needs="gate"),
        step("further", needs="direct"),
    )
    story = Story(*steps)
    story.start()

    assert [covered.path for covered in story.asked.question.covers] == ["direct", "written"]


def test_covers_may_name_a_step_further_down() -> None:
    steps = line(step("gate", approval(covers=("deploy",))), step("test"), step("deploy"))
    story = Story(*steps)
    story.start()
    assert [covered.path for covered in story.asked.question.covers] == ["deploy"]
    story.decide("gate")
    assert story.commands[0].covered is None
    story.done("test")

    assert story.commands[0].covered == story.every[0].question.covers[0].digest


def test_a_named_step_does_not_run_round_its_gate() -> None:
    gate = step("gate", approval(covers=("deploy",)), needs="slow")
    either = step("deploy", needs=("quick", "gate"), any_of=True)
    story = Story(step("quick"), step("slow"), gate, either)
    story.start()

    assert story.done("quick") == []
    story.done("slow")
    story.decide("gate")
    assert story.running == ["deploy"]


def test_a_named_step_that_cannot_be_rendered_fails_the_approval() -> None:
    gate = step("gate", approval(covers=("deploy",)))
    story = Story(gate, step("deploy", action(look("steps.gate.output.by")), needs="gate"))
    story.start()

    assert story.statuses == {"gate": "failed", "deploy": "not_taken"}
    assert story.core.steps["gate"].error.type == "expression"


def test_two_gates_hold_on_to_the_same_bytes() -> None:
    drawn = iter(["first", "second"])
    deploy = step("deploy", action(lambda _: next(drawn)), needs=("a", "b"))
    story = Story(step("a", approval()), step("b", approval()), deploy)
    story.start()
    first, second = story.of(AskApproval)

    assert first.question.covers == second.question.covers
    assert story.decide("a") == []
    assert story.decide("b")[0].params == "first"


def test_a_gate_that_is_skipped_covers_nothing() -> None:
    story = Story(*line(step("gate", approval(), condition=const(0)), step("deploy")))
    (run,) = story.start()

    assert run.covered is None


def test_a_gate_of_its_own_stands_before_the_action() -> None:
    drawn = iter(["shown", "other"])
    deploy = step("deploy", action(lambda _: next(drawn)), gate=approval())
    story = Story(deploy)
    story.start()
    assert story.asked.path == "deploy~approval"
    assert story.statuses == {"deploy": "pending", "deploy~approval": "waiting"}

    (run,) = story.decide("deploy~approval")
    shown = story.every[0].question.covers[0]
    assert (run.path, run.params, run.covered) == ("deploy", "shown", shown.digest)
    assert (run.repeatable, run.attempt) == (True, 1)


def test_a_gate_is_asked_after_the_condition_and_not_without_it() -> None:
    story = Story(step("deploy", gate=approval(), condition=const(0)))
    story.start()

    assert story.statuses == {"deploy": "skipped"}


def test_a_no_at_its_own_gate_leaves_the_step_untaken() -> None:
    story = Story(step("deploy", gate=approval()))
    story.start()
    story.decide("deploy~approval", "rejected")

    (failed,) = story.of(FailRun)
    assert (failed.error.type, failed.path) == ("rejected", "deploy~approval")
    assert story.statuses == {"deploy": "not_taken", "deploy~approval": "failed"}


def test_handlers_of_a_gated_step_see_its_rejection() -> None:
    tell = step("tell", action(look("error.type")))
    story = Story(step("deploy", gate=approval(), on_error=(tell,)), step("after", needs="deploy"))
    story.start()

    (run,) = story.decide("deploy~approval", "rejected")
    assert (run.path, run.params) == ("deploy~error.tell", "rejected")
    story.done("deploy~error.tell")
    assert story.running == ["after"]
    assert story.stands("deploy") == "not_taken"


def test_a_failure_edge_takes_the_rejection_of_a_gate() -> None:
    story = Story(step("deploy", gate=approval()), step("sorry", needs="deploy:failure"))
    story.start()
    story.decide("deploy~approval", "rejected")

    assert story.running == ["sorry"]


@pytest.mark.parametrize(
    "change",
    [
        {"title": look("steps.nobody")},
        {"title": const(None)},
        {"approvers": const([])},
        {"approvers": const([1])},
        {"show": look("steps.nobody")},
    ],
)
def test_a_question_that_cannot_be_put_fails_the_step(change: dict[str, object]) -> None:
    for keys in ({"verb": approval(**change)}, {"gate": approval(**change)}):
        story = Story(step("one", **keys))
        story.start()

        assert story.stands("one") == "failed"
        assert story.core.steps["one"].error.type == "expression"
        assert story.of(AskApproval) == []
        assert story.core.state.pins == {}


def test_approvers_of_lists_are_one_list_without_repeats() -> None:
    story = release(approvers=const([["@ada", "@grace"], "@ada"]))
    story.start()

    assert story.asked.question.approvers == ("@ada", "@grace")


def test_texts_of_a_question_may_come_from_values() -> None:
    story = release(title=const(7), description=const({"a": 1}), show=const(["one"]))
    story.start()
    question = story.asked.question

    assert (question.title, question.description) == ("7", '{"a":1}')
    assert question.show == ("one",)


def test_an_open_question_is_withdrawn_when_the_run_ends() -> None:
    story = Story(step("gate", approval()), step("deploy", needs="gate"), step("other"))
    story.start()
    story.fail("other")

    assert story.of(CloseApproval) == [CloseApproval("gate", "the run failed")]
    assert story.decide("gate") == []
    assert story.statuses == {"gate": "cancelled", "deploy": "not_taken", "other": "failed"}


def test_repeatable_of_a_gated_step_may_have_no_value() -> None:
    def broken(_: object) -> bool:
        raise EvaluationFailed("no method")

    story = Story(step("deploy", action(repeatable=broken), gate=approval()))
    story.start()
    story.decide("deploy~approval")

    assert story.stands("deploy") == "failed"
