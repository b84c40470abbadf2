"""Where in an app the GUI stands: which request paths are its own. Knows neither ASGI nor WSGI."""

from logster.errors import ConfigurationError


class MountPoint:
    """A path such as "/logs" and everything below it; None is nowhere.

    Raises:
        ConfigurationError: the path does not start with a slash, or is the whole app.
    """

    def __init__(self, path: str | None) -> None:
        if path is not None and not (path.startswith("/") and path.strip("/")):
            raise ConfigurationError(
                f"The path of the GUI is {path!r}; allowed is one that starts with a slash and names something, such "
                "as '/logs', or None for no GUI. To serve nothing but the GUI, run logster.Viewer() by itself."
            )
        self.path = path.rstrip("/") if path else ""

    def holds(self, path: str) -> bool:
        """Return whether `path` belongs to the GUI: /logs and /logs/show/…, but not /logsx."""
        return bool(self.path) and (path == self.path or path.startswith(self.path + "/"))

    def shown_at(self, root: str) -> str:
        """Return where the GUI is in an app that stands at `root`; empty where there is none."""
        return root + self.path if self.path else ""

    def below(self, path: str) -> str:
        """Return what follows the mount point in a path that it holds: nothing, or a path with its leading slash."""
        return path[len(self.path) :]
