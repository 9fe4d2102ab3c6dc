"""What a site asks of robots, and whether that covers a page (RFC 9309)."""

from urllib.parse import urlsplit

from infra.runtime.egress.fetch import Budget, guarded_session
from infra.runtime.egress.guard import Guard
from infra.runtime.egress.refused import EgressFailed, EgressTooLarge
from services.intake.capturing.failures import RobotsDisallowed, RobotsUnavailable

NAME = "headrace"
_BUDGET = Budget(bytes=512 * 1024, seconds=10.0)
_MISSING = range(400, 500)
_TOO_MANY = 429
_GOOD = 200


async def ask_robots(url: str, *, allow: frozenset[str]) -> None:
    """Make sure that the page may be read. Raises ``RobotsDisallowed``, ``RobotsUnavailable``, ``EgressRefused``."""
    parts = urlsplit(url)
    place = f"{parts.scheme}://{parts.netloc}/robots.txt"
    rules = await _read(place, allow)
    if rules is None:
        return
    from protego import Protego  # noqa: PLC0415  # only where something is captured

    if not Protego.parse(rules).can_fetch(url, NAME):
        raise RobotsDisallowed(f"{place} forbids {parts.path or '/'}")


async def _read(place: str, allow: frozenset[str]) -> str | None:
    """The rules; None where there are none."""
    try:
        async with guarded_session(Guard(allow=allow)) as session, session.get(place, budget=_BUDGET) as answer:
            if answer.status in _MISSING and answer.status != _TOO_MANY:
                return None
            if answer.status != _GOOD:
                raise RobotsUnavailable(f"{place} answered {answer.status}")
            return (await answer.read()).decode("utf-8", "replace")
    except (EgressFailed, EgressTooLarge) as error:
        raise RobotsUnavailable(f"{place}: {error.detail}") from error
