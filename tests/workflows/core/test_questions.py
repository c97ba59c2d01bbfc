"""What a question says of the time after it was asked, and that older journals still add up."""

from dataclasses import replace
from datetime import timedelta

from tests.workflows.core.story import Story, action, approval, const, line, look, step
from workflows.core.codec import digest, to_json
from workflows.core.commands import AskApproval, Escalation

HOUR = timedelta(hours=1)


def asking(**gate: object) -> AskApproval:
    story = Story(*line(step("gate", approval(**gate)), step("deploy", action())))
    story.start()
    return story.asked


def test_reminders_and_escalations_reach_the_question() -> None:
    later = ((HOUR, const(["@oncall", "@oncall", "role:operator"])), (2 * HOUR, const("@boss")))
    question = asking(remind=(HOUR / 2,), escalate=later).question

    assert question.remind == (HOUR / 2,)
    assert question.escalate == (
        Escalation(HOUR, ("@oncall", "role:operator")),
        Escalation(2 * HOUR, ("@boss",)),
    )


def test_what_comes_later_is_part_of_what_an_answer_is_bound_to() -> None:
    digests = {
        asking(**more).question.digest
        for more in (
            {},
            {"remind": (HOUR,)},
            {"remind": (2 * HOUR,)},
            {"escalate": ((HOUR, const(["@a"])),)},
            {"escalate": ((HOUR, const(["@b"])),)},
        )
    }
    assert len(digests) == 5


def test_an_escalation_to_nobody_fails_the_step_before_anybody_is_asked() -> None:
    for to in (const([]), const([3]), look("vars.missing")):
        story = Story(*line(step("gate", approval(escalate=((HOUR, to),))), step("b", action())))
        story.start()
        assert story.core.steps["gate"].status == "failed"
        assert story.open == []


def test_a_question_without_them_is_written_as_it_was_before_there_were_any() -> None:
    """Replay compares digests of commands: those in older journals must come out again."""
    asked = asking()
    written = to_json(asked)["question"]
    assert {"remind", "escalate"} & written.keys() == set()
    assert {"title", "quorum", "covers", "expires_at", "channel"} <= written.keys()
    more = replace(asked, question=replace(asked.question, remind=(HOUR,)))
    assert to_json(more)["question"]["remind"] == [3600.0]
    assert digest([asked]) != digest([more])
