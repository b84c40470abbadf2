"""Alerts to whatever Apprise reaches: chat, push, SMS, … (extra `apprise`)."""

from collections.abc import Sequence
from typing import Any

from logster.alerts.alert import Alert
from logster.errors import ConfigurationError, MissingExtra


class AppriseChannel:
    """Sends each alert to Apprise's notification URLs.

    Arguments:
        urls: one or more, as in https://github.com/caronc/apprise/wiki.

    Raises:
        MissingExtra: Apprise is not installed.
        ConfigurationError: Apprise does not understand a URL.
    """

    def __init__(self, urls: str | Sequence[str]) -> None:
        try:
            import apprise
        except ImportError:
            raise MissingExtra("An AppriseChannel", "apprise") from None
        self._apprise: Any = apprise.Apprise()
        # The URLs hold secrets, so an error counts them and does not show them.
        for position, url in enumerate([urls] if isinstance(urls, str) else urls, 1):
            if not self._apprise.add(url):
                raise ConfigurationError(f"Apprise does not understand notification URL number {position}.")

    def __repr__(self) -> str:
        return f"AppriseChannel({len(self._apprise)} URLs)"

    def send(self, alert: Alert) -> None:
        """Send one alert.

        Raises:
            OSError: at least one of the services was not reached.
        """
        if not self._apprise.notify(title=alert.subject, body=alert.text):
            raise OSError("Apprise could not notify every service")
