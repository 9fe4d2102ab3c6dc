"""Other teams' endpoints, always those of one tenant."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction

_LIST = """
SELECT s.id, s.topic, s.push_url, s.created_at, s.given_up, s.last_error, s.last_error_at,
       (SELECT count(*) FROM pushes p WHERE p.subscription_id = s.id) AS waiting
FROM event_subscriptions s WHERE s.tenant = $1 ORDER BY s.created_at, s.id
"""


async def add(tx: Transaction, subscription_id: UUID, *, tenant: str, topic: str, push_url: str, secret: str) -> Any:
    """Store a subscription; returns when it was created."""
    return await tx.fetchval(
        "INSERT INTO event_subscriptions (id, tenant, topic, push_url, secret) VALUES ($1, $2, $3, $4, $5)"
        " RETURNING created_at",
        subscription_id,
        tenant,
        topic,
        push_url,
        secret,
    )


async def listed(tx: Transaction, *, tenant: str) -> list[dict[str, Any]]:
    """The tenant's subscriptions, oldest first, without their secrets."""
    return [{**row, "id": str(row["id"])} for row in await tx.fetch(_LIST, tenant)]


async def remove(tx: Transaction, subscription_id: UUID, *, tenant: str) -> bool:
    """End a subscription and drop its pushes; False if the tenant has none of this id."""
    return bool(
        await tx.execute("DELETE FROM event_subscriptions WHERE id = $1 AND tenant = $2", subscription_id, tenant)
    )
