"""The event log as its readers see it."""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.postgres.log import Log
from infra.postgres.outbox import envelope
from schemas.envelope import Envelope

EVENTS = Log[Envelope](table="events", number="seq", columns="l.*", line=envelope)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which events somebody reads. None: all."""

    tenant: str | None
    type: str | None = None
    crawl_id: str | None = None

    def __contains__(self, event: Envelope) -> bool:
        return (
            self.tenant in {None, event.tenant}
            and self.type in {None, event.type}
            and self.crawl_id in {None, event.subject}
        )

    def where(self, first: int) -> tuple[str, Sequence[object]]:
        """The same in SQL."""
        columns = {"tenant": self.tenant, "type": self.type, "subject": self.crawl_id}
        asked = {name: value for name, value in columns.items() if value is not None}
        said = [f"l.{name} = ${number}" for number, name in enumerate(asked, start=first)]
        return " AND ".join(said) or "true", list(asked.values())
