"""What the website itself can be set to, beyond Logster's own settings: SITE_* variables, validated."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from logster.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the website runs.

    Arguments:
        url: where the site is reached from outside, as https://logster.example; for the sitemap and for search engines.
        docs: the directory of the documentation; by default docs/ beside the directory of this package.
        sandboxes: how many visitors' logs are kept at a time.
        idle_seconds: how long a visitor's log is kept after the last visit.
        life_seconds: how long a visitor's log is kept at all.
        changes: how many errors and changes one sandbox takes.
        new_per_minute: how many sandboxes one client gets in a minute.
        errors_per_minute: how many errors one client may cause in a minute.
        changes_per_minute: how many changes one client may make in a minute.
        searches_per_minute: how many searches one client may make in a minute.
        reads_per_minute: how many pages of the log one client may ask for in a minute.
    """

    url: str = ""
    docs: str = ""
    sandboxes: int = 100
    idle_seconds: int = 3_600
    life_seconds: int = 6 * 3_600
    changes: int = 300
    new_per_minute: int = 10
    errors_per_minute: int = 30
    changes_per_minute: int = 60
    searches_per_minute: int = 120
    reads_per_minute: int = 600

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Options":
        """Return the options that SITE_* variables ask for.

        Raises:
            ConfigurationError: a value is not allowed; says which, and what is.
        """
        known = {f"SITE_{each.name.upper()}": each for each in fields(cls)}
        found: dict[str, Any] = {
            known[name].name: _value(name, text, known[name].type) for name, text in environ.items() if name in known
        }
        return cls(**found)


def _value(name: str, text: str, kind: object) -> str | int:
    if kind is int:
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**9):
            raise ConfigurationError(f"{name} is {text!r}; allowed is a whole number above zero.")
        return int(text)
    if name == "SITE_DOCS":
        return text
    if text and not text.startswith(("http://", "https://")):
        raise ConfigurationError(f"{name} is {text!r}; allowed is an address that begins with https:// or http://.")
    return text.rstrip("/")
