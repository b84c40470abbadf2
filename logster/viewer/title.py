"""Title: what is said of an entry first: its message and the type of its exception, neither of them twice."""

from typing import NamedTuple

from logster.entry import Entry


class Title(NamedTuple):
    """The heading of an entry.

    Arguments:
        text: the message, without a type before it that `type` says.
        type: the type of the exception.
        raised: the message of the exception where `text` does not say it.
    """

    text: str
    type: str = ""
    raised: str = ""


def title(entry: Entry) -> Title:
    """Return the heading of an entry; what nobody caught has a message of the form "Type: text"."""
    message = entry.message.strip()
    kind = entry.exception_type.strip()
    raised = entry.exception.message.strip() if entry.exception else ""
    if not kind:
        return Title(message)
    for name in (kind, kind.rpartition(".")[2]):
        if message == name:
            return Title(raised or message, kind if raised else "")
        if message.startswith(f"{name}: "):
            return Title(message[len(name) + 2 :].strip(), kind)
    return Title(message, kind, "" if raised == message else raised)
