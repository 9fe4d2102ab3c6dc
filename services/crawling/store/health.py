"""How providers are doing, as all processes see it."""

from infra.postgres.database import Transaction


async def resting_seconds(tx: Transaction) -> dict[str, float]:
    """Providers nobody may ask now, and for how many seconds."""
    rows = await tx.fetch(
        "SELECT provider, extract(epoch FROM open_until - clock_timestamp())::float8 AS seconds"
        " FROM provider_health WHERE open_until > clock_timestamp()"
    )
    return {row["provider"]: row["seconds"] for row in rows}


async def refused(tx: Transaction, provider: str, *, window_seconds: float) -> int:
    """Note a refusal (429); returns how many there were within the window, over all processes."""
    count: int = await tx.fetchval(
        "INSERT INTO provider_health AS h (provider, refusals) VALUES ($1, ARRAY[clock_timestamp()])"
        " ON CONFLICT (provider) DO UPDATE SET refusals = array(SELECT t FROM unnest(h.refusals) AS t"
        "   WHERE t > clock_timestamp() - $2 * interval '1 s') || clock_timestamp()"
        " RETURNING cardinality(refusals)",
        provider,
        window_seconds,
    )
    return count


async def failed(tx: Transaction, provider: str) -> int:
    """Note that the provider did not answer; returns how often in a row."""
    count: int = await tx.fetchval(
        "INSERT INTO provider_health AS h (provider, failures) VALUES ($1, 1)"
        " ON CONFLICT (provider) DO UPDATE SET failures = h.failures + 1 RETURNING failures",
        provider,
    )
    return count


async def answered(tx: Transaction, provider: str) -> None:
    """The provider answers again."""
    await tx.execute("UPDATE provider_health SET failures = 0 WHERE provider = $1 AND failures > 0", provider)


async def rest(tx: Transaction, provider: str, *, seconds: float) -> None:
    """Nobody asks this provider for a while."""
    await tx.execute(
        "INSERT INTO provider_health AS h (provider, open_until) VALUES ($1, clock_timestamp() + $2 * interval '1 s')"
        " ON CONFLICT (provider) DO UPDATE SET open_until = greatest(h.open_until, excluded.open_until)",
        provider,
        seconds,
    )


async def may_submit(tx: Transaction, provider: str, dataset: str, *, probe_seconds: float, most: int) -> bool:
    """Whether orders for a dataset may be sent; after a refusal one caller at a time finds out.

    Nobody does while the provider has refused ``most`` requests lately: what is left belongs to the others.
    """
    held = await tx.fetchval("SELECT open_until IS NOT NULL FROM provider_health WHERE provider = $1", dataset)
    if not held:
        return True
    refusals = await tx.fetchval(
        "SELECT count(*) FROM provider_health h, unnest(h.refusals) AS t"
        " WHERE h.provider = $1 AND t > clock_timestamp() - interval '5 minutes'",
        provider,
    )
    if refusals >= most:
        return False
    probing = await tx.execute(
        "UPDATE provider_health SET open_until = clock_timestamp() + $2 * interval '1 s'"
        " WHERE provider = $1 AND (open_until IS NULL OR open_until <= clock_timestamp())",
        dataset,
        probe_seconds,
    )
    return bool(probing)


async def free(tx: Transaction, dataset: str) -> None:
    """Orders for the dataset are taken again."""
    await tx.execute(
        "UPDATE provider_health SET open_until = NULL, failures = 0 WHERE provider = $1 AND open_until IS NOT NULL",
        dataset,
    )
