"""What goes wrong with a release and concerns who asked for it."""


class Failure(Exception):
    """Says what went wrong, and how things stand now."""
