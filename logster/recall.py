"""What was worked out of an object before, kept by which object it is: the same stack comes up again and again."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

Of = TypeVar("Of")
Result = TypeVar("Result")


class Recall(Generic[Of, Result]):
    """A function of objects that do not change, which works out its result for an object once.

    Unlike functools.lru_cache it never hashes or compares what may be large. It keeps the objects alive, so that an id
    stays its object's own, and starts anew when it is full.

    Arguments:
        work_out: the function.
        at_most: how many results are kept.
    """

    def __init__(self, work_out: Callable[[Of], Result], at_most: int) -> None:
        self._work_out = work_out
        self._at_most = at_most
        self._known: dict[int, tuple[Any, Result]] = {}

    def __call__(self, of: Of) -> Result:
        known = self._known.get(id(of))
        if known is None:
            if len(self._known) >= self._at_most:
                self._known.clear()
            known = self._known[id(of)] = of, self._work_out(of)
        return known[1]
