"""Sends two jobs, and goes on as the workers that do them: `python examples/dramatiq_app/main.py`."""

import os
import sys
from pathlib import Path

from app import charge, ship

ship.send(7)
charge.send(7, "tok-4711")
os.chdir(Path(__file__).parent)
os.execv(sys.executable, [sys.executable, "-m", "dramatiq", "app", "--processes", "2", "--threads", "2", *sys.argv[1:]])
