"""Open modals, a stack for each person, and the Home tab of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from devslack.blocks import check_view, complete, too_large
from devslack.clock import Clock
from devslack.elements import Values, initial
from devslack.errors import ApiError
from devslack.ids import Ids
from devslack.shapes import Json

MOST_STACKED = 3


@dataclass(slots=True)
class View:
    """A modal that somebody has open, or somebody's Home."""

    id: str
    user: str
    source: Json
    root: str
    previous: str = ""
    hash: str = ""
    touched: Values = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    notice: str | None = None

    @property
    def blocks(self) -> list[Json]:
        """The blocks, with all ids filled in."""
        blocks: list[Json] = self.source["blocks"]
        return blocks

    @property
    def values(self) -> Values:
        """``state.values`` as the app sees it."""
        return initial(self.blocks, self.touched)


@dataclass(frozen=True, slots=True)
class Owner:
    """What every view says of workspace and app."""

    team: str
    app_id: str
    bot_id: str


class Views:
    """All that is open. *tell* hears of each change: ``views`` or ``home``, and whose."""

    def __init__(
        self, clock: Clock, ids: Ids, owner: Owner, tell: Callable[[str, str], None]
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._owner = owner
        self._tell = tell
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}

    def clear(self) -> None:
        """Close everything."""
        self.stacks.clear()
        self.homes.clear()

    def check(self, view: object, kind: str, replacing: View | None = None) -> Json:
        """Return a view with its blocks completed.

        Raises:
            ApiError: as ``views.open`` refuses.
        """
        problems = check_view(view)
        if problems or not isinstance(view, dict):
            raise ApiError("invalid_arguments", messages=[f"[ERROR] {p}" for p in problems])
        if view["type"] != kind:
            message = f"[ERROR] must be a {kind} [json-pointer:/view/type]"
            raise ApiError("invalid_arguments", messages=[message])
        if too_large(view):
            raise ApiError("view_too_large")
        external = view.get("external_id")
        if external and any(
            v.source.get("external_id") == external for v in self._all() if v is not replacing
        ):
            raise ApiError("duplicate_external_id")
        return {**view, "blocks": complete(view["blocks"], self._ids.short)}

    def _all(self) -> Iterator[View]:
        for stack in self.stacks.values():
            yield from stack
        yield from self.homes.values()

    def find(self, view_id: str) -> View | None:
        """Find an open view by id."""
        return next((v for v in self._all() if v.id == view_id), None)

    def by_external_id(self, external_id: str) -> View | None:
        """Find an open view by external_id."""
        return next((v for v in self._all() if v.source.get("external_id") == external_id), None)

    def open(self, user: str, source: Json) -> View:
        """Show a modal by itself."""
        view = self._make(user, source)
        self.stacks[user] = [view]
        self._tell("views", user)
        return view

    def push(self, user: str, source: Json) -> View:
        """Show a modal on top.

        Raises:
            ApiError: ``push_limit_reached``, or ``not_found`` when none is open.
        """
        stack = self.stacks.get(user, [])
        if not stack:
            raise ApiError("not_found")
        if len(stack) >= MOST_STACKED:
            raise ApiError("push_limit_reached")
        view = self._make(user, source)
        view.root, view.previous = stack[0].id, stack[-1].id
        stack.append(view)
        self._tell("views", user)
        return view

    def update(self, view: View, source: Json) -> None:
        """Replace what an open view shows; what was typed stays where the ids are the same."""
        view.source = source
        view.hash = self._hash()
        view.errors = {}
        view.notice = None
        self._tell("home" if source["type"] == "home" else "views", view.user)

    def publish(self, user: str, source: Json) -> View:
        """Replace somebody's Home."""
        view = self.homes.get(user)
        if view is None:
            view = self.homes[user] = self._make(user, source)
            self._tell("home", user)
        else:
            view.touched = {}
            self.update(view, source)
        return view

    def close(self, view: View, *, whole: bool = False) -> list[View]:
        """Close a view and those above it, or the whole stack; return what was closed."""
        stack = self.stacks.get(view.user, [])
        start = 0 if whole else stack.index(view)
        closed = stack[start:]
        del stack[start:]
        self._tell("views", view.user)
        return closed

    def changed(self, view: View) -> None:
        """Tell that errors, notice or values of a view are different."""
        self._tell("home" if view.source["type"] == "home" else "views", view.user)

    def _make(self, user: str, source: Json) -> View:
        name = self._ids.make("V")
        return View(name, user, source, name, hash=self._hash())

    def _hash(self) -> str:
        return f"{int(self._clock.now())}.{self._ids.secret(8)}"

    def slack(self, view: View) -> Json:
        """Return the view object that the API answers with and payloads carry."""
        source, owner = view.source, self._owner
        return {
            "id": view.id,
            "team_id": owner.team,
            "type": source["type"],
            "blocks": view.blocks,
            "private_metadata": source.get("private_metadata", ""),
            "callback_id": source.get("callback_id", ""),
            "state": {"values": view.values},
            "hash": view.hash,
            "title": source.get("title"),
            "clear_on_close": source.get("clear_on_close", False),
            "notify_on_close": source.get("notify_on_close", False),
            "close": source.get("close"),
            "submit": source.get("submit"),
            "previous_view_id": view.previous or None,
            "root_view_id": view.root,
            "app_id": owner.app_id,
            "external_id": source.get("external_id", ""),
            "app_installed_team_id": owner.team,
            "bot_id": owner.bot_id,
        }

    def public(self, view: View) -> Json:
        """Return the ``View`` of the control API."""
        return {**self.slack(view), "errors": view.errors, "notice": view.notice}
