"""What is on disk is written once, whatever else lies there, and takes no more room than it may."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from logster.delivery import outbox as outboxes
from logster.delivery import spool as spools
from logster.delivery import worker as workers
from logster.delivery.losses import SPOOL_FULL, Losses
from logster.delivery.segment import Segment, encode
from logster.delivery.spool import DAMAGED, Spool
from logster.delivery.worker import Worker
from logster.entry import ExceptionInfo, Frame, Occurrence, Report
from logster.settings import Settings
from tests.unit.captured import MemoryStore
from tests.unit.test_worker import snapshot, until

WAIT = 10.0


def report(message: str = "m", sequence: int = 1, sender: str = "a", **more: Any) -> Report:
    occurrence = Occurrence(key="0" * 32, level=40, logger="app", message=message, timestamp_ms=1, **more)
    return Report(occurrence, 2, 1, 1, message, ((1, {"a": message}),), sender, sequence)


def spool_in(directory: Path, losses: Losses | None = None, **settings: Any) -> Spool:
    return Spool(Settings(spool_directory=str(directory), **settings), Losses() if losses is None else losses)


def left_in(directory: Path, *reports: Report) -> Path:
    """Leave a file with reports, as a process that is gone did, and return it."""
    spool = spool_in(directory)
    assert spool.write(list(reports))
    spool.finish()
    return max(directory.glob("*.spool"), key=lambda path: path.stat().st_mtime_ns)


def read(directory: Path) -> list[str]:
    """Return the messages of all that can be read in a directory."""
    spool, found = spool_in(directory), []
    while reports := spool.batch(40):
        found += [each.latest.message for each in reports]
        spool.advance()
    return found


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def make(store: MemoryStore, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    workers = []

    def make(**settings: Any) -> Worker:
        worker = Worker(
            Settings(**{"flush_interval_seconds": 0.01, "spool_directory": str(tmp_path)} | settings), store
        )
        workers.append(worker)
        return worker

    yield make
    store.is_away = False
    store.is_free.set()
    for worker in workers:
        assert worker.close(WAIT)


def test_a_report_comes_back_as_it_was(tmp_path: Path) -> None:
    frame = Frame("app.py", "f", 3, source="x = 1", locals={"x": "1"})
    cause = ExceptionInfo("KeyError", "k", (frame,))
    whole = report(
        exception=ExceptionInfo("ValueError", "no", (frame,), ("note",), cause, "cause"), env={"a": [1, None]}
    )
    left_in(tmp_path, whole)

    assert spool_in(tmp_path).batch(40) == [whole]


@given(st.text(st.characters(codec=None), max_size=50))
def test_any_text_can_be_written_and_read(text: str) -> None:
    record = encode(report(text))
    assert msgspec.json.decode(record[8:], type=Report).latest.message == text.encode("utf-8", "replace").decode()


def test_reports_that_wait_on_disk_are_written_when_the_store_is_back(
    make: Callable[..., Worker], store: MemoryStore, tmp_path: Path
) -> None:
    worker = make()
    store.is_away = True
    for number in range(200):
        worker.submit(snapshot(f"m{number}", fingerprint=str(number)))
    worker.flush(WAIT, or_spool=True)
    assert worker.stats["pending"] == worker.stats["unconfirmed"] == 0
    assert not worker.flush(0.01)

    store.is_away = False
    assert worker.flush(WAIT)

    assert store.counts == {f"m{number}": 1 for number in range(200)}
    assert list(tmp_path.iterdir()) == []


def test_what_comes_again_while_the_store_is_away_is_on_disk_as_soon_as_anything(
    make: Callable[..., Worker], store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_REPEATS_TIMES", 60_000)
    monkeypatch.setattr(workers, "_REPEATS_SECONDS", 60.0)
    monkeypatch.setattr(outboxes, "_FIRST_PAUSE_SECONDS", 60.0)
    monkeypatch.setattr(outboxes, "_LONGEST_PAUSE_SECONDS", 60.0)
    worker = make(flush_interval_seconds=0.001)
    worker.submit(snapshot("disk"))
    until(lambda: store.counts == {"disk": 1})
    store.is_away = True
    worker.submit(snapshot("paper"))
    until(lambda: worker.stats["unconfirmed"] == worker.stats["pending"] == worker.stats["queued"] == 0)
    worker.submit(snapshot("disk"))
    until(lambda: worker.stats["pending"] == worker.stats["queued"] == 0)
    store.is_away = False
    assert worker.flush(WAIT)
    assert store.counts == {"disk": 2, "paper": 1}


def test_more_than_memory_may_hold_waits_on_disk(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make(max_pending_entries=50, queue_size=100_000)
    store.is_away = True
    for number in range(1_000):
        worker.submit(snapshot(f"m{number}", fingerprint=str(number)))
        if number % 40 == 0:
            worker.flush(WAIT, or_spool=True)
    store.is_away = False
    assert worker.flush(WAIT)

    assert len(store.counts) == 1_000
    assert worker.stats["dropped"] == 0


def test_what_was_sent_and_not_answered_counts_once(make: Callable[..., Worker], store: MemoryStore) -> None:
    worker = make()
    store.loses_answers = True
    for name in ("a", "b"):
        worker.submit(snapshot(name))
    assert worker.flush(WAIT)

    assert store.counts == {"a": 1, "b": 1}


def test_a_store_that_hangs_does_not_keep_reports_from_the_disk(
    make: Callable[..., Worker], store: MemoryStore, tmp_path: Path
) -> None:
    worker = make()
    store.is_free.clear()
    worker.submit(snapshot("first"))
    until(lambda: store.calls == 1)
    worker.submit(snapshot("second"))

    def held() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.glob("*.spool"))

    until(lambda: b"first" in held() and b"second" in held())
    store.is_free.set()
    assert worker.flush(WAIT)

    assert store.counts == {"first": 1, "second": 1}


def test_what_the_disk_refuses_while_the_store_hangs_stays_in_memory(
    make: Callable[..., Worker], store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = []

    def refuse(_: Segment, data: bytes) -> None:
        refused.append(data)
        raise OSError(28, "No space left on device")

    worker = make()
    store.is_free.clear()
    worker.submit(snapshot("first"))
    until(lambda: store.calls == 1)
    with monkeypatch.context() as patch:
        # The file is begun, what was sent is copied, and what is new finds no room.
        append = Segment.append
        patch.setattr(Segment, "append", lambda self, data: (refuse if b"second" in data else append)(self, data))
        worker.submit(snapshot("second"))
        until(lambda: refused)
        store.is_free.set()
        assert worker.flush(WAIT)

    assert store.counts == {"first": 1, "second": 1}


def test_a_worker_writes_what_others_left_before_anything_is_reported(
    make: Callable[..., Worker], store: MemoryStore, tmp_path: Path
) -> None:
    for number in range(3):
        left_in(tmp_path, *[report(f"m{number}", each, sender=f"s{number}") for each in range(1, 101)])
    make()
    until(lambda: list(tmp_path.iterdir()) == [])

    assert store.counts == {f"m{number}": 200 for number in range(3)}


def test_a_file_that_is_written_is_nobody_elses(tmp_path: Path) -> None:
    writer = spool_in(tmp_path)
    assert writer.write([report()])

    assert read(tmp_path) == []
    writer.finish()
    assert read(tmp_path) == ["m"]
    assert read(tmp_path) == []


def test_a_file_that_is_read_is_nobody_elses(tmp_path: Path) -> None:
    left_in(tmp_path, report())
    reader = spool_in(tmp_path)
    assert reader.batch(40) == reader.batch(40) == [report()]

    assert read(tmp_path) == []


def test_a_report_that_the_store_refuses_does_not_hold_up_the_file(
    make: Callable[..., Worker], store: MemoryStore, tmp_path: Path
) -> None:
    store.refuse = lambda each: each.latest.message == "poison"
    left_in(tmp_path, report("a", 1), report("poison", 2), report("b", 3))
    worker = make()
    until(lambda: list(tmp_path.iterdir()) == [])

    assert (store.counts["a"], store.counts["b"]) == (2, 2)
    assert worker.stats["dropped"] == 2


# What lies there


def test_a_foreign_file_is_set_aside_and_reported(
    make: Callable[..., Worker], store: MemoryStore, tmp_path: Path
) -> None:
    (tmp_path / "mail.spool").write_bytes(b"From: me\n" * 10)
    (tmp_path / "notes.txt").write_text("mine")
    left_in(tmp_path, report("kept"))
    worker = make()
    until(lambda: not list(tmp_path.glob("*.spool")))
    assert worker.flush(WAIT)

    (aside,) = tmp_path.glob(f"*{DAMAGED}")
    assert aside.read_bytes() == b"From: me\n" * 10
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert store.counts == {
        "kept": 2,
        f"90 bytes of a spool file cannot be read; it is set aside as {aside.name}": 1,
    }


def test_a_file_that_was_cut_off_gives_what_is_whole(tmp_path: Path) -> None:
    file = left_in(tmp_path, report("a", 1), report("b", 2))
    os.truncate(file, file.stat().st_size - 3)

    assert read(tmp_path) == ["a"]
    assert len(list(tmp_path.glob(f"*{DAMAGED}"))) == 1


def test_a_byte_that_changed_costs_its_record_alone(tmp_path: Path) -> None:
    file = left_in(tmp_path, report("a", 1), report("b", 2), report("c", 3))
    whole = bytearray(file.read_bytes())
    whole[whole.index(b'"b"') + 1] ^= 1
    file.write_bytes(whole)

    assert read(tmp_path) == ["a", "c"]


def test_an_empty_file_is_removed(tmp_path: Path) -> None:
    file = left_in(tmp_path, report())
    os.truncate(file, 0)

    assert read(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_file_or_leads_elsewhere_is_left_alone(tmp_path: Path) -> None:
    outside = left_in(tmp_path / "outside", report("outside"))
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "directory.spool").mkdir()
    (inside / "link.spool").symlink_to(outside)
    os.mkfifo(inside / "pipe.spool")

    assert read(inside) == []
    assert len(list(inside.iterdir())) == 3


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbage=st.binary(max_size=300), at=st.integers(0, 2_000), cut=st.booleans())
def test_garbage_never_raises_and_invents_nothing(tmp_path: Path, garbage: bytes, at: int, cut: bool) -> None:
    messages = [f"m{number}" for number in range(5)]
    file = left_in(tmp_path, *[report(each, number) for number, each in enumerate(messages, 1)])
    whole = file.read_bytes()
    at = min(at, len(whole))
    file.write_bytes(whole[:at] + garbage + (b"" if cut else whole[at:]))

    found = read(tmp_path)

    assert [each for each in messages if each in found] == found
    assert list(tmp_path.glob("*.spool")) == []
    for each in tmp_path.iterdir():
        each.unlink()


# How much of it there may be


def test_the_oldest_are_dropped_and_counted_where_there_is_no_more_room(tmp_path: Path) -> None:
    losses = Losses()
    spool = spool_in(tmp_path, losses, spool_max_bytes=100_000)
    for number in range(1, 1_001):
        assert spool.write([report(f"m{number:04}", number)])

    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 100_000
    spool.finish()
    kept = read(tmp_path)
    assert kept == [f"m{number:04}" for number in range(1_001 - len(kept), 1_001)]
    assert len(kept) > 100
    assert losses.total(SPOOL_FULL) == 2 * (1_000 - len(kept))


def test_damaged_files_take_no_more_room_either(tmp_path: Path) -> None:
    (tmp_path / f"x.spool.1{DAMAGED}").write_bytes(b"x" * 99_900)
    losses = Losses()
    spool = spool_in(tmp_path, losses, spool_max_bytes=100_000)
    assert spool.write([report()])

    assert list(tmp_path.glob(f"*{DAMAGED}")) == []
    assert losses.total() == 0


def test_where_others_take_all_the_room_reports_are_dropped_and_counted(tmp_path: Path) -> None:
    other = spool_in(tmp_path)
    assert other.write([report("x" * 99_000)])
    losses = Losses()
    spool = spool_in(tmp_path, losses, spool_max_bytes=100_000)
    assert spool.write([report("y" * 2_000)])

    assert losses.total(SPOOL_FULL) == 2


def test_what_is_too_large_for_any_disk_drops_nothing_else(tmp_path: Path) -> None:
    losses = Losses()
    spool = spool_in(tmp_path, losses, spool_max_bytes=100_000)
    assert spool.write([report("small")])
    assert spool.write([report("x" * 200_000, 2)])
    spool.finish()

    assert losses.total(SPOOL_FULL) == 2
    assert read(tmp_path) == ["small"]


def test_it_waits_for_the_disk_once_a_second_at_the_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    now = [1_000.0]
    monkeypatch.setattr(os, "fsync", synced.append)
    monkeypatch.setattr(spools.time, "monotonic", lambda: now[0])
    spool = spool_in(tmp_path)
    for number in range(1, 31):
        now[0] += 0.1
        assert spool.write([report(sequence=number)])
    assert len(synced) == 3

    assert 0 < spool.seconds_to_sync() <= 1
    now[0] += 1
    spool.sync()
    spool.sync()
    assert len(synced) == 4


def test_an_old_file_is_older_than_a_new_one(tmp_path: Path) -> None:
    """Also where the clock of another host is an hour ahead: the numbers of each file are its own."""
    first, second = left_in(tmp_path, report("first")), left_in(tmp_path, report("second"))
    os.utime(first, (time.time() + 3_600,) * 2)

    assert first != second
    assert read(tmp_path) == ["second", "first"]


def test_the_numbers_of_what_was_not_sent_are_the_files_own(make: Callable[..., Worker], store: MemoryStore) -> None:
    """Else one file that is read before another would take that one's reports for done."""
    worker = make()
    store.is_away = True
    for name in ("a", "b"):
        worker.submit(snapshot(name))
        worker.flush(WAIT, or_spool=True)
        worker._spool.finish()  # type: ignore[union-attr]
    store.is_away = False
    assert worker.flush(WAIT)

    assert store.counts == {"a": 1, "b": 1}
    assert len({each.sender for each in store.reports}) == 2


def test_a_claimed_file_that_is_gone_is_not_read(tmp_path: Path) -> None:
    file = left_in(tmp_path, report())
    assert Segment.claim(tmp_path / "none.spool") is None
    file.unlink()
    assert Segment.claim(file) is None
