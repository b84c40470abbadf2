"""What was worked out before, and is asked for again: by which object it was of, or by its value."""

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

Of = TypeVar("Of")
Result = TypeVar("Result")


def _one(_: Any) -> int:
    return 1


class Recall(Generic[Of, Result]):
    """A function of objects that do not change, which works out its result for an object once.

    Unlike functools.lru_cache it never hashes or compares what may be large. It keeps the objects alive, so that an id
    stays its object's own, and starts anew when it is full.

    Arguments:
        work_out: the function.
        at_most: how many results are kept; or how much of what `weight` says of each.
        weight: says what a result counts for, such as its bytes.
    """

    def __init__(self, work_out: Callable[[Of], Result], at_most: int, weight: Callable[[Result], int] = _one) -> None:
        self._work_out = work_out
        self._at_most = at_most
        self._weight = weight
        self._known: dict[Any, tuple[Any, Result]] = {}
        self._kept = 0

    def __call__(self, of: Of) -> Result:
        known = self._known.get(id(of))
        return self._first(id(of), of) if known is None else known[1]

    def _first(self, key: Any, of: Of) -> Result:
        if self._kept >= self._at_most:
            self._known.clear()
            self._kept = 0
        result = self._work_out(of)
        self._known[key] = of, result
        self._kept += self._weight(result)
        return result


class Memo(Recall[Hashable, Result]):
    """The same of values: equal ones have one result, which is one object. A value is hashed each time it is asked for.

    Unlike functools.lru_cache it can be bounded by what the results weigh.
    """

    def __call__(self, of: Hashable) -> Result:
        known = self._known.get(of)
        return self._first(of, of) if known is None else known[1]
