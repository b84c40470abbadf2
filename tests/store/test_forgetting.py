"""A process that serves namespaces which come and go keeps nothing of those that went."""

import uuid

from logster.delivery.losses import AWAY
from logster.service import Service
from logster.settings import Settings


def test_a_forgotten_namespace_is_read_anew_and_its_counts_begin_at_zero(settings: Settings) -> None:
    service = Service(settings)
    gone, stays = (f"test-{uuid.uuid4().hex[:12]}" for _ in "ab")
    for namespace in (gone, stays):
        service.store.at(namespace).count()
        service.worker._tally.add(namespace, "written", 3)
        service.worker._losses.add(namespace, 40, AWAY, 2)
    service.forget(gone)
    assert gone not in service.store._tenants
    assert service.worker.tally(gone)["written"] == 0
    assert service.worker.dropped(gone) == {}
    assert service.worker.tally(stays)["written"] == 3
    assert service.worker.dropped(stays) == {AWAY: 2}
    assert len(service.worker._losses) == 1
    assert service.store.at(gone).count() == 0
    service.close()
