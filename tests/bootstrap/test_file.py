"""The step `file`."""

import grp
import os
import pwd
import stat
from pathlib import Path

import pytest

from bootstrap.step import StepFailed
from tests.bootstrap.configs import Configs


def run(configs: Configs, **fields: str) -> None:
    lines = "".join(f"      {key}: {value!r}\n" for key, value in fields.items())
    (only,) = configs.write(f"run:\n  - file:\n{lines}").read().steps
    only.run()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_made_with_the_directories_above_it(configs: Configs, tmp_path: Path) -> None:
    path = tmp_path / "a/b/c.conf"
    run(configs, path=str(path), contents="grün $$x")
    assert path.read_text() == "grün $x"
    assert mode(path) == 0o644


@pytest.mark.parametrize(("written", "expected"), [("600", 0o600), ("0755", 0o755), ("4711", 0o4711)])
def test_a_file_gets_its_mode_whatever_the_umask(configs: Configs, tmp_path: Path, written: str, expected: int) -> None:
    before = os.umask(0o077)
    try:
        run(configs, path=f"{tmp_path}/x", contents="", chmod=written)
    finally:
        os.umask(before)
    assert mode(tmp_path / "x") == expected


def test_a_file_gets_its_owner_by_name_or_number(configs: Configs, tmp_path: Path) -> None:
    user, group = os.geteuid(), os.getegid()
    for owner in (
        pwd.getpwuid(user).pw_name,
        f"{pwd.getpwuid(user).pw_name}:{grp.getgrgid(group).gr_name}",
        f"{user}:{group}",
    ):
        run(configs, path=f"{tmp_path}/x", contents=owner, chown=owner)
        assert (tmp_path / "x").read_text() == owner
        assert ((tmp_path / "x").stat().st_uid, (tmp_path / "x").stat().st_gid) == (user, group)


def test_a_file_gets_another_owner_from_root_alone(configs: Configs, tmp_path: Path) -> None:
    path = tmp_path / "x"
    if os.geteuid():
        with pytest.raises(StepFailed, match="could not be written: "):
            run(configs, path=str(path), contents="", chown="65534:65534")
        assert list(tmp_path.glob("*x*")) == []
    else:
        run(configs, path=str(path), contents="", chown="65534:65534", chmod="4755")
        assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (65534, 65534, 0o4755)


def test_an_owner_that_is_not_there_is_told_and_nothing_written(configs: Configs, tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"could not be written: .*nobody-of-that-name"):
        run(configs, path=f"{tmp_path}/x", contents="", chown="nobody-of-that-name")
    assert not (tmp_path / "x").exists()


def test_a_file_made_twice_is_the_same_and_leaves_nothing_beside_it(configs: Configs, tmp_path: Path) -> None:
    directory = tmp_path / "etc"
    for _ in range(2):
        run(configs, path=f"{directory}/x", contents="new", chmod="0640")
        assert [path.name for path in directory.iterdir()] == ["x"]
        assert ((directory / "x").read_text(), mode(directory / "x")) == ("new", 0o640)


def test_a_file_is_replaced_and_not_written_into(configs: Configs, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    with path.open() as reader:
        run(configs, path=str(path), contents="new")
        assert reader.read() == "old"
    assert path.read_text() == "new"


def test_a_file_that_cannot_be_written_is_told_and_leaves_nothing(configs: Configs, tmp_path: Path) -> None:
    (tmp_path / "etc/x").mkdir(parents=True)
    with pytest.raises(StepFailed, match="could not be written: Is a directory"):
        run(configs, path=f"{tmp_path}/etc/x", contents="")
    assert [path.name for path in (tmp_path / "etc").iterdir()] == ["x"]
