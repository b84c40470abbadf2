"""Writes configs for a test, and reads them as the command would."""

import textwrap
from pathlib import Path

import pytest

from bootstrap import main, site
from bootstrap.place import ConfigWrong
from bootstrap.site import Site


class Configs:
    """A directory with `sites` and `templates`; the site is called demo."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "sites/demo.yml"

    def write(self, text: str, **templates: str) -> "Configs":
        for file, contents in {
            "sites/demo": text,
            **{f"templates/{name}": each for name, each in templates.items()},
        }.items():
            path = self.directory / f"{file}.yml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(contents).lstrip("\n"))
        return self

    def read(self) -> Site:
        return site.read(self.path)

    def mistakes(self) -> list[str]:
        with pytest.raises(ConfigWrong) as caught:
            self.read()
        return str(caught.value).splitlines()

    def run(self, task: str = "build") -> int:
        return main.main([task, str(self.path)])

    def shown(self) -> list[str]:
        return [f"{step.place} {step}" for step in self.read().steps]
