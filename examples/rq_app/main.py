"""Sends two jobs, and goes on as the worker that does them: `python examples/rq_app/main.py`."""

import os
import sys
from pathlib import Path

import rq
from app import REDIS_URL, queue

queue.enqueue("app.ship", 7)
queue.enqueue("app.charge", 7, "tok-4711", retry=rq.Retry(max=1))
os.chdir(Path(__file__).parent)
worker = ["worker", "--worker-class", "logster.integrations.rq.Worker", "--path", ".", "--url", REDIS_URL, "shop"]
os.execv(sys.executable, [sys.executable, "-m", "rq.cli", *worker, *sys.argv[1:]])
