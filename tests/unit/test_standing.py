"""What stands for the calls like it counts each of them once, whoever reads and lets go meanwhile."""

import gc
import logging
import threading
from typing import Any

import pytest

from logster.capture.snapshot import RecordSnapshot
from logster.capture.standing import Stand


def record(message: object = "full %s", *args: object, line: int = 7) -> logging.LogRecord:
    return logging.LogRecord("app", logging.ERROR, "app.py", line, message, args, None, "save")


def stand_of(first: logging.LogRecord, left_over: list[Any]) -> Stand:
    stand = RecordSnapshot(first, "app").stand(left_over.append)
    assert stand is not None
    return stand


def test_what_is_alike_is_counted_and_handed_over_once() -> None:
    stand = stand_of(record("full %s", "disk"), [])
    assert stand.take() is None
    for _ in range(3):
        assert stand.counts(record("full %s", "disk"))
    taken = stand.take()
    assert taken is not None
    assert taken.count == 3
    assert (taken.message(), taken.logger, taken.line) == ("full disk", "app", 7)
    assert stand.snapshot.count == 1
    assert stand.take() is None


@pytest.mark.parametrize(
    "other",
    [record("full %s", "shelf"), record("full %s", "disk", line=8), record("full %s"), record("full %s", ["disk"])],
)
def test_what_is_not_alike_is_not_counted(other: logging.LogRecord) -> None:
    stand = stand_of(record("full %s", "disk"), [])
    assert not stand.counts(other)
    assert stand.take() is None


@pytest.mark.parametrize("alone", [record(ValueError("full")), record("full %s", 1.5), record("full %s", None)])
def test_what_may_be_written_otherwise_stands_for_itself_alone(alone: logging.LogRecord) -> None:
    assert RecordSnapshot(alone, "app").stand(lambda _: None) is None


def test_what_was_counted_and_not_read_is_left_over() -> None:
    left_over: list[Any] = []
    stand = stand_of(record("full"), left_over)
    for _ in range(4):
        stand.counts(record("full"))
    del stand
    gc.collect()
    assert [each.count for each in left_over] == [4]


def test_no_call_is_lost_while_others_read_and_let_go() -> None:
    left_over: list[Any] = []
    standing = {"full": stand_of(record("full"), left_over)}
    done = threading.Event()
    read: list[int] = []

    def replace() -> None:
        while not done.is_set():
            if taken := standing["full"].take():
                read.append(taken.count)
            standing["full"] = stand_of(record("full"), left_over)

    def report() -> None:
        for _ in range(20_000):
            assert standing["full"].counts(record("full"))

    reader = threading.Thread(target=replace)
    callers = [threading.Thread(target=report) for _ in range(4)]
    for each in (reader, *callers):
        each.start()
    for each in callers:
        each.join()
    done.set()
    reader.join()
    standing.clear()
    gc.collect()
    assert sum(read) + sum(each.count for each in left_over) == 80_000
