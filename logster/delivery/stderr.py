"""Logster's own troubles, said on standard error at most once a minute.

Owns the only way in which delivery speaks: it never logs, because a handler might report that.
"""

import sys
import time

_QUIET_SECONDS = 60.0
_last_said = -_QUIET_SECONDS
_held_back = 0


def complain(text: str) -> None:
    """Say `text` on standard error, unless something was said less than a minute ago."""
    global _held_back, _last_said
    now = time.monotonic()
    if now - _last_said < _QUIET_SECONDS:
        _held_back += 1
        return
    more = f" ({_held_back} more held back)" if _held_back else ""
    _last_said, _held_back = now, 0
    try:
        sys.stderr.write(f"logster: {text[:500]}{more}\n")
        sys.stderr.flush()
    except Exception:
        # There may be no standard error, or it may be closed; nobody is left to tell.
        return
