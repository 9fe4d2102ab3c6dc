"""An attempt of a crawl in the warehouse's form, there and back."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from schemas.records.archived_crawl import ArchivedCrawl

_JSON = ("proven", "result", "inputs", "options", "metadata")
_PROVEN = ("gcs_path", "row_count", "size_bytes", "sha256")
_NEVER = {  # what a crawl that ended long ago cannot be or offer
    "ready_for_download": False,
    "polling_active": False,
    "queue_paused": False,
    "poll_due_at": None,
    "due_at": None,
    "want": None,
}


def archived(crawl: Mapping[str, Any], *, load_id: UUID) -> "ArchivedCrawl":
    """A crawl's row and its job's, as JSON has them, for the warehouse."""
    from schemas.records.archived_crawl import ArchivedCrawl  # noqa: PLC0415  # who archives none needs no pydantic

    proven = crawl["proven"] or {}
    texts = {
        name: None if (value := crawl.get(name)) is None else json.dumps(value, ensure_ascii=False) for name in _JSON
    }
    facts = {name: proven.get(name) for name in _PROVEN}
    return ArchivedCrawl.model_validate({**crawl, **texts, **facts, "load_id": str(load_id), "crawl_id": crawl["id"]})


def shown(found: "ArchivedCrawl") -> dict[str, Any]:
    """What ``views.one`` answers of a crawl that is still there, and that it is not."""
    row = found.model_dump(exclude={"load_id", "crawl_id"})
    values = {name: None if row[name] is None else json.loads(row[name]) for name in _JSON}
    return {**_NEVER, **row, **values, "id": UUID(found.crawl_id), "until": found.finished_at, "archived": True}
