"""The options and arguments that commands share, and the types of their values."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import click

from logster.cli.session import Session
from logster.entry import LEVEL_NUMBERS
from logster.errors import QuerySyntaxError

Function = TypeVar("Function", bound=Callable[..., Any])

_LAST = ("as_json", "redis_url", "namespace")
_ALIASES = {"WARN": "WARNING", "FATAL": "CRITICAL"}


class Level(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.4
    """A level's name in any case; given as its number."""

    name = "level"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        name = str(value).upper()
        number = LEVEL_NUMBERS.get(_ALIASES.get(name, name))
        if number is None:
            self.fail(f"{value!r} is no level. Levels are: {', '.join(LEVEL_NUMBERS).lower()}.", param, ctx)
        return number


class Moment(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.4
    """A point in time as queries write them; given in milliseconds."""

    name = "time"

    def __init__(self, *, is_end: bool = False) -> None:
        self._is_end = is_end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from logster.search.moment import moment

        try:
            return moment(str(value), int(time.time() * 1_000), is_end=self._is_end)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def command(name: str, *examples: str, json: bool = False) -> Callable[[Callable[..., Any]], click.Command]:
    """Return the decorator that makes a function a command; it gets the session first.

    Arguments:
        name: what the user types.
        examples: lines that the help shows.
        json: whether the command has `--json`; the function gets it as `as_json`.
    """

    def decorate(function: Callable[..., Any]) -> click.Command:
        @click.pass_context
        def call(context: click.Context, /, *, redis_url: str | None, namespace: str | None, **values: Any) -> Any:
            session = context.find_object(Session) or Session()
            session.give(redis_url=redis_url, namespace=namespace)
            return function(session, **values)

        call.__doc__ = function.__doc__
        call.__click_params__ = list(getattr(function, "__click_params__", []))  # type: ignore[attr-defined]
        shown = call
        if json:
            shown = click.option("--json", "as_json", is_flag=True, help="Print JSON, one line each.")(shown)
        shown = click.option("--namespace", metavar="NAME", help="Whose entries these are.")(shown)
        shown = click.option("--redis-url", metavar="URL", help="Where the entries are kept.")(shown)
        epilog = "\n".join(("\b", "Examples:", *(f"  {each}" for each in examples)))
        made = click.command(name, epilog=epilog)(shown)
        # click lists what was added last first; what the command itself takes matters most.
        made.params.sort(key=lambda each: _LAST.index(each.name) if each.name in _LAST else -1)
        return made

    return decorate


def keys(function: Function) -> Function:
    """Add the argument KEYS…: keys of entries, or the beginnings of keys."""
    return click.argument("keys", nargs=-1, required=True, metavar="KEY...")(function)


def level(function: Function) -> Function:
    """Add the option --level, which may be given several times."""
    text = "Only this level; may be given several times."
    return click.option("--level", "levels", type=Level(), multiple=True, metavar="LEVEL", help=text)(function)


def query_of(text: str) -> Any:
    """Return what a query means, or raise QuerySyntaxError with the query in it, so that its place can be shown."""
    from logster.search import parse

    try:
        return parse(text)
    except QuerySyntaxError as error:
        error.query = text  # type: ignore[attr-defined]
        raise
