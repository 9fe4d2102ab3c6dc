"""What sites ask of robots, as it was read lately. It is public, so that tenants share it."""

from datetime import timedelta

from infra.postgres.database import Transaction

KEPT = timedelta(hours=1)


async def lately(tx: Transaction, origin: str) -> str | None:
    """The rules that were read within the hour, empty where there are none; None if nobody read them."""
    return await tx.fetchval(  # type: ignore[no-any-return]  # text or NULL
        "SELECT rules FROM site_rules WHERE origin = $1 AND read_at > now() - $2::interval", origin, KEPT
    )


async def keep(tx: Transaction, origin: str, rules: str) -> None:
    """Remember what was read, and forget some of what is old."""
    await tx.execute(
        "INSERT INTO site_rules (origin, rules, read_at) VALUES ($1, $2, now())"
        " ON CONFLICT (origin) DO UPDATE SET rules = excluded.rules, read_at = excluded.read_at",
        origin,
        rules,
    )
    await tx.execute(
        "DELETE FROM site_rules WHERE origin IN (SELECT origin FROM site_rules"
        " WHERE read_at < now() - $1::interval ORDER BY read_at LIMIT 100 FOR UPDATE SKIP LOCKED)",
        KEPT,
    )
