"""The reporting service of this process: its settings, its store and its worker, made when first needed.

Owns who belongs together. The handler, the middleware and the viewer all ask here, so that one call of
`configure()` holds for every one of them.
"""

import threading
from typing import Any

from logster.capture.app_code import AppCode
from logster.capture.leveling import let_levels_vary
from logster.delivery.received import Received
from logster.delivery.worker import Worker
from logster.forking import after_fork
from logster.settings import Settings
from logster.store.redis_store import RedisStore


class Service:
    """Settings with the store and the worker that follow from them; neither connects before it is used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = RedisStore(settings)
        self.worker = Worker(settings, self.store)
        self.received = Received()
        self.app_code = AppCode(settings.project_root) if settings.capture_locals else None
        if settings.breadcrumbs:
            let_levels_vary()

    def forget(self, namespace: str) -> None:
        """Let go of what this process keeps of a namespace that is no longer used; what Redis keeps stays."""
        self.worker.forget(namespace)
        self.received.forget(namespace)
        self.store.forget(namespace)

    def close(self) -> None:
        """Write what waits, within `drain_seconds`, and let go of the connections."""
        self.worker.close()
        self.store.close()


_lock = threading.RLock()
_service: Service | None = None


def current() -> Service:
    """Return this process's service; made from LOGSTER_* variables where nothing was configured."""
    global _service
    if _service is None:
        with _lock:
            if _service is None:
                _service = Service(Settings.from_environment())
    return _service


def running() -> Service | None:
    """Return this process's service if there is one already."""
    return _service


def configure(**settings: Any) -> Settings:
    """Change settings of this process: LOGSTER_* variables give the start, repeated calls add up.

    Raises:
        ConfigurationError: a setting does not exist or its value is not allowed; nothing is changed then.
    """
    global _service
    with _lock:
        before = _service
        start = before.settings if before else Settings.from_environment()
        _service = Service(start.with_changes(**settings))
    if before:
        before.close()
    return _service.settings


def flush(timeout: float | None = None) -> bool:
    """Wait until everything reported so far is written.

    Arguments:
        timeout: how long to wait at the most, in seconds; `drain_seconds` by default.

    Returns:
        Whether everything was written in time.
    """
    service = _service
    return service.worker.flush(timeout) if service else True


def _renew_lock() -> None:
    # It may have been held by a thread that a forked child does not have.
    global _lock
    _lock = threading.RLock()


after_fork(_renew_lock)
