"""Visitors who never stop asking, and who take note of each answer that they did not get."""

import http.client
import threading

from tests.store.waiting import wait_until


class Clients:
    """Send requests until they are told to stop, and count what was answered and what was not.

    Args:
        port: where the site or its proxy listens.
        resends: whether a request is sent again, as browsers do, where a kept connection turns out to be closed.
        path: what they ask for.
    """

    def __init__(self, port: int, *, resends: bool = False, path: str = "/") -> None:
        self._resends = resends
        self._path = path
        self.answers: list[str] = []
        self.failures: list[str] = []
        self._port = port
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(alive,), daemon=True) for alive in (True, False) * 2]

    def __enter__(self) -> "Clients":
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for each in self._threads:
            each.join()

    def wait_for(self, more: int) -> None:
        """Wait until so many more requests are answered."""
        before = len(self.answers)
        wait_until(lambda: len(self.answers) >= before + more)

    def _ask(self, keeps_alive: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        is_kept = False
        while not self._is_over.is_set():
            try:
                connection.request("GET", self._path)
                response = connection.getresponse()
                body = response.read().decode()
                (self.answers if response.status == 200 else self.failures).append(body or str(response.status))
                is_kept = keeps_alive
            except (OSError, http.client.HTTPException) as error:
                if not (is_kept and self._resends and isinstance(error, ConnectionError)):
                    self.failures.append(repr(error))
                connection.close()
                is_kept = False
            if not keeps_alive:
                connection.close()
        connection.close()
