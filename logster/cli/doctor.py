"""`logster doctor`: whether Redis is fit to keep the log."""

from typing import TYPE_CHECKING

from logster.cli import options, screen
from logster.cli.ending import NOTHING, fail
from logster.cli.session import Session
from logster.cli.visible import visible
from logster.doctor import Finding, examine, is_fit

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {"ok": "green", "note": "cyan", "warn": "yellow", "fail": "bold red"}


@options.command("doctor", "logster doctor", "logster doctor --json --redis-url redis://cache:6379/0", json=True)
def command(session: Session, as_json: bool) -> None:
    """Look whether Redis is reachable, new enough, safe from eviction, kept on disk, in time, fast and writable.

    Exit code 1 says that something failed; warnings do not count.
    """
    findings = []
    for each in examine(session.settings):
        findings.append(each)
        if as_json:
            screen.print_json(each)
        else:
            screen.console().print(_line(each))
    if not is_fit(findings):
        fail("", NOTHING)


def _line(finding: Finding) -> "Text":
    line = screen.text(f"{finding.status:<4}  ", _STYLES[finding.status])
    line.append(f"{finding.check:<11}  {visible(finding.text)}")
    if finding.status != "ok" and finding.advice:
        line.append(f"\n      {'':<11}  {visible(finding.advice)}", "dim")
    return line
