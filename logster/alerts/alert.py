"""One alert: why it was raised, about which entry, and how it reads. Knows no channel."""

from typing import Any, Literal

import msgspec

from logster.entry import level_name

Kind = Literal["new", "regressed", "milestone", "rate"]

KINDS: tuple[Kind, ...] = ("new", "regressed", "milestone", "rate")

_SUBJECT_LENGTH = 120


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What people are told.

    `kind` is why: an entry seen for the first time ("new"), one that came back after it was solved ("regressed"),
    one that reached a power of ten occurrences ("milestone"), or a rate over its limit ("rate"; then `rate`,
    `limit` and `per` are set and `key` is empty). `url` is the permalink. Times are milliseconds since the epoch.
    """

    kind: Kind
    namespace: str
    level: int
    time_ms: int
    key: str = ""
    logger: str = ""
    message: str = ""
    exception_type: str = ""
    location: str = ""
    version: str = ""
    count: int = 0
    url: str = ""
    rate: int = 0
    limit: int = 0
    per: str = ""

    @property
    def subject(self) -> str:
        """The alert in one line, without line breaks, fit for a mail's subject."""
        line = " ".join(f"{self._reason()}: {self._what()}".split())
        return line if len(line) <= _SUBJECT_LENGTH else line[: _SUBJECT_LENGTH - 1] + "…"

    @property
    def text(self) -> str:
        """The alert as plain text: what happened, where, how often, and where to look."""
        facts = {
            "Level": level_name(self.level),
            "Logger": self.logger,
            "Where": self.location,
            "Version": self.version,
            "Occurrences": f"{self.count:,}" if self.count else "",
            "Rate": f"{self.rate:,} a {self.per}, limit {self.limit:,}" if self.kind == "rate" else "",
            "Site": "" if self.namespace == "default" else self.namespace,
        }
        lines = [self.subject, ""]
        if self.message:
            lines += [self.message, ""]
        lines += [f"{name}: {fact}" for name, fact in facts.items() if fact]
        if self.url:
            lines += ["", self.url]
        return "\n".join(lines) + "\n"

    def as_json(self) -> bytes:
        """Return the alert as the JSON object that webhooks receive."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        return msgspec.json.encode(fields | {"level": level_name(self.level), "level_number": self.level})

    def _reason(self) -> str:
        match self.kind:
            case "new":
                return "New"
            case "regressed":
                return "Regressed"
            case "milestone":
                return f"{self.count:,} times"
            case _:
                return f"{self.rate:,} reports a {self.per}"

    def _what(self) -> str:
        if self.kind == "rate":
            return f"{level_name(self.level)} and the like are over the limit of {self.limit:,}"
        return ": ".join(part for part in (self.exception_type, self.message.split("\n", 1)[0]) if part)
