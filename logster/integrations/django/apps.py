"""The Django app: takes up the dict LOGSTER, listens to logging and to requests that fail."""

import logging

from django.apps import AppConfig
from django.core.checks import register
from django.core.signals import got_request_exception

from logster import service as services
from logster.capture.handler import LogsterHandler
from logster.delivery.stderr import complain
from logster.integrations.django import checks, uncaught
from logster.integrations.django.configuration import LABEL, NAME, configuration
from logster.integrations.root_handler import has_handler


class LogsterConfig(AppConfig):
    """Makes this process report as LOGSTER says.

    What is wrong with LOGSTER is in `problem`, for the system checks to tell; then nothing is reported, and the
    site goes on.
    """

    name = NAME
    label = LABEL
    verbose_name = "Logster"
    problem = ""

    def ready(self) -> None:
        """Take up LOGSTER; Django calls this once, when its own settings and LOGGING hold."""
        for check in (checks.check_settings, checks.check_middleware, checks.check_urls):
            register(check, LABEL)
        try:
            found = configuration()
            handler = None if found.level is None else LogsterHandler(found.level)
            services.configure(**found.settings)
        except Exception as error:
            self.problem = str(error)
            complain(f"nothing is reported, because the setting LOGSTER cannot be used: {self.problem}")
            return
        if handler is not None and not has_handler():
            logging.getLogger().addHandler(handler)
        logging.getLogger(uncaught.LOGGER).addFilter(uncaught.leave_out)
        got_request_exception.connect(uncaught.report, dispatch_uid="logster")
