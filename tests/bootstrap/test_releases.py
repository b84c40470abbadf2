"""Releases in a container: making them, choosing one, and removing those that nobody goes back to."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from releases import main as commands
from releases import making
from releases.failure import Failure
from releases.shelf import Shelf

PROJECT = """
[project]
dependencies = ["starlette"]
[project.optional-dependencies]
cli = ["click"]
[dependency-groups]
production = ["gunicorn"]
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The source of an app."""
    place = tmp_path / "source"
    for name in ("logster/__init__.py", "web/__init__.py", "docs/index.md", "README.md", "SECURITY.md", "CHANGELOG.md"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("")
    (place / "pyproject.toml").write_text(PROJECT)
    return place


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    for name in ("releases", "dependencies"):
        (tmp_path / "site" / name).mkdir(parents=True)
    return Shelf(tmp_path / "site")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What pip was asked for; it does as if it had done so. The real one is asked where images are built."""
    asked: list[list[str]] = []

    def run(words: Sequence[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        asked.append(list(words))
        failing = "impossible" in words
        if not failing:
            Path(words[words.index("--target") + 1]).mkdir(parents=True)
        return subprocess.CompletedProcess(words, int(failing))

    monkeypatch.setattr(making.subprocess, "run", run)
    return asked


def test_a_release_holds_the_code_and_leads_to_its_packages(
    shelf: Shelf, source: Path, installed: list[list[str]]
) -> None:
    release = making.make(shelf, source)
    assert release == shelf.root / "releases/1"
    assert (release / "web/__init__.py").is_file()
    assert (release / "dependencies").resolve().parent == shelf.root / "dependencies"
    assert installed[0][-2:] == ["starlette", "click"]
    assert f"{source}/pyproject.toml:production" in installed[0]
    assert shelf.current is None, "it was only made"


def test_changed_code_alone_installs_nothing(shelf: Shelf, source: Path, installed: list[list[str]]) -> None:
    first = making.make(shelf, source)
    (source / "web/__init__.py").write_text("changed = True")
    second = making.make(shelf, source)
    assert len(installed) == 1
    assert (first / "dependencies").resolve() == (second / "dependencies").resolve()


def test_other_packages_are_installed_beside_the_first(shelf: Shelf, source: Path, installed: list[list[str]]) -> None:
    first = making.make(shelf, source)
    (source / "pyproject.toml").write_text(PROJECT.replace('"gunicorn"', '"gunicorn", "uvloop"'))
    second = making.make(shelf, source)
    assert len(installed) == 2
    assert (first / "dependencies").resolve() != (second / "dependencies").resolve()


def test_what_cannot_be_installed_leaves_nothing(shelf: Shelf, source: Path, installed: list[list[str]]) -> None:
    (source / "pyproject.toml").write_text(PROJECT.replace("starlette", "impossible"))
    with pytest.raises(Failure, match="could not be installed"):
        making.make(shelf, source)
    assert list((shelf.root / "releases").iterdir()) == []
    assert list((shelf.root / "dependencies").iterdir()) == []


def test_what_is_no_source_says_what_is_missing(shelf: Shelf, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(Failure, match="there is no logster"):
        making.make(shelf, empty)


def made(shelf: Shelf, number: int) -> Path:
    """Put a release there as quickly as can be."""
    place = shelf.root / "releases" / str(number)
    packages = shelf.root / "dependencies" / f"of{number}"
    place.mkdir()
    packages.mkdir()
    (place / "dependencies").symlink_to(packages)
    return place


def test_selecting_remembers_the_one_before(shelf: Shelf) -> None:
    first, second = made(shelf, 1), made(shelf, 2)
    shelf.select(first)
    assert (shelf.current, shelf.previous) == (first, None)
    shelf.select(second)
    assert (shelf.current, shelf.previous) == (second, first)
    shelf.select(first)
    assert (shelf.current, shelf.previous) == (first, second)


def test_a_selection_is_taken_back(shelf: Shelf) -> None:
    first, second = made(shelf, 1), made(shelf, 2)
    shelf.select(first)
    shelf.select(second)
    shelf.restore(first, None)
    assert (shelf.current, shelf.previous) == (first, None)


def test_old_releases_go_and_never_one_that_may_be_needed(shelf: Shelf) -> None:
    places = [made(shelf, number) for number in range(1, 8)]
    shelf.select(places[0])
    shelf.select(places[6])
    shelf.tidy()
    left = sorted(int(each.name) for each in (shelf.root / "releases").iterdir())
    assert left == [1, 5, 6, 7]
    assert {each.name for each in (shelf.root / "dependencies").iterdir()} == {f"of{number}" for number in left}


def test_two_updates_do_not_go_on_together(shelf: Shelf) -> None:
    with shelf.locked(), pytest.raises(Failure, match="Another update"), Shelf(shelf.root).locked():
        pass
    with shelf.locked():
        pass


@pytest.mark.parametrize("arguments", [[], ["/nowhere"], ["/", "/"]])
def test_wrong_use_says_how(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.update(arguments) == 2
    assert capsys.readouterr().err == "usage: site-update SOURCE\n"


def test_nothing_takes_over_where_nothing_runs(
    shelf: Shelf, source: Path, installed: list[list[str]], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(commands, "Shelf", lambda: shelf)
    assert commands.install([str(source)]) == 0
    assert commands.update([str(source)]) == 1
    assert "does not run" in capsys.readouterr().err
    assert [each.name for each in (shelf.root / "releases").iterdir()] == ["1"], "what was made for it is gone"
    assert commands.rollback([]) == 1
    assert "no release before" in capsys.readouterr().err
