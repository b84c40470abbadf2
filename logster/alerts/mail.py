"""Alerts by e-mail over SMTP, with the standard library."""

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Literal

from logster.alerts.alert import Alert
from logster.errors import ConfigurationError

Security = Literal["starttls", "tls", "none"]


class MailChannel:
    """Sends each alert as a plain-text mail.

    Arguments:
        to: addresses that receive the mails.
        sender: the address they come from.
        host, port: the SMTP server.
        user, password: the login; empty for none.
        security: "starttls" (usual on port 587), "tls" (usual on 465) or "none".
        timeout_seconds: how long one answer of the server may take.

    Raises:
        ConfigurationError: no address, or a line break in one.
    """

    def __init__(
        self,
        to: Sequence[str],
        *,
        sender: str,
        host: str = "localhost",
        port: int = 25,
        user: str = "",
        password: str = "",
        security: Security = "none",
        timeout_seconds: float = 10.0,
    ) -> None:
        self.to = [to] if isinstance(to, str) else list(to)
        for address in [*self.to, sender]:
            if not address or "\n" in address or "\r" in address:
                raise ConfigurationError(f"An alert cannot be mailed to or from {address!r}; give one address each.")
        if not self.to:
            raise ConfigurationError("A MailChannel needs an address to send to: MailChannel(['ops@example.org'], …).")
        if security not in ("starttls", "tls", "none"):
            raise ConfigurationError(f"A MailChannel's security is {security!r}; allowed are starttls, tls and none.")
        self.sender = sender
        self._server = (host, port)
        self._login = (user, password)
        self._security = security
        self._timeout = timeout_seconds

    def __repr__(self) -> str:
        return f"MailChannel({', '.join(self.to)} by {self._server[0]}:{self._server[1]})"

    def send(self, alert: Alert) -> None:
        """Send one alert.

        Raises:
            OSError: the server cannot be reached or refuses (smtplib's errors are OSErrors).
        """
        with self._connection() as connection:
            if any(self._login):
                connection.login(*self._login)
            connection.send_message(self._mail(alert))

    def _connection(self) -> smtplib.SMTP:
        host, port = self._server
        if self._security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=self._timeout, context=ssl.create_default_context())
        connection = smtplib.SMTP(host, port, timeout=self._timeout)
        if self._security == "starttls":
            try:
                connection.starttls(context=ssl.create_default_context())
            except BaseException:
                connection.close()
                raise
        return connection

    def _mail(self, alert: Alert) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = f"[Logster] {alert.subject}"
        mail["From"] = self.sender
        mail["To"] = ", ".join(self.to)
        mail["Date"] = formatdate()
        mail["Message-ID"] = make_msgid(domain="logster.invalid")
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(alert.text)
        return mail
