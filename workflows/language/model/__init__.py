"""The models of a workflow file. They give the check of its shape, its JSON Schema and its help.

What a shape cannot say (that a step exists, that an expression can be read) stands in `checks`.
Keys that the language has and this version does not are listed as ``later``.
"""

from workflows.language.asking import Approval
from workflows.language.model.inputs import Input, Item
from workflows.language.model.needs import AnyOf, Edge, Needs, Retry
from workflows.language.model.settings import Concurrency, Settings
from workflows.language.model.steps import Branch, Compensate, Repeat, Step
from workflows.language.model.triggers import Absence, SlackPost, Trigger
from workflows.language.model.workflow import Head, Workflow
from workflows.language.parts import Part
from workflows.language.waiting import Until, WaitFor

__all__ = [
    "Absence",
    "AnyOf",
    "Approval",
    "Branch",
    "Compensate",
    "Concurrency",
    "Edge",
    "Head",
    "Input",
    "Item",
    "Needs",
    "Part",
    "Repeat",
    "Retry",
    "Settings",
    "SlackPost",
    "Step",
    "Trigger",
    "Until",
    "WaitFor",
    "Workflow",
]
