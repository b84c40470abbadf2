"""The launcher, which is not part of the package, on a bench with an engine that records."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.launcher.bench import EXAMPLE, Bench, Ended, make_origin

sys.path.insert(0, str(EXAMPLE))

from launch.main import main


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("launcher") / "origin"
    directory.mkdir()
    make_origin(directory)
    return directory


@pytest.fixture
def benches(
    origin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], Iterator[Bench]]:
    def call(words: list[str], directory: Path) -> Ended:
        capsys.readouterr()
        try:
            code = main(words, directory)
        except SystemExit as end:
            code = int(str(end.code))
        return Ended(code, *capsys.readouterr())

    def make(engine: str) -> Iterator[Bench]:
        # Not tmp_path: a unix socket's path has to stay below 108 bytes.
        with tempfile.TemporaryDirectory(prefix="launcher-") as directory:
            bench = Bench(Path(directory), engine, origin, call)
            monkeypatch.setenv("PATH", f"{bench.engine.directory}{os.pathsep}{os.environ['PATH']}")
            monkeypatch.setenv("LAUNCHER_ENGINE", engine)
            yield bench
            bench.engine.close()

    return make


@pytest.fixture(params=["docker", "podman"])
def bench(request: pytest.FixtureRequest, benches: Callable[[str], Iterator[Bench]]) -> Iterator[Bench]:
    """A bench with either engine."""
    yield from benches(request.param)


@pytest.fixture
def docker(benches: Callable[[str], Iterator[Bench]]) -> Iterator[Bench]:
    """A bench for what does not depend on the engine."""
    yield from benches("docker")
