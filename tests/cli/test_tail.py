"""`logster tail`: each report as it arrives, until somebody ends it."""

import json
import signal
from collections.abc import Callable

import pytest

from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.cli.conftest import Running
from tests.store.reports import key_of, report

Start = Callable[..., Running]


def test_reports_are_shown_as_they_arrive(start: Start, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, 1), report(settings, 2)])
    tail = start("tail")
    # The list is shown once the subscription stands.
    assert [tail.line().split()[-2] for _ in range(2)] == ["1", "2"]
    for number in (3, 1):
        store.report([report(settings, number, message=f"Order {number} failed\x1b[2J")])
        shown = tail.line()
        assert f"Order {number} failed\\x1b[2J" in shown
        assert "\x1b" not in shown


def test_levels_and_query_choose(start: Start, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, 1, envs=[{"shop": "north"}]), report(settings, 2, envs=[{"shop": "south"}])])
    tail = start("tail", "--json", "--level", "error", "--level", "critical", "env.shop:north")
    assert json.loads(tail.line())["key"] == key_of(1)
    store.report([report(settings, 3, level=30, envs=[{"shop": "north"}]), report(settings, 4)])
    store.report([report(settings, 5, level=55, envs=[{"shop": "north"}])])
    assert json.loads(tail.line())["key"] == key_of(5)


def test_ctrl_c_ends_it_quietly(start: Start, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings)])
    tail = start("tail")
    tail.line()
    tail.process.send_signal(signal.SIGINT)
    assert tail.ended() == (130, "", "")


def test_a_closed_pipe_ends_it_quietly(start: Start, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings)])
    tail = start("tail")
    tail.line()
    assert tail.process.stdout
    tail.process.stdout.close()
    store.report([report(settings)])
    assert tail.process.wait(30) == 0
    assert tail.process.stderr
    assert tail.process.stderr.read() == b""


def test_a_mistake_in_the_query_ends_it_at_once(start: Start) -> None:
    done = start("tail", "level:loud").ended()
    assert done.code == 2
    assert "^^^^" in done.err


@pytest.mark.parametrize("lines", [0, 1])
def test_lines_says_how_many_to_begin_with(start: Start, store: RedisStore, settings: Settings, lines: int) -> None:
    store.report([report(settings, number) for number in (1, 2, 3)])
    tail = start("tail", "-n", str(lines), "--json")
    if lines:
        assert json.loads(tail.line())["key"] == key_of(3)
    else:
        while not _arrived(tail):
            store.report([report(settings, 4)])
        assert json.loads(tail.line())["key"] == key_of(4)


def _arrived(tail: Running) -> bool:
    import select

    return bool(select.select([tail.process.stdout], [], [], 0.2)[0])
