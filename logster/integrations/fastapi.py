"""Logster for FastAPI, which is a Starlette app."""

from logster.integrations.starlette import add_logster as add_logster
