"""Logster's own troubles, said on standard error at most once a minute.

Owns the only way in which delivery speaks: it never logs, because a handler might report that.
"""

import sys
import time

from logster.redaction import Redactor

_QUIET_SECONDS = 60.0
_last_said = -_QUIET_SECONDS
_held_back = 0
_SAID_AT_MOST = 100
_said: set[str] = set()
_redactor: Redactor | None = None


def complain(text: str) -> None:
    """Say `text` on standard error, unless something was said less than a minute ago."""
    global _held_back, _last_said
    now = time.monotonic()
    if now - _last_said < _QUIET_SECONDS:
        _held_back += 1
        return
    more = f" ({_held_back} more held back)" if _held_back else ""
    _last_said, _held_back = now, 0
    say(text, more)


def complain_once(text: str) -> None:
    """Say `text` on standard error, unless this process has said just that before."""
    if text in _said:
        return
    if len(_said) >= _SAID_AT_MOST:
        _said.clear()
    _said.add(text)
    say(text)


def say(text: str, more: str = "") -> None:
    """Say `text` on standard error; what is secret in it, as in an error of the app's own code, is masked."""
    # Who complains may be in a hurry, so one is made only where there has been no service yet.
    redactor = _redactor or Redactor()
    try:
        sys.stderr.write(f"logster: {redactor.text(text)[:500]}{more}\n")
        sys.stderr.flush()
    except Exception:
        # There may be no standard error, or it may be closed; nobody is left to tell.
        return


def mask_with(redactor: Redactor) -> None:
    """Mask with the redactor of this process's service, which knows its setting `redact_keys`."""
    global _redactor
    _redactor = redactor
