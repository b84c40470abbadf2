"""nginx as front proxy: a file that it includes names the slot that gets requests, and a reload makes it so."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from launch.failure import Failure


class Nginx:
    """One upstream, whose servers stand in a file of their own.

    Args:
        upstream: the file.
        command: how nginx is called, such as `sudo nginx`.
        ports: the loopback port of each slot.
        settle: waits until the workers from before a reload take no more requests.
    """

    def __init__(self, upstream: str, command: str, ports: Mapping[str, int], settle: Callable[[], None]) -> None:
        self._upstream = Path(upstream)
        self._command = shlex.split(command)
        self._ports = ports
        self._settle = settle

    def serving(self) -> list[str]:
        try:
            text = self._upstream.read_text()
        except FileNotFoundError:
            return []
        ports = set(re.findall(r"^server 127\.0\.0\.1:(\d+);", text, re.MULTILINE))
        return [slot for slot, port in self._ports.items() if str(port) in ports]

    def admit(self, slot: str) -> None:
        self._write([*self.serving(), slot])

    def drain(self, slot: str) -> None:
        self.withdraw(slot)
        # Workers from before go on with what they have begun, and nginx does not say when they are done.
        self._settle()

    def withdraw(self, slot: str) -> None:
        left = [each for each in self.serving() if each != slot]
        # nginx refuses an upstream without servers; where this is the last one nothing runs anyway.
        if slot in self.serving() and left:
            self._write(left)

    def _write(self, slots: list[str]) -> None:
        before = self._upstream.read_text() if self._upstream.exists() else None
        servers = [f"server 127.0.0.1:{self._ports[slot]};" for slot in dict.fromkeys(slots)]
        text = "\n".join(servers) + "\n"
        try:
            self._replace(text)
            self._run("-t", "-q")
            self._run("-s", "reload")
        except (OSError, Failure) as error:
            if before is not None:
                self._replace(before)
            raise Failure(f"nginx could not be told through {self._upstream}: {error}") from None

    def _replace(self, text: str) -> None:
        new = self._upstream.with_name(self._upstream.name + ".new")
        new.write_text(text)
        new.replace(self._upstream)

    def _run(self, *words: str) -> None:
        if subprocess.run((*self._command, *words), stdin=subprocess.DEVNULL, check=False).returncode:
            raise Failure(f"`{shlex.join(self._command)} {' '.join(words)}` failed; what it said stands above")
