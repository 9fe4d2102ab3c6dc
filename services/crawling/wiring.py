"""The crawling context, put together from a process's runtime."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.postgres.database import Database
from infra.runtime.runtime import Runtime
from services.crawling.governor import Governed, Governor
from services.crawling.policy import Policy, policy
from services.crawling.ports import Lake, Warehouse
from services.crawling.providers import bright_data
from services.crawling.result.record import decode_record, is_error
from services.jobs.history.archive import Warehouse as History
from services.jobs.reading.find_job import job_history


@dataclass(frozen=True, kw_only=True)
class Crawling:
    """What the context's use cases may touch."""

    database: Database
    lake: Lake
    warehouse: Warehouse
    history: History
    providers: Mapping[str, Governed]
    policy: Policy


def crawling(runtime: Runtime) -> Crawling:
    """Build the context; once a process, through ``runtime.once(crawling)``."""
    settings = runtime.settings
    governor = Governor(
        "bright_data",
        runtime.database,
        per_second=settings.bright_data_requests_per_second,
        concurrency=settings.bright_data_in_flight,
    )
    provider = bright_data.build(settings, runtime.session)
    return Crawling(
        database=runtime.database,
        lake=runtime.lake,
        warehouse=runtime.warehouse({"is_error": _is_error}),
        history=runtime.once(job_history),
        providers={provider.name: Governed(provider, governor)},
        policy=policy(settings, public_url=runtime.public_url),
    )


def _is_error(line: bytes) -> bool:
    return is_error(decode_record(line))
