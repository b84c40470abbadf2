"""A worker that says when it serves, and that answers everything it has taken on before it ends."""

import asyncio
import socket
import sys

from gunicorn.arbiter import Arbiter
from uvicorn.server import Server
from uvicorn_worker import UvicornWorker

from serving import ready

SETTLE_SECONDS = 0.2
LONGEST_SECONDS = 10


class PatientServer(Server):
    """Reads what has arrived on connections that were just taken, before it says on each that it is over."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await asyncio.sleep(SETTLE_SECONDS)
        await super().shutdown(sockets)


class SiteWorker(UvicornWorker):
    """A uvicorn worker of the site. Its app itself takes the client's address from the proxy."""

    CONFIG_KWARGS = {  # noqa: RUF012 - as in the base class
        "loop": "auto",
        "http": "auto",
        "proxy_headers": False,
        "server_header": False,
        "timeout_graceful_shutdown": LONGEST_SECONDS,
    }
    _has_begun = False

    async def callback_notify(self) -> None:
        # uvicorn calls for the first time once the app has started and the sockets are open.
        if not self._has_begun:
            self._has_begun = True
            ready.announce()
        await super().callback_notify()

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        server = PatientServer(self.config)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
