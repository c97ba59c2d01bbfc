"""A card goes on saying who caused the work, and where its links lead."""

from tests.stories.box import BatonInABox


async def test_who_answered_or_ended_it_did_not_start_it(baton: BatonInABox) -> None:
    asks = {"prompt": "Ship it?", "approvers": ["@grace"], "on_timeout": "reject"}
    await baton.report("build.pending_approval", process="build-7", approval=asks)
    await baton.click("Reject…", by="grace")
    await baton.submit(by="grace", reason="no")
    assert baton.card("build-7").state == "Rejected"
    assert "*Started by*: ci" in baton.card("build-7").plain

    barbara, other = {"id": "u-1", "name": "Barbara"}, {"id": "u-2", "name": "Edsger"}
    await baton.report("build.started", process="build-8", actor=barbara)
    await baton.report("build.cancelled", process="build-8", actor=other)
    assert "*Started by*: Barbara" in baton.card("build-8").plain


async def test_a_link_without_a_title_says_where_it_leads(baton: BatonInABox) -> None:
    url = "https://ci.example/builds/7/?tab=log"
    await baton.report("build.started", process="build-7", links=[{"rel": "related", "url": url}])
    card = baton.card("build-7").plain
    assert "ci.example/builds/7" in card
    assert "related" not in card
