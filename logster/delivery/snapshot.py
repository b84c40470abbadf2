"""What can be submitted: the form in which capture hands over an occurrence."""

from collections.abc import Callable, Hashable
from typing import Any, Protocol

from logster.entry import Env, Occurrence
from logster.redaction import Redactor
from logster.settings import Settings


class Snapshot(Protocol):
    """An occurrence as the caller's thread left it. All but the attributes is asked for on the worker's thread."""

    namespace: str
    level: int
    count: int

    @property
    def timestamp_ms(self) -> int: ...

    def identity(self) -> Hashable | None:
        """Return what equal occurrences have in common, found without rendering; None where there is no telling.

        Occurrences of equal identity have the same key, and differ in time, env and arguments at the most.
        """

    def subject(self) -> str | None:
        """Return the text in which patterns are looked for, not redacted; None where it has to be rendered for that."""

    def said(self) -> Hashable | None:
        """Return what decides the subject, found without rendering; None where that would be as much to do."""

    def stand(self, left_over: Callable[[Any], object]) -> "Stand | None":
        """Return what counts the calls like the one that this is from; None where this is for itself alone.

        Arguments:
            left_over: takes a snapshot for what was counted when nobody was to read any more.
        """

    def anchor(self) -> Any:
        """Return what has to be kept alive for as long as the identity is kept."""

    def occurrence(self, settings: Settings, redactor: Redactor) -> Occurrence | None:
        """Return the occurrence rendered, redacted and bounded; None where the settings say to leave it out."""

    def env(self, settings: Settings, redactor: Redactor) -> Env:
        """Return the env alone, redacted and bounded."""


class Stand(Protocol):
    """Counts calls on the threads that make them, in place of their snapshots."""

    @property
    def template(self) -> str: ...

    @property
    def call(self) -> Hashable:
        """What calls that are alike have in common."""

    @property
    def is_new(self) -> bool:
        """Whether its snapshot is a call's own, and not what another stand counted."""

    @property
    def since(self) -> float:
        """When it was made, in seconds of `time.monotonic()`."""

    def take(self) -> Snapshot | None:
        """Return one snapshot for all that was counted since the last time; None where nothing was."""
