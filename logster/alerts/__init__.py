"""Alerts: what happened to an entry, carried to people by e-mail, webhook or Apprise."""

from logster.alerts.alert import Alert as Alert
from logster.alerts.alert import Kind as Kind
from logster.alerts.apprise import AppriseChannel as AppriseChannel
from logster.alerts.dispatcher import Channel as Channel
from logster.alerts.dispatcher import Dispatcher as Dispatcher
from logster.alerts.mail import MailChannel as MailChannel
from logster.alerts.rule import alert as alert
from logster.alerts.webhook import WebhookChannel as WebhookChannel
