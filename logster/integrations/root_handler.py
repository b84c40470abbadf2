"""The handler that an integration adds to the root logger, where the app has none of its own."""

import logging

from logster.capture.handler import LogsterHandler


def add_root_handler(level: int | str | None) -> None:
    """Report what is logged from a level on, unless some logger of the app has a LogsterHandler already.

    Arguments:
        level: as LogsterHandler takes it; None for nothing.
    """
    if level is not None and not has_handler():
        logging.getLogger().addHandler(LogsterHandler(level))


def has_handler() -> bool:
    """Return whether any logger has a LogsterHandler: then the app itself says what is reported."""
    loggers = [logging.getLogger(), *logging.getLogger().manager.loggerDict.values()]
    return any(isinstance(each, LogsterHandler) for logger in loggers for each in getattr(logger, "handlers", ()))
