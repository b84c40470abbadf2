"""`logster migrate`: brings the data to the form that this Logster knows."""

import click

from logster.cli import options, screen
from logster.cli.session import Session


@options.command("migrate", "logster migrate", "logster migrate --all && gunicorn shop:app", json=True)
@click.option("--all", "everywhere", is_flag=True, help="In every namespace of this Redis.")
def command(session: Session, everywhere: bool, as_json: bool) -> None:
    """Bring data that an older Logster wrote to the form that this one knows.

    Every program that uses Logster does so by itself when it first asks; this does it beforehand. Where a newer
    Logster has written it changes nothing, and ends with exit code 3.
    """
    from logster.store import schema
    from logster.store.connection import Connection
    from logster.store.keys import Keys

    connection = Connection(session.settings.redis_url, session.settings.redis_timeout_seconds)
    try:
        names = sorted(schema.namespaces(connection)) if everywhere else [session.namespace]
        for name in names:
            found = schema.migrate(connection, Keys(name))
            if as_json:
                screen.print_json({"namespace": name, "before": found.before, "now": schema.SCHEMA})
            elif found.before < schema.SCHEMA:
                click.echo(f"Brought namespace {name!r} from form {found.before} to {schema.SCHEMA}.")
        if not as_json:
            click.echo(f"The data have form {schema.SCHEMA}.")
    finally:
        connection.close()
