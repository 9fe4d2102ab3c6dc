"""Ways to tell people of alerts, as the settings name them."""

from dataclasses import dataclass

import structlog

from infra.runtime.configuration.alerting import alerting
from infra.runtime.configuration.settings import Settings
from infra.runtime.runtime import Runtime
from services.jobs.alerts.mail import Mail, Server
from services.jobs.alerts.notice import Channel
from services.jobs.alerts.webhook import Webhook

log = structlog.get_logger()


@dataclass(frozen=True)
class Channels:
    """Each None where it is not set up."""

    webhook: Webhook | None = None
    email: Mail | None = None

    @property
    def names(self) -> tuple[Channel, ...]:
        """Those that are set up."""
        found: list[tuple[Channel, object]] = [("webhook", self.webhook), ("email", self.email)]
        return tuple(name for name, channel in found if channel is not None)


def channels(runtime: Runtime) -> Channels:
    """The channels of a process, through ``runtime.once(channels)``."""
    for way, lacking in alerting(runtime.settings).items():
        if lacking:
            log.warning("alerts reach nobody this way", way=way, unset=lacking)
    return Channels(_webhook(runtime.settings), _email(runtime.settings))


def _webhook(settings: Settings) -> Webhook | None:
    url, secret = settings.alert_webhook_url, settings.alert_webhook_secret
    if url is None or secret is None:
        return None
    return Webhook(url, secret.clear)


def _email(settings: Settings) -> Mail | None:
    url, sender, to = settings.smtp_url, settings.alert_email_from, settings.alert_email_to
    recipients = [one.strip() for one in (to or "").split(",") if one.strip()]
    if url is None or sender is None or not recipients:
        return None
    return Mail(Server.parse(url.clear), sender, recipients)
