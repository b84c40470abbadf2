"""Sends two jobs, and goes on as the workers that do them: `python examples/huey_app/main.py`."""

import os
import sys
from pathlib import Path

from app import charge, ship

ship(7)
charge(7, "tok-4711")
os.chdir(Path(__file__).parent)
consumer = ["-m", "huey.bin.huey_consumer", "app.huey", "--workers", "2", "--worker-type", "process"]
os.execv(sys.executable, [sys.executable, *consumer, *sys.argv[1:]])
