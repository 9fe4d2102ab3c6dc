"""What was bought, one row a purchase."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct

from infra.postgres.database import Transaction
from services.crawling.spending.budget import Amount


class Purchase(Struct, frozen=True, kw_only=True):
    """A purchase and what it counts as. ``expected`` is what it was reserved as."""

    crawl_id: UUID
    attempt: int
    tenant: str
    source_id: str
    day: date
    state: str
    price: Decimal
    expected: int
    amount: Amount


async def reserve(
    tx: Transaction,
    crawl_id: UUID,
    attempt: int,
    *,
    tenant: str,
    source_id: str,
    provider: str,
    price: Decimal,
    amount: Amount,
) -> bool:
    """Write down what is about to be bought; False if this attempt's purchase stands there already."""
    return bool(
        await tx.execute(
            "INSERT INTO purchases (crawl_id, attempt, tenant, source_id, provider, price, expected, records, crawls,"
            " money) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9) ON CONFLICT DO NOTHING",
            crawl_id,
            attempt,
            tenant,
            source_id,
            provider,
            price,
            amount.records,
            amount.crawls,
            amount.money,
        )
    )


async def last(tx: Transaction, crawl_id: UUID) -> Purchase | None:
    """The last purchase of a crawl, locked; None where nothing was reserved for it."""
    row = await tx.fetchrow(
        "SELECT * FROM purchases WHERE crawl_id = $1 ORDER BY attempt DESC LIMIT 1 FOR UPDATE", crawl_id
    )
    return _purchase(row) if row else None


async def settle(tx: Transaction, one: Purchase, amount: Amount, *, state: str) -> None:
    """Correct what a purchase counts as."""
    await tx.execute(
        "UPDATE purchases SET state = $3, crawls = $4, records = $5, money = $6, settled_at = now()"
        " WHERE crawl_id = $1 AND attempt = $2",
        one.crawl_id,
        one.attempt,
        state,
        amount.crawls,
        amount.records,
        amount.money,
    )


async def left_open(tx: Transaction, *, older_than_seconds: float, limit: int) -> list[Purchase]:
    """Reservations whose crawl has ended, or is nowhere any more; ended so long ago that nobody is about to settle."""
    rows = await tx.fetch(
        "SELECT p.* FROM purchases p LEFT JOIN jobs j ON j.id = p.crawl_id WHERE p.state = 'reserved'"
        " AND p.reserved_at < now() - $1 * interval '1 s'"
        " AND (j.id IS NULL OR j.finished_at < now() - $1 * interval '1 s') ORDER BY p.reserved_at LIMIT $2",
        older_than_seconds,
        limit,
    )
    return [_purchase(row) for row in rows]


async def prune(tx: Transaction, *, days: int) -> int:
    """Forget what was bought before so many days."""
    return await tx.execute("DELETE FROM purchases WHERE day < current_date - $1::integer", days)


async def spend(
    tx: Transaction,
    tenant: str,
    *,
    since: date,
    until: date,
    source_id: str | None,
    provider: str | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Sums by day, source and provider, the newest day first, from just behind a place in that order."""
    place = after or (None, None, None)
    rows = await tx.fetch(
        "SELECT day, source_id, provider, sum(crawls) AS crawls, sum(records) AS records, sum(money) AS money,"
        " sum(records) FILTER (WHERE state IN ('reserved', 'assumed')) AS unsettled"
        " FROM purchases WHERE tenant = $1 AND day BETWEEN $2 AND $3 AND ($4::text IS NULL OR source_id = $4)"
        " AND ($5::text IS NULL OR provider = $5)"
        " AND ($6::date IS NULL OR day < $6 OR (day = $6 AND (source_id, provider) > ($7::text, $8::text)))"
        " GROUP BY day, source_id, provider ORDER BY day DESC, source_id, provider LIMIT $9",
        tenant,
        since,
        until,
        source_id,
        provider,
        *place,
        limit,
    )
    return [dict(row) for row in rows]


def _purchase(row: Any) -> Purchase:
    names = ("attempt", "tenant", "source_id", "day", "state", "price", "expected")
    bought = Amount(crawls=row["crawls"], records=row["records"], money=row["money"])
    return Purchase(crawl_id=UUID(str(row["crawl_id"])), amount=bought, **{name: row[name] for name in names})
