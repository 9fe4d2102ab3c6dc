"""The live end of the event log."""

from infra.postgres.database import Database
from infra.runtime.events import feed
from infra.runtime.events.feed import LISTENERS, QUEUE
from schemas.envelope import Envelope
from services.events.store.log import EVENTS


class Feed(feed.Feed[Envelope]):
    """Looks at once after commits of this process that told something, and every ``poll_s`` seconds."""

    def __init__(
        self, database: Database, *, poll_s: float = 0.5, queue: int = QUEUE, listeners: int = LISTENERS
    ) -> None:
        super().__init__(
            database,
            EVENTS,
            hears=lambda commit: commit.events > 0,
            busy_s=poll_s,
            idle_s=poll_s,
            queue=queue,
            listeners=listeners,
        )
