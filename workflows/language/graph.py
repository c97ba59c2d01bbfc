"""A definition as nodes and edges, and back without loss. The file stays the truth: this is a view.

Every key of the file is in the graph, in its order: a node has its step as it is written, with
nothing where other steps or its needs stand. `rewriting` brings a changed graph back into a file
and leaves its comments alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from workflows.language.model import Step
from workflows.language.model.workflow import ENDINGS

__all__ = ["FlowGraph", "GraphEdge", "GraphNode", "NoGraph", "to_body", "to_graph"]

LISTS: Final = ("steps", *ENDINGS)
Keys = tuple[str | int, ...]


class NoGraph(ValueError):
    """What is given has not the shape of a definition, so nothing can be drawn of it."""


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A step. Its *path* is that of runs without items and turns, as ``fan[].post``.

    *holder* is the path of the step it is in, or None; *keys* lead to its list from there, or from
    the top. *data* is what the file says of it, without its needs and without steps inside it.
    """

    path: str
    kind: str  # its verb
    holder: str | None
    keys: Keys
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """*target* waits for *source*. An *implied* edge is not written: it leads from the step before.

    Without *on* and *condition* it holds as a plain name in `needs` does. *written* is how the file
    has it.
    """

    source: str
    target: str
    on: str | None = None
    condition: str | None = None
    implied: bool = False
    written: Any = None


@dataclass(frozen=True, slots=True)
class FlowGraph:
    """A whole definition; *head* is all of it but the steps. The order of nodes is that of the file."""

    head: Mapping[str, Any]
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]

    def public(self) -> dict[str, Any]:
        """Return it as JSON: what the API gives, and what the cases of the tests hold."""
        return {
            "head": dict(self.head),
            "nodes": [{**asdict(node), "keys": list(node.keys)} for node in self.nodes],
            "edges": [asdict(edge) for edge in self.edges],
        }


def to_graph(body: Mapping[str, Any]) -> FlowGraph:
    """Return the graph of a definition, as its file has it.

    Raises:
        NoGraph: it is not shaped like one, or two steps of a list have one id.
    """
    head = {key: [] if key in LISTS else value for key, value in body.items()}
    nodes: list[GraphNode] = []
    edges: list[GraphEdge] = []
    for name in LISTS:
        if name in body:
            prefix = "" if name == "steps" else f"{name}."
            _draw(body[name], prefix, (None, (name,)), nodes, edges)
    return FlowGraph(head, tuple(nodes), tuple(edges))


def _draw(
    steps: Any,
    prefix: str,
    place: tuple[str | None, Keys],
    nodes: list[GraphNode],
    edges: list[GraphEdge],
) -> None:
    """Add the steps of a list, and those inside them; *prefix* stands before their ids."""
    previous: str | None = None
    ids: set[str] = set()
    for step in _checked(steps):
        path = prefix + step["id"]
        if step["id"] in ids:
            raise NoGraph(f"two steps of one list are called {step['id']!r}")
        ids.add(step["id"])
        data = dict(step)
        at = len(nodes)
        edges.extend(_edges(step, path, prefix, previous))
        if step.get("needs") is not None:
            data["needs"] = {"any": []} if isinstance(step["needs"], dict) else []
        kind = next((verb for verb in Step.verbs if step.get(verb) is not None), "")
        nodes.append(GraphNode(path, kind, *place, data))
        for keys, inner in _lists_in(data):
            _draw(inner, path + joint(keys, data), (path, keys), nodes, edges)
        nodes[at] = replace(nodes[at], data=_hollow(data))
        previous = path


def _checked(steps: Any) -> list[dict[str, Any]]:
    if not isinstance(steps, list):
        raise NoGraph("the steps of a definition are a list")
    for step in steps:
        if not isinstance(step, dict) or not isinstance(step.get("id"), str):
            raise NoGraph("a step is a map with an `id`")
    return steps


def joint(keys: Keys, step: Mapping[str, Any]) -> str:
    """Return what stands in paths between a step and those in its list behind *keys*."""
    match keys:
        case ("parallel", name):
            return f".{name}."
        case ("switch", _, "else"):
            return ".else."
        case ("switch", number, _):
            return f".{number}."
        case ("on_error",):
            return "~error."
    return "[]." if step.get("for_each") is not None else "#."


def _lists_in(step: Mapping[str, Any]) -> Iterator[tuple[Keys, Any]]:
    """Yield the lists of steps inside a step, and the keys that lead to them, in its order."""
    for key, value in step.items():
        if key in ("steps", "on_error") and isinstance(value, list):
            yield (key,), value
        elif key == "parallel" and isinstance(value, dict):
            yield from ((("parallel", name), each) for name, each in value.items())
        elif key == "switch" and isinstance(value, list):
            for number, branch in enumerate(value):
                if not isinstance(branch, dict):
                    raise NoGraph("a branch of a `switch` is a map")
                yield from (
                    (("switch", number, inner), branch[inner])
                    for inner in ("steps", "else")
                    if inner in branch
                )


def _hollow(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return *step* with empty lists in place of the steps inside it."""
    return _with_lists(step, {keys: [] for keys, _ in _lists_in(step)})


def _with_lists(step: Mapping[str, Any], lists: Mapping[Keys, Any]) -> dict[str, Any]:
    """Return *step* with other lists of steps inside it; one it has no place for gets one."""
    found = dict(step)
    for keys, each in lists.items():
        match keys:
            case ("parallel", name):
                found["parallel"] = {**found.get("parallel", {}), name: each}
            case ("switch", int(number), inner):
                branches = list(found.get("switch", ()))
                if number >= len(branches):
                    raise NoGraph(f"{step.get('id')!r} has no branch {number}")
                branches[number] = {**branches[number], inner: each}
                found["switch"] = branches
            case (str(key),):
                found[key] = each
    return found


def _edges(
    step: Mapping[str, Any], path: str, prefix: str, previous: str | None
) -> Iterator[GraphEdge]:
    needs = step.get("needs")
    if needs is None:
        if previous is not None:
            yield GraphEdge(previous, path, implied=True)
        return
    written = needs.get("any") if isinstance(needs, dict) else needs
    for edge in written if isinstance(written, list) else ():
        if isinstance(edge, str):
            yield GraphEdge(prefix + edge, path, written=edge)
        elif isinstance(edge, dict) and isinstance(edge.get("step"), str):
            source = prefix + edge["step"]
            yield GraphEdge(source, path, edge.get("on"), edge.get("if"), written=edge)
        else:
            raise NoGraph("an edge is the id of a step, or a map with `step`")


def to_body(graph: FlowGraph) -> dict[str, Any]:
    """Return the definition that *graph* is drawn from, or was changed to.

    Raises:
        NoGraph: a node is in a step that is not there, or an edge leads out of its list.
    """
    inside: dict[str | None, dict[Keys, list[GraphNode]]] = {}
    paths = {node.path: node for node in graph.nodes}
    for node in graph.nodes:
        if node.holder is not None and node.holder not in paths:
            raise NoGraph(f"{node.path!r} is in a step that is not there")
        inside.setdefault(node.holder, {}).setdefault(node.keys, []).append(node)
    needs: dict[str, list[Any]] = {}
    for edge in graph.edges:
        if not edge.implied:
            needs.setdefault(edge.target, []).append(_written(edge, paths))
    body = dict(graph.head)
    for keys, nodes in inside.get(None, {}).items():
        body[str(keys[0])] = [_step(node, inside, needs) for node in nodes]
    return body


def _step(
    node: GraphNode,
    inside: Mapping[str | None, Mapping[Keys, Sequence[GraphNode]]],
    needs: Mapping[str, list[Any]],
) -> dict[str, Any]:
    step = dict(node.data)
    if node.path in needs:
        any_of = isinstance(step.get("needs"), dict)
        step["needs"] = {"any": needs[node.path]} if any_of else needs[node.path]
    lists = {
        keys: [_step(each, inside, needs) for each in nodes]
        for keys, nodes in inside.get(node.path, {}).items()
    }
    return _with_lists(step, lists)


def _written(edge: GraphEdge, paths: Mapping[str, GraphNode]) -> Any:
    """Return the edge as the file has it, as long as that says what the edge says."""
    source, target = paths.get(edge.source), paths.get(edge.target)
    if target is None:
        raise NoGraph(f"an edge leads to {edge.target!r}, which is not there")
    if source is None and edge.written is None:
        raise NoGraph(f"an edge comes from {edge.source!r}, which is not there")
    if source is not None and (source.holder, source.keys) != (target.holder, target.keys):
        raise NoGraph(f"an edge leads from {edge.source!r} to {edge.target!r}, in another list")
    known = edge.written if isinstance(edge.written, dict) else {"step": edge.written}
    name = known["step"] if source is None else source.data["id"]
    if (known["step"], known.get("on"), known.get("if")) == (name, edge.on, edge.condition):
        return edge.written
    rules = {"on": edge.on, "if": edge.condition}
    said = {key: value for key, value in rules.items() if value is not None}
    return {"step": name, **said} if said else name
