"""How gunicorn serves the site. SITE_WORKERS and SITE_BIND come from the site's config."""

import ctypes
import os
import signal

from serving import capacity, ready

wsgi_app = "web.production:app"
worker_class = "serving.worker.SiteWorker"
preload_app = True
workers = capacity.workers(os.environ.get("SITE_WORKERS", "auto"))
bind = os.environ["SITE_BIND"]
pidfile = "/run/site/gunicorn.pid"
worker_tmp_dir = "/run/site"
control_socket_disable = True
timeout = 60
graceful_timeout = 20
proc_name = "site"

# https://man7.org/linux/man-pages/man2/prctl.2.html
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
_libc = ctypes.CDLL(None)
# Executed anew it would be called after the interpreter.
_libc.prctl(_PR_SET_NAME, b"site-app")


def post_fork(server, worker):  # noqa: ARG001 - gunicorn's names
    """End a worker with its master, however that ends: what no master watches would hold on to the socket."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def child_exit(server, worker):  # noqa: ARG001
    ready.withdraw(worker.pid)
