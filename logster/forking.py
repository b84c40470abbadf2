"""No fork in the middle of what a child could not go on from.

Owns the lock that keeps forks apart from that: the regular expression engine and the import system have locks of
their own, and a child forked while another thread holds one would wait for it for ever.
"""

import os
import threading
from collections.abc import Callable

# Should what a fork waits for hang, the program is not to hang with it.
_LONGEST_WAIT_SECONDS = 5.0

# Reentrant, because a signal handler may fork or log in the middle of a synchronous report.
no_fork = threading.RLock()
_is_held = False


def _before() -> None:
    global _is_held
    _is_held = no_fork.acquire(timeout=_LONGEST_WAIT_SECONDS)


def _in_parent() -> None:
    if _is_held:
        no_fork.release()


def after_fork(callback: Callable[[], object]) -> None:
    """Call `callback` in every child that is forked from now on; never on a system without fork, such as Windows."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=callback)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent)
    after_fork(no_fork._at_fork_reinit)  # type: ignore[attr-defined]
