"""A directory of sites and templates to write into, and the bootstrapper, which is not part of the package."""

import sys
from pathlib import Path

import pytest

IMAGE = Path(__file__).parents[2] / "examples/docker_container/image"
sys.path.insert(0, str(IMAGE))

from tests.bootstrap.configs import Configs  # noqa: E402  (imports what the line above makes importable)


@pytest.fixture
def configs(tmp_path: Path) -> Configs:
    """An empty directory for sites and templates."""
    return Configs(tmp_path)
