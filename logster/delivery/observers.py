"""Who wants to know what is reported: subscribers to occurrences, and observers of what became of reports.

Owns the registrations of this process, which outlive `configure()`, and that no callback hurts delivery.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from logster.delivery.stderr import complain
from logster.entry import Occurrence, Report

Callback = TypeVar("Callback", bound=Callable[..., object])


class Registration(Generic[Callback]):
    """A callback that is called until `cancel()`."""

    def __init__(self, callbacks: "Callbacks[Callback]", callback: Callback) -> None:
        self.callback = callback
        self.has_failed = False
        self._callbacks = callbacks

    def cancel(self) -> None:
        """Call it no more."""
        self._callbacks.remove(self)


class Callbacks(Generic[Callback]):
    """Callbacks of one kind, each contained: the first error of one in a row is said on standard error."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._registrations: tuple[Registration[Callback], ...] = ()

    def __bool__(self) -> bool:
        return bool(self._registrations)

    def __iter__(self) -> Iterator[Registration[Callback]]:
        return iter(self._registrations)

    def add(self, callback: Callback) -> Registration[Callback]:
        """Call `callback` from now on."""
        registration = Registration(self, callback)
        self._registrations = (*self._registrations, registration)
        return registration

    def remove(self, registration: Registration[Callback]) -> None:
        self._registrations = tuple(each for each in self._registrations if each is not registration)

    def call(self, *arguments: Any) -> None:
        """Call each with the same arguments."""
        for registration in self._registrations:
            try:
                registration.callback(*arguments)
                registration.has_failed = False
            except Exception as error:  # anybody's code, which must not hurt delivery
                if not registration.has_failed:
                    complain(f"{self._what} {registration.callback!r} failed: {error!r}")
                registration.has_failed = True


subscribers: Callbacks[Callable[[Occurrence], object]] = Callbacks("subscriber")
observers: Callbacks[Callable[[Any, Sequence[Report], Sequence[Any]], object]] = Callbacks("observer")


def subscribe(callback: Callable[[Occurrence], object]) -> Registration[Callable[[Occurrence], object]]:
    """Call `callback` with each occurrence that is reported in this process, until the registration is cancelled.

    It is called on the thread that delivers, also for what a pattern keeps out; what it logs itself is not reported,
    and an exception it raises goes to standard error once. Each occurrence is rendered for it, one by one.
    """
    return subscribers.add(callback)


def tell(store: Any, reports: Sequence[Report], results: Any) -> None:
    """Tell the observers what became of reports."""
    if results and observers:
        observers.call(store, reports, results)


def report(store: Any, reports: Sequence[Report]) -> Any:
    """Write reports, tell the observers what became of them, and return it."""
    results = store.report(reports)
    tell(store, reports, results)
    return results
