"""Source lines → coloured pieces, by Pygments. Owns in which language a file is, and the few kinds with a colour."""

from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import PurePosixPath
from typing import NamedTuple

from pygments.lexer import Lexer
from pygments.lexers.javascript import JavascriptLexer, TypeScriptLexer
from pygments.lexers.python import PythonLexer
from pygments.lexers.templates import HtmlDjangoLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

_LANGUAGES: dict[str, type[Lexer]] = {
    **dict.fromkeys((".py", ".pyw", ".pyx", ".pyi"), PythonLexer),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx"), JavascriptLexer),
    **dict.fromkeys((".ts", ".tsx", ".mts"), TypeScriptLexer),
    **dict.fromkeys((".html", ".jinja", ".jinja2", ".j2", ".txt"), HtmlDjangoLexer),
}

# The first kind of which a token is one; what is none of these has no colour.
_KINDS: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "comment"),
    (String, "string"),
    (Number, "number"),
    (Keyword.Constant, "number"),
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (Name.Tag, "keyword"),
    (Name.Decorator, "name"),
    (Name.Function, "name"),
    (Name.Class, "name"),
    (Name.Exception, "builtin"),
    (Name.Builtin, "builtin"),
)

# Far more than is kept around a frame; what an archive may bring is not worth a lexer's time.
_LONGEST = 20_000


class Piece(NamedTuple):
    """Neighbouring characters of one kind; an empty kind has no colour."""

    kind: str
    text: str


Pieces = tuple[Piece, ...]


@lru_cache(maxsize=2_048)
def highlighted(lines: tuple[str, ...], file: str) -> tuple[Pieces, ...]:
    """Return the pieces of each line of a stretch of `file`."""
    language = _language(PurePosixPath(file.partition("?")[0]).suffix.lower())
    if language is None or sum(map(len, lines)) > _LONGEST:
        return tuple((Piece("", line),) for line in lines)
    # Where a text in triple quotes begins or ends between the lines, only the line itself says which side is which.
    if _is_torn(lines):
        return tuple(_pieces(language, (line,))[0] for line in lines)
    return _pieces(language, lines)


def _is_torn(lines: tuple[str, ...]) -> bool:
    return any(sum(line.count(quotes) for line in lines) % 2 for quotes in ('"""', "'''"))


@cache
def _language(suffix: str) -> Lexer | None:
    language = _LANGUAGES.get(suffix)
    return language() if language else None


def _pieces(language: Lexer, lines: tuple[str, ...]) -> tuple[Pieces, ...]:
    found: list[list[Piece]] = [[]]
    for piece in _tokens(language, "\n".join(lines)):
        first, *rest = piece.text.split("\n")
        _extend(found[-1], piece.kind, first)
        for text in rest:
            found.append([])
            _extend(found[-1], piece.kind, text)
    return tuple(map(tuple, found))


def _tokens(language: Lexer, text: str) -> Iterator[Piece]:
    for _, token, value in language.get_tokens_unprocessed(text):
        yield Piece(next((kind for parent, kind in _KINDS if token in parent), ""), value)


def _extend(line: list[Piece], kind: str, text: str) -> None:
    if line and line[-1].kind == kind:
        line[-1] = Piece(kind, line[-1].text + text)
    elif text:
        line.append(Piece(kind, text))
