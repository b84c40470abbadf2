"""The template of a message that was put together before it was logged, read from the source of the logging call.

Owns how `log.error(f"user {name} failed")` becomes "user {name} failed". Says nothing where the source does not fit
the message, as when it was edited after the program started.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import re2

_MOST_LINES = 20
_MOST_ATTEMPTS = 60
_MOST_CALLS = 3
_CALL = re2.compile(
    r"[A-Za-z_][\w.]*(?:\([^()]*\))?\.(debug|info|warning|warn|error|exception|critical|fatal|log|trace|success)\("
)
_PERCENT = re2.compile(r"%(?:\([^)]*\))?[#0\- +]*[\d*]*(?:\.[\d*]+)?[a-zA-Z%]")
_BRACES = re2.compile(r"\{[^{}]*\}")


@dataclass(frozen=True)
class Template:
    """The message of one logging call: `text` as a reader sees it, `form` what its messages match."""

    text: str
    form: Any

    def fits(self, message: str) -> bool:
        """Return whether `message` can have come from here."""
        return self.form.fullmatch(message) is not None


def templates_of(lines: Sequence[str]) -> list[Template]:
    """Return the templates of the logging calls that start in the first of `lines`."""
    text = "\n".join(lines[:_MOST_LINES])
    first_line = len(lines[0]) if lines else 0
    starts = [match for match in _CALL.finditer(text) if match.start() <= first_line][:_MOST_CALLS]
    found = (_template(_parsed(text, match.start(), match.end()), match[1]) for match in starts)
    return [each for each in found if each]


def _parsed(text: str, start: int, end: int) -> ast.Call | None:
    """Return the call that starts at `start`, wherever its closing parenthesis is."""
    for _ in range(_MOST_ATTEMPTS):
        end = text.find(")", end) + 1
        if not end:
            return None
        try:
            call = ast.parse(text[start:end], mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
        return call if isinstance(call, ast.Call) else None
    return None


def _template(call: ast.Call | None, method: str) -> Template | None:
    position = 1 if method == "log" else 0
    if call is None or len(call.args) <= position:
        return None
    pieces = list(_pieces(call.args[position]))
    if len(call.args) > position + 1 or call.keywords:  # loguru fills braces with these
        pieces = [
            part for text, is_constant in pieces for part in (_split(text, _BRACES) if is_constant else [(text, False)])
        ]
    constants = [piece for piece, is_constant in pieces if is_constant]
    if not any(each.strip() for each in constants):
        return None
    form = "".join(re2.escape(piece) if is_constant else ".*" for piece, is_constant in pieces)
    return Template("".join(piece for piece, _ in pieces), re2.compile(f"(?s){form}"))


def _pieces(node: ast.expr) -> Iterator[tuple[str, bool]]:
    """Return the parts of a text expression, each with whether it is constant."""
    match node:
        case ast.Constant(value=str(text)):
            yield text, True
        case ast.JoinedStr(values=values):
            for value in values:
                yield from _pieces(value)
        case ast.FormattedValue(value=value):
            yield f"{{{ast.unparse(value)}}}", False
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            yield from _split(text, _PERCENT)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            yield from _split(text, _BRACES)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from _pieces(left)
            yield from _pieces(right)
        case _:
            yield f"{{{ast.unparse(node)}}}", False


def _split(text: str, directive: Any) -> Iterator[tuple[str, bool]]:
    done = 0
    for match in directive.finditer(text):
        yield text[done : match.start()], True
        yield match[0], False
        done = match.end()
    yield text[done:], True
