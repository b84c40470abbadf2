"""Several processes report at once, and every count is right."""

import multiprocessing
import random
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import pytest

from logster.settings import Settings
from logster.store import address, embedded
from logster.store.keys import Keys
from logster.store.redis_store import RedisStore
from tests.store.keyspace import listed_in, names_in, names_of
from tests.store.reports import NOW, key_of, report
from tests.store.waiting import wait_until

PROCESSES, EACH, DISTINCT = 4, 1_000, 50


@pytest.fixture(params=["valkey", "embedded", "cluster"])
def backend_url(request: pytest.FixtureRequest) -> str:
    """What several processes can share."""
    fixtures = {"valkey": "redis_url", "cluster": "cluster_url", "embedded": "embedded_url"}
    url: str = request.getfixturevalue(fixtures[request.param])
    return url


def report_many(settings: Settings, seed: int, now: int) -> None:
    """Report EACH occurrences of DISTINCT entries, in batches of any size and times of any order.

    `now` is the test's own: a process that is spawned later imports another NOW, maybe of another hour.
    """
    randomness = random.Random(seed)
    store = RedisStore(settings)
    left = EACH
    while left:
        size = min(left, randomness.randint(1, 40))
        picks = [randomness.randrange(DISTINCT) for _ in range(size)]
        store.report([report(settings, pick, last_ms=now + randomness.randrange(1_000)) for pick in picks])
        left -= size
    store.close()


def race(settings: Settings, seed: int) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=report_many, args=(settings, seed + number, NOW)) for number in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * PROCESSES


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_counts_of_four_processes_add_up(store: RedisStore, settings: Settings, seed: int) -> None:
    race(settings, seed * 100)
    page = store.page(limit=100)
    assert (page.total, len(page.entries)) == (DISTINCT, DISTINCT)
    assert sum(entry.count for entry in page.entries) == PROCESSES * EACH


def test_nothing_is_torn_when_four_processes_make_each_other_trim(settings: Settings) -> None:
    small = settings.with_changes(max_backlog=20)
    store, client = RedisStore(small), address.open_client(small.redis_url, 2)
    race(small, 1_000)
    shown = store.page(limit=100)
    assert (shown.total, len(shown.entries)) == (20, 20)
    counted = sum(sum(bucket.counts.values()) for bucket in store.timeline(since_ms=NOW, until_ms=NOW + 1_000))
    assert counted == PROCESSES * EACH
    kept = {int(entry.key, 16) for entry in shown.entries}
    assert listed_in(client, small.namespace) == {key_of(number) for number in kept}
    left = names_in(client, small.namespace)
    assert {name for name in left if name.startswith("entry:")} == {f"entry:{key_of(number)}" for number in kept}
    assert left & names_of(set(range(DISTINCT)) - kept) == set()
    texts = client.hkeys(Keys(small.namespace).texts)
    assert {key.decode() for key in texts} == {key_of(number) for number in kept}
    store.close()
    address.close_client(client)


def test_a_store_works_on_in_a_forked_child(store: RedisStore, settings: Settings) -> None:
    program = f"""
        import os, sys
        from logster.settings import Settings
        from logster.store.redis_store import RedisStore
        from tests.store.reports import report

        settings = Settings(redis_url={settings.redis_url!r}, namespace={settings.namespace!r})
        store = RedisStore(settings)
        store.report([report(settings)])
        children = []
        for _ in range(3):
            child = os.fork()
            if child == 0:
                for _ in range(100):
                    assert store.report([report(settings)])[0].outcome == "merged"
                os._exit(0)
            children.append(child)
        for _ in range(100):
            assert store.report([report(settings)])[0].outcome == "merged"
        sys.exit(any(os.waitpid(child, 0)[1] for child in children))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=60)
    assert [entry.count for entry in store.page().entries] == [401]


def test_threads_share_a_store(store: RedisStore, settings: Settings) -> None:
    def work() -> None:
        for _ in range(50):
            store.report([report(settings, number) for number in range(5)])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.count for entry in store.page().entries] == [400] * 5


def test_a_child_outlives_the_parent_that_started_the_embedded_server(tmp_path: Path) -> None:
    # Not tmp_path: a unix socket's path has to stay below 108 bytes.
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        settings = Settings(redis_url=f"embedded:{directory}")
        program = f"""
            import os
            from pathlib import Path
            from logster.settings import Settings
            from logster.store.redis_store import RedisStore
            from tests.store.reports import report

            settings = Settings(redis_url={settings.redis_url!r})
            store = RedisStore(settings)
            store.report([report(settings)])
            reading, writing = os.pipe()
            if os.fork() == 0:
                os.close(writing)
                store.report([report(settings)])
                Path({str(tmp_path / "ready")!r}).touch()
                os.read(reading, 1)  # ends with the parent
                os.setsid()
                for _ in range(50):
                    store.report([report(settings)])
                Path({str(tmp_path / "done")!r}).touch()
            else:
                while not Path({str(tmp_path / "ready")!r}).exists():
                    pass
        """
        subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=60)
        wait_until((tmp_path / "done").exists)
        store = RedisStore(settings)
        assert [entry.count for entry in store.page().entries] == [52]
        store.close()
        embedded.release(directory)
