"""The end of the process, in order."""

import subprocess
import sys

PROGRAM = """
from logster import ending

ending.last(lambda: print("let go"))
ending.then(lambda: print("told") and 1 / 0)
ending.first(lambda: 1 / 0)
ending.first(lambda: print("written") or ending.last(lambda: print("let go, too")))
"""


def test_what_is_left_is_written_then_told_before_anything_is_let_go_even_where_one_fails() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stdout == "written\ntold\nlet go\nlet go, too\n"
    assert "ZeroDivisionError" in done.stderr
