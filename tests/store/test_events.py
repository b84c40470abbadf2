"""What live views hear."""

from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.store.reports import key_of, report


def test_every_change_is_told_in_order(store: RedisStore, settings: Settings) -> None:
    with store.listen() as events:
        store.report([report(settings, count=3), report(settings, level=50)])
        store.protect(key_of(1))
        store.unprotect(key_of(1))
        store.solve([key_of(1)])
        store.unsolve([key_of(1)])
        store.delete([key_of(1), key_of(2)])
        store.clear()
        told = [next(events) for _ in range(8)]
    reported = {"kind": "report", "key": key_of(1)}
    assert told[0] == {**reported, "level": 40, "new": True, "count": 3, "outcome": "created", "group": ""}
    assert told[1] == {**reported, "level": 50, "new": False, "count": 4, "outcome": "merged", "group": ""}
    assert [event["kind"] for event in told[2:]] == ["protect", "unprotect", "solve", "unsolve", "delete", "clear"]
    assert all(event["key"] == key_of(1) for event in told[2:7])


def test_a_dropped_report_is_not_told(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, version="1")])
    store.solve([key_of(1)])
    with store.listen() as events:
        store.report([report(settings, version="1"), report(settings, version="2")])
        assert next(events)["outcome"] == "regressed"


def test_silence_is_told_where_asked_for(store: RedisStore, settings: Settings) -> None:
    with store.listen(idle_seconds=0.01) as events:
        assert next(events) == {"kind": "idle"}
        store.report([report(settings)])
        assert "report" in {next(events)["kind"] for _ in range(20)}


def test_namespaces_do_not_hear_each_other(store: RedisStore, settings: Settings) -> None:
    other = settings.with_changes(namespace=f"{settings.namespace}-other")
    with store.listen() as events:
        store.report([report(other, 1), report(settings, 2)])
        assert next(events)["key"] == key_of(2)


def test_many_listen_at_once(store: RedisStore, settings: Settings) -> None:
    with store.listen() as one, store.listen() as two:
        store.report([report(settings)])
        assert next(one) == next(two)
