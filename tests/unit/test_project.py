"""What holds the project together: versions, commands, and templates that the content security policy allows."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import logster

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted([*(ROOT / "logster").rglob("*.html"), *(ROOT / "web").rglob("*.html")])

INLINE = {
    "script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE),
    "style": re.compile(r"<style\b|<[^>]*\sstyle\s*=", re.IGNORECASE),
    "handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "address": re.compile(r"javascript:", re.IGNORECASE),
}


@pytest.mark.parametrize("path", TEMPLATES, ids=[str(path.relative_to(ROOT)) for path in TEMPLATES])
def test_a_template_has_nothing_inline(path: Path) -> None:
    found = {what: pattern.findall(path.read_text()) for what, pattern in INLINE.items()}
    assert {what: places for what, places in found.items() if places} == {}


@pytest.mark.parametrize(
    ("what", "html"),
    [
        ("script", "<script>alert(1)</script>"),
        ("style", '<p style="color: red">'),
        ("style", "<style>p { color: red }</style>"),
        ("handler", '<p class="a" onclick="go()">'),
        ("address", '<a href="javascript:go()">'),
    ],
)
def test_what_is_inline_is_recognised(what: str, html: str) -> None:
    assert INLINE[what].search(html)


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    versions = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == logster.__version__


def test_the_workflow_runs_every_python_the_package_claims() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    claimed = {each.rpartition(" ")[2] for each in project["classifiers"] if re.search(r":: 3\.\d+$", each)}
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    assert claimed == set(re.findall(r'"(3\.\d+)"', workflow))
    assert "- run: .ci/run" in workflow


def test_ci_can_be_run() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_make_alone_lists_every_target_with_a_line() -> None:
    # As from a shell: make hands its own flags down to what it starts, this test included.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    listed = subprocess.run(["make"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert sorted(re.findall(r"^  ([\w-]+) +\S", listed, re.MULTILINE)) == sorted(phony[1].split())


def tokens(path: str) -> dict[str, str]:
    """Return the design tokens that a style sheet sets."""
    return dict(re.findall(r"^ *(--logster-[\w-]+): (.+);$", (ROOT / path).read_text(), re.MULTILINE))


def test_the_website_wears_the_colours_of_the_viewer() -> None:
    ours = tokens("web/static/site.css")
    theirs = tokens("logster/viewer/static/tokens.css")
    assert ours
    assert {name: value for name, value in ours.items() if theirs.get(name) != value} == {}
