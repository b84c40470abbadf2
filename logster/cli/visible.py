"""Makes what a stranger wrote harmless for a terminal: control characters become visible, none is ever obeyed."""

import re

# C0, DEL and C1; what turns the direction of text round, is invisible or breaks lines; and halves of pairs.
HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_NAMES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\x1b"}


def visible(text: str, *, lines: bool = False) -> str:
    """Return `text` with control characters as escapes.

    Arguments:
        text: anything at all.
        lines: whether the ends of lines stay, and tabs become spaces.
    """
    if lines:
        return "\n".join(visible(line.replace("\t", "    ")) for line in text.split("\n"))
    return HARMFUL.sub(_escape, text)


def first_line(text: str) -> str:
    """Return the first line of `text` that says something, harmless, and whether there are more as an ellipsis."""
    line, _, rest = text.strip().partition("\n")
    return visible(line.rstrip()) + (" …" if rest.strip() else "")


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    number = ord(character)
    if character in _NAMES:
        return _NAMES[character]
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
