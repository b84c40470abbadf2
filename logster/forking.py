"""No fork in the middle of what a child could not go on from.

Owns the lock that keeps forks apart from that: the regular expression engine and the import system have locks of
their own, and a child forked while another thread holds one would wait for it for ever.
"""

import os
import threading

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


os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=no_fork._at_fork_reinit)  # type: ignore[attr-defined]
