"""Accept a crawl that was submitted as a job: its order is judged as a trigger's, and its row commits with the job."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from infra.postgres.database import Transaction
from services.crawling.order import Order
from services.crawling.policy import Policy
from services.crawling.provider_options import refuse_what_no_provider_takes
from services.crawling.store import crawls
from services.crawling.trigger_crawl import MAX_TRIES
from services.jobs.job import NewJob


async def accept_order(
    tx: Transaction, job: NewJob, *, options: Mapping[str, frozenset[str]], policy: Policy, now: datetime | None = None
) -> NewJob:
    """The job as it is queued. What the order says of itself wins over what was said of the job.

    An order that is to start later has its time from then on (``now`` is the clock's if it is not given).

    Raises ``UnknownProvider``, ``InvalidRequest``.
    """
    order = Order.model_validate(job.payload)
    refuse_what_no_provider_takes(order, options)
    await crawls.insert(
        tx,
        job.id,
        order,
        tenant=job.tenant,
        webhook_token=secrets.token_urlsafe(32),
        deadline=policy.deadline + _later(job, now or datetime.now(UTC)),
    )
    return replace(
        job,
        priority=order.priority if "priority" in order.model_fields_set else job.priority,
        max_tries=job.max_tries or MAX_TRIES,
        step="submitting",
        payload={},
        metadata={**job.metadata, **order.metadata},
        source_id=order.source_id or job.source_id,
    )


def _later(job: NewJob, now: datetime) -> timedelta:
    return max(job.due_at - now, timedelta(0)) if job.due_at is not None else timedelta(0)
