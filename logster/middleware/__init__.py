"""Middleware that adds Logster to a web app in one line: request env, uncaught errors, and the GUI at a path."""
