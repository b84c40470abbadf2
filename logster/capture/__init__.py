"""Capture: a Python program's errors and log records → snapshots, on the caller's thread and without I/O."""
