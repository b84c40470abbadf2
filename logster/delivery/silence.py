"""Whether the current thread is writing to the store, so that what this logs is not reported again."""

import threading


class _Silence(threading.local):
    kept = False

    def __enter__(self) -> None:
        self.kept = True

    def __exit__(self, *_: object) -> None:
        self.kept = False


silence = _Silence()
