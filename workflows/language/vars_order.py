"""The order in which vars get their first values: each after those that it looks up.

A stored definition does not remember in which order its keys were written, so it is found again from
what each var uses. That of the file is one such order, since no var sees those below it.
"""

from collections.abc import Mapping
from graphlib import TopologicalSorter
from typing import Any

from workflows.language.expressions import Template, compile_template

__all__ = ["vars_in_order"]


def vars_in_order(declared: Mapping[str, Any]) -> tuple[tuple[str, Template], ...]:
    """Return the vars with their templates, each behind those that it uses.

    Raises:
        ValueError: two of them use each other, so the definition was not checked.
    """
    templates = {name: compile_template(value) for name, value in declared.items()}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, template in templates.items():
        used = {str(path[1]) for path in template.names if path[0] == "vars" and len(path) > 1}
        sorter.add(name, *sorted(used & templates.keys()))
    return tuple((name, templates[name]) for name in sorter.static_order())
