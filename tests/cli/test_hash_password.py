"""`logster hash-password`: the hash that HTTP basic authentication takes, and no word of the password."""

import subprocess
import sys

from logster.access.passwords import PasswordHash


def hashed(text: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "logster", "hash-password"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)


def test_the_first_line_is_hashed() -> None:
    done = hashed("correct horse ✓\nnot this\n")
    assert done.returncode == 0
    assert PasswordHash.parse(done.stdout.strip()).is_of("correct horse ✓")
    assert "horse" not in done.stdout + done.stderr


def test_no_password_is_refused() -> None:
    done = hashed("\n")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "1 to 1,024 characters" in done.stderr
