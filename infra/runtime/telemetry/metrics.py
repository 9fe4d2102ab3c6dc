"""What a process measures, and what it reads off the database when it is asked: Prometheus' text, in its own registry.

Labels have few values each: templates of routes, never paths; kinds and queues, never ids.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from infra.runtime.egress import denials
from infra.runtime.runtime import Runtime

FRESH_SECONDS = 5.0
PATIENCE_SECONDS = 5.0
_LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Source = Callable[[], Awaitable[Sequence[Metric]]]
"""Reads metrics that other processes change too."""

log = structlog.get_logger()


class Metrics(Collector):
    """One a process. ``sources`` are asked at most once in ``FRESH_SECONDS``, however often somebody reads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.registry = CollectorRegistry()
        self.sources: list[Source] = []
        self.requests = Counter(
            "headrace_http_requests",
            "Requests answered by this process; a stream counts when it begins.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.latencies = Histogram(
            "headrace_http_request_duration_seconds",
            "Time until an answer began.",
            ["method", "route"],
            buckets=_LATENCIES,
            registry=self.registry,
        )
        self.readers = Gauge("headrace_feed_readers", "Open streams of this process.", ["feed"], registry=self.registry)
        ProcessCollector(registry=self.registry)
        self.registry.register(self)
        self._clock = clock
        self._read: list[Metric] = [_database_read(up=0.0)]
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    def collect(self) -> Iterator[Metric]:
        """What the sources said last, and what this process let nobody reach."""
        yield from self._read
        said = "Requests that this process did not let out, by who asked: a page in a browser, or a request of ours."
        denied = CounterMetricFamily("headrace_egress_denied", said, labels=["by"])
        for by, number in denials.counts().items():
            denied.add_metric([by], number)
        yield denied

    async def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        async with self._reading:
            if self._clock() - self._read_at >= FRESH_SECONDS:
                self._read = await self._ask()
                self._read_at = self._clock()
        return generate_latest(self.registry)

    async def _ask(self) -> list[Metric]:
        found: list[Metric] = []
        up = 1.0
        for source in self.sources:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    found += await source()
            except Exception as error:  # noqa: BLE001  # what the process itself measured is told all the same
                log.warning("metrics could not be read", reason=repr(error))
                up = 0.0
        return [*found, _database_read(up=up)]


def _database_read(*, up: float) -> Metric:
    said = "Whether what stands in the database could be read; if not, those metrics are missing."
    return GaugeMetricFamily("headrace_database_read", said, value=up)


def metrics(_: Runtime) -> Metrics:
    """The metrics of a process, through ``runtime.once(metrics)``."""
    return Metrics()
