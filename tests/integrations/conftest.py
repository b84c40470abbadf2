"""A service of one's own, and what it wrote."""

from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from logster.entry import Entry
from logster.service import Service
from logster.settings import Settings


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings)
    yield service
    service.close()


@pytest.fixture
def recorded(service: Service) -> Callable[[], list[Entry]]:
    """Return the whole entries that the service wrote, with their env samples."""

    def entries() -> list[Entry]:
        assert service.worker.flush(10)
        found = [service.store.entry(each.key) for each in service.store.page().entries]
        assert all(found)
        return [replace(entry, env=service.store.env_samples(entry.key)) for entry in found if entry]

    return entries
