"""Requests as they are measured, and what becomes of metrics that cannot be read."""

import asyncio
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from infra.runtime.configuration.settings import Settings
from infra.runtime.egress import denials
from infra.runtime.egress.fetch import guarded_session
from infra.runtime.egress.guard import Guard
from infra.runtime.egress.proxy import filtering_proxy
from infra.runtime.egress.refused import EgressRefused
from infra.runtime.http.measured import measures
from infra.runtime.telemetry.metrics import FRESH_SECONDS, Metrics
from tests.contract.http.house import House, house

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str) -> Samples:
    families = text_string_to_metric_families(text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def labelled(name: str, **labels: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return name, tuple(sorted(labels.items()))


def requests(found: Samples) -> dict[tuple[str, ...], float]:
    """Requests by method, route and status."""
    return {
        tuple(value for _, value in labels): count
        for (name, labels), count in found.items()
        if name == "headrace_http_requests_total"
    }


async def read(made: House) -> Samples:
    async with made.session.get(f"http://127.0.0.1:{made.port}/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        return samples(await answer.text())


async def test_requests_are_counted_by_the_template_of_their_route() -> None:
    async with house(metrics=Metrics()) as made:
        for _ in range(3):
            await made.ask("GET", "/livez")
        await made.ask("POST", "/parsed", json={"url": "u", "count": 0})
        for number in range(5):
            await made.ask("GET", f"/nowhere/{number}")
        found = await read(made)

    assert requests(found) == {
        ("GET", "/livez", "200"): 3,
        ("POST", "/parsed", "422"): 1,
        ("GET", "unmatched", "404"): 5,
    }
    assert found[labelled("headrace_http_request_duration_seconds_count", method="GET", route="/livez")] == 3


async def test_what_never_reaches_a_route_is_counted_too() -> None:
    async with house(metrics=Metrics()) as made:
        await made.ask("POST", "/parsed", data=BytesIO(b"x" * (2 << 20)))
        found = await read(made)

    assert sum(count for labels, count in requests(found).items() if labels[-1] == "413") == 1


async def test_methods_that_nobody_knows_are_one() -> None:
    async with house(metrics=Metrics()) as made:
        for method in ("PROPFIND", "MKCOL"):
            await made.ask(method, "/livez")
        found = await read(made)

    assert {labels[0] for labels in requests(found)} == {"other"}


async def test_without_metrics_there_is_no_such_path() -> None:
    async with house() as made:
        status, body, _ = await made.ask("GET", "/metrics")

    assert (status, body["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("field", ["metrics_enabled", "background_metrics"])
def test_either_setting_turns_measuring_off(field: str) -> None:
    on: dict[str, Any] = {"metrics_enabled": True, "background_metrics": True}

    assert measures(Settings(**on)) is True
    assert measures(Settings(**on | {field: False})) is False


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_sources_are_asked_once_in_a_while_however_many_read() -> None:
    clock, asked = Clock(), 0

    async def source() -> Sequence[Metric]:
        nonlocal asked
        asked += 1
        return [GaugeMetricFamily("told", "t", value=asked)]

    made = Metrics(clock=clock)
    made.sources.append(source)
    texts = await asyncio.gather(*(made.text() for _ in range(20)))
    assert {samples(text.decode())["told", ()] for text in texts} == {1.0}

    clock.now += FRESH_SECONDS
    assert samples((await made.text()).decode())["told", ()] == 2.0


async def test_a_source_that_fails_does_not_hide_the_rest() -> None:
    async def broken() -> Sequence[Metric]:
        raise OSError("away")

    made = Metrics()
    made.sources.append(broken)
    async with house(metrics=made) as served:
        await served.ask("GET", "/livez")
        found = await read(served)

    assert found["headrace_database_read", ()] == 0
    assert requests(found) == {("GET", "/livez", "200"): 1}


async def test_control_a_source_that_answers_says_so() -> None:
    async def fine() -> Sequence[Metric]:
        return []

    made = Metrics()
    made.sources.append(fine)

    assert samples((await made.text()).decode())["headrace_database_read", ()] == 1


async def test_two_registries_in_one_process_know_nothing_of_each_other() -> None:
    first, second = Metrics(), Metrics()
    async with house(metrics=first) as one, house(metrics=second) as other, aiohttp.ClientSession():
        await one.ask("GET", "/livez")

        assert len(requests(await read(other))) == 0


async def test_what_was_not_let_out_is_counted_by_who_asked() -> None:
    def denied(found: Samples) -> list[float]:
        return [found[labelled("headrace_egress_denied_total", by=by)] for by in ("page", "request")]

    async with house(metrics=Metrics()) as made:
        before = denied(await read(made))
        async with filtering_proxy() as proxy, made.session.get("http://10.0.0.5/", proxy=proxy.url) as answer:
            assert answer.status == 403
        async with guarded_session(Guard()) as session:
            for url in ("http://127.0.0.1:1/", "http://10.0.0.5/", "file:///etc/passwd"):
                with pytest.raises(EgressRefused):
                    await session.get(url).__aenter__()
        after = denied(await read(made))

    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 3]


async def test_control_what_is_let_out_is_not_counted() -> None:
    before = denials.counts()
    guard = Guard(allow=frozenset({"127.0.0.1"}))
    async with (
        house(metrics=Metrics()) as made,
        guarded_session(guard) as session,
        session.get(f"http://127.0.0.1:{made.port}/livez") as answer,
    ):
        assert answer.status == 200

    assert denials.counts() == before
