"""How a command ends: what each exit code means, and which error becomes which, in words for its user."""

import os
import sys
from collections.abc import Callable
from typing import NoReturn

import click

from logster.cli import INTERRUPTED as INTERRUPTED
from logster.cli import WRONG_USE as WRONG_USE
from logster.cli.visible import visible
from logster.errors import (
    LogsterError,
    MissingExtra,
    PatternNotFound,
    QuerySyntaxError,
    SchemaMismatch,
    StoreUnavailable,
)

DONE = 0
NOTHING = 1
REDIS_AWAY = 3
MISTAKE_OF_OURS = 70


class Failure(Exception):
    """Ends the command with an exit code; the text, if any, is told on stderr."""

    def __init__(self, text: str = "", code: int = NOTHING) -> None:
        super().__init__(text)
        self.code = code


def guarded(command: Callable[[], object]) -> int:
    """Run `command` and return the exit code; whatever it raises is told in a line, never as a traceback."""
    try:
        command()
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return WRONG_USE
    except Failure as failure:
        return _told(str(failure), failure.code)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        _close_quietly()
        return DONE
    except QuerySyntaxError as error:
        return _told(f"{error}{_with_caret(error)}", WRONG_USE)
    except (StoreUnavailable, SchemaMismatch) as error:
        return _told(str(error), REDIS_AWAY)
    except PatternNotFound as error:
        return _told(str(error), NOTHING)
    except (LogsterError, OSError) as error:
        return _told(_words_of(error), WRONG_USE)
    except Exception as error:
        return _unexpected(error)
    return DONE


def fail(text: str, code: int = NOTHING) -> NoReturn:
    """End the command with an exit code, and tell why on stderr."""
    raise Failure(text, code)


def require(extra_module: str, what: str) -> None:
    """Raise MissingExtra unless a module of the extra `cli` is installed."""
    try:
        __import__(extra_module)
    except ImportError:
        raise MissingExtra(what, "cli") from None


def _told(text: str, code: int) -> int:
    if text:
        try:
            click.echo(f"Error: {visible(text, lines=True)}", err=True)
        except BrokenPipeError:
            _close_quietly()
    return code


def _words_of(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, LogsterError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _with_caret(error: QuerySyntaxError) -> str:
    """Return the query on a line, and below it what is wrong in it."""
    query: str | None = getattr(error, "query", None)
    if query is None:
        return ""
    before, wrong = visible(query[: error.start]), visible(query[error.start : error.end])
    carets = "^" * max(_width(wrong), 1)
    return f"\n  {visible(query)}\n  {' ' * _width(before)}{carets}"


def _width(text: str) -> int:
    """Return how many columns a terminal takes for `text`."""
    import unicodedata

    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )


def _unexpected(error: Exception) -> int:
    if os.environ.get("LOGSTER_DEBUG"):
        raise error
    what = f"{type(error).__name__}: {error}"
    hint = "This is a mistake in Logster. LOGSTER_DEBUG=1 shows where it happened, which helps to mend it."
    return _told(f"{what}\n{hint}", MISTAKE_OF_OURS)


def _close_quietly() -> None:
    """Let nobody write to a closed pipe any more, the interpreter at its end included."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
