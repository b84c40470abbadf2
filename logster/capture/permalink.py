"""permalink(): where the error that a request ended with can be read, for the app's own error page."""

from urllib.parse import quote

from logster import service as services
from logster.capture.context import last_captured
from logster.delivery.silence import silence
from logster.delivery.stderr import complain
from logster.service import Service


def permalink(*, service: Service | None = None) -> str:
    """Return the address of the entry of the error that was reported last in this request.

    It is below the setting `url`, else below the path at which the middleware of the request shows the log. Where
    nothing was reported, or neither is known, it is empty. The entry is there as soon as the report is written.

    Arguments:
        service: to whom it was reported; this process's own by default.
    """
    try:
        snapshot, log_path = last_captured()
        service = service or services.running()
        if snapshot is None or service is None or silence.kept:
            return ""
        base = service.settings.url.rstrip("/") or quote(log_path)
        key = service.worker.key_of(snapshot) if base else ""
        return f"{base}/show/{key}" if key else ""
    except Exception as error:  # an error page has trouble enough
        complain(f"a permalink could not be made: {type(error).__name__}")
        return ""
