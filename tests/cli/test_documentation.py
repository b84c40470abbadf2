"""docs/cli.md says what the command line does: every command, every option, every exit code."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from logster.cli import ending
from logster.cli.program import COMMANDS, program

TEXT = (Path(__file__).parents[2] / "docs/cli.md").read_text()
EVERYWHERE = {"--redis-url", "--namespace", "--help"}


def section(heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"docs/cli.md has no section {heading!r}"
    return found[1]


CONTEXT = click.Context(program, **program.context_settings)


def command_of(name: str) -> click.Command:
    command = program.get_command(CONTEXT, name)
    assert command
    return command


def options_of(command: click.Command) -> Iterator[str]:
    for each in command.params:
        if isinstance(each, click.Option):
            yield max(each.opts, key=len)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from options_of(below)


def test_every_command_has_its_section_and_no_other_has() -> None:
    assert re.findall(r"^## `logster ([\w-]+)`$", TEXT, re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_and_no_other_is(name: str) -> None:
    documented = set(re.findall(r"`(--[\w-]+)`", section(f"`logster {name}`")))
    options = set(options_of(command_of(name))) - EVERYWHERE
    assert documented == options


def test_what_all_commands_share_is_documented() -> None:
    documented = set(re.findall(r"^\| `(--[\w-]+)`", section("For every command"), re.MULTILINE))
    assert documented == EVERYWHERE | {"--json", "--version"}


def test_every_subcommand_of_patterns_is_documented() -> None:
    group = command_of("patterns")
    assert isinstance(group, click.Group)
    documented = re.findall(r"`logster patterns (\w+)", section("`logster patterns`"))
    assert sorted(documented) == sorted(group.commands)


def test_every_exit_code_is_documented() -> None:
    documented = {int(code) for code in re.findall(r"^\| `(\d+)` \|", section("Exit codes"), re.MULTILINE)}
    names = ("DONE", "NOTHING", "WRONG_USE", "REDIS_AWAY", "MISTAKE_OF_OURS", "INTERRUPTED")
    assert documented == {getattr(ending, name) for name in names}


@pytest.mark.parametrize("line", re.findall(r"^logster .*$", TEXT, re.MULTILINE))
def test_an_example_is_one_that_the_program_understands(line: str) -> None:
    name, *words = shlex.split(line, comments=True)[1:]
    command_of(name).make_context(name, words, parent=CONTEXT)
