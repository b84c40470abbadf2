"""The command line of the website: where it listens, where its data lies, how it starts and ends."""

import argparse
import logging
import os
import socket
import sys
from collections.abc import Sequence

import uvicorn

import logster
from logster import service
from web.site import create

DESCRIPTION = "Run Logster's website with its live demo; the errors of the demo are at /logs."
IN_USE = """\
{host}:{port} is in use, perhaps by another demo. Stop that one, or take another port:
    make demo ADDRESS={host}:{other}
    python -m web --address {host}:{other}"""


class Server(uvicorn.Server):
    """A uvicorn that says where it is once it answers."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets and self.started:
            host, port = sockets[0].getsockname()[:2]
            name = f"[{host}]" if ":" in host else host
            print(f"Logster's website: http://{name}:{port}/   its log: http://{name}:{port}/logs/", flush=True)
            print("Ctrl-C stops it; what it recorded is kept.", flush=True)


class OneLine(logging.Formatter):
    """A record without its traceback: that is what /logs is for."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        kind = f" ({type(error).__name__})" if error else ""
        return f"{record.levelname:8} {record.name}: {record.getMessage()}{kind}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the website until it is interrupted, and return the exit status."""
    options = _options(arguments)
    host, port = options.address
    try:
        listener = _listen(host, port)
    except OSError as error:
        print(f"Cannot listen on {host}:{port}: {error.strerror}.", file=sys.stderr)
        print(IN_USE.format(host=host, port=port, other=port + 1), file=sys.stderr)
        return 1
    _configure(options.data)
    with listener:
        try:
            _server(options.jobs).run(sockets=[listener])
        except KeyboardInterrupt:
            print("Stopped.", flush=True)
        finally:
            service.current().close()
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m web", description=DESCRIPTION)
    parser.add_argument("--address", type=_address, default="127.0.0.1:8000", metavar="HOST:PORT")
    parser.add_argument(
        "--data",
        default=".demo",
        metavar="DIR",
        help="where the embedded server keeps the entries; LOGSTER_REDIS_URL names another one",
    )
    parser.add_argument(
        "--no-jobs", dest="jobs", action="store_false", help="do without the jobs that now and then fail by themselves"
    )
    return parser.parse_args(arguments)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (host and port.isdigit() and int(port) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no address; write HOST:PORT, such as 127.0.0.1:8000")
    return host.strip("[]"), int(port)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _configure(data: str) -> None:
    where = {} if "LOGSTER_REDIS_URL" in os.environ else {"redis_url": f"embedded:{data}"}
    logster.configure(application_version=logster.__version__, title="Logster demo", same_origin_frames=True, **where)
    console = logging.StreamHandler()
    console.setFormatter(OneLine())
    console.setLevel(logging.WARNING)
    # Not by basicConfig, which would give the handler a format of its own.
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(console)
    root.addHandler(logster.LogsterHandler())


def _server(jobs: bool) -> Server:
    # Pages that listen to live events stay connected; a second is what they get to leave.
    config = uvicorn.Config(
        create(jobs=jobs), log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1
    )
    return Server(config)
