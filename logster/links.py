"""Where the source of a frame can be read: at its code host, or in a local editor.

Owns the forms of these links. Whether a link leads anywhere is not checked: no request is made.
"""

import re
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from logster.entry import Frame
from logster.errors import ConfigurationError
from logster.settings import Settings

# How each host writes a line of a file at a revision. Sources: the hosts' own pages, as reached by "copy permalink".
_FORMS = {
    "github": "{url}/blob/{revision}/{path}#L{line}",
    "gitlab": "{url}/-/blob/{revision}/{path}#L{line}",
    "gitea": "{url}/src/{kind}/{revision}/{path}#L{line}",
    "bitbucket": "{url}/src/{revision}/{path}#lines-{line}",
}
_HOSTS = {
    "github": ("github",),
    "gitlab": ("gitlab",),
    "gitea": ("gitea", "forgejo", "codeberg"),
    "bitbucket": ("bitbucket",),
}
_EDITORS = {
    "cursor": "cursor://file/{path}:{line}",
    "emacs": "emacs://open?url=file://{path}&line={line}",
    "idea": "idea://open?file={path}&line={line}",
    "macvim": "mvim://open?url=file://{path}&line={line}",
    "pycharm": "pycharm://open?file={path}&line={line}",
    "sublime": "subl://open?url=file://{path}&line={line}",
    "textmate": "txmt://open?url=file://{path}&line={line}",
    "vscode": "vscode://file/{path}:{line}",
    "vscodium": "vscodium://file/{path}:{line}",
    "windsurf": "windsurf://file/{path}:{line}",
    "zed": "zed://file/{path}:{line}",
}
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_SSH = re.compile(r"(?:ssh://)?git@(?P<host>[^:/]+)[:/](?P<path>.+)")
_STANDARD_LIBRARY = re.compile(r"python(?P<version>3\.\d+)/(?P<path>.+)")
_SOURCE_LABELS = ("source", "source code", "sourcecode", "repository", "code", "github", "gitlab", "homepage", "home")


@dataclass(frozen=True)
class ProjectDirectory:
    """A directory of source code and where its repository is.

    Arguments:
        path: the directory as it appears in tracebacks.
        url: the repository's web or clone address.
        main_app: whether an entry's version is a revision of this repository.
        host: github, gitlab, gitea or bitbucket; found from the address by default.
    """

    path: str
    url: str
    main_app: bool = False
    host: str = ""

    def link(self, relative: str, line: int, version: str) -> str:
        """Return the link to a line of a file below the directory."""
        return code_host_link(self.url, self.host, relative, line, (version if self.main_app else "") or "HEAD")


class Links:
    """The links of frames, as the settings `project_directories` and `editor` ask for them.

    Raises:
        ConfigurationError: one of these settings has a value that is not allowed.
    """

    def __init__(self, settings: Settings) -> None:
        directories = map(_directory, settings.project_directories)
        # The innermost directory decides where one lies in another.
        self._directories = sorted(directories, key=lambda each: -len(each.path))
        self._editor = _editor(settings.editor)

    def code_host(self, frame: Frame, version: str = "") -> str:
        """Return the link to a frame's line at its code host, or "" where none is known.

        Arguments:
            frame: the place.
            version: the version of the app that the frame was seen in.
        """
        for directory in self._directories:
            if frame.file.startswith(directory.path):
                return directory.link(frame.file[len(directory.path) :], frame.line, version)
        if frame.in_app:
            return ""
        return _library_link(frame.file, frame.line)

    def editor(self, frame: Frame) -> str:
        """Return the link that opens a frame's line in the editor, or "" where the file is not on this machine."""
        if not self._editor:
            return ""
        path = _local_path(frame.file)
        # Not str.format: a form of one's own may hold other braces.
        return self._editor.replace("{path}", quote(path)).replace("{line}", str(frame.line)) if path else ""


def code_host_link(url: str, host: str, path: str, line: int, revision: str) -> str:
    """Return the link to a line of a file in a repository.

    Arguments:
        url: the repository's web address.
        host: whose form to use; found from the address where it is empty.
        path: the file, from the repository's root.
        line: counted from 1.
        revision: a commit, tag or branch.
    """
    form = _FORMS[host or _host_of(url)]
    kind = "commit" if _COMMIT.fullmatch(revision) else "branch" if revision == "HEAD" else "tag"
    return form.format(url=url, revision=quote(revision), kind=kind, path=quote(path), line=line)


def _host_of(url: str) -> str:
    name = urlsplit(url).hostname or ""
    for host, words in _HOSTS.items():
        if any(word in name for word in words):
            return host
    return "github"


def _directory(given: Any) -> ProjectDirectory:
    if isinstance(given, ProjectDirectory):
        given = {"path": given.path, "url": given.url, "main_app": given.main_app, "host": given.host}
    elif isinstance(given, str) and "=" in given:
        path, url = given.split("=", 1)
        given = {"path": path, "url": url, "main_app": True}
    if not isinstance(given, Mapping) or not {"path", "url"} <= set(given) <= {"path", "url", "main_app", "host"}:
        raise ConfigurationError(
            f"Setting 'project_directories' holds {given!r}; allowed are PATH=URL and mappings with path and url, "
            "and where wanted main_app and host."
        )
    host = str(given.get("host", ""))
    if host and host not in _FORMS:
        raise ConfigurationError(
            f"Setting 'project_directories' names the host {host!r}; allowed are {', '.join(_FORMS)}."
        )
    return ProjectDirectory(
        path=str(given["path"]).rstrip("/\\") + "/",
        url=_web_address(str(given["url"])),
        main_app=bool(given.get("main_app", False)),
        host=host,
    )


def _web_address(url: str) -> str:
    if ssh := _SSH.fullmatch(url):
        url = f"https://{ssh['host']}/{ssh['path']}"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ConfigurationError(
            f"Setting 'project_directories' leads to {parts.hostname or url!r}; allowed are the http and https "
            "addresses of repositories, without user and password."
        )
    return url.rstrip("/").removesuffix(".git")


def _editor(editor: str) -> str:
    if not editor or editor in _EDITORS:
        return _EDITORS.get(editor, "")
    if "{path}" in editor and "{line}" in editor and re.match(r"[a-z][a-z0-9+.-]*:", editor):
        if editor.startswith(("javascript:", "data:", "vbscript:")):
            raise ConfigurationError(f"Setting 'editor' is {editor!r}; a link that runs code is not allowed.")
        return editor
    raise ConfigurationError(
        f"Setting 'editor' is {editor!r}; allowed are {', '.join(_EDITORS)}, "
        "and a link of one's own with {path} and {line} in it."
    )


def _local_path(file: str) -> str:
    candidates = [Path(file)]
    if not candidates[0].is_absolute():
        head, _, rest = file.partition("/")
        if head in ("site-packages", "dist-packages"):
            candidates = [Path(place) / rest for place in sys.path if place.endswith(head)]
        elif _STANDARD_LIBRARY.fullmatch(file):
            candidates = [Path(sysconfig.get_path("stdlib")) / rest]
    return next((str(path) for path in candidates if path.is_absolute() and path.is_file()), "")


def _library_link(file: str, line: int) -> str:
    if standard := _STANDARD_LIBRARY.fullmatch(file):
        path = f"Lib/{standard['path']}"
        return code_host_link("https://github.com/python/cpython", "github", path, line, standard["version"])
    head, _, path = file.partition("/")
    if head not in ("site-packages", "dist-packages") or not path:
        return ""
    url, version = _repository(PurePosixPath(path).parts[0].removesuffix(".py"))
    return code_host_link(url, "", path, line, f"v{version}") if url else ""


@cache
def _repository(module: str) -> tuple[str, str]:
    """Return the address of an installed module's repository, and its version."""
    for name in _distributions().get(module, ()):
        found = metadata.metadata(name)
        for url in _addresses(found):
            parts = urlsplit(url)
            owner_and_name = parts.path.strip("/").split("/")[:2]
            if parts.scheme == "https" and _is_code_host(parts.hostname or "") and len(owner_and_name) == 2:
                return f"https://{parts.hostname}/{'/'.join(owner_and_name)}".removesuffix(".git"), found["Version"]
    return "", ""


@cache
def _distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def _addresses(found: metadata.PackageMetadata) -> list[str]:
    labelled = {}
    for line in found.get_all("Project-URL") or ():
        label, _, url = line.partition(",")
        labelled[label.strip().lower()] = url.strip()
    if "Home-page" in found:
        labelled.setdefault("homepage", found["Home-page"])
    return [labelled[label] for label in _SOURCE_LABELS if labelled.get(label)]


def _is_code_host(name: str) -> bool:
    return any(word in name for words in _HOSTS.values() for word in words)
