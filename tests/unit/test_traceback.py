"""Exceptions come out with their frames, and read as Python prints them."""

import re
import subprocess
import sys
import traceback as python
import zipfile
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

import logster
from logster.capture import traceback
from logster.capture.app_code import AppCode
from logster.capture.raised import raised
from logster.capture.renderer import location
from logster.capture.source import Source, shown
from logster.entry import ExceptionInfo
from logster.redaction import Redactor


def render(error: BaseException, **settings: str) -> ExceptionInfo:
    redactor = Redactor()
    return traceback.render(raised(error), Source(redactor, **settings), redactor)


def caught(function: Callable[[], Any]) -> BaseException:
    try:
        function()
    except BaseException as error:
        return error
    raise AssertionError("it did not raise")


def plain() -> None:
    raise ValueError("no")


def chained() -> None:
    try:
        plain()
    except ValueError as error:
        raise KeyError("x") from error


def in_context() -> None:
    try:
        plain()
    except ValueError:
        {}["missing"]


def suppressed() -> None:
    try:
        plain()
    except ValueError:
        raise KeyError("x") from None


def noted() -> None:
    error = OSError(2, "No such file", "/tmp/x")
    error.add_note("a note\nof two lines")
    raise error


def recursive(depth: int = 30) -> None:
    if not depth:
        raise ValueError
    recursive(depth - 1)


class Failing:
    def method(self) -> None:
        raise Error("in a method")


class Error(Exception):
    pass


@pytest.mark.parametrize(
    "function",
    [plain, chained, in_context, suppressed, noted, recursive, Failing().method, lambda: [1 / n for n in (0,)]],
)
def test_the_text_is_what_python_prints(function: Callable[[], Any]) -> None:
    error = caught(function)

    printed = "".join(python.format_exception(error))
    without_carets = re.sub(r"^ +[~^]+\n", "", printed, flags=re.MULTILINE).rstrip("\n")
    assert traceback.text(render(error)) == without_carets


def test_frames_tell_module_function_and_the_lines_around() -> None:
    frame = render(caught(Failing().method)).frames[-1]

    assert frame.file == __file__
    assert frame.module == __name__
    assert frame.function == "Failing.method"
    assert frame.source.strip() == 'raise Error("in a method")'
    assert [line.strip() for line in frame.before] == ["class Failing:", "def method(self) -> None:"]
    assert len(frame.after) == 2
    assert frame.in_app


def test_cause_and_context_are_told_apart() -> None:
    cause, context = render(caught(chained)), render(caught(in_context))

    assert cause.relation == "cause"
    assert context.relation == "context"
    assert cause.cause
    assert cause.cause.type == "ValueError"
    assert render(caught(suppressed)).cause is None


def test_a_group_shows_its_members() -> None:
    group = ExceptionGroup("two failed", [caught(plain), caught(chained)])  # type: ignore[list-item]

    info = render(group)

    assert [each.type for each in info.exceptions] == ["ValueError", "KeyError"]
    text = traceback.text(info)
    assert "ExceptionGroup: two failed (2 sub-exceptions)" in text
    assert "  | ValueError: no" in text


def test_members_beyond_the_bound_are_counted() -> None:
    info = render(ExceptionGroup("many", [ValueError(number) for number in range(1_000)]))

    assert len(info.exceptions) == 100
    assert info.notes == ("(900 more exceptions left out)",)


def test_a_very_deep_stack_keeps_both_ends() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(12_000)
    try:
        info = render(caught(lambda: recursive(10_000)))
    finally:
        sys.setrecursionlimit(limit)

    assert len(info.frames) == 100
    assert info.omitted == 10_003 - 100
    assert info.frames[0].function == "caught"
    assert info.frames[-1].source.strip() == "raise ValueError"
    assert "… (9,903 frames left out)" in traceback.text(info)


def test_a_syntax_error_shows_its_place(tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text("a = 1\nb = = 2\n")

    info = render(caught(lambda: compile(file.read_text(), str(file), "exec")))

    assert info.frames[-1].file == str(file)
    assert info.frames[-1].line == 2
    assert info.frames[-1].source == "b = = 2"
    assert "b = = 2" in traceback.text(info)


def test_the_standard_library_is_no_app_and_shown_without_its_prefix() -> None:
    info = render(caught(lambda: re.compile("(")))

    assert info.frames[0].in_app
    assert not info.frames[-1].in_app
    assert info.frames[-1].file.startswith(f"python{sys.version_info.major}.{sys.version_info.minor}/re/")
    assert location(info) == info.frames[1]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("/a/b/lib/python3.11/site-packages/redis/client.py", "site-packages/redis/client.py"),
        ("/usr/lib/python3/dist-packages/six.py", "dist-packages/six.py"),
        ("/srv/app/site.py", "/srv/app/site.py"),
        ("<string>", "<string>"),
    ],
)
def test_library_prefixes_are_left_out(file: str, expected: str) -> None:
    assert shown(file) == expected


def test_a_project_root_decides_what_is_app(tmp_path: Path) -> None:
    app_code = AppCode(str(tmp_path))

    assert app_code.holds(f"{tmp_path}/shop/orders.py", "shop.orders")
    assert not app_code.holds(f"{tmp_path}/.venv/lib/python3.11/site-packages/x.py", "x")
    assert not app_code.holds("/somewhere/else.py", "else")
    assert not app_code.holds("<frozen importlib._bootstrap>", "importlib._bootstrap")


def test_its_own_frames_are_no_app_where_the_package_is_reached_through_a_link(tmp_path: Path) -> None:
    package = Path(logster.__file__).parent
    (tmp_path / "logster").symlink_to(package)
    program = (
        "from logster.capture import app_code, source\n"
        "print(source.__file__, app_code.AppCode().holds(source.__file__, source.__name__))"
    )

    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert ended.stdout.split() == [f"{tmp_path}/logster/capture/source.py", "False"]


def test_source_is_found_in_a_zip_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped.py", "def fail():\n    raise ValueError('zipped')\n")
    monkeypatch.syspath_prepend(str(archive))
    from zipped import fail  # type: ignore[import-not-found]

    assert render(caught(fail)).frames[-1].source.strip() == "raise ValueError('zipped')"


def test_code_without_source_has_frames_without_lines() -> None:
    namespace: dict[str, Any] = {}
    exec(compile("def f():\n  raise ValueError", "<generated>", "exec"), namespace)

    frame = render(caught(namespace["f"])).frames[-1]

    assert (frame.file, frame.line, frame.source, frame.before) == ("<generated>", 2, "", ())


def test_nothing_but_code_objects_is_kept_of_frames() -> None:
    info = raised(caught(chained))

    assert all(
        type(code) is CodeType and type(line) is int and type(module) is str for code, line, module in info.frames
    )


def test_a_literal_secret_in_source_is_masked() -> None:
    def login() -> None:
        password = "hunter2"
        raise ValueError(password)

    info = render(caught(login))

    assert "hunter2" not in str(info.frames)


class Vault:
    """A loader that keeps its modules in no file."""

    SOURCE = "def fail():\n    raise ValueError('from the vault')\n"

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, origin="<vault>") if name == "vaulted" else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.SOURCE, "<vault>", "exec"), vars(module))

    def get_source(self, name: str) -> str:
        return self.SOURCE


def test_source_is_asked_of_the_loader_where_there_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Vault()])
    import vaulted  # type: ignore[import-not-found]

    frame = render(caught(vaulted.fail)).frames[-1]
    monkeypatch.delitem(sys.modules, "vaulted")

    assert (frame.file, frame.source.strip(), frame.before) == (
        "<vault>",
        "raise ValueError('from the vault')",
        ("def fail():",),
    )


def test_code_that_a_module_made_has_no_source_of_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Any] = {"__name__": __name__}
    exec("def fail():\n    raise ValueError('made')\n", made)

    assert render(caught(made["fail"])).frames[-1].source == ""
