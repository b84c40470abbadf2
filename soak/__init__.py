"""Soak: the long forms of what the tests show in short, which `make soak` runs and writes to docs/reliability.md."""
