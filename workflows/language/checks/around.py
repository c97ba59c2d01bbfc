"""What every check of a step needs: the rest of the file, the actions, and the other workflows."""

from dataclasses import dataclass

from workflows.language.catalogue import Catalogue
from workflows.language.checks.texts import Texts
from workflows.language.findings import Findings
from workflows.language.model import Head
from workflows.language.neighbours import Neighbours

__all__ = ["Checks"]


@dataclass(frozen=True, slots=True)
class Checks:
    """*head* is the workflow without its steps."""

    head: Head
    catalogue: Catalogue
    findings: Findings
    texts: Texts
    neighbours: Neighbours
