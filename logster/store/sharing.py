"""Which stacks a process lets entries share, and what of these it takes for stored. Does not talk to Redis."""

from logster.store.frames import Stack

_MOST_MET = 10_000


class Sharing:
    """The frames and stacks that this process met in the reports of one namespace. Threads may use it together."""

    def __init__(self) -> None:
        self._met: set[bytes] = set()
        self._stored: set[bytes] = set()

    def meet(self, stack: Stack) -> bool:
        """Return whether an entry is to share its stack: where most of its frames are not met for the first time.

        What nothing else has would only take more room apart from its entry.
        """
        if stack.id in self._stored:
            return True
        ids = {each.id for each in stack.frames}
        known = sum(each in self._met for each in ids)
        if len(self._met) > _MOST_MET:
            self._met = set()
        self._met.update(ids)
        return 2 * known >= len(ids) > 0

    def to_send(self, stack: Stack) -> tuple[bytes, list[bytes]]:
        """Return what is not taken for stored: the ids of a stack's frames, and id and body of each frame in turn."""
        if stack.id in self._stored:
            return b"", []
        new = {each.id: each.body for each in stack.frames if each.id not in self._stored}
        return stack.joined, [word for pair in new.items() for word in pair]

    def take_for_stored(self, stack: Stack) -> None:
        """Send a stack and its frames no more: Redis says so where it lacks them after all."""
        if stack.id in self._stored:
            return
        if len(self._stored) > _MOST_MET:
            self._stored = set()
        self._stored.update([each.id for each in stack.frames])
        self._stored.add(stack.id)

    def doubt(self) -> None:
        """Take nothing for stored: Redis lacked what was."""
        self._stored = set()
