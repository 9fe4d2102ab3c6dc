"""Which of the published stages a failure belongs to."""

from typing import Any
from uuid import UUID

import pytest

from schemas.load_source import WarehouseQuota, WarehouseRejected, WarehouseUnavailable
from schemas.problem import Problem
from schemas.stored_object import ObjectMissing, StoreQuota, StoreUnavailable
from services.crawling.failure import STAGES, CrawlCancelled, MetadataNotFound, stage_of
from services.crawling.polling.verdict import PollingTimeout, ProviderJobFailed, ProviderStalled
from services.crawling.provider_problems import (
    ProviderAuth,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    ResultExpired,
    SnapshotMissing,
    SubmitUnknown,
)
from services.crawling.result.gunzip import ResultBomb, ResultCorrupt, ResultTruncated
from services.crawling.result.ndjson import ResultNotData, ResultTooLarge
from services.crawling.result.tally import RowRejectLimit
from services.crawling.store_snapshot import ResultCountMismatch
from services.crawling.submit_crawl import NotSentInTime, StillUnknown
from services.jobs.job import Job


def job(queue: str) -> Job:
    held: dict[str, Any] = {"state": "running", "attempt": 1, "tries": 0, "max_tries": 3, "claims": 1}
    return Job(id=UUID(int=1), tenant="default", kind="crawl", queue=queue, lease_token=1, **held)


class Surprise(Problem):
    code = "INTERNAL"


class Poison(Problem):
    code = "POISON_MESSAGE"


@pytest.mark.parametrize(
    ("queue", "problem", "stage"),
    [
        ("submit", ProviderUnavailable("x"), "trigger"),
        ("submit", ProviderRejected("x"), "trigger"),
        ("submit", ProviderAuth("x"), "trigger"),
        ("submit", ProviderRateLimited("x"), "trigger"),
        ("submit", SubmitUnknown("x"), "trigger"),
        ("submit", StillUnknown("x"), "trigger"),
        ("submit", NotSentInTime("x"), "trigger"),
        ("submit", MetadataNotFound("x"), "metadata_not_found"),
        ("poll", ProviderUnavailable("x"), "provider"),
        ("poll", ProviderAuth("x"), "provider"),
        ("poll", ProviderJobFailed("x"), "provider"),
        ("poll", SnapshotMissing("x"), "provider"),
        ("poll", PollingTimeout("x"), "polling_timeout"),
        ("poll", ProviderStalled("x"), "polling_timeout"),
        ("store", ProviderUnavailable("x"), "download"),
        ("store", ResultExpired("x"), "download"),
        ("store", ResultTruncated("x"), "download"),
        ("store", ResultCorrupt("x"), "download"),
        ("store", ResultBomb("x"), "download"),
        ("store", ResultNotData("x"), "download"),
        ("store", ResultTooLarge("x"), "download"),
        ("store", ResultCountMismatch("x"), "download"),
        ("store", RowRejectLimit("x"), "download"),
        ("store", StoreUnavailable("x"), "storage"),
        ("store", StoreQuota("x"), "storage"),
        ("store", ObjectMissing("x"), "storage"),
        ("load", WarehouseUnavailable("x"), "warehouse"),
        ("load", WarehouseRejected("x"), "warehouse"),
        ("load", WarehouseQuota("x"), "warehouse"),
        ("load", ObjectMissing("x"), "storage"),
        ("store", Surprise("x"), "background_exception"),
        ("poll", Poison("x"), "background_exception"),
        ("store", CrawlCancelled("x"), "cancelled"),
        ("submit", CrawlCancelled("x"), "cancelled"),
    ],
)
def test_a_failure_has_the_stage_it_happened_in(queue: str, problem: Problem, stage: str) -> None:
    assert stage_of(job(queue), problem) == stage
    assert stage in STAGES
    assert problem.recovery.endswith(".")
