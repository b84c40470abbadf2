"""The report about a spool file that cannot be read, in whole or in part."""

import time
from pathlib import Path

from logster import fingerprint
from logster.delivery.losses import LOGGER
from logster.entry import LEVEL_NUMBERS, Env, Occurrence
from logster.opaque import Opaque
from logster.redaction import Redactor
from logster.settings import DEFAULTS, Settings


class DamageSnapshot(Opaque):
    """Says that a file was set aside.

    Arguments:
        settings: whose namespace it is reported in.
        path: where the file is now.
        size: how many bytes of it cannot be read.
    """

    level = LEVEL_NUMBERS["WARNING"]
    count = 1

    def __init__(self, settings: Settings, path: Path, size: int) -> None:
        self.namespace = _namespace(settings)
        self.timestamp_ms = int(time.time() * 1_000)
        self.path = path
        self.size = size

    def occurrence(self, settings: Settings, redactor: Redactor) -> Occurrence:
        return Occurrence(
            key=fingerprint.of_app(("logster", "damaged spool")),
            level=self.level,
            logger=LOGGER,
            message=f"{self.size:,} bytes of a spool file cannot be read; it is set aside as {self.path.name}",
            template="%s bytes of a spool file cannot be read; it is set aside as %s",
            timestamp_ms=self.timestamp_ms,
            env=self.env(settings, redactor),
            version=settings.application_version,
            namespace=self.namespace,
        )

    def env(self, settings: Settings, redactor: Redactor) -> Env:  # noqa: ARG002
        # The name is anybody's who may write there, and not even text on all systems.
        return {"file": str(self.path).encode("utf-8", "replace").decode()}


def _namespace(settings: Settings) -> str:
    try:
        return settings.current_namespace()
    except Exception:  # it is the app's own function, and there is no request here
        return str(DEFAULTS["namespace"])
