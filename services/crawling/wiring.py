"""The crawling context, put together from a process's runtime."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from infra.postgres.database import Database
from infra.runtime.egress.allow import allowed
from infra.runtime.runtime import Runtime
from services.crawling.governed import Governed
from services.crawling.governor import Governor
from services.crawling.policy import Policy, policy
from services.crawling.ports import Lake, Provider, Warehouse
from services.crawling.providers import bright_data, firecrawl
from services.crawling.providers.website import Website
from services.crawling.result.record import decode_record, is_error
from services.jobs.history.archive import Warehouse as History
from services.jobs.reading.find_job import job_history

OWN_PER_SECOND, OWN_IN_FLIGHT = 1000.0, 20  # asked of our own database: hosts have manners of their own


class Crawling(Struct, frozen=True, kw_only=True):
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
    providers = (
        _governed(
            bright_data.build(settings, runtime.session),
            runtime,
            per_second=settings.bright_data_requests_per_second,
            concurrency=settings.bright_data_in_flight,
        ),
        _governed(
            firecrawl.build(settings, runtime.session),
            runtime,
            per_second=settings.firecrawl_requests_per_second,
            concurrency=settings.firecrawl_in_flight,
        ),
        _governed(
            Website(runtime.database, runtime.lake, allow=allowed(settings.egress_allow)),
            runtime,
            per_second=OWN_PER_SECOND,
            concurrency=OWN_IN_FLIGHT,
        ),
    )
    return Crawling(
        database=runtime.database,
        lake=runtime.lake,
        warehouse=runtime.warehouse({"is_error": _is_error}),
        history=runtime.once(job_history),
        providers={one.name: one for one in providers},
        policy=replace(policy(settings, public_url=runtime.public_url), most={one.name: one.most for one in providers}),
    )


def _governed(provider: Provider, runtime: Runtime, *, per_second: float, concurrency: int) -> Governed:
    return Governed(provider, Governor(provider.name, runtime.database, per_second=per_second, concurrency=concurrency))


def _is_error(line: bytes) -> bool:
    return is_error(decode_record(line))
