"""What is submitted is counted exactly once, or counted as lost; the caller neither waits nor sees an error."""

import logging
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from logster.capture.snapshot import RecordSnapshot
from logster.delivery import worker as workers
from logster.delivery.worker import Worker
from logster.entry import Occurrence, Report
from logster.redaction import Redactor
from logster.settings import Settings
from tests.unit.captured import MemoryStore

WAIT = 10.0


def snapshot(message: str = "m", level: int = logging.ERROR, **extra: Any) -> RecordSnapshot:
    record = logging.makeLogRecord(
        {"name": "app", "msg": message, "levelno": level, "pathname": "app.py", "lineno": 1, "funcName": "f", **extra}
    )
    return RecordSnapshot(record, "default")


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.005)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def make(store: MemoryStore) -> Iterator[Callable[..., Worker]]:
    workers = []

    def make(**settings: Any) -> Worker:
        worker = Worker(Settings(**{"flush_interval_seconds": 0.05} | settings), store)
        workers.append(worker)
        return worker

    yield make
    store.is_away = False
    store.is_free.set()
    for worker in workers:
        assert worker.close(WAIT)


def test_equal_snapshots_become_one_report(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make(flush_interval_seconds=30)
    for _ in range(1_000):
        assert worker.submit(snapshot())
    assert worker.flush(WAIT)

    (report,) = store.reports
    assert report.count == 1_000
    assert len(report.envs) == 50


def test_different_ones_become_reports_of_their_own(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make()
    for name in ("disk", "paper", "disk"):
        worker.submit(snapshot(name))
    assert worker.flush(WAIT)

    assert store.counts == {"disk": 2, "paper": 1}


def test_first_and_latest_message_are_both_kept(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make(flush_interval_seconds=30)
    for number in range(5):
        worker.submit(snapshot("order %s", args=(number,), created=1_000.0 + number))
    assert worker.flush(WAIT)

    (report,) = store.reports
    assert report.first_message == "order 0"
    assert report.latest.message == "order 4"
    assert (report.first_ms, report.last_ms) == (1_000_000, 1_004_000)


def test_snapshots_out_of_order_keep_their_times(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make(flush_interval_seconds=30)
    for number in (3, 1, 2):
        worker.submit(snapshot("order %s", args=(number,), created=float(number)))
    assert worker.flush(WAIT)

    (report,) = store.reports
    assert (report.first_ms, report.last_ms) == (1_000, 3_000)
    assert report.first_message == "order 1"
    assert report.latest.message == "order 3"


def test_counts_add_up(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make()
    for count in (5, 1, 7):
        worker.submit(snapshot(count=count))
    assert worker.flush(WAIT)

    assert store.counts == {"m": 13}


@pytest.fixture
def sleeping(make: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch) -> Worker:
    """A worker with room for twenty, one of which it has taken; it sleeps until it is called."""
    for name in ("_TICK_SECONDS", "_NAP_SECONDS"):
        monkeypatch.setattr(workers, name, WAIT if name == "_NAP_SECONDS" else 0.001)
    worker = make(flush_interval_seconds=60, queue_size=20)
    worker.submit(snapshot())
    until(lambda: worker.stats["pending"] == 1 and worker._call_at < sys.maxsize)
    return worker


def test_while_something_waits_anyway_no_report_calls_the_worker(sleeping: Worker) -> None:
    for _ in range(9):
        assert sleeping.submit(snapshot())
    time.sleep(0.05)
    assert sleeping.stats["queued"] == 9


def test_it_is_called_long_before_the_queue_is_full(sleeping: Worker) -> None:
    began = time.monotonic()
    for _ in range(11):
        assert sleeping.submit(snapshot())
    until(lambda: sleeping.stats["queued"] == 0)
    assert time.monotonic() - began < WAIT / 2


def test_who_waits_for_it_calls_it(sleeping: Worker, store: MemoryStore) -> None:
    began = time.monotonic()
    sleeping.submit(snapshot())
    assert sleeping.flush(WAIT)
    assert time.monotonic() - began < WAIT / 2
    assert store.counts == {"m": 2}


def test_no_report_is_left_where_it_sleeps(make: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_IDLE_SECONDS", 10 * WAIT)
    worker = make(flush_interval_seconds=0)
    for number in range(100):
        worker.submit(snapshot())
        until(lambda: worker.stats["written"] == number + 1)  # noqa: B023 - asked at once
        if number % 3 == 0:
            # Just when it falls asleep.
            time.sleep(random.random() / 1_000)


def test_it_writes_by_itself_after_the_interval(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make(flush_interval_seconds=0.01)
    worker.submit(snapshot())

    until(lambda: store.counts == {"m": 1})


def test_an_idle_worker_writes_nothing_and_needs_no_thread(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make()

    assert worker.flush(WAIT)
    assert worker._thread is None
    assert store.calls == 0


def test_threads_together_are_counted_exactly(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make(queue_size=100_000)
    threads = [
        threading.Thread(target=lambda: [worker.submit(snapshot(f"error {'abcde'[i % 5]}")) for i in range(2_000)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worker.flush(WAIT)

    assert store.counts == {f"error {letter}": 3_200 for letter in "abcde"}


def test_a_full_queue_drops_counts_and_reports_what_was_dropped(
    make: Callable[..., Worker], store: MemoryStore
) -> None:
    worker = make(queue_size=10, flush_interval_seconds=0)
    store.is_free.clear()
    worker.submit(snapshot("first"))
    until(lambda: store.calls == 1)
    taken = [worker.submit(snapshot()) for _ in range(25)]
    store.is_free.set()
    assert worker.flush(WAIT)

    assert taken == [True] * 10 + [False] * 15
    assert store.counts == {"first": 1, "m": 10, "15 reports were dropped: the queue was full": 1}
    (loss,) = (each.latest for each in store.reports if each.latest.logger == "logster")
    assert (loss.logger, loss.level) == ("logster", logging.WARNING)
    assert loss.env["dropped"] == {"ERROR": 15}
    assert worker.stats["dropped"] == 15


def test_the_caller_does_not_wait_for_a_store_that_hangs(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make(flush_interval_seconds=0)
    store.is_free.clear()
    worker.submit(snapshot())
    until(lambda: store.calls == 1)

    # The store lets nobody go before this is over, so who waited for it would wait for ever.
    assert all(worker.submit(snapshot()) for _ in range(1_000))
    assert not worker.flush(0.01)


def test_while_the_store_is_away_equal_ones_go_on_being_counted(
    make: Callable[..., Worker], store: MemoryStore
) -> None:
    worker = make(flush_interval_seconds=0)
    store.is_away = True
    worker.submit(snapshot("first"))
    until(lambda: store.calls >= 1)
    for _ in range(5_000):
        assert worker.submit(snapshot())
    until(lambda: worker.stats["queued"] == 0)
    store.is_away = False

    assert worker.flush(WAIT)
    assert store.counts == {"first": 1, "m": 5_000}


def test_while_the_store_is_away_memory_is_bounded_and_losses_are_counted(
    make: Callable[..., Worker], store: MemoryStore
) -> None:
    worker = make(flush_interval_seconds=0, max_pending_entries=10)
    store.is_away = True
    worker.submit(snapshot("first"))
    until(lambda: store.calls >= 1)
    names = [chr(ord("a") + number) for number in range(15)]
    for name in names:
        for _ in range(100):
            worker.submit(snapshot(name))
    until(lambda: worker.stats["queued"] == 0)

    assert worker.stats["pending"] == 10
    assert worker._coalescer._samples <= 20 + 10
    store.is_away = False
    assert worker.flush(WAIT)
    assert store.counts == {
        "first": 1,
        **dict.fromkeys(names[:10], 100),
        "500 reports were dropped: Redis was away for too long": 1,
    }


def test_a_batch_whose_answer_was_lost_is_not_counted_twice(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make(flush_interval_seconds=0)
    store.loses_answers = True
    for name in ("a", "b", "c"):
        worker.submit(snapshot(name))
    assert worker.flush(WAIT)

    assert store.counts == {"a": 1, "b": 1, "c": 1}
    assert store.calls > 1


def test_numbers_of_a_sender_grow(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make()
    for name in "abcdefgh":
        worker.submit(snapshot(name))
        assert worker.flush(WAIT)

    assert [each.sequence for each in store.reports] == list(range(1, 9))
    assert len({each.sender for each in store.reports}) == 1


def test_a_report_that_cannot_be_written_does_not_hold_up_the_others(
    make: Callable[..., Worker], store: MemoryStore, capfd: pytest.CaptureFixture[str]
) -> None:
    def is_poison(report: Report) -> bool:
        return report.latest.message == "poison"

    worker = make(flush_interval_seconds=30)
    store.refuse = is_poison
    for name in ("a", "poison", "b"):
        worker.submit(snapshot(name))
    assert worker.flush(WAIT)

    assert {name: store.counts.get(name) for name in "ab"} == {"a": 1, "b": 1}
    assert worker.stats["dropped"] == 1
    assert any("1 reports were dropped" in message for message in store.counts)


def test_a_snapshot_that_cannot_be_rendered_is_counted_as_lost(make: Callable[..., Worker], store: MemoryStore) -> None:
    class Broken(RecordSnapshot):
        def message(self) -> str:
            raise ValueError

    worker = make()
    worker.submit(Broken(logging.makeLogRecord({"msg": "x", "levelno": 40}), "default"))
    worker.submit(snapshot())
    assert worker.flush(WAIT)

    assert store.counts == {"m": 1, "1 reports were dropped: they could not be rendered (ValueError)": 1}


def test_a_closed_worker_starts_again_when_something_is_submitted(
    make: Callable[..., Worker], store: MemoryStore
) -> None:
    worker = make()
    worker.submit(snapshot("before"))
    assert worker.close(WAIT)
    until(lambda: worker._thread is None)
    worker.submit(snapshot("after"))
    assert worker.flush(WAIT)

    assert store.counts == {"before": 1, "after": 1}


def test_submitting_while_it_closes_loses_nothing(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make()
    is_done = threading.Event()

    def submit() -> None:
        for _ in range(500):
            worker.submit(snapshot())
            time.sleep(0)
        is_done.set()

    thread = threading.Thread(target=submit)
    thread.start()
    while not is_done.is_set():
        worker.close(WAIT)
    thread.join()
    assert worker.flush(WAIT)

    assert store.counts == {"m": 500}


def test_where_no_thread_can_be_started_flushing_writes(
    make: Callable[..., Worker], store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from Python 3.12 on in what runs at exit."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    worker = make()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        for _ in range(3):
            assert worker.submit(snapshot())
        assert worker.flush(WAIT)

    assert store.counts == {"m": 3}


def test_flushing_does_not_wait_for_the_pause_to_pass(
    make: Callable[..., Worker], store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logster.delivery.outbox._FIRST_PAUSE_SECONDS", 60)
    monkeypatch.setattr("logster.delivery.outbox._LONGEST_PAUSE_SECONDS", 60)
    worker = make(flush_interval_seconds=0)
    store.is_away = True
    worker.submit(snapshot())
    until(lambda: store.calls == 1)
    store.is_away = False

    assert worker.flush(WAIT)
    assert store.counts == {"m": 1}


def test_synchronous_mode_writes_before_it_returns(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make(synchronous=True)

    assert worker.submit(snapshot())

    assert store.counts == {"m": 1}
    assert worker._thread is None
    assert worker.flush()


def test_synchronous_mode_swallows_an_outage_and_reports_the_loss_later(
    make: Callable[..., Worker], store: MemoryStore, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logster.delivery.stderr._last_said", -1e9)
    worker = make(synchronous=True)
    store.is_away = True
    assert not worker.submit(snapshot())
    assert not worker.submit(snapshot())
    store.is_away = False
    assert worker.submit(snapshot())

    assert capfd.readouterr().err.count("away") == 1
    assert store.counts == {"m": 1, "2 reports were dropped: Redis was away": 1}


def test_only_the_newest_env_samples_are_rendered(make: Callable[..., Worker], store: MemoryStore) -> None:
    rendered = []

    class Counted(RecordSnapshot):
        def env(self, *arguments: Any) -> Any:
            rendered.append(self)
            return super().env(*arguments)

    worker = make(flush_interval_seconds=30, max_env_count_per_entry=5)
    for number in range(1_000):
        record = logging.makeLogRecord({"msg": "m", "levelno": 40, "number": number, "pathname": "a.py", "lineno": 1})
        worker.submit(Counted(record, "default"))
    assert worker.flush(WAIT)

    (report,) = store.reports
    assert [env["number"] for _, env in report.envs] == [995, 996, 997, 998, 999]
    assert len(rendered) <= 5


def test_no_env_is_kept_where_none_is_wanted(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make(max_env_count_per_entry=0)
    worker.submit(snapshot())
    worker.submit(snapshot())
    assert worker.flush(WAIT)

    assert store.reports[0].envs == ()
    assert store.counts == {"m": 2}


def test_an_outage_draws_nothing_from_the_programs_random_numbers(
    make: Callable[..., Worker], store: MemoryStore
) -> None:
    worker = make(flush_interval_seconds=0.01)
    store.is_away = True
    before = random.getstate()
    worker.submit(snapshot())
    until(lambda: worker._outbox.is_away)
    assert random.getstate() == before


def test_while_the_store_works_on_a_batch_the_next_one_is_made_ready(
    make: Callable[..., Worker], store: MemoryStore
) -> None:
    worker = make(flush_interval_seconds=30)
    for number in range(100):
        worker.submit(snapshot(f"m{number}", fingerprint=f"{number}"))
    assert worker.flush(WAIT)

    # Batches of forty, the last of which has twenty.
    assert store.steps == ["ready", "sent", "ready", "answered", "sent", "ready", "answered", "sent", "answered"]
    assert store.counts == {f"m{number}": 1 for number in range(100)}


class Noted(RecordSnapshot):
    """Says when it is rendered."""

    steps: list[str]

    def occurrence(self, settings: Settings, redactor: Redactor) -> Occurrence | None:
        self.steps.append("rendered")
        return super().occurrence(settings, redactor)


def noted(number: int, steps: list[str]) -> Noted:
    record = logging.makeLogRecord({"name": "app", "msg": f"m{number}", "levelno": 40, "fingerprint": f"{number}"})
    made = Noted(record, "default")
    made.steps = steps
    return made


def test_while_the_store_works_on_a_batch_more_is_taken(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make(flush_interval_seconds=30)
    for number in range(2_000):
        worker.submit(noted(number, store.steps))
    assert worker.flush(WAIT)

    assert store.counts == {f"m{number}": 1 for number in range(2_000)}
    at_work = [each.split("answered")[0] for each in " ".join(store.steps).split("sent")[1:]]
    # Fifty batches; what is taken is about as much as is written.
    assert sum("rendered" in each for each in at_work) > 20


def test_what_is_taken_while_the_store_works_waits_for_its_like(
    make: Callable[..., Worker], store: MemoryStore
) -> None:
    worker = make(flush_interval_seconds=30)
    for number in range(500):
        worker.submit(noted(number, store.steps))
    for _ in range(400):
        worker.submit(snapshot("same"))
    until(lambda: len(store.counts) == 500)
    until(lambda: worker.stats["queued"] == 0)
    time.sleep(0.2)
    assert "same" not in store.counts
    assert worker.flush(WAIT)
    assert [each.count for each in store.reports if each.latest.message == "same"] == [400]


def test_what_fails_while_the_store_works_costs_no_report(
    make: Callable[..., Worker], store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = make(flush_interval_seconds=30)

    def fail(at_most: int) -> None:
        store.steps.append("failed")
        raise ZeroDivisionError

    monkeypatch.setattr(worker, "_take_some", fail)
    for number in range(2_000):
        worker.submit(snapshot(f"m{number}", fingerprint=f"{number}"))
    assert worker.flush(WAIT)
    assert "failed" in store.steps
    assert store.counts == {f"m{number}": 1 for number in range(2_000)}


def test_what_is_on_its_way_when_the_store_goes_away_is_counted_once(
    make: Callable[..., Worker], store: MemoryStore
) -> None:
    worker = make(flush_interval_seconds=30)
    store.loses_answers = True
    for number in range(100):
        worker.submit(snapshot(f"m{number}", fingerprint=f"{number}"))
    assert worker.flush(WAIT)
    assert store.counts == {f"m{number}": 1 for number in range(100)}
    assert worker.stats["written"] == 100
    assert worker.stats["dropped"] == 0


def test_a_report_that_cannot_be_written_is_dropped_alone_among_batches_that_overlap(
    make: Callable[..., Worker], store: MemoryStore
) -> None:
    worker = make(flush_interval_seconds=30)
    store.refuse = lambda report: report.latest.message == "m50"
    for number in range(100):
        worker.submit(snapshot(f"m{number}", fingerprint=f"{number}"))
    assert worker.flush(WAIT)
    counted = {message for message in store.counts if message.startswith("m")}
    assert counted == {f"m{number}" for number in range(100)} - {"m50"}
    assert worker.stats["dropped"] == 1


@pytest.fixture
def patient(make: Callable[..., Worker], store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """A worker that has just written an occurrence, and waits for a minute with others of that entry."""
    monkeypatch.setattr(workers, "_REPEATS_TIMES", 60_000)
    monkeypatch.setattr(workers, "_REPEATS_SECONDS", 60.0)
    worker = make(flush_interval_seconds=0.001)
    worker.submit(snapshot("disk"))
    until(lambda: store.counts == {"disk": 1})
    worker.submit(snapshot("disk"))
    until(lambda: worker.stats["pending"])
    return worker


def test_what_comes_again_is_collected_for_longer(patient: Worker, store: MemoryStore) -> None:
    # Many times what anything else waits.
    threading.Event().wait(0.3)
    assert store.counts == {"disk": 1}
    assert patient.flush(WAIT)
    assert store.counts == {"disk": 2}


def test_what_is_new_does_not_wait_for_what_comes_again(patient: Worker, store: MemoryStore) -> None:
    patient.submit(snapshot("paper"))
    until(lambda: store.counts == {"disk": 2, "paper": 1})


def test_many_that_come_again_do_not_wait(patient: Worker, store: MemoryStore) -> None:
    names = [f"{chr(ord('a') + number // 26)}{chr(ord('a') + number % 26)}" for number in range(600)]
    for name in names:
        patient.submit(snapshot(name))
    assert patient.flush(WAIT)
    for name in names:
        patient.submit(snapshot(name))
    until(lambda: sum(store.counts.values()) >= 2 + 600 + 500)


def test_what_the_store_did_not_take_is_tried_again_as_ever(patient: Worker, store: MemoryStore) -> None:
    store.is_away = True
    calls = store.calls
    patient.submit(snapshot("paper"))
    until(lambda: store.calls > calls)
    patient.submit(snapshot("disk"))
    store.is_away = False
    until(lambda: store.counts == {"disk": 3, "paper": 1})


def test_with_an_interval_of_a_second_and_more_all_wait_alike(make: Callable[..., Worker]) -> None:
    for interval in (0.0, 1.0, 30.0):
        assert make(flush_interval_seconds=interval)._repeats_wait == 0.0
    assert make(flush_interval_seconds=0.2)._repeats_wait == pytest.approx(0.4)
    assert make(flush_interval_seconds=0.6)._repeats_wait == pytest.approx(0.4)
