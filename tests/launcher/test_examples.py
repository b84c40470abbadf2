"""The files beside the launcher: Compose does what the launcher does, and the documentation names what there is."""

import re
from typing import Any

import pytest
import yaml

from launch.commands import COMMANDS
from launch.container import _CAPABILITIES, _WRITABLE, HEALTH, STOP_SECONDS
from tests.launcher.bench import EXAMPLE

COMPOSE: dict[str, Any] = yaml.safe_load((EXAMPLE / "compose.yaml").read_text())
# Of the Compose specification, what this file uses.
KEYS = {
    *("image", "pull_policy", "restart", "environment", "env_file", "ports", "volumes", "security_opt", "cap_drop"),
    *("cap_add", "healthcheck", "stop_grace_period", "read_only", "tmpfs"),
}


def test_compose_uses_keys_that_there_are() -> None:
    assert set(COMPOSE) == {"name", "services"}
    (service,) = COMPOSE["services"].values()
    assert set(service) == KEYS
    assert set(service["healthcheck"]) <= {"test", "interval", "timeout", "retries", "start_period"}


def test_compose_starts_what_the_launcher_starts() -> None:
    site = COMPOSE["services"]["site"]
    demo = yaml.safe_load((EXAMPLE / "sites/demo.yml").read_text())
    assert site["image"] == "localhost/logster-demo:good"
    assert (site["cap_drop"], site["cap_add"]) == (["ALL"], list(_CAPABILITIES))
    assert site["healthcheck"]["test"] == ["CMD", HEALTH]
    assert site["stop_grace_period"] == f"{STOP_SECONDS}s"
    assert site["ports"] == demo["expose"]
    assert site["environment"] == demo["env"]
    options = list(zip(_WRITABLE[::2], _WRITABLE[1::2], strict=True))
    assert site["read_only"]
    assert site["tmpfs"] == [value for option, value in options if option == "--tmpfs"]
    own = [value for option, value in options if option == "--volume"]
    assert site["volumes"] == [*(f"{each['host']}:{each['guest']}" for each in demo["volumes"]), *own]


def test_the_readme_names_every_command() -> None:
    text = (EXAMPLE / "README.md").read_text()
    assert {name for name in COMMANDS if f"`{name}`" in text or f"./launcher {name}" in text} == set(COMMANDS)


@pytest.mark.parametrize("label", ["front", "socket", "backend", "upstream", "nginx", "ports", "ref", "pause_seconds"])
def test_every_label_is_documented_and_read(label: str) -> None:
    code = "".join(path.read_text() for path in (EXAMPLE / "launch").glob("*.py"))
    assert f'"launcher.{label}"' in code
    assert f"`launcher.{label}`" in (EXAMPLE.parents[1] / "docs/deployment.md").read_text()


def test_the_timer_runs_the_launcher() -> None:
    service = (EXAMPLE / "systemd/logster-update@.service").read_text()
    assert re.search(r'^ExecStart=.*/launcher" update', service, re.MULTILINE)
    assert "OnCalendar=" in (EXAMPLE / "systemd/logster-update@.timer").read_text()
