"""Webhooks that were taken, kept for thirty days."""

from infra.postgres.database import Transaction


async def first(tx: Transaction, provider: str, delivery_id: str) -> bool:
    """Enter a delivery; False if it came before."""
    entered = await tx.execute(
        "INSERT INTO webhook_deliveries (provider, delivery_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        provider,
        delivery_id,
    )
    return bool(entered)


async def prune(tx: Transaction) -> int:
    """Forget those whose time is over."""
    return await tx.execute("DELETE FROM webhook_deliveries WHERE received_at < now() - interval '30 days'")
