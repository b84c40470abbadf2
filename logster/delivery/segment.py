"""A spool file: reports one after the other, each with its length and a checksum. Only ever appended to.

Owns the form of the file, and that one process at a time holds it: a lock goes with its process, however that ends.
"""

import json
import os
import stat
import struct
import uuid
import zlib
from pathlib import Path

import msgspec

from logster.entry import Report
from logster.store.lock import Lock

SUFFIX = ".spool"
_MAGIC = b"logster spool 1\n"
_HEAD = struct.Struct(">II")  # how long the body is, and its CRC-32
_LONGEST = 16 * 1024 * 1024
_BATCH_BYTES = 4 * 1024 * 1024
# What is full of errors is no file of ours, and is not read to its end.
_DAMAGED_AT_MOST = 100

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Report)


class Unreadable(Exception):
    """A record cannot be read; `end` is where the next one may begin."""

    def __init__(self, end: int) -> None:
        self.end = end


def encode(report: Report) -> bytes:
    """Return the record of a report; a very large one without its env samples."""
    body = _body(report)
    if len(body) > _LONGEST:
        body = _body(msgspec.structs.replace(report, envs=report.envs[-1:]))
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def _body(report: Report) -> bytes:
    try:
        return _encoder.encode(report)
    except UnicodeEncodeError:  # half a surrogate pair, which the store replaces as well
        text = json.dumps(msgspec.to_builtins(report, str_keys=True), ensure_ascii=False)
        return text.encode("utf-8", "replace")


class Segment:
    """A file that this process holds: the one that it writes, or one that it reads.

    Attributes:
        path: where it is.
        sender: who reports what is new in it. It is the file's own, so that files may be read in any order.
        size: how long it is, in bytes.
        damaged: how many bytes could not be read.
    """

    def __init__(self, path: Path, lock: Lock, size: int) -> None:
        self.path = path
        self.sender = uuid.uuid4().hex
        self.size = size
        self.damaged = 0
        self._lock = lock
        self._last_number = 0
        self._at = len(_MAGIC)
        self._next = self._at
        self._newly_damaged = 0

    @classmethod
    def create(cls, path: Path) -> "Segment | None":
        """Return a new file, or nothing where somebody was faster to take it for one that was left behind.

        Raises:
            OSError: it cannot be written.
        """
        lock = Lock(path, os.O_CREAT | os.O_EXCL | os.O_APPEND)
        segment = cls(path, lock, 0)
        try:
            if not lock.take() or not os.fstat(lock.descriptor).st_nlink:
                lock.close()
                return None
            segment.append(_MAGIC)
        except OSError:
            segment.remove()
            raise
        return segment

    @classmethod
    def claim(cls, path: Path) -> "Segment | None":
        """Return the file to be read, or nothing where another process holds it or it is not ours to read."""
        try:
            lock = Lock(path, os.O_NONBLOCK)
        except OSError:
            return None
        try:
            if lock.take():
                found = os.fstat(lock.descriptor)
                # Whoever held it before may have read and removed it meanwhile.
                if stat.S_ISREG(found.st_mode) and found.st_nlink and found.st_uid == os.geteuid():
                    segment = cls(path, lock, found.st_size)
                    segment._check()
                    return segment
        except OSError:
            pass  # a file system without locks, or one that cannot be read: not ours to judge
        lock.close()
        return None

    def next_number(self) -> int:
        """Return the next number of the file's own sender."""
        self._last_number += 1
        return self._last_number

    def append(self, data: bytes) -> None:
        """Write at the end, all of it or nothing.

        Raises:
            OSError: it cannot be written; nothing more should be.
        """
        descriptor, rest = self._lock.descriptor, memoryview(data)
        try:
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except OSError:
            os.ftruncate(descriptor, self.size)
            raise
        self.size += len(data)

    def sync(self) -> None:
        """Wait until it is on the disk."""
        os.fsync(self._lock.descriptor)

    @property
    def is_empty(self) -> bool:
        """Return whether there is no report in it."""
        return self.size <= len(_MAGIC)

    def read(self, at_most: int) -> list[Report]:
        """Return the next reports, the same again until `advance` is called; what is damaged is passed over.

        Raises:
            OSError: it cannot be read.
        """
        found: list[Report] = []
        self._next, self._newly_damaged, bad = self._at, 0, 0
        while len(found) < at_most and self._next < self.size and self._next - self._at < _BATCH_BYTES:
            begin = self._next
            try:
                report, self._next = self._record(begin)
                found.append(report)
            except Unreadable as damage:
                bad += 1
                self._next = self.size if bad > _DAMAGED_AT_MOST else damage.end
                self._newly_damaged += self._next - begin
        if not found:
            self.advance()
        return found

    def advance(self) -> None:
        """Go on behind what was read last."""
        self._at = self._next
        self.damaged += self._newly_damaged
        self._newly_damaged = 0

    @property
    def is_read(self) -> bool:
        """Return whether nothing is left in it."""
        return self._at >= self.size

    def close(self) -> None:
        """Let go of the file; anyone may take it up."""
        self._lock.close()

    def remove(self) -> None:
        """Remove the file and let go of it."""
        try:
            self.path.unlink(missing_ok=True)
        finally:
            self.close()

    def _check(self) -> None:
        if os.pread(self._lock.descriptor, len(_MAGIC), 0) != _MAGIC:
            # Cut off before it began, or nothing of ours.
            self.damaged, self._at = self.size, self.size

    def _record(self, at: int) -> tuple[Report, int]:
        head = os.pread(self._lock.descriptor, _HEAD.size, at)
        if len(head) < _HEAD.size:
            raise Unreadable(self.size)
        length, checksum = _HEAD.unpack(head)
        end = at + _HEAD.size + length
        if not 0 < length <= _LONGEST or end > self.size:
            raise Unreadable(self.size)
        body = os.pread(self._lock.descriptor, length, at + _HEAD.size)
        if zlib.crc32(body) != checksum:
            raise Unreadable(end)
        try:
            return _decoder.decode(body), end
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise Unreadable(end) from error
