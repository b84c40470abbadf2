"""The project's website: what Logster is, and a live demo of it. Run it with `python -m web`."""
