"""The small workflows that several stories are about."""

RELEASE = """
name: release
title: Release to production
triggers:
  - event: test.completed
steps:
  - id: gate
    approval:
      title: Deploy to production?
      approvers: ["@grace", "@linus"]
      covers: [deploy]
  - id: deploy
    action: test.deploy
    params: {what: "deploy {{ trigger.process_id }}"}
  - id: announce
    action: test.work
    params: {what: announce}
"""

CHAIN = """
name: chain
title: Build and ship
triggers:
  - event: test.completed
steps:
  - {id: build, action: test.work, params: {what: build}}
  - {id: ship, action: test.deploy, params: {what: ship}}
  - {id: tell, action: test.work, params: {what: tell}}
"""


def asking(**settings: str) -> str:
    """Return a workflow that asks, with more *settings* of its approval, and then does something."""
    more = "".join(f"\n      {name}: {value}" for name, value in settings.items())
    return f"""
name: asking
title: Ask first
triggers:
  - event: test.completed
steps:
  - id: gate
    approval:
      title: Go on?
      approvers: ["@grace", "@linus", "@ada"]{more}
  - id: then
    action: test.work
    params: {{what: "{{{{ steps.gate.output.decision }}}}"}}
"""
