"""Regular expressions in queries, on a linear-time engine (RE2): compiles one, and finds what it requires."""

import re
from typing import Any

import re2

from logster.search.folding import literals

# A query comes from anyone who may look; this bounds what a hostile one costs.
_MAX_MEMORY = 1 << 20
_LINES = "(?m)"

_TOKEN = re.compile(
    r"(?P<escape>\\.)"
    r"|(?P<class>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])"
    r"|(?P<repeat>[*+?]|\{\d+(?:,\d*)?\})"
    r"|(?P<open>\()|(?P<close>\))|(?P<other>.)",
    re.DOTALL,
)
# What says of a letter's case more than that it is one or the other, and what changes the meaning of what follows.
_CASED = re.compile(r"\\[pPQCE]|\[\[:|\[:|\(\?[A-Za-z]*-")
_REPLACED = {r"\W": r"(?-i:\W)", r"\A": "(?:)", r"\z": "(?:)"}
_SHORT = re.compile(r"\\[dDwWsSnrt]")
_LETTERS = re.compile(r"[A-Za-z\\-]|[^\x00-\x7f]")
_SINGLE = frozenset("dDwWsSbBAzntrfva")
# What never matches the end of a line, nor makes a class that does.
_IN_LINE = frozenset("dwSbBt")
_LINE_CLASS = re.compile(r"\[(?!\^)(?:\\[dw.\-\]\[/+*?()|^$]|[^\\\n\[\-]|(?<=[0-9A-Za-z])-(?=[0-9A-Za-z]))+\]")


class Mistake(Exception):
    """RE2 does not accept an expression: its reason, and the place within the expression."""

    def __init__(self, reason: str, start: int, end: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.start = start
        self.end = end


def compiled(expression: str, *, ignore_case: bool) -> Any:
    """Return `expression` compiled, with ^ and $ at every line's ends.

    Raises:
        Mistake: RE2 does not accept it.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    options.case_sensitive = not ignore_case
    try:
        re2.compile(expression, options)
        return re2.compile(f"{_LINES}{expression}", options)
    except UnicodeEncodeError as error:
        raise Mistake("not valid Unicode", error.start, error.end) from None
    except re2.error as error:
        raise _mistake(error, expression) from None


def required(expression: str, *, ignore_case: bool) -> tuple[str, ...]:
    """Return lowercase literals that occur wherever a valid expression matches; none where that is not certain."""
    runs = _runs(expression)
    found = [literal for run in runs for literal in literals(run)]
    if ignore_case or "(?" in expression:
        # Without regard to case k matches the Kelvin sign as well, and s the long s.
        found = [part for literal in found for half in literal.split("k") for part in half.split("s")]
    return tuple(literal for literal in found if len(literal) > 1)


def loosened(expression: str) -> Any | None:
    """Return what matches wherever a valid expression does, even where the case of ASCII letters is not kept and other
    lines stand before and after; None where that is unknown.
    """
    if _CASED.search(expression):
        return None
    parts = [_loosened(token[0]) for token in _TOKEN.finditer(expression)]
    try:
        return compiled("".join(parts), ignore_case=True)
    except Mistake:  # larger than the expression itself
        return None


def stays_in_line(expression: str) -> bool:
    """Return whether nothing that a valid expression matches can have the end of a line in it, as far as is certain."""
    expression = expression.removeprefix(_LINES)
    return "(?" not in expression and all(map(_is_in_line, _TOKEN.finditer(expression)))


def _is_in_line(token: "re.Match[str]") -> bool:
    text = token[0]
    if token.lastgroup == "escape":
        return text[1] in _IN_LINE or not (text[1].isalnum() or text[1] == "\n")
    if token.lastgroup == "class":
        return _LINE_CLASS.fullmatch(text) is not None
    return text != "\n"


def _loosened(token: str) -> str:
    # A class that leaves a letter out would leave its other case out as well; so does \W with the long s.
    if token in _REPLACED:
        return _REPLACED[token]
    is_open = token.startswith("[^") and _LETTERS.search(_SHORT.sub("", token))
    return "(?s:.)" if is_open or (token.startswith("[") and r"\W" in token) else token


def _runs(expression: str) -> list[str]:
    """Return what stands outside of groups and is neither optional nor an alternative."""
    runs, depth = [""], 0
    for token in _TOKEN.finditer(expression):
        kind, text = token.lastgroup, token[0]
        if kind == "escape" and text[1].isalnum() and text[1] not in _SINGLE:
            return []
        if kind in ("open", "close"):
            depth += 1 if kind == "open" else -1
            runs.append("")
        elif depth:
            continue
        elif text in ("|", "["):
            return []
        elif kind == "repeat":
            runs[-1] = runs[-1] if text == "+" else runs[-1][:-1]
            runs.append("")
        elif (kind == "escape" and not text[1].isalnum()) or (kind == "other" and text not in ".^${"):
            runs[-1] += text[-1]
        else:
            runs.append("")
    return runs


def _mistake(error: Exception, expression: str) -> Mistake:
    given = error.args[0] if error.args else error
    text = given.decode("utf-8", "replace") if isinstance(given, bytes) else str(given)
    reason, _, where = text.partition(": ")
    start = expression.rfind(where) if where else -1
    if start < 0:
        return Mistake(text, 0, len(expression))
    return Mistake(reason if where == expression else text, start, start + len(where))
