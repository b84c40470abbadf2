"""The dispatcher: who gets what, and that a channel can hurt nobody."""

import threading
import time
from typing import Any

import msgspec
import pytest

from logster.alerts import Alert, Dispatcher
from logster.errors import ConfigurationError


class Recorder:
    def __init__(self) -> None:
        self.alerts: list[Alert] = []

    def send(self, alert: Alert) -> None:
        self.alerts.append(alert)


class Broken:
    def __init__(self) -> None:
        self.calls = 0

    def __repr__(self) -> str:
        return "Broken()"

    def send(self, alert: Alert) -> None:
        self.calls += 1
        raise OSError("no route")


def refuse(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_channel_gets_the_kinds_and_levels_it_asked_for(alert: Alert) -> None:
    dispatcher, recorder = Dispatcher(), Recorder()
    dispatcher.add(recorder, kinds=["regressed"], minimum_level=40)
    for changes in ({"kind": "new"}, {"kind": "regressed", "level": 30}, {"kind": "regressed", "level": 40}):
        dispatcher.dispatch(msgspec.structs.replace(alert, **changes))
    dispatcher.close(10)
    assert [(each.kind, each.level) for each in recorder.alerts] == [("regressed", 40)]


def test_an_unknown_kind_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="rare"):
        Dispatcher().add(Recorder(), kinds=["rare"])  # type: ignore[list-item]


def test_nobody_asked_means_no_thread(alert: Alert) -> None:
    before = set(threading.enumerate())
    dispatcher = Dispatcher()
    assert dispatcher.dispatch(alert)
    assert not dispatcher.wants("new")
    assert "logster-alerts" not in {thread.name for thread in set(threading.enumerate()) - before}


def test_a_failing_channel_is_named_once_and_stops_nobody_else(alert: Alert, capsys: Any) -> None:
    dispatcher, broken, recorder = Dispatcher(), Broken(), Recorder()
    dispatcher.add(broken)
    dispatcher.add(recorder)
    for _ in range(3):
        dispatcher.dispatch(alert)
    dispatcher.close(10)
    assert (broken.calls, len(recorder.alerts)) == (3, 3)
    assert capsys.readouterr().err == "logster: alerts do not reach Broken(): OSError: no route\n"


def test_where_no_thread_can_be_started_alerts_wait_for_the_end(alert: Alert, monkeypatch: pytest.MonkeyPatch) -> None:
    dispatcher, broken, recorder = Dispatcher(), Broken(), Recorder()
    dispatcher.add(broken)
    dispatcher.add(recorder)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        assert dispatcher.dispatch(alert)
        assert dispatcher.dispatch(alert)
        assert recorder.alerts == []
        dispatcher.close(10)
    assert (len(recorder.alerts), dispatcher.sent) == (2, 2)


def test_where_a_thread_can_be_started_again_it_sends_what_waited(
    alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatcher, recorder = Dispatcher(), Recorder()
    dispatcher.add(recorder)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        assert dispatcher.dispatch(alert)
    assert dispatcher.dispatch(alert)
    dispatcher.close(10)
    assert len(recorder.alerts) == 2


def test_without_a_thread_a_slow_channel_holds_up_the_end_no_longer_than_allowed(
    alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Recorder):
        def send(self, alert: Alert) -> None:
            super().send(alert)
            time.sleep(0.3)

    dispatcher, slow, slower = Dispatcher(), Slow(), Slow()
    dispatcher.add(slow)
    dispatcher.add(slower)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    for _ in range(10):
        dispatcher.dispatch(alert)
    dispatcher.close(0.2)
    assert (len(slow.alerts), len(slower.alerts)) == (1, 0)


def test_what_a_thread_has_taken_is_waited_for(alert: Alert) -> None:
    begun, recorder = threading.Event(), Recorder()

    class Slow:
        def send(self, alert: Alert) -> None:
            begun.set()
            time.sleep(0.2)
            recorder.send(alert)

    dispatcher = Dispatcher()
    dispatcher.add(Slow())
    dispatcher.dispatch(alert)
    assert begun.wait(20)
    dispatcher.close(20)
    assert len(recorder.alerts) == 1


def test_a_stuck_channel_drops_alerts_and_never_blocks_the_caller(alert: Alert) -> None:
    release = threading.Event()

    class Stuck:
        def send(self, alert: Alert) -> None:
            release.wait()

    dispatcher = Dispatcher()
    dispatcher.add(Stuck())
    accepted = [dispatcher.dispatch(alert) for _ in range(300)]
    assert not accepted[-1]
    assert dispatcher.dropped == accepted.count(False) > 0
    release.set()
    dispatcher.close(10)
    assert dispatcher.sent == accepted.count(True)
