"""Whatever stands in a run, an approval or an error, on the page it is text."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from coordination.ports import RunStatus, RunView, StepStatus, StepView
from coordination.questions import Approval, Covered, Question
from handlers.http.answers import refusal_page
from handlers.http.html import SHOWN, link, value
from handlers.http.problems import Problem
from handlers.http.run_forms import OUTCOMES, Steering
from handlers.http.run_page import ICONS, RunPage, Viewer, run_page, took

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TAGS = {
    *("html", "head", "meta", "title", "link", "body", "header", "h1", "h2", "span", "p", "dl"),
    *("dt", "dd", "ol", "li", "details", "summary", "div", "pre", "footer", "a", "time", "form"),
    *("input", "label", "textarea", "button", "strong"),
}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</textarea><script>",
    "</title><script>",
    "<!--",
    "&lt;script&gt;",
    "\u202ecod.exe",
    "{{ 7 * 7 }}",
]
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)


class Checker(HTMLParser):
    """Notes every element and attribute that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [str(said) for name, said in attrs if name in ("href", "src", "action")]


def check(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    assert checker.elements <= TAGS, checker.elements - TAGS
    assert not [name for name in checker.attributes if name.startswith("on") or name == "style"]
    for address in checker.addresses:
        assert re.match(r"https?://|/", address), address
    assert "<script" not in page.lower()
    return checker


def a_step(draw: Any, status: StepStatus) -> StepView:
    return StepView(
        path=draw(texts),
        name=draw(texts),
        kind="action",
        status=status,
        attempts=draw(st.integers(0, 3)),
        action=draw(texts),
        input=draw(values),
        output=draw(values),
        error=draw(values),
        log=draw(st.booleans()),
    )


def an_approval(draw: Any) -> Approval:
    question = Question(
        title=draw(texts),
        description=draw(texts),
        show=(draw(values),),
        decisions=("approve", "reject", draw(texts)),
        answer=draw(st.sampled_from(["choice", "text"])),
        covers=(Covered(draw(texts), draw(texts), draw(values), "d"),),
        not_covered=((draw(texts), draw(texts)),),
        digest=draw(texts),
    )
    return Approval(
        key=1,
        id=draw(texts),
        number=1,
        state=draw(st.sampled_from(["open", "approved", "rejected"])),
        version=1,
        digest=draw(texts),
        question=question,
        asked_at=NOW,
        decided_by=draw(texts),
        decided_at=NOW,
        comment=draw(texts),
        via=draw(texts),
    )


@st.composite
def pages(draw: Any) -> RunPage:
    statuses = st.sampled_from(list(StepStatus))
    steps = tuple(a_step(draw, draw(statuses)) for _ in range(draw(st.integers(0, 2))))
    approval = an_approval(draw)
    run = RunView(
        id=draw(texts),
        number=3,
        workflow=draw(texts),
        title=draw(texts),
        revision=draw(texts),
        status=draw(st.sampled_from(list(RunStatus))),
        started_by=draw(texts),
        trigger=draw(st.dictionaries(texts, values, max_size=2)),
        inputs=draw(st.dictionaries(texts, values, max_size=2)),
        outputs=draw(st.dictionaries(texts, values, max_size=2)),
        error=draw(st.dictionaries(texts, texts, max_size=2)),
        created_at=NOW,
        started_at=NOW,
        ended_at=None,
        updated_at=NOW,
        thread_id=None,
        steps=steps,
        questions=(),
        note=draw(texts),
    )
    may = draw(st.booleans())
    return RunPage(
        run=run,
        approvals=(approval,),
        viewer=Viewer(
            draw(texts), {approval.id: draw(texts)} if may else {}, {approval.id: draw(texts)}
        ),
        names={run.started_by: draw(texts)},
        steering=Steering(
            draw(texts), draw(texts) if may else None, {s.path: draw(texts) for s in steps if may}
        ),
        thread_url=draw(texts),
        note=draw(texts),
    )


@given(pages())
def test_whatever_a_run_holds_is_text_on_its_page(shown: RunPage) -> None:
    page = run_page(shown)

    found = check(page)
    moving = shown.run.status in ("queued", "running", "compensating")
    assert ('http-equiv="refresh"' in page) == (moving and not shown.viewer.csrf)
    assert ("form" in found.elements) == (
        (bool(shown.viewer.csrf) and not shown.approvals[0].ended)
        or shown.steering.retry is not None
        or any(
            s.status is StepStatus.UNKNOWN and s.path in shown.steering.resolve
            for s in shown.run.steps
        )
    )


@given(texts, st.sampled_from([400, 401, 403, 404, 500, 503]), texts)
def test_whatever_a_refusal_says_is_text_on_its_page(
    detail: str, status: int, instance: str
) -> None:
    check(refusal_page(Problem(status, detail), instance))


@given(values)
def test_a_value_is_shown_whole_or_says_how_much_is_missing(content: Any) -> None:
    check(value(content))


def test_a_long_value_is_cut() -> None:
    page = value("x" * (SHOWN + 5))

    assert page.count("x") == SHOWN
    assert "… 5 more" in page
    assert value({"a": False}) != ""
    assert value(0) != ""
    assert value(None) == value({}) == ""


def test_a_link_leads_to_the_web_or_to_us() -> None:
    assert link("javascript:alert(1)", "x") == "x"
    assert link("data:text/html,x", "<b>") == "&lt;b&gt;"
    assert 'href="https://a/?b=1&amp;c=2"' in link("https://a/?b=1&c=2", "x")
    assert 'rel="noreferrer"' in link("/r/R-1", "x")


def test_every_status_of_a_step_has_a_sign() -> None:
    assert set(ICONS) == {status.value for status in StepStatus}
    assert {outcome for outcome, _ in OUTCOMES} == {"retry", "done", "fail"}


def test_how_long_it_took_is_said_in_the_unit_that_reads_best() -> None:
    later = [NOW.replace(second=7, microsecond=250_000), NOW.replace(minute=3, second=5)]

    assert [took(NOW, at) for at in later] == ["7.2 s", "3 min 5 s"]
    assert took(NOW, NOW.replace(hour=14, minute=30)) == "2 h 30 min"
    assert took(None, NOW) == took(NOW, None) == ""
