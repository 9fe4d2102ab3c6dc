"""Accept a crawl that was submitted as a job: its order is judged as a trigger's, and its row commits with the job."""

import secrets

from msgspec.structs import replace

from infra.postgres.database import Transaction
from services.crawling.policy import Policy
from services.crawling.provider_options import Providers, as_sent, refuse_what_no_provider_takes
from services.crawling.spending.reserve import reserve
from services.crawling.store import crawls
from services.crawling.trigger_crawl import MAX_TRIES
from services.jobs.job import NewJob


async def accept_order(tx: Transaction, job: NewJob, *, providers: Providers, policy: Policy) -> NewJob:
    """The job as it is queued. What the order says of itself wins over what was said of the job.

    An order that is to start later has its time from then on, and counts against the budgets from now on. Raises
    ``UnknownProvider``, ``InvalidRequest``, ``BudgetExceeded``.
    """
    from services.crawling.order import Order  # noqa: PLC0415  # who accepts none needs no pydantic

    order = Order.model_validate(job.payload)
    refuse_what_no_provider_takes(order, providers)
    source_id = order.source_id or job.source_id
    await reserve(
        tx,
        job.id,
        1,
        order=as_sent(order),
        tenant=job.tenant,
        source_id=source_id,
        provider=order.provider,
        policy=policy,
    )
    await crawls.insert(
        tx,
        job.id,
        order,
        tenant=job.tenant,
        webhook_token=secrets.token_urlsafe(32),
        deadline=policy.deadline,
        starts_at=job.due_at,
    )
    return replace(
        job,
        priority=order.priority if "priority" in order.model_fields_set else job.priority,
        max_tries=job.max_tries or MAX_TRIES,
        step="submitting",
        payload={},
        metadata={**job.metadata, **order.metadata},
        source_id=source_id,
    )
