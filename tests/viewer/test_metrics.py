"""What Prometheus scrapes, read by Prometheus's own parser."""

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

import logster
from logster.capture.javascript import JavaScriptSnapshot
from logster.service import Service
from logster.viewer.app import Viewer
from logster.viewer.exposition import Family, Sample, text
from tests.viewer.entries import add

ALL = {
    "logster_build_info", "logster_reports", "logster_coalesced", "logster_written", "logster_suppressed",
    "logster_solved_dropped", "logster_dropped", "logster_queue_depth", "logster_pending_entries",
    "logster_store_seconds", "logster_store_up", "logster_entries",
}  # fmt: skip


def families(client: TestClient) -> dict[str, Any]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def value(client: TestClient, family: str, **labels: str) -> float:
    found = [s.value for s in families(client)[family].samples if labels.items() <= s.labels.items()]
    assert len(found) == 1
    return float(found[0])


def browser_error(service: Service, message: str) -> None:
    namespace = service.settings.current_namespace()
    service.worker.submit(
        JavaScriptSnapshot(
            message=message, url="https://shop/a.js", line=1, column=1, stack="", level=40, env={}, namespace=namespace
        )
    )


def test_every_family_says_what_it_is(client: TestClient) -> None:
    found = families(client)
    assert set(found) == ALL
    for family in found.values():
        assert family.documentation.endswith(".")
        assert family.type in ("counter", "gauge", "histogram")


def test_the_numbers_of_delivery(client: TestClient, service: Service) -> None:
    for _ in range(5):
        browser_error(service, "TypeError: x is undefined")
    browser_error(service, "TypeError: y is undefined")
    assert service.worker.flush()
    assert value(client, "logster_reports") == 6
    assert value(client, "logster_written") == 6
    assert value(client, "logster_coalesced") == 4
    assert value(client, "logster_queue_depth") == 0
    assert value(client, "logster_pending_entries") == 0


def test_what_patterns_and_solved_marks_keep_out_is_not_written(client: TestClient, service: Service) -> None:
    solved = Service(service.settings.with_changes(application_version="1.0"))
    reader = TestClient(Viewer(lambda request: True, service=solved))
    browser_error(solved, "TypeError: fixed")
    solved.worker.flush()
    [entry] = solved.store.page().entries
    solved.store.solve([entry.key])
    solved.store.add_pattern("suppression", "/noise/")
    for message in ("TypeError: fixed", "noise", "noise"):
        browser_error(solved, message)
    solved.worker.flush()
    assert value(reader, "logster_solved_dropped") == 1
    assert value(reader, "logster_suppressed") == 2
    assert value(reader, "logster_written") == 1
    solved.close()


def test_what_is_dropped_has_a_reason(service: Service) -> None:
    small = Service(service.settings.with_changes(redis_url="redis://127.0.0.1:1", max_pending_entries=10))
    reader = TestClient(Viewer(lambda request: True, service=small))
    assert value(reader, "logster_dropped", reason="queue_full") == 0
    for number in range(30):
        browser_error(small, f"Error: {'abcdefghijklmnopqrstuvwxyzabcdefgh'[number:]}")
    small.worker.flush(timeout=1)
    assert value(reader, "logster_dropped", reason="away_too_long") == 20
    assert value(reader, "logster_pending_entries") == 10


def test_entries_are_counted_by_level(client: TestClient, service: Service) -> None:
    add(service, 1, level=40)
    add(service, 2, level=40)
    add(service, 3, level=10)
    assert value(client, "logster_entries", level="error") == 2
    assert value(client, "logster_entries", level="debug") == 1
    assert value(client, "logster_entries", level="critical") == 0


def test_the_answers_of_redis_are_timed(client: TestClient) -> None:
    client.get("/api/entries")
    samples = families(client)["logster_store_seconds"].samples
    buckets = [sample.value for sample in samples if sample.name.endswith("_bucket")]
    [count] = [sample.value for sample in samples if sample.name.endswith("_count")]
    [total] = [sample.value for sample in samples if sample.name.endswith("_sum")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == count > 0
    assert 0 < total < 60


def test_the_version_is_a_label(client: TestClient) -> None:
    assert value(client, "logster_build_info", version=logster.__version__) == 1


def test_while_redis_is_away_the_numbers_of_the_process_are_there(service: Service) -> None:
    away = Service(service.settings.with_changes(redis_url="redis://127.0.0.1:1"))
    reader = TestClient(Viewer(lambda request: True, service=away))
    assert value(reader, "logster_store_up") == 0
    assert set(families(reader)) == ALL - {"logster_entries"}


@pytest.mark.parametrize("hostile", ['say "hi"', "a\nb", "back\\slash", "\\n", "}{,="])
def test_any_label_and_help_survives(hostile: str) -> None:
    written = text([Family("a", "gauge", hostile, (Sample(1.5, {"b": hostile}),))])
    [family] = text_string_to_metric_families(written)
    assert family.samples[0].labels == {"b": hostile}
    assert family.samples[0].value == 1.5
    assert family.documentation == hostile
