"""Tell somebody that an alert was raised or is over."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct, convert

from schemas.problem import Problem
from services.jobs.alerts.channels import Channels
from services.jobs.alerts.notice import Channel, Notice
from services.jobs.job import Done, Job, Outcome

if TYPE_CHECKING:
    import aiohttp


class ChannelUnset(Problem):
    """The way an alert was to go is not set up any more."""

    code: ClassVar[str] = "ALERT_CHANNEL_UNSET"
    title: ClassVar[str] = "This way to tell people of alerts is not set up"
    recovery: ClassVar[str] = "Set the HEADRACE_ALERT_* settings (and HEADRACE_SMTP_URL) again and retry the job."


class Delivery(Struct, frozen=True, kw_only=True):
    """A notice and the way it goes."""

    channel: Channel
    notice: Notice


async def deliver_alert(
    job: Job, *, channels: Channels, session: "aiohttp.ClientSession", now: Callable[[], datetime]
) -> Outcome:
    """Deliver what the job's payload says. Raises ``ChannelUnset`` and what the channel raises."""
    delivery = convert(job.payload, Delivery)
    if delivery.channel == "webhook" and channels.webhook is not None:
        await channels.webhook.tell(delivery.notice, message_id=str(job.id), session=session, now=now())
    elif delivery.channel == "email" and channels.email is not None:
        await asyncio.to_thread(channels.email.tell, delivery.notice, message_id=str(job.id))
    else:
        raise ChannelUnset(f"{delivery.channel} is not set up")
    return Done()
