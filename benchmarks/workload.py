"""What is reported: the bytes of workload/, real exceptions of a given depth, and reports as the worker makes them.

The texts are those that Ruby Logster was measured with. Source lines, which it does not keep, are those of the
standard library.
"""

import asyncio.base_events
import atexit
import email.message
import hashlib
import http.client
import importlib.util
import json
import logging
import random
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from logster.capture import traceback
from logster.entry import Env, ExceptionInfo, Frame, Occurrence, Report

_DIRECTORY = Path(__file__).parent / "workload"
_GIVEN = json.loads((_DIRECTORY / "workload.json").read_bytes())

MESSAGE: str = _GIVEN["message_prefix"]
ENV: Env = _GIVEN["env"]
LOGGER: str = _GIVEN["progname"]
JAVASCRIPT: dict[str, str] = _GIVEN["js"]
BACKTRACE: list[str] = _GIVEN["backtrace"].split("\n")
ZIPF: list[int] = [int(line) for line in (_DIRECTORY / "zipf50.txt").read_text().split()]

FRAMES = len(BACKTRACE)
_LINE = re.compile(r"(?P<file>.+):(?P<line>\d+):in `(?P<function>.+)'")
_DAY_MS = 86_400_000
_LEVELS = (30, 30, 20, *[40] * 7)


def chain(depth: int) -> Callable[[str], None]:
    """Return a function that raises through so many frames, its caller's included, each of a function of its own."""
    directory = Path(tempfile.mkdtemp(prefix="logster-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    path = directory / "orders.py"
    calls = depth - 1
    path.write_text("\n\n".join(_function(number, is_last=number == calls - 1) for number in range(calls)))
    spec = importlib.util.spec_from_file_location("orders", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    first: Callable[[str], None] = getattr(module, _name(0))
    return first


def _name(number: int) -> str:
    place = _LINE.fullmatch(BACKTRACE[number % FRAMES])
    assert place
    return f"{re.sub(r'[^a-z]+', '_', place['function'])}_{number}"


def _function(number: int, *, is_last: bool) -> str:
    following = "raise ValueError(order)" if is_last else f"return {_name(number + 1)}(order)"
    return (
        f"def {_name(number)}(order):\n"
        f"    account, currency = 'account-{number}', 'EUR'\n"
        f"    if order is None or account is currency:\n"
        f"        order = f'order {number} of {{account}} in {{currency}}'\n"
        f"    {following}\n"
    )


@cache
def _source() -> list[str]:
    modules = (asyncio.base_events, email.message, http.client, logging)
    return [line for each in modules for line in Path(each.__file__ or "").read_text().splitlines() if line.strip()]


def exception(seed: int, *, is_one_program: bool = True) -> ExceptionInfo:
    """Return an exception with the workload's frames, five source lines each.

    Arguments:
        seed: says in which of fifty lines each function is: every seed has a stack of its own.
        is_one_program: whether a line of a file has the same source in every stack that passes through it. Without that
            each seed has its own source throughout, as if every entry were of another program.
    """
    chance = random.Random(seed)
    frames = tuple(_frame(each, chance, is_one_program) for each in BACKTRACE)
    return ExceptionInfo("ActiveRecord::StatementInvalid", MESSAGE, frames)


def _frame(printed: str, chance: random.Random, is_one_program: bool) -> Frame:
    place = _LINE.fullmatch(printed)
    assert place
    line = int(place["line"]) + chance.randrange(50)
    source = random.Random(f"{place['file']}:{line}") if is_one_program else chance
    start = source.randrange(len(_source()) - 5)
    lines = _source()[start : start + 5]
    return Frame(
        file=place["file"],
        function=place["function"],
        line=line,
        module=place["file"].rpartition("/")[2].partition(".")[0],
        source=lines[2],
        before=tuple(lines[:2]),
        after=tuple(lines[3:]),
        in_app="/vendor/" not in place["file"],
    )


@cache
def _stack(seed: int, is_one_program: bool) -> tuple[ExceptionInfo, str]:
    raised = exception(seed, is_one_program=is_one_program)
    return raised, traceback.text(raised)


def env(number: int) -> Env:
    """Return the workload's env as another request would have it."""
    digest = hashlib.md5(b"%d" % number).hexdigest()
    return ENV | {
        "REQUEST_URI": f"/t/some-quite-long-topic-slug-here/{number}/{number % 97}.json?page=3&track_visit=true",
        "HTTP_X_FORWARDED_FOR": f"203.0.113.{number % 250}, 10.0.0.1",
        "username": f"user-{digest[:6]}",
        "request_id": f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}",
    }


def key_of(number: int) -> str:
    return hashlib.md5(b"entry %d" % number).hexdigest()


def time_of(number: int, total: int) -> int:
    """Return when entry `number` of `total` was last seen: all of them within the last three days, in order."""
    return _START_MS - 3 * _DAY_MS + number * 3 * _DAY_MS // total


def report(
    namespace: str, number: int, total: int, *, stacks: int = 200, envs: int = 1, is_one_program: bool = True
) -> Report:
    """Return the report of a distinct entry with 30 structured frames.

    Arguments:
        namespace: whose it is.
        number: which one; its message ends with it.
        total: how many there are, over whose times it stands.
        stacks: how many stacks there are; each entry has one of them.
        envs: how many env samples it comes with.
        is_one_program: see `exception`.
    """
    raised, text = _stack(number % stacks, is_one_program)
    last_ms = time_of(number, total)
    occurrence = Occurrence(
        key=key_of(number),
        level=_LEVELS[number % len(_LEVELS)],
        logger=LOGGER,
        message=f"{MESSAGE}{number}",
        timestamp_ms=last_ms,
        template=f"{MESSAGE}%s",
        exception=raised,
        traceback=text,
        location=raised.frames[0],
        env=env(number * envs),
        version=ENV["application_version"],
        namespace=namespace,
    )
    samples = tuple((last_ms - envs + each, env(number * envs + each)) for each in range(envs))
    return Report(occurrence, envs, last_ms - envs, last_ms, occurrence.message, samples)


_START_MS = int(time.time() * 1_000)


def form() -> dict[str, Any]:
    """Return the JavaScript report as Ruby Logster's script sends it."""
    return dict(JAVASCRIPT)
