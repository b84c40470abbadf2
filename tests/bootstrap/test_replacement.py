"""The step `replace`."""

import stat
from pathlib import Path

import pytest

from bootstrap.step import StepFailed
from tests.bootstrap.configs import Configs

BEFORE = "a.b a-b a.b\nport 80\nport 443\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.conf"
    path.write_text(BEFORE)
    path.chmod(0o640)
    return path


def run(configs: Configs, path: Path, more: str) -> None:
    configs.write(f"params: {{dot: a.b, back: 'x\\1', port: '80'}}\nrun: [replace: {{filename: {path}, {more}}}]\n")
    (only,) = configs.read().steps
    only.run()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("from: a.b, to: X", "X a-b a.b\nport 80\nport 443\n"),
        ("from: a.b, to: X, global: true", "X a-b X\nport 80\nport 443\n"),
        ("from: /a.b/, to: X, global: yes", "X X X\nport 80\nport 443\n"),
        (r"from: '/^port (\d+)$/', to: 'listen \1;', global: on", "a.b a-b a.b\nlisten 80;\nlisten 443;\n"),
        (r"from: '/^port (?P<n>\d+)$/', to: '\g<n>'", "a.b a-b a.b\n80\nport 443\n"),
        (r"from: a.b, to: '\1 \n \\'", "\\1 \\n \\\\ a-b a.b\nport 80\nport 443\n"),
        ("from: '/$dot/', to: X, global: true", "X a-b X\nport 80\nport 443\n"),
        ("from: '/a.b/', to: $back", "x\\1 a-b a.b\nport 80\nport 443\n"),
        ("from: port $port, to: ''", "a.b a-b a.b\n\nport 443\n"),
        ("from: /, to: X, optional: true", BEFORE),
        ("from: nothing, to: X, optional: true", BEFORE),
    ],
)
def test_text_is_replaced(configs: Configs, path: Path, more: str, expected: str) -> None:
    run(configs, path, more)
    assert path.read_text() == expected


@pytest.mark.parametrize("more", ["from: nothing, to: X", "from: /nothing/, to: X, global: true"])
def test_nothing_to_replace_is_a_failure(configs: Configs, path: Path, more: str) -> None:
    with pytest.raises(StepFailed, match=r"found nothing to replace; say optional: true"):
        run(configs, path, more)
    assert path.read_text() == BEFORE


def test_a_file_keeps_its_mode_and_the_bytes_that_were_not_meant(configs: Configs, path: Path) -> None:
    path.write_bytes(b"\xff\r\nold\r\n")
    run(configs, path, "from: old, to: new")
    assert path.read_bytes() == b"\xff\r\nnew\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_a_link(configs: Configs, path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(path)
    run(configs, link, "from: a.b, to: X")
    assert link.is_symlink()
    assert path.read_text().startswith("X ")


def test_a_file_that_is_not_there_is_told(configs: Configs, tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="could not be done: No such file or directory"):
        run(configs, tmp_path / "nothing", "from: a, to: b, optional: true")
