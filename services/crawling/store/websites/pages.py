"""The frontier of a site: pages that were found, taken, and told."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from infra.postgres.database import Transaction
from services.crawling.providers.website.address import Address

MOST_VARIANTS = 50  # pages that differ in their query only: calendars and filters have no end

_INSERT = f"""
WITH fresh AS (
  SELECT n.*, row_number() OVER (PARTITION BY place ORDER BY ord)
    + (SELECT count(*) FROM site_pages k WHERE k.site_id = $1 AND k.place = n.place) AS variant
  FROM unnest($2::bytea[], $3::text[], $4::text[], $5::bytea[]) WITH ORDINALITY AS n (key, url, host, place, ord)
  WHERE NOT EXISTS (SELECT 1 FROM site_pages k WHERE k.site_id = $1 AND k.key = n.key)
), room AS (
  SELECT greatest(0, $7 - known) AS n FROM sites WHERE id = $1
), added AS (
  INSERT INTO site_pages (site_id, key, url, host, place, depth)
  SELECT $1, key, url, host, place, $6 FROM fresh WHERE variant <= {MOST_VARIANTS}
  ORDER BY ord LIMIT (SELECT n FROM room) ON CONFLICT DO NOTHING RETURNING 1
)
UPDATE sites SET known = known + (SELECT count(*) FROM added) WHERE id = $1
"""

_TURNS = """
SELECT host FROM site_hosts WHERE next_at <= clock_timestamp()
  AND host IN (SELECT DISTINCT host FROM site_pages WHERE site_id = $1 AND state = 'queued')
ORDER BY host FOR UPDATE SKIP LOCKED
"""

# A host that wants pauses gives one page a turn; any other as many as may be asked for at once.
_TAKE = """
WITH room AS (
  SELECT h.host, greatest(h.delay, $4) AS delay, CASE WHEN greatest(h.delay, $4) > 0 THEN least(1, $3 - b.n)
    ELSE $3 - b.n END AS most
  FROM site_hosts h, LATERAL (SELECT count(*) AS n FROM site_pages p
    WHERE p.host = h.host AND p.leased_until > clock_timestamp()) b
  WHERE h.host = ANY($2::text[])
), ranked AS (
  SELECT p.key, p.depth, p.seq, r.most, row_number() OVER (PARTITION BY p.host ORDER BY p.depth, p.seq) AS n
  FROM site_pages p JOIN room r USING (host)
  WHERE p.site_id = $1 AND p.state = 'queued' AND coalesce(p.leased_until, '-infinity') < clock_timestamp()
), chosen AS (
  SELECT key FROM ranked WHERE n <= most ORDER BY depth, seq LIMIT $6
), taken AS (
  UPDATE site_pages p SET token = token + 1, leased_until = clock_timestamp() + $5 * interval '1 s'
  FROM chosen c WHERE p.site_id = $1 AND p.key = c.key
  RETURNING p.key, p.url, p.host, p.depth, p.tries, p.token, p.seq
), polite AS (
  UPDATE site_hosts h SET next_at = clock_timestamp() + r.delay * interval '1 s'
  FROM room r WHERE h.host = r.host AND r.delay > 0 AND h.host IN (SELECT host FROM taken)
)
SELECT key, url, host, depth, tries, token FROM taken ORDER BY depth, seq
"""


class Taken(Struct, frozen=True, kw_only=True):
    """A page to ask for now; ``token`` proves the hold."""

    key: bytes
    url: str
    host: str
    depth: int
    tries: int
    token: int


async def add(tx: Transaction, site_id: UUID, found: Sequence[Address], *, depth: int, most: int) -> None:
    """Remember pages, each once, of one place only so many, and ``most`` in all. Locks the order."""
    await tx.execute("SELECT 1 FROM sites WHERE id = $1 FOR UPDATE", site_id)
    await tx.execute(
        _INSERT,
        site_id,
        [page.key for page in found],
        [page.url for page in found],
        [page.host for page in found],
        [page.place for page in found],
        depth,
        most,
    )
    await tx.execute(
        "INSERT INTO site_hosts (host) SELECT DISTINCT unnest($1::text[]) ON CONFLICT DO NOTHING",
        sorted({page.host for page in found}),
    )


async def first(tx: Transaction, site_id: UUID) -> list[str]:
    """The URLs of the pages that an order names."""
    rows = await tx.fetch("SELECT url FROM site_pages WHERE site_id = $1 AND depth = 0 ORDER BY seq", site_id)
    return [row["url"] for row in rows]


async def free(tx: Transaction, site_id: UUID) -> None:
    """Whoever held pages of the site is dead."""
    await tx.execute("UPDATE site_pages SET leased_until = NULL WHERE site_id = $1 AND state = 'queued'", site_id)


async def take(
    tx: Transaction, site_id: UUID, *, a_host: int, delay: float, lease_seconds: float, limit: int
) -> list[Taken]:
    """The next pages, nearest first: as many of each host as it bears, whichever sites ask it.

    ``delay`` is in seconds and counts where the host wishes no longer one.
    """
    hosts = [row["host"] for row in await tx.fetch(_TURNS, site_id)]
    rows = await tx.fetch(_TAKE, site_id, hosts, a_host, delay, lease_seconds, limit) if hosts else []
    return [Taken(**dict(row)) for row in rows]


async def wait_seconds(tx: Transaction, site_id: UUID) -> float | None:
    """In how many seconds a host may be asked again; None if no page is left to ask for."""
    return await tx.fetchval(  # type: ignore[no-any-return]  # a number or NULL
        "SELECT CASE WHEN count(*) > 0 THEN greatest(0, extract(epoch FROM min(h.next_at) - clock_timestamp()))"
        " END::float8 FROM site_hosts h"
        " WHERE h.host IN (SELECT DISTINCT host FROM site_pages WHERE site_id = $1 AND state = 'queued')",
        site_id,
    )


async def told(tx: Transaction, site_id: UUID, page: Taken, line: bytes) -> bool:
    """Keep its record, gzipped; False if somebody else has the page by now."""
    return await _leave(tx, site_id, page, "state = 'told', line = $4", line)


async def skip(tx: Transaction, site_id: UUID, page: Taken) -> bool:
    """Nothing is told of this page; False as for ``told``."""
    return await _leave(tx, site_id, page, "state = 'skipped'")


async def put_off(tx: Transaction, site_id: UUID, page: Taken, *, seconds: float) -> None:
    """It is asked for once more, when its host was left alone for so long."""
    if await _leave(tx, site_id, page, "tries = tries + 1"):
        await tx.execute(
            "UPDATE site_hosts SET next_at = greatest(next_at, clock_timestamp() + $2 * interval '1 s')"
            " WHERE host = $1",
            page.host,
            seconds,
        )


async def claim(tx: Transaction, site_id: UUID, page: Address, *, depth: int) -> bool:
    """A redirect led to this page: whoever finds it later need not ask for it; False if it is known already."""
    return bool(
        await tx.execute(
            "INSERT INTO site_pages (site_id, key, url, host, place, depth, state)"
            " VALUES ($1, $2, $3, $4, $5, $6, 'skipped')"
            " ON CONFLICT (site_id, key) DO UPDATE SET state = 'skipped'"
            " WHERE site_pages.state = 'queued' AND site_pages.leased_until IS NULL",
            site_id,
            page.key,
            page.url,
            page.host,
            page.place,
            depth,
        )
    )


async def _leave(tx: Transaction, site_id: UUID, page: Taken, change: str, *args: object) -> bool:
    return bool(
        await tx.execute(
            f"UPDATE site_pages SET leased_until = NULL, {change}"
            " WHERE site_id = $1 AND key = $2 AND token = $3 AND state = 'queued'",
            site_id,
            page.key,
            page.token,
            *args,
        )
    )
