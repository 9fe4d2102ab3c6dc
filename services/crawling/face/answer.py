"""What a trigger answers."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from infra.postgres.database import Database
from services.crawling.phase import phase
from services.crawling.store import keys, views
from services.jobs.submitting.idempotency import IdempotencyKey


async def answer(
    crawl_id: UUID, *, key: IdempotencyKey | None, tenant: str, polling_enabled: bool, database: Database
) -> bytes:
    """The answer's bytes; under a key the first ones that were made stand for ever."""
    async with database.transaction() as tx:
        row = await views.one(tx, crawl_id, tenant=tenant)
        assert row is not None  # noqa: S101  # stored a moment ago, by this caller
        body = msgspec.json.encode(_body(row, polling_enabled=polling_enabled))
        if key is None:
            return body
        return await keys.answer(tx, tenant=tenant, key=key.key, body=body)


def _body(row: Mapping[str, Any], *, polling_enabled: bool) -> dict[str, Any]:
    failed = phase(row) == "failed"
    return {
        "status": "failed" if failed else "success",
        "crawl_id": str(row["id"]),
        "snapshot_id": row["snapshot_id"],
        "message": _message(row),
        "background_processing": "stopped" if failed else "started" if polling_enabled else "disabled",
        "timestamp": row["created_at"].isoformat().replace("+00:00", "Z"),
    }


def _message(row: Mapping[str, Any]) -> str:
    if phase(row) == "failed":
        return f"Crawl failed: {row['error_message']}"
    if row["snapshot_id"] is None:
        return "Crawl accepted; the order is on its way to the provider"
    return "Crawl triggered successfully"
