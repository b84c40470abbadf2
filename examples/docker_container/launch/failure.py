"""How a command ends early: a text that says what to do, and the exit code."""

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130


class Failure(Exception):
    """Ends the command.

    Args:
        text: what is wrong and what to do, for stderr.
        code: the exit code.
    """

    def __init__(self, text: str, code: int = FAILED) -> None:
        super().__init__(text)
        self.code = code
