"""What the database knows of everybody's jobs, as Prometheus reads it. Every face says the same: take the maximum."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from infra.postgres.database import Database
from services.jobs.alerts.rules import Level
from services.jobs.rank import Priority
from services.jobs.store import alerts, depths, statistics, workers
from services.jobs.watching.depth import by_queue
from services.jobs.watching.durations import edge
from services.jobs.watching.roster import SEEN_SECONDS
from services.jobs.watching.utilisation import by_queue as room_by_queue

_COUNTED = {
    "queued": ("headrace_jobs_queued", "Jobs that were accepted."),
    "started": ("headrace_job_claims", "How often workers took jobs."),
    "retrying": ("headrace_job_retries", "Tries that failed and were given another."),
    "lease_expired": ("headrace_leases_lost", "Jobs taken away from workers that went silent."),
}
# Seconds. Counted are buckets that lie below the bound as a whole, so durations up to 15 % shorter may be missing.
_BOUNDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21600, 86400)


async def read(database: Database) -> Sequence[Metric]:
    """All metrics of jobs, with a handful of cheap queries."""
    async with database.reading() as tx:
        return families(
            rows=await depths.depths(tx, tenant=None),
            totals=await statistics.totals(tx),
            seen=await workers.seen(tx, within_seconds=SEEN_SECONDS),
            outbox=await depths.outbox(tx),
            standing=await alerts.standing(tx),
            dead=await depths.dead(tx, tenant=None),
        )


def families(
    *,
    rows: Sequence[Mapping[str, Any]],
    totals: Sequence[Mapping[str, Any]],
    seen: Sequence[Mapping[str, Any]],
    outbox: Mapping[str, Any],
    standing: Sequence[Mapping[str, Any]],
    dead: float,
) -> list[Metric]:
    """What these rows say."""
    return [
        *_queues(rows),
        *_counters(totals),
        _durations(totals),
        _gauge("headrace_outbox_oldest_seconds", "Age of the oldest unpublished event.", outbox["oldest_seconds"]),
        _gauge("headrace_outbox_events", f"Unpublished events, counted up to {depths.MOST}.", outbox["events"]),
        _gauge("headrace_dead_letters", f"Failed jobs nobody decided on, counted up to {depths.MOST}.", dead),
        _gauge("headrace_workers", "Processes that work jobs.", len(seen)),
        _room("headrace_worker_slots", "Jobs of a queue they can work at once.", seen, "slots"),
        _room("headrace_worker_busy", "Jobs of a queue they hold now.", seen, "busy"),
        _alerts(standing),
    ]


def _gauge(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value=value)


def _room(name: str, said: str, seen: Sequence[Mapping[str, Any]], what: str) -> Metric:
    family = GaugeMetricFamily(name, said, labels=["queue"])
    found = room_by_queue(seen, what)
    for queue in room_by_queue(seen, "slots"):
        family.add_metric([queue], found[queue])
    return family


def _queues(rows: Iterable[Mapping[str, Any]]) -> list[Metric]:
    jobs = GaugeMetricFamily("headrace_jobs", "Jobs that are not over.", labels=["queue", "status"])
    oldest = GaugeMetricFamily(
        "headrace_ready_job_oldest_seconds",
        "How long the oldest ready job has been waiting for a worker.",
        labels=["queue", "priority"],
    )
    for queue, depth in by_queue(rows).items():
        for status, count in depth.jobs.items():
            jobs.add_metric([queue, status], count)
        for priority in Priority:
            oldest.add_metric([queue, priority.name], depth.oldest.get(priority.name, 0.0))
    return [jobs, oldest]


def _counters(totals: Iterable[Mapping[str, Any]]) -> list[Metric]:
    found = {word: CounterMetricFamily(name, said, labels=["kind"]) for word, (name, said) in _COUNTED.items()}
    ended = CounterMetricFamily("headrace_jobs_ended", "Jobs that are over.", labels=["kind", "outcome"])
    counts: dict[tuple[str, str], int] = {}
    for row in totals:
        key = row["kind"], row["type"]
        counts[key] = counts.get(key, 0) + row["count"]
    for (kind, word), count in counts.items():
        if word in found:
            found[word].add_metric([kind], count)
        else:
            ended.add_metric([kind, word], count)
    return [*found.values(), ended]


def _durations(totals: Iterable[Mapping[str, Any]]) -> Metric:
    family = HistogramMetricFamily(
        "headrace_job_duration_seconds",
        "From a job's first start to its end, waiting included.",
        labels=["kind", "outcome"],
    )
    timed: dict[tuple[str, str], dict[int, tuple[int, float]]] = {}
    for row in totals:
        if row["bucket"] is not None:
            timed.setdefault((row["kind"], row["type"]), {})[row["bucket"]] = row["count"], row["seconds"]
    for labels, buckets in timed.items():
        below = [(f"{most:g}", sum(n for b, (n, _) in buckets.items() if edge(b) <= most)) for most in _BOUNDS]
        whole = sum(n for n, _ in buckets.values())
        family.add_metric(labels, [*below, ("+Inf", whole)], sum(seconds for _, seconds in buckets.values()))
    return family


def _alerts(standing: Sequence[Mapping[str, Any]]) -> Metric:
    family = GaugeMetricFamily("headrace_alerts", "Alerts that stand.", labels=["level"])
    for level in Level:
        name = level.name.lower()
        family.add_metric([name], sum(alert["level"] == name for alert in standing))
    return family
