"""The app's version is found wherever it is deployed."""

import subprocess
from pathlib import Path

import pytest

from logster.capture.surroundings import application_version, checked_out_commit, hostname, process_env
from logster.settings import Settings

COMMIT = "9fceb02d0ae598e95dc970b74767f19372d61af8"


@pytest.fixture
def git(tmp_path: Path) -> Path:
    git = tmp_path / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    return git


def test_the_commit_of_a_branch_is_found(git: Path) -> None:
    (git / "refs/heads/main").write_text(COMMIT + "\n")
    (git.parent / "src/app").mkdir(parents=True)

    assert checked_out_commit(git.parent / "src/app") == COMMIT[:12]


def test_a_packed_branch_is_found(git: Path) -> None:
    (git / "packed-refs").write_text(f"# pack-refs\n{'0' * 40} refs/heads/other\n{COMMIT} refs/heads/main\n")

    assert checked_out_commit(git.parent) == COMMIT[:12]


def test_a_detached_head_is_found(git: Path) -> None:
    (git / "HEAD").write_text(COMMIT)

    assert checked_out_commit(git.parent) == COMMIT[:12]


def test_a_real_worktree_is_found(tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(tmp_path / "main"), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    (tmp_path / "main").mkdir()
    run("init", "-q", "-b", "main")
    run("commit", "-q", "--allow-empty", "-m", "x")
    run("worktree", "add", "-q", "-b", "other", str(tmp_path / "other"))

    assert checked_out_commit(tmp_path / "other") == run("rev-parse", "HEAD")[:12]


def test_no_repository_has_no_version(tmp_path: Path) -> None:
    assert checked_out_commit(tmp_path) == ""


def test_what_is_set_goes_before_what_the_platform_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOURCE_VERSION", "from-platform")

    assert application_version(Settings(application_version="set", project_root=str(tmp_path))) == "set"
    assert application_version(Settings(project_root=str(tmp_path))) == "from-platform"


def test_the_host_name_is_short_full_or_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "web1.example.com")

    assert [hostname(each) for each in ("short", "full", "other")] == ["web1", "web1.example.com", "other"]
    assert process_env(Settings(hostname="given"))["hostname"] == "given"
