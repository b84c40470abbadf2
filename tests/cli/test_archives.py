"""`logster export` and `logster import`: files, pipes, packed or not, whole or refused."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from logster.settings import Settings
from logster.store.address import open_client
from logster.store.redis_store import RedisStore
from tests.cli.conftest import Ended
from tests.store.reports import key_of, report, there
from tests.store.test_archive import fill, snapshot

Run = Callable[..., Ended]


@pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.gz"])
def test_export_clear_import_gives_the_same_store(
    inside: Run, store: RedisStore, settings: Settings, tmp_path: Path, name: str
) -> None:
    fill(store, settings)
    client = open_client(settings.redis_url, 2)
    before = snapshot(client, settings.current_namespace())
    file = str(tmp_path / name)
    assert inside("export", file) == (0, "", f"Exported 7 entries to {file}.\n")
    assert inside("clear", "--yes").code == 0
    assert inside("import", file) == (0, "Imported 7 entries: 5 created, 2 unchanged.\n", "")
    assert snapshot(client, settings.current_namespace()) == before
    client.close()


def test_a_pipe_carries_an_archive(run: Run, store: RedisStore, settings: Settings) -> None:
    fill(store, settings)
    exported = run("export")
    assert exported.code == 0
    kinds = [json.loads(line)["kind"] for line in exported.out.split("\n")[:-1]]
    assert (kinds[0], kinds.count("entry"), kinds[-1]) == ("logster", 7, "end")
    other = f"{settings.current_namespace()}-copy"
    for data in (exported.out.encode(), gzip.compress(exported.out.encode())):
        done = run("import", "--namespace", other, "--json", "-", stdin=data)
        assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == {"created": 0, "merged": 0, "replaced": 0, "unchanged": 7, "patterns": 0}
    assert there(store.at(other), 1).count == 62


def test_a_file_is_packed_by_its_name_and_nobody_elses_to_read(inside: Run, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl.gz"
    inside("export", str(file))
    assert file.read_bytes()[:2] == b"\x1f\x8b"
    assert gzip.decompress(file.read_bytes()).count(b"\n") == 2
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_is_overwritten_only_by_force(inside: Run, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    file.write_text("precious")
    done = inside("export", str(file))
    assert (done.code, file.read_text()) == (2, "precious")
    assert "--force" in done.err
    assert inside("export", str(file), "--force").code == 0
    assert file.read_text().startswith('{"kind":"logster"')


def test_an_export_that_fails_leaves_no_file(run: Run, tmp_path: Path) -> None:
    done = run("export", str(tmp_path / "all.jsonl"), LOGSTER_REDIS_URL="redis://127.0.0.1:1")
    assert (done.code, list(tmp_path.iterdir())) == (3, [])
    assert run("export", str(tmp_path / "missing" / "all.jsonl")).code == 2


def test_what_differs_is_refused_merged_or_replaced(
    inside: Run, store: RedisStore, settings: Settings, tmp_path: Path
) -> None:
    store.report([report(settings, count=2)])
    file = str(tmp_path / "all.jsonl")
    inside("export", file)
    store.report([report(settings, count=5)])
    done = inside("import", file)
    assert (done.code, there(store).count) == (2, 7)
    assert key_of(1) in done.err
    assert "--merge" in done.err
    assert inside("import", file, "--merge").out == "Imported 1 entry: 1 merged.\n"
    assert there(store).count == 9
    assert inside("import", file, "--replace").out == "Imported 1 entry: 1 replaced.\n"
    assert there(store).count == 2
    assert inside("import", file, "--replace", "--merge").code == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Line 1 "),
        (b"hello\n", "Line 1 "),
        (b'{"kind":"logster","format":1,"schema":1,"namespace":"x","created_ms":1}\n{"kind":"entry"}\n', "Line 2 "),
        (gzip.compress(b"x" * 10_000)[:-20], "cannot be unpacked"),
        (b"\x1f\x8bnonsense", "cannot be unpacked"),
    ],
)
def test_what_is_no_archive_is_refused(inside: Run, store: RedisStore, tmp_path: Path, data: bytes, words: str) -> None:
    file = tmp_path / "foreign.jsonl"
    file.write_bytes(data)
    done = inside("import", str(file))
    assert (done.code, done.out, store.count()) == (2, "", 0)
    assert words in done.err
    assert "Traceback" not in done.err


def test_a_missing_file_is_named(inside: Run, tmp_path: Path) -> None:
    done = inside("import", str(tmp_path / "missing"))
    assert (done.code, str(tmp_path / "missing") in done.err) == (2, True)


def test_more_than_is_kept_is_noted(
    inside: Run, store: RedisStore, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.report([report(settings, number) for number in range(3)])
    inside("export", str(tmp_path / "all"))
    monkeypatch.setenv("LOGSTER_MAX_BACKLOG", "2")
    assert "max_backlog" in inside("import", str(tmp_path / "all")).err


def test_a_bar_shows_on_a_terminal_only(
    on_terminal: Run, run: Run, store: RedisStore, settings: Settings, tmp_path: Path
) -> None:
    store.report([report(settings, number) for number in range(3)])
    assert "Exporting" in on_terminal("export", str(tmp_path / "a")).out
    assert "Importing" in on_terminal("import", str(tmp_path / "a")).out
    assert "Exporting" not in on_terminal("export").out
    assert "Exporting" not in run("export", str(tmp_path / "b")).err
