"""Stacks in minified scripts become stacks in their sources, from maps that come, change, break and go."""

import json
import subprocess
import sys
import tracemalloc
import uuid
from pathlib import Path
from typing import Any

import ecma426
import msgspec
import pytest
from ecma426.model import Mapping
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from logster.capture.javascript import JavaScriptSnapshot
from logster.capture.source_maps import SourceMaps, source_maps
from logster.entry import Frame, Occurrence
from logster.redaction import Redactor
from logster.settings import Settings

MB = 1_000_000
HOST = "https://shop.example/static"

SCRIPT = "function n(e){return e.a.b}function t(e){return n(e)}"
CART = """\
export function total(basket) {
  return basket.owner.name;
}
export function pay(basket) {
  return total(basket);
}"""
MAPPINGS = [
    *((0, "src/cart.js", 0, 7, None), (9, "src/cart.js", 0, 16, "total"), (14, "src/cart.js", 1, 2, None)),
    *((21, "src/cart.js", 1, 9, "basket"), (23, "src/cart.js", 1, 16, None), (25, "src/cart.js", 1, 22, None)),
    *((27, "src/cart.js", 3, 7, None), (36, "src/cart.js", 3, 16, "pay"), (48, "src/cart.js", 4, 9, "total")),
    *((52, "", 0, 0, None),),
]
STACK = f"TypeError: x is undefined\n    at n ({HOST}/app.js:1:26)\n    at t ({HOST}/app.js:1:49)"


def source_map(mappings: list[Any] = MAPPINGS, **fields: Any) -> dict[str, Any]:
    made = ecma426.encode([Mapping(0, *each) for each in mappings])
    return made | {"sourcesContent": [CART]} | fields


def put(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


VLQ = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/,;", max_size=80)
SCRIPTS = st.binary(max_size=200) | st.text("n(){}=>,function \n;é😀", max_size=80).map(str.encode)


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """A directory with one script and its map."""
    put(tmp_path / "app.js", SCRIPT)
    put(tmp_path / "app.js.map", source_map())
    return tmp_path


def occurrence(directory: Path | str, stack: str = STACK, **values: Any) -> Occurrence:
    settings = Settings(source_maps_directory=str(directory))
    return JavaScriptSnapshot("TypeError: x is undefined", stack=stack, **values).occurrence(settings, Redactor())


def frames(directory: Path | str, stack: str = STACK, **values: Any) -> list[tuple[str, str, int, int]]:
    """Return function, file, line and column of each frame, innermost first."""
    exception = occurrence(directory, stack, **values).exception
    assert exception
    return [(each.function, each.file, each.line, each.column) for each in reversed(exception.frames)]


def hint(directory: Path | str, stack: str = STACK, **values: Any) -> str:
    exception = occurrence(directory, stack, **values).exception
    assert exception
    return " ".join(exception.notes)


RESOLVED = [("total", "src/cart.js", 2, 23), ("pay", "src/cart.js", 5, 10)]
MINIFIED = [("n", f"{HOST}/app.js", 1, 26), ("t", f"{HOST}/app.js", 1, 49)]


def test_a_stack_is_resolved_with_the_lines_around(maps: Path) -> None:
    found = occurrence(maps)

    assert frames(maps) == RESOLVED
    assert found.exception
    assert found.exception.notes == ()
    frame = found.exception.frames[-1]
    assert (frame.before, frame.source) == (("export function total(basket) {",), "  return basket.owner.name;")
    assert frame.after == ("}", "export function pay(basket) {")
    assert frame.in_app
    assert found.location == frame
    assert found.traceback.split("\n") == [
        "TypeError: x is undefined",
        "    at total (src/cart.js:2:23)",
        "    at pay (src/cart.js:5:10)",
    ]


def test_without_the_setting_nothing_is_resolved(maps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(maps)
    assert frames("") == MINIFIED
    assert hint("") == ""


def test_a_place_without_a_stack_is_resolved(maps: Path) -> None:
    assert frames(maps, "", url=f"{HOST}/app.js", line=1, column=26) == [("", *RESOLVED[0][1:])]


@pytest.mark.parametrize(
    ("stack", "names"),
    [
        (f"n@{HOST}/app.js:1:26\nt@{HOST}/app.js:1:49\n", ["total", "pay"]),
        (f"n/<@{HOST}/app.js:1:26\nt@{HOST}/app.js:1:49\n", ["", "pay"]),
        (f"Error: x\n    at new n ({HOST}/app.js:1:26)", ["new total"]),
        (f"Error: x\n    at async Object.n [as run] ({HOST}/app.js:1:26)", ["total"]),
        (f"Error: x\n    at {HOST}/app.js:1:26", [""]),
        # No function is defined under such a name, so that the next build may call it otherwise.
        (f"Error: x\n    at q ({HOST}/app.js:1:26)", [""]),
    ],
)
def test_functions_have_their_original_names(maps: Path, stack: str, names: list[str]) -> None:
    assert [frame[0] for frame in frames(maps, stack)] == names


def test_without_the_script_the_caller_says_the_name(maps: Path) -> None:
    (maps / "app.js").unlink()
    assert [frame[0] for frame in frames(maps)] == ["total", ""]


def test_a_name_that_the_source_defines_was_not_minified(maps: Path) -> None:
    (maps / "app.js").unlink()
    stack = STACK.replace("at t", "at pay").replace("at n", "at q")
    assert [frame[0] for frame in frames(maps, stack)] == ["total", "pay"]


def test_two_builds_are_the_same_entry_whatever_surrounds_them(maps: Path) -> None:
    put(maps / "app-2.js", SCRIPT.replace("n(", "z(").replace("t(", "y("))
    put(maps / "app-2.js.map", source_map())
    first = occurrence(maps, f"{STACK}\n    at o ({HOST}/app.js:1:53)")
    second = occurrence(
        maps,
        f"TypeError: x is undefined\n    at z ({HOST}/app-2.js:1:26)\n    at y ({HOST}/app-2.js:1:49)"
        f"\n    at p ({HOST}/app-2.js:1:53)\n    at {HOST}/loader-7.js:3:1",
    )
    other = occurrence(maps, STACK.partition("\n    at t")[0])

    assert first.key == second.key != other.key


def test_what_the_bundler_wrote_is_not_the_apps(maps: Path) -> None:
    exception = occurrence(maps, f"{STACK}\n    at o ({HOST}/app.js:1:53)").exception
    assert exception
    assert [frame.in_app for frame in exception.frames] == [False, True, True]
    assert exception.frames[0].file == f"{HOST}/app.js"


@pytest.mark.parametrize(
    ("source", "ignored", "in_app"),
    [
        ("../src/a.js", [], True),
        ("../node_modules/react-dom/index.js", [], False),
        ("webpack://shop/webpack/bootstrap", [], False),
        ("../src/a.js", [0], False),
        ("\0commonjsHelpers.js", [], False),
    ],
)
def test_libraries_are_not_the_apps(tmp_path: Path, source: str, ignored: list[int], in_app: bool) -> None:
    put(tmp_path / "app.js.map", source_map([(25, source, 1, 22, None)], ignoreList=ignored))
    exception = occurrence(tmp_path).exception
    assert exception
    assert exception.frames[-1].in_app is in_app


def test_frames_of_one_stack_come_from_several_maps(maps: Path) -> None:
    put(maps / "vendor.js.map", source_map([(0, "node_modules/lib/index.js", 6, 0, None)]))
    stack = f"{STACK}\n    at o ({HOST}/vendor.js:1:5)\n    at JSON.parse (<anonymous>)"
    assert [frame[1] for frame in frames(maps, stack)] == [
        *("src/cart.js", "src/cart.js", "node_modules/lib/index.js", "<anonymous>")
    ]


def test_a_map_without_its_sources_text_gives_places_and_names(maps: Path) -> None:
    put(maps / "app.js.map", source_map(sourcesContent=None))
    assert frames(maps) == RESOLVED
    exception = occurrence(maps).exception
    assert exception
    assert exception.frames[-1].source == ""


def test_sources_are_redacted_and_cut(maps: Path) -> None:
    text = CART.replace("basket.owner.name", 'login("ada", {password: "hunter2"}) ' + "x" * 5_000)
    put(maps / "app.js.map", source_map(sourcesContent=[text]))
    found = occurrence(maps)
    assert b"hunter2" not in msgspec.json.encode(found)
    assert len(msgspec.json.encode(found)) < 5_000


# When something is not as it should be


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is not a source map"),
        ("{}", "is not a source map of version 3"),
        ('{"version": 3, "mappings": "!"}', "is broken"),
        ('{"version": 3, "mappings": "' + ";" * 4_000_000 + '"}', "is larger than 'source_maps_max_bytes' allows"),
    ],
)
def test_a_broken_map_leaves_the_stack_and_says_so(maps: Path, content: str, reason: str) -> None:
    put(maps / "app.js.map", content)
    assert frames(maps) == MINIFIED
    assert hint(maps) == f"Shown as it is minified: app.js.map {reason}."


def test_a_file_of_hundreds_of_megabytes_is_not_read(maps: Path) -> None:
    with (maps / "app.js.map").open("w") as file:
        file.truncate(500 * MB)
    tracemalloc.start()
    try:
        assert frames(maps, debug_ids={f"{HOST}/app.js": str(uuid.uuid4())}) == MINIFIED
        assert tracemalloc.get_traced_memory()[1] < 10 * MB
    finally:
        tracemalloc.stop()
    assert hint(maps) == "Shown as it is minified: app.js.map is larger than 'source_maps_max_bytes' allows."


def test_a_missing_map_leaves_the_stack_and_says_so(maps: Path) -> None:
    (maps / "app.js.map").unlink()
    assert frames(maps) == MINIFIED
    assert hint(maps) == "Shown as it is minified: there is no app.js.map in 'source_maps_directory'."


def test_what_is_no_script_or_somebody_elses_needs_no_map(maps: Path) -> None:
    assert hint(maps, "Error: x\n    at https://shop.example/basket?step=2:12:5\n    at <anonymous>") == ""
    assert hint(maps, f"{STACK}\n    at q (https://ads.example/ad.js:1:1)") == ""


@pytest.mark.parametrize(
    "file",
    [
        "chrome-extension://abc/app.js",
        "moz-extension://abc/app.js",
        "webkit-masked-url://hidden/app.js",
        "webpack-internal:///./app.js",
        "<anonymous>",
    ],
)
def test_what_the_site_does_not_serve_is_not_looked_for(maps: Path, file: str) -> None:
    stack = f"Error: x\n    at n ({file}:1:26)"
    assert frames(maps, stack) == [("n", file, 1, 26)]
    assert hint(maps, stack) == ""


def test_a_place_that_the_map_does_not_know_is_left_without_a_word(maps: Path) -> None:
    stack = f"Error: x\n    at o ({HOST}/app.js:1:53)\n    at o ({HOST}/app.js:99:1)\n    at o ({HOST}/app.js:7)"
    assert [frame[1] for frame in frames(maps, stack)] == [f"{HOST}/app.js"] * 3
    assert hint(maps, stack) == ""


def test_without_ecma426_the_hint_says_what_to_install(maps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ecma426.vlq", None)
    assert frames(maps) == MINIFIED
    assert "pip install 'logster-web[sourcemaps]'" in hint(maps)


def test_a_directory_that_is_not_there_is_survived(tmp_path: Path) -> None:
    assert frames(tmp_path / "missing") == MINIFIED
    assert "there is no app.js.map" in hint(tmp_path / "missing")


@limits(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.binary(max_size=200) | VLQ.map(lambda text: json.dumps(source_map() | {"mappings": text}).encode()), SCRIPTS)
def test_whatever_is_in_the_files_a_report_becomes_an_entry(tmp_path: Path, content: bytes, script: bytes) -> None:
    (tmp_path / "app.js.map").write_bytes(content)
    (tmp_path / "app.js").write_bytes(script)
    found = occurrence(tmp_path)
    assert found.exception
    assert len(found.exception.frames) == 2
    assert {frame.file for frame in found.exception.frames} <= {f"{HOST}/app.js", "src/cart.js"}
    assert len(msgspec.json.encode(found)) < 10_000


# Debug ids


def test_the_reported_debug_id_finds_the_map_of_that_build(maps: Path) -> None:
    old, new = uuid.uuid4(), uuid.uuid4()
    put(maps / "app.js.map", source_map([(0, "src/new.js", 0, 0, None)], debugId=str(new)))
    put(maps / "old/of-may.map", source_map(debug_id=str(old)))

    assert frames(maps, debug_ids={f"{HOST}/app.js": str(old)})[0][1:] == RESOLVED[0][1:]
    assert frames(maps, debug_ids={f"{HOST}/app.js": str(new)})[0][1] == "src/new.js"
    assert frames(maps)[0][1] == "src/new.js"


def test_a_map_of_another_build_is_not_used(maps: Path) -> None:
    put(maps / "app.js.map", source_map(debugId=str(uuid.uuid4())))
    ids = {f"{HOST}/app.js": str(uuid.uuid4())}
    assert frames(maps, debug_ids=ids) == MINIFIED
    assert hint(maps, debug_ids=ids) == "Shown as it is minified: app.js.map is of another build."


def test_a_map_that_says_no_debug_id_is_used_by_its_name(maps: Path) -> None:
    assert frames(maps, debug_ids={f"{HOST}/app.js": str(uuid.uuid4())}) == RESOLVED
    assert frames(maps, debug_ids={f"{HOST}/app.js": "../../etc/passwd"}) == RESOLVED


def test_the_debug_id_in_the_script_finds_a_map_of_any_name(maps: Path) -> None:
    debug_id = uuid.uuid4()
    (maps / "app.js.map").unlink()
    put(maps / "app.js", f"{SCRIPT}\n//# debugId={debug_id}\n")
    put(maps / "0815.map", source_map(debugId=str(debug_id)))
    assert frames(maps) == RESOLVED


def test_reports_of_other_debug_ids_are_told_apart() -> None:
    first, second = (JavaScriptSnapshot("x", stack=STACK, debug_ids={"a.js": str(uuid.uuid4())}) for _ in range(2))
    assert first.identity() != second.identity()


# What is kept


def test_a_changed_map_is_read_again(maps: Path) -> None:
    assert frames(maps) == RESOLVED
    put(maps / "app.js.map", source_map([(0, "src/moved.js", 9, 0, None)]))
    assert frames(maps)[0][1] == "src/moved.js"
    (maps / "app.js.map").unlink()
    assert frames(maps) == MINIFIED
    put(maps / "app.js.map", source_map())
    assert frames(maps) == RESOLVED


def test_an_unchanged_map_is_read_once(maps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *a, **k: opened.append(path.name) or real(path, *a, **k))
    for _ in range(5):
        assert frames(maps) == RESOLVED
    assert opened.count("app.js.map") == 1


def test_what_is_kept_stays_within_the_bytes_that_are_granted(tmp_path: Path) -> None:
    room = 300_000
    kept = SourceMaps(str(tmp_path), room, Redactor())
    for number in range(20):
        put(tmp_path / f"{number}.js.map", source_map(sourcesContent=["x" * 70_000]))
        put(tmp_path / f"{number}.js", "x" * 20_000)
        found = kept.resolve([Frame(file=f"{HOST}/{number}.js", line=1, column=26)], {})
        assert found.frames[0].file == "src/cart.js"
        assert kept.size <= room
    assert kept.size > room / 2


def test_the_maps_of_one_stack_have_to_fit_at_the_same_time(tmp_path: Path) -> None:
    for number in range(4):
        put(tmp_path / f"{number}.js.map", source_map(sourcesContent=["x" * 120_000]))
    kept = SourceMaps(str(tmp_path), 300_000, Redactor())
    stack = [Frame(file=f"{HOST}/{number}.js", line=1, column=26) for number in range(4)]
    for _ in range(2):
        found = kept.resolve(stack, {})
        assert [frame.file for frame in found.frames[2:]] == ["src/cart.js"] * 2
        assert found.frames[:2] == tuple(stack[:2])
        assert (
            found.hint
            == "Shown as it is minified: 1.js.map does not fit into 'source_maps_max_bytes' beside the others."
        )
    assert kept.resolve(stack[:1], {}).frames[0].file == "src/cart.js"


def test_broken_maps_do_not_pile_up(tmp_path: Path) -> None:
    kept = SourceMaps(str(tmp_path), 100_000, Redactor())
    for number in range(200):
        put(tmp_path / f"{number}.js.map", "{")
        kept.resolve([Frame(file=f"{HOST}/{number}.js", line=1, column=26)], {})
    assert kept.size <= 100_000


def test_a_stack_of_many_scripts_reads_few_maps(tmp_path: Path) -> None:
    for number in range(50):
        put(tmp_path / f"{number}.js.map", source_map())
    stack = "\n".join(f"    at f ({HOST}/{number}.js:1:26)" for number in range(50))
    assert [frame[1] for frame in frames(tmp_path, f"Error: x\n{stack}")].count("src/cart.js") == 10


def test_the_same_settings_share_what_is_kept(maps: Path) -> None:
    one, other = (Settings(source_maps_directory=str(maps)) for _ in range(2))
    assert source_maps(one) is source_maps(other)
    assert source_maps(one) is not source_maps(one.with_changes(redact_keys=["owner"]))


CHILD = """
import os, sys, threading
from logster.capture.source_maps import source_maps
from logster.entry import Frame
from logster.settings import Settings

settings = Settings(source_maps_directory=sys.argv[1])
held = source_maps(settings)
threading.Thread(target=held._lock.acquire).start()
while not held._lock.locked():
    pass
child = os.fork()
if child == 0:
    found = source_maps(settings).resolve([Frame(file="https://shop.example/app.js", line=1, column=26)], {})
    os._exit(0 if found.frames[0].file == "src/cart.js" else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_does_not_wait_for_what_its_parent_was_reading(maps: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CHILD, str(maps)], timeout=60, check=False)
    assert done.returncode == 0
