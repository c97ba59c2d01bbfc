"""What happens in one workspace is nothing to the next one, which begins as every workspace does."""

from devslack import fixture


def test_a_workspace_that_changes_leaves_the_next_one_as_it_was() -> None:
    first = fixture.build({}, "Baton")
    first.groups[0].users.remove("U0GRACE")
    first.channels[0].members.clear()

    second = fixture.build({}, "Baton")
    assert second.groups[0].users == ["U0GRACE", "U0LINUS"]
    assert second.channels[0].members
