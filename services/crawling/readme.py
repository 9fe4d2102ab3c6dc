"""What README.md says of phases, commands and codes, made from the code that decides it."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any
from uuid import UUID

from infra.runtime.markdown import table
from schemas import load_source, stored_object
from schemas.problem import Problem
from services.crawling import provider_problems, store_snapshot, submit_crawl
from services.crawling.failure import CrawlCancelled, MetadataNotFound, stage_of
from services.crawling.phase import BY_QUEUE, COMMANDS, legal, phase, pipeline_status, polling_state
from services.crawling.polling import verdict
from services.crawling.result import gunzip, ndjson, tally
from services.jobs.engine import handling
from services.jobs.job import Job

ENDINGS: tuple[type[Problem], ...] = (
    CrawlCancelled,
    MetadataNotFound,
    gunzip.ResultBomb,
    gunzip.ResultCorrupt,
    gunzip.ResultTruncated,
    handling.JobTimedOut,
    handling.PoisonJob,
    handling.Unexpected,
    handling.UnknownKind,
    load_source.WarehouseForbidden,
    load_source.WarehouseMissing,
    load_source.WarehouseQuota,
    load_source.WarehouseRejected,
    load_source.WarehouseUnavailable,
    ndjson.ResultNotData,
    ndjson.ResultTooLarge,
    verdict.PollingTimeout,
    verdict.ProviderJobFailed,
    verdict.ProviderStalled,
    provider_problems.ProviderAuth,
    provider_problems.ProviderOutOfCredits,
    provider_problems.ProviderRateLimited,
    provider_problems.ProviderRejected,
    provider_problems.ProviderUnavailable,
    provider_problems.ProviderUntrusted,
    provider_problems.ResultExpired,
    provider_problems.SnapshotMissing,
    store_snapshot.ResultCountMismatch,
    stored_object.ObjectExists,
    stored_object.ObjectMissing,
    stored_object.StoreForbidden,
    stored_object.StoreQuota,
    stored_object.StoreUnavailable,
    submit_crawl.NotSentInTime,
    submit_crawl.StillUnknown,
    tally.RowRejectLimit,
)
"""Every failure a crawl can end with."""

_ASKING = ("submit", "poll", "store")
_VERBS = ("cancel", "pause", "resume", "download", "retry-background")


def parts() -> dict[str, str]:
    """The generated parts of README.md, by name."""
    return {"commands": table(_commands()), "codes": table(_codes())}


def _commands() -> Iterator[Sequence[str]]:
    yield ["Phase", "`pipeline_status`", "`polling_state`", *(f"`{verb}`" for verb in _VERBS)]
    for name in COMMANDS:
        rows = list(_rows(name))
        status, states = (sorted({say(row) for row in rows}) for say in (pipeline_status, polling_state))
        yield [name, ", ".join(status), ", ".join(states), *(_answer(verb, rows) for verb in _VERBS)]


def _answer(verb: str, rows: Sequence[dict[str, Any]]) -> str:
    taken = {verb in legal(row) for row in rows}
    if len(taken) > 1:
        return "202 with a living snapshot, else 409"
    return "202" if taken == {True} else "409"


def _rows(name: str) -> Iterator[dict[str, Any]]:
    """A crawl in a phase, in all the ways that commands and states depend on."""
    queues = {in_phase: queue for queue, in_phase in BY_QUEUE.items()}
    states = ["ready", "running"] if name in queues else [name]
    for state, polls, stage, dead in product(states, (0, 1), ("provider", "polling_timeout"), (False, True)):
        row = {
            "state": state,
            "queue": queues.get(name, "store"),
            "provider": "bright_data",
            "snapshot_id": "sd_1",
            "snapshot_dead": dead,
            "poll_count": polls,
            "error_stage": stage,
            "want": None,
        }
        assert phase(row) == name  # noqa: S101  # else the table would be about another phase
        yield row


def _codes() -> Iterator[Sequence[str]]:
    yield ["Code", "Stage", "Meaning", "Way out"]
    for kind in sorted(ENDINGS, key=lambda kind: (kind.code, kind.__name__)):
        stages = dict.fromkeys(stage_of(_job(queue), kind()) for queue in _ASKING)
        yield [f"`{kind.code}`", ", ".join(stages), kind.title, kind().by_hand]


def _job(queue: str) -> Job:
    return Job(
        id=UUID(int=0),
        tenant="",
        kind="crawl",
        queue=queue,
        state="running",
        attempt=1,
        tries=0,
        max_tries=1,
        claims=1,
        lease_token=1,
    )
