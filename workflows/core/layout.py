"""Where the steps of a plan stand: laid out once a revision, placed again whenever a body is entered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workflows.core.steps import (
    Action,
    Approval,
    ForEach,
    Parallel,
    Repeat,
    Step,
    Switch,
    Undo,
    needs_success,
)

LOOP = ""  # the one body of a loop
ERROR = "~error"  # the body that handles a failure
UNDO = "~undo"  # what stands for the scope of a step that takes another one back
GATE = "~approval"


@dataclass(slots=True)
class Node:
    """A step in its place: its path, and who waits for it. Nothing changes one once it is made."""

    path: str
    step: Step
    scope: str  # what stands before the id of its neighbours: "", "fetch~error." or "fan[0]."
    owner: str | None  # the step whose body it belongs to
    position: int  # in the file
    dependants: tuple[tuple[str, int], ...]  # (path, which of its edges)
    guards: tuple[str, ...]  # the approvals without whose yes it never starts
    guarded: tuple[str, ...]  # the steps that it, an approval, may cover
    bodies: "Mapping[str, Body]"  # by label: "" of a loop, the name of a branch, "~error"

    @property
    def gate(self) -> str:
        return self.path + GATE

    def at(self, prefix: str, owner: str | None) -> "Node":
        """Return the same step in a body that was entered under *prefix*."""
        return Node(
            prefix + self.path,
            self.step,
            prefix,
            owner,
            self.position,
            tuple([(prefix + path, edge) for path, edge in self.dependants])
            if self.dependants
            else (),
            tuple([prefix + path for path in self.guards]) if self.guards else (),
            tuple([prefix + path for path in self.guarded]) if self.guarded else (),
            self.bodies,
        )


@dataclass(frozen=True, slots=True)
class Body:
    """Steps that run together, laid out as if they stood at the top: a path is an id."""

    nodes: tuple[Node, ...]
    roots: tuple[str, ...]  # those that begin at once


@dataclass(frozen=True, slots=True)
class Graph:
    """The steps of a plan. *nodes* holds those whose path is known before the run begins."""

    top: Body
    phases: Mapping[str, Body]  # on_failure, on_cancel, finally
    nodes: Mapping[str, Node]
    scopes: Mapping[str | None, tuple[str, ...]]  # by owner; None: the steps at the top
    gates: Mapping[str, str]  # path of the gate -> path of its step
    order: Mapping[str, int]  # where a path, a gate's too, stands in the file


def lay_out(steps: tuple[Step, ...], phases: Mapping[str, tuple[Step, ...]]) -> Graph:
    """Lay out the steps of a plan, and those that follow its end."""
    counted: list[Step] = []
    top = _body(steps, counted)
    ends = {name: _body(listed, counted) for name, listed in phases.items() if listed}
    nodes: dict[str, Node] = {}
    scopes: dict[str | None, tuple[str, ...]] = {}
    _place(top, None, nodes, scopes)
    gates = {n.gate: n.path for n in nodes.values() if n.step.gate is not None}
    order = {path: 2 * n.position + 1 for path, n in nodes.items()}
    order.update({gate: 2 * nodes[path].position for gate, path in gates.items()})
    return Graph(top, ends, nodes, scopes, gates, order)


def undo_node(node: Node, undo: Undo) -> Node:
    """Return the step that takes *node* back."""
    step = Step(
        id=node.step.id + UNDO,
        name=f"Undo of {node.step.name}",
        verb=undo.action,
        timeout=undo.timeout,
        retry=undo.retry,
        notify=node.step.notify,
        secret_output=node.step.secret_output,
    )
    return Node(node.path + UNDO, step, UNDO, node.path, node.position, (), (), (), {})


def body_of(graph: Graph, nodes: Mapping[str, Node], owner: str | None, label: str) -> Body:
    """Return the body *label* of the step at *owner*, or of what follows the work."""
    return graph.phases[label] if owner is None else nodes[owner].bodies[label]


def place_body(nodes: dict[str, Node], body: Body, prefix: str, owner: str | None) -> None:
    """Put the steps of *body* down under *prefix*, unless they stand there."""
    for node in body.nodes:
        path = prefix + node.path
        if path not in nodes:
            nodes[path] = node.at(prefix, owner)


def _place(
    body: Body,
    owner: str | None,
    nodes: dict[str, Node],
    scopes: dict[str | None, tuple[str, ...]],
) -> None:
    """Put down what is there once in every run: the steps at the top and what handles their failure."""
    prefix = "" if owner is None else f"{owner}{ERROR}."
    scopes[owner] = tuple([prefix + node.path for node in body.nodes])
    for node in body.nodes:
        placed = node if owner is None else node.at(prefix, owner)
        nodes[placed.path] = placed
        if ERROR in node.bodies:
            _place(node.bodies[ERROR], placed.path, nodes, scopes)


def _body(steps: tuple[Step, ...], counted: list[Step]) -> Body:
    dependants, guards = _dependants(steps), _guards(steps)
    nodes = []
    for step in steps:
        position = len(counted)
        counted.append(step)
        nodes.append(
            Node(
                path=step.id,
                step=step,
                scope="",
                owner=None,
                position=position,
                dependants=tuple(dependants[step.id]),
                guards=tuple(gate for gate, covered in guards.items() if step.id in covered),
                guarded=guards.get(step.id, ()),
                bodies={label: _body(inner, counted) for label, inner in _inside(step)},
            )
        )
    roots = tuple(node.path for node in nodes if not node.step.needs and not node.guards)
    return Body(tuple(nodes), roots)


def _inside(step: Step) -> Iterable[tuple[str, tuple[Step, ...]]]:
    """Return the bodies of *step* by label, in the order of the file."""
    verb = step.verb
    if isinstance(verb, ForEach | Repeat):
        yield LOOP, verb.steps
    elif isinstance(verb, Parallel):
        yield from verb.branches
    elif isinstance(verb, Switch):
        yield from ((case.name, case.steps) for case in verb.cases)
    if isinstance(step.on_error, tuple):
        yield ERROR, step.on_error


def _dependants(steps: tuple[Step, ...]) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {step.id: [] for step in steps}
    for step in steps:
        for index, edge in enumerate(step.needs):
            if edge.step not in found:
                raise ValueError(f"step {step.id!r} needs {edge.step!r}, which its scope lacks")
            found[edge.step].append((step.id, index))
    return found


def _guards(steps: tuple[Step, ...]) -> dict[str, tuple[str, ...]]:
    """Say for each approval which steps it may cover: those it names, or the default of the language."""
    found = {}
    for gate in steps:
        if isinstance(gate.verb, Approval):
            named = gate.verb.covers
            found[gate.id] = tuple(
                step.id
                for step in steps
                if isinstance(step.verb, Action)
                and (needs_success(step, gate.id) if named is None else step.id in named)
            )
    return found
