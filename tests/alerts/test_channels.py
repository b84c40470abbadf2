"""Channels, each against a real receiver."""

import email
import email.policy
import json

import msgspec
import pytest

from logster.alerts import Alert, AppriseChannel, MailChannel, WebhookChannel
from logster.alerts.webhook import SIGNATURE_HEADER, signature
from logster.errors import ConfigurationError

from .conftest import Hook, Mailbox


def test_a_mail_carries_the_cause_and_the_permalink(mailbox: Mailbox, alert: Alert) -> None:
    MailChannel(["ops@example.org"], sender="logster@example.org", host="127.0.0.1", port=mailbox.port).send(alert)
    ((sender, to, content),) = mailbox.mails
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert (sender, to) == ("logster@example.org", ["ops@example.org"])
    assert mail["Subject"] == "[Logster] New: ValueError: Order 12 failed"
    assert "shop.orders.place:41" in mail.get_content()
    assert alert.url in mail.get_content()


def test_a_message_cannot_add_headers_to_a_mail(mailbox: Mailbox, alert: Alert) -> None:
    hostile = msgspec.structs.replace(alert, message="x\r\nBcc: all@example.org", exception_type="E\r\nX-Evil: 1")
    MailChannel(["ops@example.org"], sender="logster@example.org", host="127.0.0.1", port=mailbox.port).send(hostile)
    ((_, to, content),) = mailbox.mails
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert to == ["ops@example.org"]
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None


@pytest.mark.parametrize(
    ("to", "sender", "security"),
    [([], "a@b", "none"), (["a@b\nBcc: c@d"], "a@b", "none"), (["a@b"], "", "none"), (["a@b"], "a@b", "ssl")],
)
def test_a_mail_channel_that_cannot_work_is_a_configuration_error(to: list[str], sender: str, security: str) -> None:
    with pytest.raises(ConfigurationError):
        MailChannel(to, sender=sender, security=security)  # type: ignore[arg-type]


def test_a_webhook_receives_the_alert_signed(hook: Hook, alert: Alert) -> None:
    WebhookChannel(f"{hook.url}/in?token=1", secret="s3cret").send(alert)
    ((path, headers, body),) = hook.posts
    assert path == "/in?token=1"
    assert json.loads(body)["level"] == "ERROR"
    assert json.loads(body)["url"] == alert.url
    seconds = int(headers[SIGNATURE_HEADER].split(",")[0].removeprefix("t="))
    assert headers[SIGNATURE_HEADER] == signature(b"s3cret", body, seconds)
    assert headers[SIGNATURE_HEADER] != signature(b"other", body, seconds)


def test_a_webhook_is_not_led_into_a_private_network(hook: Hook, alert: Alert) -> None:
    hook.answers["/in"] = (307, {"Location": f"{hook.url}/inside"})
    with pytest.raises(OSError, match="private network"):
        WebhookChannel(f"{hook.url}/in").send(alert)
    assert [path for path, _, _ in hook.posts] == ["/in"]


def test_a_webhook_follows_a_redirect_into_a_private_network_when_allowed(hook: Hook, alert: Alert) -> None:
    hook.answers["/in"] = (308, {"Location": "/inside"})
    WebhookChannel(f"{hook.url}/in", allow_private=True).send(alert)
    assert [path for path, _, _ in hook.posts] == ["/in", "/inside"]


def test_a_webhook_that_redirects_for_ever_is_given_up(hook: Hook, alert: Alert) -> None:
    hook.answers["/in"] = (307, {"Location": "/in"})
    with pytest.raises(OSError, match="more than 3 times"):
        WebhookChannel(f"{hook.url}/in", allow_private=True).send(alert)


@pytest.mark.parametrize("status", [301, 303, 400, 500])
def test_a_webhook_that_does_not_take_the_alert_is_an_error(hook: Hook, alert: Alert, status: int) -> None:
    hook.answers["/in"] = (status, {"Location": "/elsewhere"})
    with pytest.raises(OSError, match=str(status)):
        WebhookChannel(f"{hook.url}/in").send(alert)


@pytest.mark.parametrize("url", ["ftp://host/x", "/logs", "file:///etc/passwd", "https://"])
def test_only_http_urls_can_be_webhooks(url: str) -> None:
    with pytest.raises(ConfigurationError, match="http"):
        WebhookChannel(url)


def test_a_webhooks_secret_parts_are_not_shown() -> None:
    assert (
        repr(WebhookChannel("https://user:pw@hooks.example/T0/secret?k=v")) == "WebhookChannel(https://hooks.example)"
    )


APPRISE_IMPORTS_IMGHDR = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@APPRISE_IMPORTS_IMGHDR
def test_apprise_carries_the_alert(hook: Hook, alert: Alert) -> None:
    AppriseChannel(f"json://127.0.0.1:{hook.port}/in").send(alert)
    ((_, _, body),) = hook.posts
    assert json.loads(body)["title"] == alert.subject
    assert alert.url in json.loads(body)["message"]


@APPRISE_IMPORTS_IMGHDR
def test_apprise_that_fails_is_an_error(hook: Hook, alert: Alert) -> None:
    hook.answers["/in"] = (500, {})
    with pytest.raises(OSError, match="Apprise"):
        AppriseChannel(f"json://127.0.0.1:{hook.port}/in").send(alert)


@APPRISE_IMPORTS_IMGHDR
def test_an_apprise_url_that_is_not_understood_is_not_shown() -> None:
    with pytest.raises(ConfigurationError, match="number 1") as caught:
        AppriseChannel("nonsense://secret")
    assert "secret" not in str(caught.value)
