"""Whatever tools and people write, on no page of ours does a browser take it for more than text (T-37)."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

CORPUS = Path(__file__).parents[1] / "security/corpus/scripts.txt"
PAYLOADS = CORPUS.read_text("utf-8").splitlines()
A_CARD = 12  # payloads that one report brings along
# Told of a script that runs, of a dialog, and of what nothing but the policy of the page held up.
LISTENS = """
window.hit = window.alert = window.confirm = window.prompt = what => { tell(`ran ${what}`) };
addEventListener('securitypolicyviolation', event => tell(`held up ${event.violatedDirective}`));
"""
# Each in a frame of its own, as the whole of its document.
UNGUARDED = """texts => Promise.all(texts.map(text => new Promise(loaded => {
  const frame = Object.assign(document.createElement('iframe'), {srcdoc: text, onload: loaded});
  document.body.append(frame);
})))"""
ALIVE = """() => [...document.querySelectorAll('*')].flatMap(each => [...each.attributes]
  .filter(one => /^on/i.test(one.name) || /^\\s*(javascript|data:text)/i.test(one.value))
  .map(one => `${each.tagName} ${one.name}=${one.value}`))"""


class Ears:
    """Hears what texts do in the pages of a browser profile."""

    def __init__(self, context: BrowserContext) -> None:
        self.told: list[str] = []
        context.expose_function("tell", self.hear)
        context.add_init_script(LISTENS)

    def hear(self, what: str) -> None:
        self.told.append(what)

    def alive(self, page: Page) -> list[str]:
        """Return what ran or was held up, and what in *page* would run if somebody touched it."""
        return [*self.told, *(one for frame in page.frames for one in frame.evaluate(ALIVE))]


def shown(payload: str) -> str:
    return payload[:20]


def fields(payloads: list[str]) -> dict[str, Any]:
    """Return members of a report in which each payload stands somewhere, and the first everywhere."""
    first, some = payloads[0], [one[:180] for one in payloads]
    return {
        "name": first,
        "message": "\n".join(payloads),
        "next_steps": [*some[:3], {"label": some[-1], "url": "https://ci.example/x"}],
        "links": [{"url": "https://ci.example/1", "title": some[1], "rel": some[2][:30]}],
        "actor": {"name": some[3]},
        "subject": {"title": some[4], "repo": "acme/web", "ref": "main"},
        "labels": {"note": some[5][:150]},
        "result": {"said": payloads, "site": some[6]},
        "progress": {"current": 1, "total": 3, "unit": some[7][:20]},
        "source": first[:100],
    }


@pytest.fixture
def watched(visit: Any) -> tuple[Page, Ears]:
    """The demo's page, and what is heard in it from its first moment on."""
    page = visit()
    ears = Ears(page.context)
    page.reload()
    return page, ears


def test_these_texts_do_run_where_nobody_guards_against_them(chromium: Any) -> None:
    context = chromium.new_context()
    ears, page = Ears(context), context.new_page()
    page.goto("about:blank")
    page.evaluate(UNGUARDED, [each.replace("%", str(n)) for n, each in enumerate(PAYLOADS)])
    ran = set(ears.told)
    context.close()

    assert len(ran) > len(PAYLOADS) / 3, ran


def test_what_tools_report_is_only_text(watched: tuple[Page, Ears], demo: Any) -> None:
    page, ears = watched
    groups = [PAYLOADS[at : at + A_CARD] for at in range(0, len(PAYLOADS), A_CARD)]
    for number, group in enumerate(groups):
        several = (group * A_CARD)[:A_CARD]
        name = {"process_id": f"hostile-{number}", "status": "failed"}
        error = {"message": group[-1], "type": group[0][:90]}
        demo.report(**name, **fields(several), error=error)
    slack = page.frame_locator("iframe")
    for group in groups:
        expect(slack.locator(".pane.channel")).to_contain_text(shown(group[0]))
    in_the_run = ears.alive(page)
    page.get_by_role("tab", name="Events").click()
    for group in groups:
        expect(page.locator(".table")).to_contain_text(shown(group[0]))

    assert in_the_run == []
    assert ears.alive(page) == []


def test_what_a_person_gives_as_reason_is_only_text(watched: tuple[Page, Ears], demo: Any) -> None:
    page, ears = watched
    slack = page.frame_locator("iframe")
    thread = slack.locator(".pane.thread")
    expect(thread.get_by_role("button", name="Approve")).to_be_visible(timeout=30_000)
    thread.get_by_text("Reject…").click()
    modal = slack.get_by_role("dialog")
    modal.get_by_role("textbox").fill("\n".join(PAYLOADS)[:2_900])
    modal.get_by_role("button", name="Reject", exact=True).click()
    expect(page.locator(".title .word")).to_have_text("Rejected", timeout=30_000)
    page.get_by_role("tab", name="Approvals").click()
    expect(page.locator(".cards li").first).to_contain_text(PAYLOADS[0])
    run = demo.http.get("/v1/runs").json()["runs"][0]
    on_the_demo = ears.alive(page)
    page.goto(f"{demo.http.base_url.join('/r/')}{run['id']}")
    expect(page.locator("body")).to_contain_text(PAYLOADS[0])

    assert on_the_demo == []
    assert ears.alive(page) == []
