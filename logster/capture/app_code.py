"""Which code is the app's own, and which a library's. Reads no file, so that the caller's thread may ask too."""

import os
import sys
from functools import lru_cache
from pathlib import Path

LIBRARY_DIRECTORIES = ("site-packages", "dist-packages")
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
# What sysconfig would say as well, which takes a quarter of a megabyte for it.
STANDARD_LIBRARY = tuple(
    {
        str(Path(os.__file__).parent) + os.sep,
        str(Path(sys.base_prefix, "lib", _PYTHON)) + os.sep,
        str(Path(sys.base_exec_prefix, sys.platlibdir, _PYTHON)) + os.sep,
    }
)
# As imported, not resolved: code objects name their files through the same symbolic links.
_OWN_CODE = str(Path(os.path.abspath(__file__)).parent.parent) + os.sep  # noqa: PTH100
_MAX_FILES = 10_000


class AppCode:
    """The code of the app.

    Arguments:
        project_root: the directory of the app's own code; by default where the program was started.
    """

    def __init__(self, project_root: str = "") -> None:
        self._roots = _roots(project_root)
        self.holds = lru_cache(maxsize=_MAX_FILES)(self._holds)

    def _holds(self, filename: str, module: str) -> bool:
        """Return whether a file belongs to the app and not to a library."""
        if filename.startswith("<"):
            return module == "__main__" and not filename.startswith("<frozen")
        path = os.path.abspath(filename)  # noqa: PTH100 - Path.absolute keeps ".."
        if any(f"{os.sep}{each}{os.sep}" in path for each in LIBRARY_DIRECTORIES):
            return False
        return path.startswith(self._roots) and not path.startswith((*STANDARD_LIBRARY, _OWN_CODE))


def _roots(project_root: str) -> tuple[str, ...]:
    if project_root:
        places = [project_root]
    else:
        main = getattr(sys.modules.get("__main__"), "__file__", None)
        places = [_working_directory(), sys.path[0] if sys.path else "", str(Path(main).parent) if main else ""]
    return tuple({os.path.abspath(each).rstrip(os.sep) + os.sep for each in places if each})  # noqa: PTH100


def _working_directory() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it may have been removed
        return ""
