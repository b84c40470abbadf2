"""`logster report`: reports from shell scripts and cron, written before the command ends."""

import logging
import sys
from typing import Any

import click

from logster.cli import options
from logster.cli.ending import NOTHING, WRONG_USE, fail
from logster.cli.options import Level
from logster.cli.session import Session
from logster.entry import Env, Occurrence, Report
from logster.settings import Settings

_READ_AT_MOST = 1_000_000


@options.command(
    "report",
    "logster report --level error 'Backup failed' --env host=db1 --env job=nightly",
    "./backup 2>&1 >/dev/null | logster report --logger cron.backup",
    "./deploy || logster report --level critical --version \"$(git describe)\" 'Deployment failed'",
)
@click.argument("message", nargs=-1)
@click.option("--level", type=Level(), default="error", show_default=True, metavar="LEVEL", help="How bad it is.")
@click.option("--env", multiple=True, metavar="KEY=VALUE", help="What surrounded it; may be given several times.")
@click.option("--logger", default="shell", show_default=True, metavar="NAME", help="Who reports it.")
@click.option("--version", metavar="VERSION", help="The version of what reports it.")
def command(
    session: Session, message: tuple[str, ...], level: int, env: tuple[str, ...], logger: str, version: str | None
) -> None:
    """Report MESSAGE, or what stdin says where none is given.

    Ends with exit code 0 only when the report was written. Passwords and the like are masked, as in any report.
    """
    session.give(application_version=version)
    text, left_out = (" ".join(message), 0) if message else _from_stdin()
    if not text.strip():
        fail("There is nothing to report: the message is empty.", WRONG_USE)
    occurrence = _occurrence(session.settings, text, left_out, level, logger, _pairs(env))
    if occurrence is None:
        fail("Not written: the settings say to leave this out.", NOTHING)
    (result,) = session.store.report([_report(occurrence)])
    if result.outcome == "suppressed":
        fail("Not written: a suppression pattern or setting 'ignore' keeps this out; it was counted there.", NOTHING)
    if result.outcome not in ("created", "merged", "regressed"):
        fail(f"Not written: it is {result.outcome}.", NOTHING)


def _from_stdin() -> tuple[str, int]:
    """Return what stdin says, and how many characters of it were left out."""
    if sys.stdin.isatty():
        raise click.UsageError("Give a MESSAGE, or let one come from stdin.")
    data = sys.stdin.buffer.read(_READ_AT_MOST)
    left_out = 0
    while more := sys.stdin.buffer.read(_READ_AT_MOST):
        left_out += len(more)
    return data.decode("utf-8", "backslashreplace").rstrip("\n"), left_out


def _pairs(given: tuple[str, ...]) -> Env:
    env: Env = {}
    for each in given:
        key, separator, value = each.partition("=")
        if not separator or not key:
            raise click.BadParameter(f"{each!r} is no KEY=VALUE.", param_hint="--env")
        env[key] = value
    return env


def _occurrence(settings: Settings, text: str, left_out: int, level: int, logger: str, env: Env) -> Occurrence | None:
    from logster.capture.snapshot import RecordSnapshot
    from logster.redaction import Redactor

    record = logging.LogRecord(logger, level, "", 0, text, None, None)
    record.__dict__.update(_extra(env))
    snapshot = RecordSnapshot(record, settings.current_namespace())
    snapshot.cut += left_out
    return snapshot.occurrence(settings, Redactor(settings.redact_keys))


def _extra(env: Env) -> dict[str, Any]:
    return {"env": env} if env else {}


def _report(occurrence: Occurrence) -> Report:
    time = occurrence.timestamp_ms
    return Report(
        latest=occurrence,
        count=1,
        first_ms=time,
        last_ms=time,
        first_message=occurrence.message,
        envs=((time, occurrence.env),),
    )
