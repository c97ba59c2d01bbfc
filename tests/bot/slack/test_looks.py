"""What Slack is asked for while an event waits for its ack: little, quickly, and once."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.slack import looks
from bot.slack.client import Meaning, SlackTrouble, Trouble
from bot.slack.looks import SlackLooks
from coordination.errors import Unavailable


@dataclass
class Answers:
    """A Slack that gives the next answer, or the next trouble."""

    given: list[Any]
    asked: list[str] = field(default_factory=list)

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        self.asked.append(method)
        answer = self.given.pop(0)
        if isinstance(answer, Meaning):
            raise SlackTrouble(Trouble(answer, answer.value))
        if answer is None:
            await asyncio.Event().wait()
        found: dict[str, Any] = answer
        return found


async def test_the_name_of_a_channel_is_asked_once_until_it_is_renamed() -> None:
    slack = Answers([{"channel": {"name": "ops"}}, {"channel": {"name": "ships"}}])
    asks = SlackLooks(slack)
    assert [await asks.name_of("C1") for _ in range(3)] == ["#ops"] * 3
    asks.forget("C1")
    assert await asks.name_of("C1") == "#ships"
    assert slack.asked == ["conversations.info"] * 2


async def test_of_a_thread_only_the_very_message_counts() -> None:
    said = {"messages": [{"ts": "1.0", "text": "root"}, {"ts": "2.0", "text": "reply"}]}
    asks = SlackLooks(Answers([said, said]))
    found = await asks.message("C1", "2.0")
    assert found is not None
    assert found["text"] == "reply"
    assert await asks.message("C1", "3.0") is None


@pytest.mark.parametrize("trouble", [Meaning.LATER, Meaning.NOT_SENT, Meaning.AMBIGUOUS, None])
async def test_where_slack_does_not_answer_it_is_to_be_delivered_again(
    trouble: Meaning | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "PATIENCE", 0.01)
    with pytest.raises(Unavailable):
        await SlackLooks(Answers([trouble])).name_of("C1")


@pytest.mark.parametrize("trouble", [Meaning.NO_SCOPE, Meaning.NO_PLACE, Meaning.NEVER])
async def test_what_slack_does_not_show_is_not_known(trouble: Meaning) -> None:
    asks = SlackLooks(Answers([trouble, trouble]))
    assert await asks.name_of("C1") is None
    assert await asks.message("C1", "1.0") is None
