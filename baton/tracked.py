"""Reports each call of a function as one process."""

from collections.abc import Callable, Sequence

from baton.client import Client, default_client
from baton.process import Process, process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    Function = TypeVar("Function", bound=Callable[..., Any])

__all__ = ["tracked"]


def tracked(
    name: str,
    *,
    capture: Sequence[str] = (),
    result: "Callable[[Any], dict[str, object]] | None" = None,
    client: Client | None = None,
    **fields: object,
) -> "Callable[[Function], Function]":
    """Report each call of the decorated function: plain, async, or a generator of either kind.

    Args:
        name: of the process, for people.
        capture: the arguments to report, by name; no others are.
        result: makes what to report of the value that the function returns; nothing by default.
        client: by default the one that the environment describes.
        fields: others of an event, like ``category`` and ``labels``.
    """

    def decorate(function: "Function") -> "Function":
        def begin(args: "Sequence[Any]", kwargs: "dict[str, Any]") -> Process:
            given = dict(fields)
            own = client or default_client()
            with own.quietly:
                if capture:
                    given["metadata"] = {"arguments": _arguments(function, args, kwargs, capture)}
            return process(name, client=own, **given)  # type: ignore[arg-type]  # as the caller gave

        def close(running: Process, value: "Any") -> None:
            with (client or default_client()).quietly:
                if result is not None:
                    running.result(**result(value))

        wrapped: Function = _wrap(function, begin, close)
        return wrapped

    return decorate


def _wrap(function: "Any", begin: "Any", close: "Any") -> "Any":
    import functools  # noqa: PLC0415 - all of these are only needed where a function is decorated
    import inspect  # noqa: PLC0415

    if inspect.isasyncgenfunction(function):
        wrapper = _async_generator
    elif inspect.iscoroutinefunction(function):
        wrapper = _coroutine
    elif inspect.isgeneratorfunction(function):
        wrapper = _generator
    else:
        wrapper = _plain
    return functools.wraps(function)(wrapper(function, begin, close))


def _plain(function: "Any", begin: "Any", close: "Any") -> "Any":
    def call(*args: "Any", **kwargs: "Any") -> "Any":
        with begin(args, kwargs) as running:
            value = function(*args, **kwargs)
            close(running, value)
            return value

    return call


def _coroutine(function: "Any", begin: "Any", close: "Any") -> "Any":
    async def call(*args: "Any", **kwargs: "Any") -> "Any":
        with begin(args, kwargs) as running:
            value = await function(*args, **kwargs)
            close(running, value)
            return value

    return call


# The code of a generator runs in the context of whoever asks for its next value, so a generator is
# no surrounding for others: it starts and ends a process, and is not entered.


def _generator(function: "Any", begin: "Any", close: "Any") -> "Any":
    def call(*args: "Any", **kwargs: "Any") -> "Any":
        running = begin(args, kwargs).start()
        try:
            value = yield from function(*args, **kwargs)
        except BaseException as error:
            running.finish(error)
            raise
        close(running, value)
        running.finish(None)
        return value

    return call


def _async_generator(function: "Any", begin: "Any", close: "Any") -> "Any":
    async def call(*args: "Any", **kwargs: "Any") -> "Any":
        running = begin(args, kwargs).start()
        inner = function(*args, **kwargs)
        try:
            value = await anext(inner)
            while True:  # what is sent, thrown and closed reaches the function, as with yield from
                try:
                    sent = yield value
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001 - the function may know what to do
                    value = await inner.athrow(error)
                else:
                    value = await inner.asend(sent)
        except StopAsyncIteration:
            close(running, None)
            running.finish(None)
        except BaseException as error:
            running.finish(error)
            raise

    return call


def _arguments(
    function: "Any", args: "Sequence[Any]", kwargs: "dict[str, Any]", capture: Sequence[str]
) -> dict[str, object]:
    import inspect  # noqa: PLC0415

    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    return {name: bound.arguments[name] for name in capture if name in bound.arguments}
