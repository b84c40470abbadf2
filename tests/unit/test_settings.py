"""Settings say what is wrong with a value, and which of the three ways to set one wins."""

import dataclasses
import re

import pytest

from logster.errors import ConfigurationError
from logster.settings import DEFAULTS, Settings


def test_the_defaults_are_valid() -> None:
    settings = Settings()
    assert {name: getattr(settings, name) for name in DEFAULTS} == DEFAULTS


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().max_backlog = 1  # type: ignore[misc]


def test_variables_are_read_by_type() -> None:
    settings = Settings.from_environment(
        {
            "LOGSTER_MAX_BACKLOG": "5_000",
            "LOGSTER_BEACON": "off",
            "LOGSTER_FLUSH_INTERVAL_SECONDS": "0.5",
            "LOGSTER_REDACT_KEYS": "iban, passport",
            "LOGSTER_TITLE": "Errors",
        }
    )
    assert settings.max_backlog == 5_000
    assert settings.beacon is False
    assert settings.flush_interval_seconds == 0.5
    assert settings.redact_keys == ("iban", "passport")
    assert settings.title == "Errors"


def test_an_argument_wins_over_a_variable() -> None:
    assert Settings.from_environment({"LOGSTER_TITLE": "variable"}, title="argument").title == "argument"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("max_backlog", 0, "1 to 10000000"),
        ("max_backlog", "many", "a whole number"),
        ("max_backlog", 2.5, "a whole number"),
        ("flush_interval_seconds", -1, "0.0 to 60"),
        ("flush_interval_seconds", float("nan"), "a number"),
        ("beacon", "perhaps", "true and false"),
        ("title", 7, "text"),
        ("ignore", 7, "a list"),
        ("namespace", "a b", "letters, digits"),
        ("redis_url", "http://cache", "redis://"),
        ("redis_url", "embedded:", "embedded:PATH"),
    ],
)
def test_a_wrong_value_is_named_with_its_setting_and_what_is_allowed(name: str, value: object, allowed: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Settings(**{name: value})
    assert repr(name) in str(raised.value)
    assert repr(value) in str(raised.value)
    assert allowed in str(raised.value)


def test_an_unknown_setting_is_named_beside_those_that_exist() -> None:
    with pytest.raises(ConfigurationError, match=r"no setting 'max_backlock'.*max_backlog"):
        Settings().with_changes(max_backlock=1)


def test_a_wrong_redis_url_does_not_show_its_password() -> None:
    with pytest.raises(ConfigurationError) as raised:
        Settings(redis_url="http://user:hunter2@cache")
    assert "hunter2" not in str(raised.value)


def test_a_namespace_that_is_called_is_checked_when_called() -> None:
    assert Settings(namespace=lambda: "shop").current_namespace() == "shop"
    with pytest.raises(ConfigurationError, match="'namespace' is 'a b'"):
        Settings(namespace=lambda: "a b").current_namespace()


@pytest.mark.parametrize("ignore", [[1], [""], [re.compile("(?=a)")], [{}]])
def test_what_cannot_be_ignored_is_refused_at_once(ignore: list[object]) -> None:
    with pytest.raises(ConfigurationError, match="Setting 'ignore' holds"):
        Settings(ignore=ignore)
