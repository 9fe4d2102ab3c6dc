"""What a site asks of robots, and whether that covers a page (RFC 9309)."""

import asyncio
from urllib.parse import urlsplit

from infra.postgres.database import Database
from infra.runtime.egress.fetch import Budget, guarded_session
from infra.runtime.egress.guard import Guard
from infra.runtime.egress.refused import EgressFailed, EgressTooLarge, EgressUntrusted
from services.intake.capturing.failures import CaptureTls, RobotsDisallowed, RobotsUnavailable
from services.intake.store import robots

NAME = "headrace"
_BUDGET = Budget(bytes=512 * 1024, seconds=10.0)
_MISSING = range(400, 500)
_TOO_MANY = 429
_GOOD = 200


async def ask_robots(url: str, *, allow: frozenset[str], database: Database) -> None:
    """Make sure that the page may be read; a site is asked once an hour, whatever it has.

    Raises ``RobotsDisallowed``, ``RobotsUnavailable``, ``CaptureTls``, ``EgressRefused``.
    """
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    rules = await _rules(origin, allow, database)
    if rules and not await asyncio.to_thread(_may_read, rules, url):
        raise RobotsDisallowed(f"{origin}/robots.txt forbids {parts.path or '/'}")


async def _rules(origin: str, allow: frozenset[str], database: Database) -> str:
    """Empty where there are none."""
    async with database.reading() as tx:
        known = await robots.lately(tx, origin)
    if known is not None:
        return known
    rules = await _read(f"{origin}/robots.txt", allow)
    async with database.transaction() as tx:
        await robots.keep(tx, origin, rules)
    return rules


async def _read(place: str, allow: frozenset[str]) -> str:
    try:
        async with guarded_session(Guard(allow=allow)) as session, session.get(place, budget=_BUDGET) as answer:
            if answer.status in _MISSING and answer.status != _TOO_MANY:
                return ""
            if answer.status != _GOOD:
                raise RobotsUnavailable(f"{place} answered {answer.status}")
            return (await answer.read()).decode("utf-8", "replace").replace("\0", "")
    except EgressUntrusted as error:
        raise CaptureTls(error.detail) from error
    except (EgressFailed, EgressTooLarge) as error:
        raise RobotsUnavailable(error.detail) from error


def _may_read(rules: str, url: str) -> bool:
    from protego import Protego  # noqa: PLC0415  # only where something is captured

    return bool(Protego.parse(rules).can_fetch(url, NAME))
