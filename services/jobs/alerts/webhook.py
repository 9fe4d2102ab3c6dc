"""Tell an endpoint of an alert, signed (https://www.standardwebhooks.com)."""

from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

import msgspec

from schemas.problem import Problem, ProblemClass
from services.jobs.alerts.notice import Notice

if TYPE_CHECKING:
    import aiohttp

TIMEOUT_SECONDS = 30.0
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class AlertNotTaken(Problem):
    """The endpoint could not take the alert now."""

    code: ClassVar[str] = "ALERT_NOT_TAKEN"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    title: ClassVar[str] = "The endpoint of alerts does not answer as it should"
    recovery: ClassVar[str] = "Make HEADRACE_ALERT_WEBHOOK_URL answer 2xx within 30 s; it is tried again by itself."
    remedy: ClassVar[str | None] = "Make HEADRACE_ALERT_WEBHOOK_URL answer 2xx within 30 s, then retry the job."


class AlertRefused(Problem):
    """The endpoint does not want the alert."""

    code: ClassVar[str] = "ALERT_REFUSED"
    title: ClassVar[str] = "The endpoint of alerts refused one"
    recovery: ClassVar[str] = (
        "Check HEADRACE_ALERT_WEBHOOK_URL and that the endpoint verifies with HEADRACE_ALERT_WEBHOOK_SECRET, then "
        "retry the job; redirects are not followed."
    )


@dataclass(frozen=True)
class Webhook:
    """Where alerts go, and the secret (``whsec_…``) that proves they are ours."""

    url: str
    secret: str = field(repr=False)

    async def tell(self, notice: Notice, *, message_id: str, session: "aiohttp.ClientSession", now: datetime) -> None:
        """Deliver a notice; ``message_id`` is the same whenever it is told again. Raises ``AlertNotTaken``,
        ``AlertRefused``.
        """
        import aiohttp  # noqa: PLC0415  # whoever looks for alerts need not load what tells them
        from standardwebhooks import Webhook as Signer  # noqa: PLC0415  # see above

        body = msgspec.json.encode(notice.body()).decode()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signer(self.secret).sign(message_id, now, body),
        }
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        try:
            async with session.post(
                self.url, data=body.encode(), headers=headers, allow_redirects=False, timeout=timeout
            ) as answer:
                _taken(answer)
        except (aiohttp.ClientError, OSError) as error:
            raise AlertNotTaken(f"No answer: {type(error).__name__}") from error


def _taken(answer: "aiohttp.ClientResponse") -> None:
    if answer.ok and answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if answer.status in _PASSING or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wait = answer.headers.get("Retry-After", "")
        raise AlertNotTaken(
            f"It answered {answer.status}", retry_after=min(3600.0, float(wait)) if wait.isdecimal() else None
        )
    raise AlertRefused(f"It answered {answer.status}")
