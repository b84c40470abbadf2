"""The errors a user of Logster can meet; each text says what to do."""


class LogsterError(Exception):
    """Base of all errors that Logster raises on purpose."""


class ConfigurationError(LogsterError, ValueError):
    """A setting has a value that is not allowed; the text names the setting, the value and what is allowed."""


class MissingExtra(LogsterError, ImportError):
    """An optional dependency is needed and not installed; the text names the extra to install."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional dependency: pip install 'logster-web[{extra}]'")
        self.extra = extra


class StoreUnavailable(LogsterError):
    """Redis cannot be reached, or refuses to work; the text carries its reason."""


class SchemaMismatch(LogsterError):
    """The data in Redis was written by a newer Logster than this one, which therefore leaves it alone."""


class QuerySyntaxError(LogsterError, ValueError):
    """A search query that cannot be understood.

    `start` and `end` are offsets into the query, so that a page can show the mistake at its place.
    """

    def __init__(self, reason: str, start: int, end: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.start = start
        self.end = end


class InvalidPattern(LogsterError, ValueError):
    """A pattern that cannot be used; the text says why."""


class PatternExists(InvalidPattern):
    """There is such a pattern already; the text names it."""


class PatternNotFound(LogsterError, LookupError):
    """There is no such pattern, or no longer; the text names it."""


class InvalidCursor(LogsterError, ValueError):
    """A paging cursor that this store did not hand out."""


class InvalidArchive(LogsterError, ValueError):
    """An archive that cannot be imported; the text names the line and says why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line:,} of the archive: {reason}.")
        self.line = line


class ArchiveConflict(LogsterError):
    """An archive holds entries that are in the store already, and differ there."""
