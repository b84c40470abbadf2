"""Releases of the app inside a container: made of a source, current one after the other, and taken over unnoticed."""
