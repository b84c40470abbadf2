"""One frozen Settings: defaults, LOGSTER_* variables, and validation with clear errors.

Owns what can be configured and which values are allowed. Does not connect to anything.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, get_type_hints

from logster.errors import ConfigurationError
from logster.patterns import rules
from logster.redis_url import parts_of, public

URL_FORMS = (
    "redis://HOST:PORT/DB, rediss://HOST:PORT/DB, unix:///PATH, redis+sentinel://HOST:PORT,…/NAME/DB, "
    "redis+cluster://HOST:PORT, embedded:PATH or memory://"
)
_SCHEMES = {"redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster"}
_NAMESPACE = re.compile(r"[A-Za-z0-9._~-]{1,100}")
_SENTRY_KEY = re.compile(r"[A-Za-z0-9_]{16,64}", re.ASCII)
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def _setting(default: Any, doc: str, *, minimum: float | None = None, maximum: float | None = None) -> Any:
    metadata = {"doc": doc, "minimum": minimum, "maximum": maximum}
    if isinstance(default, list | dict):
        raise TypeError("settings are immutable: use a tuple")
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set, validated when it is made.

    Raises:
        ConfigurationError: a value is not allowed; says which setting, what was given and what is allowed.
    """

    # Where to
    redis_url: str = _setting("redis://localhost:6379/0", f"where the entries are kept: {URL_FORMS}")
    namespace: str | Callable[[], str] = _setting(
        "default", "whose entries these are: a name, or a callable that returns it for the current context"
    )
    redis_timeout_seconds: float = _setting(2.0, "how long one answer of Redis may take", minimum=0.01, maximum=60)

    # What is kept
    max_backlog: int = _setting(
        1_000, "how many entries are kept, protected ones not counted", minimum=1, maximum=10_000_000
    )
    max_age_seconds: int = _setting(
        7 * 86_400, "how long an entry is kept after it was last seen", minimum=60, maximum=10 * 365 * 86_400
    )
    max_env_count_per_entry: int = _setting(50, "how many env samples an entry keeps", minimum=0, maximum=1_000)
    max_env_bytes: int = _setting(10_000, "the largest env sample, as JSON", minimum=200, maximum=1_000_000)
    maximum_message_length: int = _setting(10_000, "the longest message, in characters", minimum=50, maximum=1_000_000)
    maximum_entry_bytes: int = _setting(
        100_000, "the largest message with traceback, in bytes", minimum=2_000, maximum=10_000_000
    )
    solved_expire_seconds: int = _setting(
        90 * 86_400, "how long an entry stays declared solved", minimum=60, maximum=10 * 365 * 86_400
    )

    # What is reported
    application_version: str = _setting("", "the version of the app that reports, as shown and as solved in")
    hostname: str = _setting("short", "how this machine is called: short, full, or the name itself")
    project_root: str = _setting(
        "",
        "the directory of the app's own code; what lies outside is shown as library code (default: detected)",
    )
    ignore: tuple[Any, ...] = _setting(
        (), "what is never reported: strings, regular expressions, or mappings of env keys to these"
    )
    skip_empty: bool = _setting(True, "leave out records whose message is empty and that carry no exception")
    capture_locals: bool = _setting(False, "keep the local variables of in-app frames")
    breadcrumbs: int = _setting(
        0,
        "how many log records below the level of the handler are kept in each request, and shown with what is reported "
        "after them",
        minimum=0,
        maximum=100,
    )
    redact_keys: tuple[str, ...] = _setting((), "further names whose values are secret, added to the built-in ones")
    request_headers: tuple[str, ...] = _setting((), "further request headers to keep, added to the built-in ones")

    # How it is delivered
    queue_size: int = _setting(10_000, "how many occurrences may wait for the worker", minimum=10, maximum=1_000_000)
    max_pending_entries: int = _setting(
        2_000,
        "how many distinct entries the worker keeps in memory while Redis is away",
        minimum=10,
        maximum=1_000_000,
    )
    flush_interval_seconds: float = _setting(
        0.2,
        "how long equal occurrences are collected before they are written; up to three times that where none is news",
        minimum=0.0,
        maximum=60,
    )
    drain_seconds: float = _setting(
        3.0, "how long the end of the program may wait for reports to be written", minimum=0.0, maximum=300
    )
    synchronous: bool = _setting(False, "write each report before the logging call returns")
    spool_directory: str = _setting("", "where reports wait on disk while Redis is away; empty for nowhere")
    spool_max_bytes: int = _setting(
        100_000_000,
        "how much of a disk the files in `spool_directory` may take; the oldest are dropped, and counted",
        minimum=100_000,
        maximum=1_000_000_000_000,
    )

    # The viewer
    url: str = _setting("", "where the log is reached from outside, as https://shop.example/logs; for links in alerts")
    title: str = _setting("Logster", "the page title")
    notice: str = _setting("", "a line above the log, such as which environment this is; empty for none")
    back_to_site: str = _setting("/", "where the link back to the site leads; empty for no link")
    trusted_hops: int = _setting(
        0, "how many reverse proxies in front of the app append to X-Forwarded-For", minimum=0, maximum=10
    )
    project_directories: tuple[Any, ...] = _setting(
        (), "where source code is kept: PATH=URL, or mappings with path, url, main_app and host"
    )
    editor: str = _setting("", "the editor that source links open in development: vscode, pycharm, …")
    env_expandable_keys: tuple[str, ...] = _setting((), "env keys whose values are shown folded, to open with a click")
    same_origin_frames: bool = _setting(False, "let pages of the log's own origin show it in a frame")
    cookie_secure: bool = _setting(False, "send the viewer's cookie over HTTPS only, even where the app sees HTTP")

    # The beacon
    beacon: bool = _setting(True, "accept reports of JavaScript errors")
    beacon_per_minute: int = _setting(
        60, "how many JavaScript reports one client address may send in a minute", minimum=1, maximum=100_000
    )
    beacon_max_bytes: int = _setting(65_536, "the largest JavaScript report", minimum=1_000, maximum=10_000_000)
    source_maps_directory: str = _setting(
        "",
        "where the source maps of the site's scripts are, which stacks of browsers are resolved with; empty for none",
    )
    source_maps_max_bytes: int = _setting(
        64_000_000,
        "the largest source map that is read, and how much memory those that were read may take",
        minimum=100_000,
        maximum=2_000_000_000,
    )

    # Sentry's SDKs
    sentry_keys: tuple[str, ...] = _setting(
        (), "the keys of the DSNs with which Sentry SDKs may report here, https://KEY@HOST/logs/1; none switches it off"
    )
    sentry_per_minute: int = _setting(
        1_000, "how many events and logs of Sentry SDKs one address may send in a minute", minimum=1, maximum=10_000_000
    )
    sentry_max_bytes: int = _setting(
        1_000_000, "the largest body of a Sentry SDK as it comes, compressed", minimum=1_000, maximum=100_000_000
    )
    sentry_max_expanded_bytes: int = _setting(
        10_000_000, "the largest body of a Sentry SDK once it is expanded", minimum=1_000, maximum=100_000_000
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            value = _coerced(each.name, getattr(self, each.name))
            _check_bounds(each.name, value, each.metadata["minimum"], each.metadata["maximum"])
            object.__setattr__(self, each.name, value)
        _check_redis_url(self.redis_url)
        rules(self.ignore)
        _check_sentry_keys(self.sentry_keys)
        if isinstance(self.namespace, str):
            check_namespace(self.namespace)

    def __repr__(self) -> str:
        # Settings are printed and logged, and the URL may have a password.
        shown = {each.name: getattr(self, each.name) for each in fields(self)} | {"redis_url": public(self.redis_url)}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, **settings: Any) -> "Settings":
        """Return settings from LOGSTER_* variables, overridden by `settings`.

        Arguments:
            environ: the variables; the process's own by default.

        Raises:
            ConfigurationError: a setting does not exist or its value is not allowed.
        """
        environ = os.environ if environ is None else environ
        found = {
            each.name: environ[variable]
            for each in fields(cls)
            if (variable := f"LOGSTER_{each.name.upper()}") in environ
        }
        return cls(**known_settings(found | settings))

    def with_changes(self, **settings: Any) -> "Settings":
        """Return a copy with some settings changed.

        Raises:
            ConfigurationError: a setting does not exist or its value is not allowed.
        """
        return replace(self, **known_settings(settings))

    def current_namespace(self) -> str:
        """Return the namespace of the current context.

        Raises:
            ConfigurationError: the callable returned something that cannot be a namespace.
        """
        if isinstance(self.namespace, str):
            return self.namespace
        return check_namespace(self.namespace())


def known_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return `settings` as a dict, or raise ConfigurationError for a name that is no setting."""
    names = {each.name for each in fields(Settings)}
    for name in settings:
        if name not in names:
            raise ConfigurationError(f"There is no setting {name!r}. Settings are: {', '.join(sorted(names))}.")
    return dict(settings)


def check_namespace(namespace: object) -> str:
    """Return `namespace`, or raise ConfigurationError where it cannot be part of a key name."""
    if not isinstance(namespace, str) or not _NAMESPACE.fullmatch(namespace):
        raise ConfigurationError(
            f"Setting 'namespace' is {namespace!r}; allowed are 1 to 100 letters, digits, dots, underscores, "
            "tildes and hyphens."
        )
    return namespace


def _coerced(name: str, value: Any) -> Any:
    kind = _KINDS[name]
    if kind is bool:
        return _boolean(name, value)
    if kind in (int, float):
        return _number(name, value, kind)
    if kind is tuple:
        return _several(name, value)
    if name == "namespace" and callable(value):
        return value
    if not isinstance(value, str):
        raise ConfigurationError(f"Setting {name!r} is {value!r}; allowed is text.")
    return value


def _boolean(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ConfigurationError(f"Setting {name!r} is {value!r}; allowed are true and false.")


def _number(name: str, value: Any, kind: type) -> int | float:
    what = "a whole number" if kind is int else "a number"
    try:
        if isinstance(value, bool) or (kind is int and isinstance(value, float) and not value.is_integer()):
            raise ValueError
        number: int | float = kind(value)
    except (TypeError, ValueError, OverflowError):
        raise ConfigurationError(f"Setting {name!r} is {value!r}; allowed is {what}.") from None
    if number != number:
        raise ConfigurationError(f"Setting {name!r} is {value!r}; allowed is {what}.")
    return number


def _several(name: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    try:
        return tuple(value)
    except TypeError:
        raise ConfigurationError(f"Setting {name!r} is {value!r}; allowed is a list.") from None


def _check_bounds(name: str, value: Any, minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and maximum is not None and not minimum <= value <= maximum:
        raise ConfigurationError(f"Setting {name!r} is {value!r}; allowed is {minimum} to {maximum}.")


def _check_redis_url(url: str) -> None:
    if url == "memory://" or (url.startswith("embedded:") and len(url) > len("embedded:")):
        return
    scheme, authority, path = parts_of(url)
    if scheme not in _SCHEMES or not (authority or (scheme == "unix" and path)):
        raise ConfigurationError(f"Setting 'redis_url' is {public(url)!r}; allowed are {URL_FORMS}.")


def _check_sentry_keys(keys: tuple[Any, ...]) -> None:
    for each in keys:
        if not isinstance(each, str) or not _SENTRY_KEY.fullmatch(each):
            raise ConfigurationError(
                "Setting 'sentry_keys' has a key that is none; allowed are 16 to 64 letters, digits and underscores, "
                "such as secrets.token_hex(16) makes."
            )


def _kind(hint: Any) -> type:
    origin = getattr(hint, "__origin__", hint)
    return origin if origin in (bool, int, float, tuple) else str


_KINDS = {name: _kind(hint) for name, hint in get_type_hints(Settings).items()}

DEFAULTS: dict[str, Any] = {each.name: each.default for each in fields(Settings) if each.default is not MISSING}
