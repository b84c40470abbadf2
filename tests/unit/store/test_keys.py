from redis.crc import key_slot

from logster.store.keys import Keys

PROPERTIES = ("prefix", "trimmable", "protected", "solved", "solved_versions", "counters", "events", "schema")


def every_key(namespace: str) -> list[str]:
    keys = Keys(namespace)
    return [
        *(getattr(keys, name) for name in PROPERTIES),
        keys.entry("00ff"),
        keys.env("00ff"),
        keys.entry_timeline("00ff"),
        keys.timeline("hour", 40),
        keys.timeline("minute", 40),
        keys.sender("host{1}"),
        keys.beacon("2001:db8::{1}", 7),
        *keys.rows((10, 40), solved=True),
    ]


def test_all_keys_of_a_namespace_are_in_one_slot() -> None:
    assert len({key_slot(key.encode()) for key in every_key("shop")}) == 1


def test_no_two_things_share_a_key_and_no_two_namespaces_do() -> None:
    names = every_key("a") + every_key("b") + every_key("a.b") + every_key("b-a")
    assert len(names) == len(set(names))


def test_solved_rows_are_listed_only_where_asked_for() -> None:
    keys = Keys("a")
    assert keys.rows((40,)) == ["{logster:a}:recent:40"]
    assert keys.rows((40,), solved=True) == ["{logster:a}:recent:40", "{logster:a}:solved:40"]
