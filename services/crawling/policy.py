"""How patient crawling is: the settings it needs, in its own words."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from msgspec import Struct, field

from infra.runtime.configuration.costs import read_prices
from infra.runtime.configuration.settings import Settings
from services.crawling.ports import Submission


class Policy(Struct, frozen=True, kw_only=True):
    """Durations are in seconds."""

    polling_enabled: bool = True
    poll_interval: float = 30.0
    max_polls: int = 120
    stall: float = 3600.0
    deadline: timedelta = timedelta(days=1)
    settle: float = 30.0
    retry_base: float = 2.0
    retry_cap: float = 60.0
    lease: float = 45.0
    webhook_base: str | None = None
    poll_concurrency: int = 500
    room: int = 10_000  # jobs that may wait in one queue
    prices: Mapping[str, Decimal] = field(default_factory=dict)  # of a thousand records, by provider
    records_per_input: int = 100  # expected where an order limits nothing itself
    most: Mapping[str, Callable[[Submission], int | None]] = field(default_factory=dict)  # see `Provider.most`


def policy(settings: Settings, *, public_url: str | None) -> Policy:
    """The policy that the settings ask for; ``public_url`` is where providers reach our webhooks, if anywhere."""
    return Policy(
        polling_enabled=settings.polling_enabled and settings.background_polling,
        poll_interval=settings.poll_interval,
        max_polls=settings.max_polls,
        stall=settings.stall_seconds,
        deadline=timedelta(seconds=settings.deadline_seconds),
        settle=settings.submit_settle_seconds,
        retry_base=settings.retry_base_seconds,
        retry_cap=settings.retry_cap_seconds,
        lease=settings.lease_seconds,
        webhook_base=public_url,
        poll_concurrency=settings.poll_concurrency,
        room=settings.max_queue_size,
        prices=read_prices(settings.prices),
        records_per_input=settings.records_per_input,
    )
