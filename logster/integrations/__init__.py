"""Integrations: each a thin file that knows one framework or library, and is imported by those who use that."""
