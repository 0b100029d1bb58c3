"""The blocking client's methods, made of those of the async one; their signatures stay typed.

Over a `ThreadWire` a coroutine never suspends, so one step runs it to its end, without an event
loop and without threads.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Face(Protocol):
    """A blocking object: it stands before the one whose methods are awaited."""

    _awaited: Any  # whichever object the methods are of


def blocking(
    method: Callable[Concatenate[Any, Given], Awaitable[Result]],
) -> Callable[Concatenate[Any, Given], Result]:
    """Return a method that blocks until the awaited one has its result."""

    @wraps(method)
    def call(face: Face, *given: Given.args, **named: Given.kwargs) -> Result:
        return run(method(face._awaited, *given, **named))

    return call


def blocking_iterator(
    method: Callable[Concatenate[Any, Given], AsyncGenerator[Result]],
) -> Callable[Concatenate[Any, Given], Iterator[Result]]:
    """Return a method that yields what the asynchronous iterator does, each as it comes."""

    @wraps(method)
    def call(face: Face, *given: Given.args, **named: Given.kwargs) -> Iterator[Result]:
        found = method(face._awaited, *given, **named)
        try:
            while True:
                try:
                    yield run(anext(found))
                except StopAsyncIteration:
                    return
        finally:
            run(found.aclose())

    return call


def run(awaited: Awaitable[Result]) -> Result:
    """Run what never suspends to its end, and return its result."""
    steps = awaited.__await__()
    try:
        next(steps)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("The blocking client awaited something; its wire must block instead.")
