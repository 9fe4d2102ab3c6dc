"""Accept an order: one transaction stores the crawl, its job, its idempotency key and what is reserved for it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from infra.postgres.database import Database
from schemas.problem import Problem, ProblemClass
from services.crawling.policy import Policy
from services.crawling.provider_options import as_sent
from services.crawling.spending.reserve import reserve
from services.crawling.store import crawls, keys
from services.jobs.job import Job, NewJob
from services.jobs.store import held, queue
from services.jobs.submitting.idempotency import KEY_DAYS, IdempotencyKey, IdempotencyMismatch
from services.jobs.submitting.room import require_room

if TYPE_CHECKING:
    from services.crawling.order import Order

IN_FLIGHT_SECONDS = 10.0
MAX_TRIES = 8
QUEUE = "submit"


class IdempotencyInProgress(Problem):
    """The first request with this key is not answered yet."""

    code: ClassVar[str] = "IDEMPOTENCY_IN_PROGRESS"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The first request with this Idempotency-Key is still being answered"
    recovery: ClassVar[str] = "Send the same request again after the time in Retry-After."


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """``answer`` is the first answer, byte for byte; ``job`` is held by the caller, who must submit it."""

    crawl_id: UUID
    answer: bytes | None = None
    job: Job | None = None


async def trigger_crawl(
    order: "Order",
    *,
    crawl_id: UUID,
    key: IdempotencyKey | None,
    tenant: str,
    webhook_token: str,
    worker: str | None,
    database: Database,
    policy: Policy,
    created_by: str | None = None,
) -> Accepted:
    """Store the order. With a ``worker`` its job is handed out at once, else the queue has it.

    Raises ``IdempotencyMismatch``, ``IdempotencyInProgress``, ``BudgetExceeded``, ``QueueFull``.
    """
    async with database.transaction() as tx:
        if key is not None:
            known = await keys.take(
                tx,
                tenant=tenant,
                key=key.key,
                fingerprint=key.fingerprint,
                crawl_id=crawl_id,
                in_flight_seconds=IN_FLIGHT_SECONDS,
                days=KEY_DAYS,
            )
            if known is not None:
                return _known(known, key)
        await reserve(
            tx,
            crawl_id,
            1,
            order=as_sent(order),
            tenant=tenant,
            source_id=order.source_id,
            provider=order.provider,
            policy=policy,
        )
        # after the budgets, as wherever both are asked: in another order two could wait for each other
        await require_room(tx, QUEUE, tenant=tenant, room=policy.room)
        await queue.enqueue(tx, _job(crawl_id, order, tenant, created_by))
        await crawls.insert(tx, crawl_id, order, tenant=tenant, webhook_token=webhook_token, deadline=policy.deadline)
        if worker is None:
            return Accepted(crawl_id=crawl_id)
        job = await held.claim_one(tx, crawl_id, lease_seconds=policy.lease, worker=worker)
        return Accepted(crawl_id=crawl_id, job=job)


def _known(known: keys.KnownKey, key: IdempotencyKey) -> Accepted:
    if known.fingerprint != key.fingerprint:
        raise IdempotencyMismatch
    if known.answer is None and known.in_flight:
        raise IdempotencyInProgress(retry_after=1)
    return Accepted(crawl_id=known.crawl_id, answer=known.answer)


def _job(crawl_id: UUID, order: "Order", tenant: str, created_by: str | None) -> NewJob:
    return NewJob(
        id=crawl_id,
        kind="crawl",
        queue=QUEUE,
        tenant=tenant,
        created_by=created_by,
        priority=order.priority,
        max_tries=MAX_TRIES,
        step="submitting",
        metadata=order.metadata,
        source_id=order.source_id,
    )
