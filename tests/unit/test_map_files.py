"""A stranger's address leads to source maps below the directory, and to nothing else."""

import json
import os
import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from logster.capture.map_files import MapFiles

MB = 1_000_000


def files(directory: Path, max_bytes: int = MB) -> MapFiles:
    return MapFiles(str(directory), max_bytes, seconds_between_walks=0)


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """A directory of maps, beside which lies what is secret."""
    (tmp_path / "secret.js.map").write_text("secret")
    directory = tmp_path / "maps"
    directory.mkdir()
    return directory


def put(path: Path, text: str = "{}") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("place", ["app.js.map", "js/app.js.map", "static/js/app.js.map"])
def test_the_directory_may_repeat_any_end_of_the_address(maps: Path, place: str) -> None:
    path = put(maps / place)
    assert files(maps).named("https://shop.example/static/js/app.js?v=3#x") == path


def test_the_longest_end_wins(maps: Path) -> None:
    put(maps / "app.js.map")
    longer = put(maps / "js/app.js.map")
    assert files(maps).named("https://shop.example/js/app.js") == longer


def test_escapes_in_the_address_are_read(maps: Path) -> None:
    path = put(maps / "my café.js.map")
    assert files(maps).named("https://shop.example/my%20caf%C3%A9.js") == path


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example/../secret.js",
        "https://shop.example/%2e%2e/secret.js",
        "https://shop.example/%2e%2e%2fsecret.js",
        "https://shop.example/..%5csecret.js",
        "https://shop.example/maps/../../secret.js",
        "https://shop.example//secret.js",
        "file:///{outside}/secret.js",
        "{outside}/secret.js",
        "https://shop.example/link/secret.js",
        "https://shop.example/link.js",
        "https://shop.example/secret.js%00",
        "https://shop.example/C:secret.js",
        "https://shop.example/",
        "https://shop.example",
        "https://[",
        "https://shop.example/%ff",
        "https://shop.example/" + "a/" * 5_000 + "secret.js",
        "",
    ],
)
def test_nothing_outside_of_the_directory_is_found(maps: Path, address: str) -> None:
    (maps / "link").symlink_to(maps.parent)
    (maps / "link.js.map").symlink_to(maps.parent / "secret.js.map")
    assert files(maps).named(address.format(outside=maps.parent)) is None


@limits(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(st.sampled_from("./\\%2eEfFsecrt:?#@\0 é"), max_size=40))
def test_no_address_leads_outside(maps: Path, address: str) -> None:
    found = files(maps).named(f"https://shop.example/{address}/secret.js")
    assert found is None


def test_the_directory_itself_may_be_a_link_that_changes(tmp_path: Path) -> None:
    put(tmp_path / "1/app.js.map")
    second = put(tmp_path / "2/app.js.map")
    current = tmp_path / "current"
    current.symlink_to("1")
    found = files(current)
    assert found.named("https://shop.example/app.js")
    current.unlink()
    current.symlink_to("2")
    assert found.named("https://shop.example/app.js") == second


def test_a_pipe_and_a_directory_are_no_maps(maps: Path) -> None:
    os.mkfifo(maps / "pipe.js.map")
    (maps / "directory.js.map").mkdir()
    assert files(maps).named("https://shop.example/pipe.js") is None
    assert files(maps).named("https://shop.example/directory.js") is None


def test_a_directory_that_is_not_there_has_no_maps(tmp_path: Path) -> None:
    found = files(tmp_path / "missing")
    assert found.named("https://shop.example/app.js") is None
    assert found.with_debug_id(uuid.uuid4().hex) is None


@pytest.mark.parametrize("name", ["debugId", "debug_id"])
@pytest.mark.parametrize("padding", [0, 999_900, 2_500_000])
def test_a_map_is_found_by_its_debug_id_wherever_it_stands(maps: Path, name: str, padding: int) -> None:
    wanted = uuid.uuid4()
    # What looks like one in a source's text is none.
    text = {"sourcesContent": [json.dumps({name: str(uuid.uuid4())}), "x" * padding], name: str(wanted)}
    path = put(maps / "deep/down/0815.map", json.dumps(text))
    put(maps / "other.map", json.dumps({name: str(uuid.uuid4())}))
    assert files(maps, 10 * MB).with_debug_id(wanted.hex) == path


def test_what_is_too_large_is_not_searched_for_debug_ids(maps: Path) -> None:
    wanted = uuid.uuid4()
    put(maps / "app.js.map", json.dumps({"debugId": str(wanted), "mappings": "A" * MB}))
    assert files(maps).with_debug_id(wanted.hex) is None


def test_debug_ids_of_changed_new_and_removed_maps_are_noticed(maps: Path) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    path = put(maps / "app.js.map", json.dumps({"debugId": str(first)}))
    found = files(maps)
    assert found.with_debug_id(first.hex) == path
    put(path, json.dumps({"debugId": str(second), "names": []}))
    assert found.with_debug_id(first.hex) is None
    assert found.with_debug_id(second.hex) == path
    moved = path.rename(maps / "moved.js.map")
    assert found.with_debug_id(second.hex) == moved
    moved.unlink()
    assert found.with_debug_id(second.hex) is None


def test_the_directory_is_not_walked_for_each_unknown_debug_id(maps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[Path] = []
    real = os.walk
    monkeypatch.setattr(os, "walk", lambda root: walks.append(root) or real(root))
    found = MapFiles(str(maps), MB, seconds_between_walks=1_000)
    for _ in range(10):
        assert found.with_debug_id(uuid.uuid4().hex) is None
    assert len(walks) == 1


def test_a_link_to_a_map_outside_has_no_debug_id(maps: Path) -> None:
    wanted = uuid.uuid4()
    outside = put(maps.parent / "outside.map", json.dumps({"debugId": str(wanted)}))
    (maps / "inside.map").symlink_to(outside)
    assert files(maps).with_debug_id(wanted.hex) is None


def test_a_script_says_its_debug_id_at_its_end(maps: Path) -> None:
    wanted = uuid.uuid4()
    put(maps / "app.js", f"f();\n//# debugId={wanted}\n//# sourceMappingURL=app.js.map\n")
    put(maps / "none.js", f'f("//# debugId={wanted}");\n')
    assert files(maps).debug_id_of("https://shop.example/js/app.js") == wanted.hex
    assert files(maps).debug_id_of("https://shop.example/js/none.js") == ""
    assert files(maps).debug_id_of("https://shop.example/js/missing.js") == ""
