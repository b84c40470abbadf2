"""What every step of a config is: something with a place that can be shown and run."""

from typing import Protocol

from bootstrap.place import Place


class StepFailed(Exception):
    """A step could not be done; the text says why."""


class Step(Protocol):
    """Something to do inside the container."""

    @property
    def place(self) -> Place: ...

    def __str__(self) -> str:
        """Return what it does, as it is shown before it runs."""

    def run(self) -> None:
        """Do it.

        Raises:
            StepFailed: it could not be done.
        """
