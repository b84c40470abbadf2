"""The page about the site config is right: it names every key, and its examples are understood."""

import re
from pathlib import Path

import pytest
import yaml

from bootstrap import site
from bootstrap.place import ConfigWrong, Mistake
from bootstrap.site import HOOKS
from bootstrap.sources import KEYS
from bootstrap.steps import KINDS
from tests.bootstrap.configs import Configs

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/docker_container"
TEXT = (ROOT / "docs/site_config.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("key", [*KEYS, *HOOKS, *KINDS])
def test_a_key_is_documented(key: str) -> None:
    assert f"`{key}`" in TEXT


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_is_understood(configs: Configs, block: str) -> None:
    templates = dict.fromkeys(re.findall(r"templates/(\w+)\.yml", block), "{run: []}")
    configs.write(block.replace("domain:\n", "domain: example.org\n"), **templates)
    keys = yaml.safe_load(block)
    described = configs.read().described()
    assert set(described["env"]) | set(described["secrets"]) == set(keys.get("env", ()))
    assert len(configs.read().steps) == len(keys.get("run", ()))


def test_every_key_has_an_example() -> None:
    shown = {key for block in BLOCKS for key in yaml.safe_load(block)}
    assert shown >= set(KEYS) - {"hooks", "code"}


@pytest.mark.parametrize("path", sorted(EXAMPLE.glob("sites/*.yml")), ids=lambda path: path.name)
def test_a_site_that_comes_with_the_example_is_right(path: Path) -> None:
    found = site.read(path)
    assert found.expose
    assert {"/shared"} <= {volume["guest"] for volume in found.volumes}


@pytest.mark.parametrize("path", sorted(EXAMPLE.glob("templates/*.yml")), ids=lambda path: path.name)
def test_a_template_that_comes_with_the_example_is_right_alone(configs: Configs, path: Path) -> None:
    every = {each.stem: each.read_text() for each in EXAMPLE.glob("templates/*.yml")}
    configs.write(f"templates: [templates/{path.name}]\n", **every)
    assert [each for each in mistakes(configs) if "set it under params of the site" not in each.text] == []


def mistakes(configs: Configs) -> list[Mistake]:
    try:
        configs.read()
    except ConfigWrong as error:
        return error.mistakes
    return []
