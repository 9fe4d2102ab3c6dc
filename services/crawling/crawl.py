"""A crawl as the use cases see it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, field


class Crawl(Struct, frozen=True, kw_only=True):
    """What a crawl knows beyond its job."""

    id: UUID
    tenant: str
    provider: str
    dataset_id: str
    platform: str
    competitor: str
    inputs: list[dict[str, Any]]
    options: dict[str, Any] = field(default_factory=dict)
    warehouse: str
    webhook_token: str
    submitted_at: datetime | None
    snapshot_id: str | None
    snapshot_dead: bool
    expected_records: int | None
    triggered_at: datetime | None
    deadline: datetime
    purchase: int = 0
    listed: bool = False
    media: bool = False
    documents: bool = False
    hinted_snapshot: str | None = None
    agreed_records: int | None = None
    provider_warnings: list[str] = field(default_factory=list)
