"""How hosts want to be asked."""

from datetime import timedelta

from infra.postgres.database import Transaction


async def robots(tx: Transaction, host: str, *, younger_than: timedelta) -> str | None:
    """The robots.txt that was read lately; None if none was."""
    return await tx.fetchval(  # type: ignore[no-any-return]  # text or NULL
        "SELECT robots FROM site_hosts WHERE host = $1 AND robots_at > now() - $2::interval", host, younger_than
    )


async def keep_robots(tx: Transaction, host: str, text: str, *, delay: float) -> None:
    """Remember what was read, and the pause between two requests it asks for, in seconds."""
    await tx.execute(
        "INSERT INTO site_hosts (host, robots, robots_at, delay) VALUES ($1, $2, now(), $3) ON CONFLICT (host)"
        " DO UPDATE SET robots = excluded.robots, robots_at = excluded.robots_at, delay = excluded.delay",
        host,
        text,
        delay,
    )


async def forget(tx: Transaction, *, older_than: timedelta) -> None:
    """Hosts that nobody asked for so long."""
    await tx.execute("DELETE FROM site_hosts WHERE next_at < now() - $1::interval", older_than)
