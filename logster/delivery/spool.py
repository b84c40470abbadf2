"""The spool: reports that wait in a directory while Redis is away, and outlive the process that wrote them.

Owns the directory: which file is written and which read, how many bytes they take, and what becomes of damaged ones.
Whatever is wrong with the disk is said once, and reports then wait in memory.
"""

import hashlib
import os
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from logster.delivery.damage import DamageSnapshot
from logster.delivery.losses import SPOOL_FULL, UNWRITABLE, Losses
from logster.delivery.snapshot import Snapshot
from logster.delivery.stderr import complain_once
from logster.entry import Report
from logster.redis_url import public
from logster.settings import Settings

if sys.platform != "win32":
    from logster.delivery.segment import SUFFIX, Segment, encode

DAMAGED = ".damaged"
_FILES = 16
_LARGEST_FILE = 8_000_000
_SYNC_SECONDS = 1.0
_MEASURE_SECONDS = 1.0
_PAUSE_SECONDS = 5.0
_LOOK_SECONDS = 10.0
_LOOK_FOR_OWN_SECONDS = 0.2


class Spool:
    """The files of one directory whose reports are for one Redis. Used by one thread at a time; never raises.

    Arguments:
        settings: where it is, and how many bytes all files there may take.
        losses: where to count what had to be dropped.
    """

    def __init__(self, settings: Settings, losses: Losses) -> None:
        self._directory = _absolute(settings.spool_directory)
        self._max_bytes = settings.spool_max_bytes
        self._settings = settings
        self._losses = losses
        # What waits for one Redis is not for another, which may be somebody else's.
        self._target = hashlib.sha256(public(settings.redis_url).encode()).hexdigest()[:8]
        self._writing: Segment | None = None
        self._reading: Segment | None = None
        self._written: set[Path] = set()
        self._left_alone: set[str] = set()
        self._damaged: list[Snapshot] = []
        self._used = 0
        self._measured_at = 0.0
        self._retry_at = 0.0
        self._look_at = 0.0
        self._synced_at = 0.0
        self._is_unsynced = False
        self._has_failed = False

    def check(self) -> bool:
        """Make the directory where there is none, and return whether files wait there to be read."""
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(self._directory, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError("it is not writable")
            return any(self._is_ours(path.name) for path in self._directory.iterdir())
        except OSError as error:
            self._give_up(error)
            return False

    def numbers(self) -> tuple[str, Callable[[], int]] | None:
        """Return the sender of what `write` takes next and what gives its numbers; nothing where it takes nothing."""
        if time.monotonic() < self._retry_at:
            return None
        segment = self._writing
        if segment is not None and segment.size >= min(self._max_bytes // _FILES, _LARGEST_FILE):
            self.finish()
            segment = None
        try:
            while segment is None:
                segment = self._begin()
        except OSError as error:
            self._give_up(error)
            return None
        return segment.sender, segment.next_number

    def write(self, reports: Sequence[Report]) -> bool:
        """Append reports as they are, and return whether they need to be kept in memory no longer."""
        if self.numbers() is None or (segment := self._writing) is None:
            return False
        data = b"".join(record for each in reports if (record := self._encoded(each)))
        if not self._has_room(len(data)):
            self._lose(reports, SPOOL_FULL)
            return True
        try:
            segment.append(data)
        except OSError as error:
            self._give_up(error)
            self.finish()
            return False
        self._used += len(data)
        self._has_failed = False
        self._is_unsynced = True
        self.sync()
        return True

    def sync(self) -> None:
        """Bring to the disk what was written, once a second at the most."""
        if not self._is_unsynced or self.seconds_to_sync() > 0:
            return
        self._synced_at = time.monotonic()
        self._is_unsynced = False
        if self._writing is not None:
            try:
                self._writing.sync()
            except OSError as error:
                self._give_up(error)

    def seconds_to_sync(self) -> float:
        """Return when `sync` is due."""
        return max(self._synced_at + _SYNC_SECONDS - time.monotonic(), 0.0) if self._is_unsynced else _LOOK_SECONDS

    def finish(self) -> None:
        """Write no more to the file: whoever comes first may read it."""
        segment, self._writing = self._writing, None
        if segment is None:
            return
        self._is_unsynced = False
        with suppress(OSError):
            if segment.is_empty:
                segment.remove()
            else:
                segment.close()
                self._written.add(segment.path)
                self._look_at = 0.0

    def batch(self, at_most: int) -> list[Report]:
        """Return the next reports of a file that nobody writes, the same again until `advance` is called."""
        while segment := self._reading or self._claim():
            try:
                if reports := segment.read(at_most):
                    return reports
            except OSError as error:
                self._give_up(error)
                self._let_go(segment)
                break
            if segment.is_read:
                self._put_away(segment)
        self._look_at = time.monotonic() + (_LOOK_FOR_OWN_SECONDS if self.has_own else _LOOK_SECONDS)
        return []

    def advance(self) -> None:
        """Go on behind the last batch."""
        if segment := self._reading:
            segment.advance()
            if segment.is_read:
                self._put_away(segment)

    def seconds_to_look(self) -> float:
        """Return when to ask for the next batch."""
        return 0.0 if self._reading is not None else max(self._look_at - time.monotonic(), 0.0)

    @property
    def has_own(self) -> bool:
        """Return whether something that this process wrote still waits to be read."""
        if self._writing is not None and not self._writing.is_empty:
            return True
        self._written = {path for path in self._written if path.exists()}
        return bool(self._written)

    def take_damaged(self) -> list[Snapshot]:
        """Return what there is to report about damaged files since the last time."""
        damaged, self._damaged = self._damaged, []
        return damaged

    def _begin(self) -> "Segment | None":
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._writing = Segment.create(self._directory / f"{self._target}-{uuid.uuid4().hex}{SUFFIX}")
        return self._writing

    def _encoded(self, report: Report) -> bytes:
        try:
            return encode(report)
        except Exception:  # nothing that the store could take either
            self._lose([report], UNWRITABLE)
            return b""

    def _lose(self, reports: Sequence[Report], reason: str) -> None:
        for each in reports:
            self._losses.add(each.latest.namespace, each.latest.level, reason, each.count)

    def _give_up(self, error: OSError) -> None:
        """Say what is wrong with the disk, and leave it alone for a while."""
        self._retry_at = time.monotonic() + _PAUSE_SECONDS
        if self._has_failed:
            return
        self._has_failed = True
        complain_once(
            f"The spool at {self._directory} cannot be used ({error.strerror or error}), and reports wait in memory. "
            "Check that setting 'spool_directory' names a directory that can be written to, on a disk with room."
        )

    # What is read

    def _is_ours(self, name: str) -> bool:
        """Return whether a file is one that this process should read: of this Redis, or of no form that there is."""
        if not name.endswith(SUFFIX) or name in self._left_alone:
            return False
        target, dash, sender = name.removesuffix(SUFFIX).partition("-")
        is_spool = dash and len(target) == 8 and len(sender) == 32 and set(target + sender) <= set("0123456789abcdef")
        return not is_spool or target == self._target

    def _claim(self) -> "Segment | None":
        """Take up the oldest file that nobody holds, and return it."""
        if time.monotonic() < self._look_at:
            return None
        for path in self._oldest_first():
            if self._is_ours(path.name) and (segment := Segment.claim(path)):
                self._reading = segment
                if not segment.is_read:
                    return segment
                self._put_away(segment)
        return None

    def _put_away(self, segment: "Segment") -> None:
        """Remove the file that was read; set aside one that is damaged, and have that reported."""
        self._reading = None
        if not segment.damaged:
            self._remove(segment)
            return
        aside = segment.path.with_name(f"{segment.path.name}.{uuid.uuid4().hex[:8]}{DAMAGED}")
        try:
            segment.path.rename(aside)
        except OSError as error:
            self._left_alone.add(segment.path.name)
            self._give_up(error)
        self._damaged.append(DamageSnapshot(self._settings, aside, segment.damaged))
        segment.close()

    def _remove(self, segment: "Segment") -> None:
        try:
            segment.remove()
            self._used -= segment.size
        except OSError as error:
            # It would be read again and again.
            self._left_alone.add(segment.path.name)
            self._give_up(error)

    def _let_go(self, segment: "Segment") -> None:
        self._left_alone.add(segment.path.name)
        segment.close()
        self._reading = None

    def _oldest_first(self) -> list[Path]:
        found: list[tuple[float, str]] = []
        try:
            with os.scandir(self._directory) as entries:
                for each in entries:
                    with suppress(OSError):
                        if SUFFIX in each.name:
                            found.append((each.stat(follow_symlinks=False).st_mtime, each.path))
        except OSError as error:
            self._give_up(error)
        return [Path(path) for _, path in sorted(found)]

    # How much there is

    def _has_room(self, size: int) -> bool:
        """Drop the oldest files until there is room for `size` bytes, and return whether there is."""
        if size > self._max_bytes:
            return False
        if time.monotonic() >= self._measured_at + _MEASURE_SECONDS:
            self._measured_at = time.monotonic()
            self._used = 0
            for path in self._oldest_first():
                with suppress(OSError):
                    self._used += path.lstat().st_size
        while self._used + size > self._max_bytes:
            if not self._drop_oldest():
                return False
        return True

    def _drop_oldest(self) -> bool:
        for path in self._oldest_first():
            is_damaged = path.name.endswith(DAMAGED)
            if (is_damaged or self._is_ours(path.name)) and (segment := Segment.claim(path)):
                while not is_damaged and (reports := segment.read(1_000)):
                    self._lose(reports, SPOOL_FULL)
                    segment.advance()
                self._remove(segment)
                return True
        return False


def _absolute(path: str) -> Path:
    try:
        return Path(os.path.expanduser(path)).absolute()  # noqa: PTH111 - a Path raises where there is no home directory
    except OSError:  # the working directory is gone
        return Path(path)


def spool_of(settings: Settings, losses: Losses) -> Spool | None:
    """Return the spool that the settings ask for."""
    if not settings.spool_directory:
        return None
    if sys.platform == "win32":
        complain_once("Setting 'spool_directory' needs locks on files, which Windows has not; reports wait in memory.")
        return None
    return Spool(settings, losses)


def renamed(reports: Sequence[Report], sender: str, next_number: Callable[[], int]) -> list[Report]:
    """Return reports as another sender's."""
    return [msgspec.structs.replace(each, sender=sender, sequence=next_number()) for each in reports]
