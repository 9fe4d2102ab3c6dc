"""An event on its way to an HTTP endpoint: CloudEvents 1.0 in HTTP binary mode."""

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, ClassVar

from schemas.envelope import Envelope
from schemas.problem import Problem, ProblemClass

if TYPE_CHECKING:
    import aiohttp

TIMEOUT_S = 30.0  # seconds an endpoint has to answer, connecting included
ACKNOWLEDGED = frozenset({200, 201, 202, 204})  # what Pub/Sub's push takes for an acknowledgement
_NOTHING: Mapping[str, str] = {}


class PushRefused(Problem):
    """An endpoint answered, but did not take the event."""

    code: ClassVar[str] = "PUSH_REFUSED"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The endpoint did not take the event"
    recovery: ClassVar[str] = "Make the endpoint answer 200, 201, 202 or 204 within 30 s; redirects are not followed."


async def push(
    session: "aiohttp.ClientSession",
    url: str,
    envelope: Envelope,
    *,
    headers: Mapping[str, str] = _NOTHING,
    taken: Container[int] = ACKNOWLEDGED,
) -> None:
    """POST an event, with more ``headers`` beside its own.

    Raises ``PushRefused`` for a status that is not ``taken``, ``aiohttp.ClientError`` or ``TimeoutError`` for none.
    """
    import aiohttp  # noqa: PLC0415  # it takes a while to load, and most processes push nothing

    async with session.post(
        url,
        data=envelope.body(),
        headers={**envelope.headers(), **headers},
        allow_redirects=False,
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
    ) as answer:
        if answer.status not in taken:
            raise PushRefused(f"The endpoint answered {answer.status}")
