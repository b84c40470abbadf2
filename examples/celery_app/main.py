"""Sends two jobs, and goes on as the worker that does them: `python examples/celery_app/main.py`."""

import os
import sys
from pathlib import Path

from app import charge, ship

ship.delay(7)
charge.delay(7, "tok-4711")
os.chdir(Path(__file__).parent)
worker = ["-A", "app", "worker", "--concurrency", "2", "--loglevel", "INFO"]
os.execv(sys.executable, [sys.executable, "-m", "celery", *worker, *sys.argv[1:]])
