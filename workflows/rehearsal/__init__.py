"""Rehearsals: the real core on a virtual clock, with nothing performed, and tests made of them."""

from workflows.rehearsal.company import Company, Rehearsable, of_checked, of_definition
from workflows.rehearsal.published import PublishedRehearsals
from workflows.rehearsal.rehearse import rehearse
from workflows.rehearsal.script import InvalidScript, Script, read_decision, read_script
from workflows.rehearsal.stage import TooLong
from workflows.rehearsal.timeline import Entry, Rehearsal

__all__ = [
    "Company",
    "Entry",
    "InvalidScript",
    "PublishedRehearsals",
    "Rehearsable",
    "Rehearsal",
    "Script",
    "TooLong",
    "of_checked",
    "of_definition",
    "read_decision",
    "read_script",
    "rehearse",
]
