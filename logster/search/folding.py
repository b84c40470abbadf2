"""Folds case without ever turning a foreign character into ASCII, and says what of a text every stored form holds.

Redis narrows candidates down by literals. It knows ASCII only, and sees env as JSON: a literal that a match does
not guarantee there would lose entries in silence.
"""

import re

# In JSON quotes, backslashes and control characters are escaped; what is not ASCII has more than one case.
_PLAIN = re.compile(r"[ !#-\[\]-~]+")
_SHORTEST = 2


def fold(text: str) -> str:
    """Return `text` in lower case, character for character."""
    if text.isascii():
        return text.lower()
    # The dotted I and the Kelvin sign would become ASCII, which Lua's lower() does not make of them.
    return text.replace("\u0130", "\ue130").replace("\u212a", "\ue12a").lower().replace("ς", "σ")


def literals(text: str) -> tuple[str, ...]:
    """Return lowercase parts of `text` that occur, in ASCII lower case, wherever `text` does: as text or as JSON."""
    return tuple(run.lower() for run in _PLAIN.findall(text) if len(run) >= _SHORTEST)
