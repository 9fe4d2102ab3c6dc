"""Change a data source."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from infra.postgres.database import Database
from infra.runtime.http.wrong_fields import refuse_unkept
from services.intake.data_sources.create_source import Config, Description, checked_config
from services.intake.data_sources.find_sources import bodies
from services.intake.data_sources.order import refuse_order
from services.intake.data_sources.source import Name, SourceNotFound
from services.intake.data_sources.timetable import Timetable, keep_timetable
from services.intake.store import sources
from services.jobs.submitting.admission import Door


def _without_defaults(schema: dict[str, Any]) -> None:
    """What a change does not name stays: a default in its schema would be sent, and overwrite it."""
    for field in schema["properties"].values():
        field.pop("default", None)


class SourceChange(BaseModel):
    """The body that changes a data source; what it does not name stays."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_without_defaults)

    name: Name = ""
    config: Config = Field(default_factory=dict)
    description: Description = ""
    schedule: Timetable | None = Field(None, description="When it runs by itself from now on; null: by hand only.")


async def change_source(
    source_id: UUID,
    change: SourceChange,
    *,
    now: datetime,
    tenant: str,
    allow: frozenset[str],
    door: Door,
    database: Database,
    created_by: str | None = None,
) -> dict[str, Any]:
    """The source as it is then; its ``config`` is replaced whole. Jobs that are there already stay as they are.

    Raises ``SourceNotFound`` and what ``create_source`` raises.
    """
    said = change.model_dump(exclude_unset=True)
    refuse_unkept(said)
    async with database.transaction() as tx:
        row = await sources.lock(tx, source_id, tenant=tenant)
        if row is None:
            raise SourceNotFound
        if "config" in said:
            said["config"] = checked_config(row["source_type"], change.config, allow=allow)
            await refuse_order(tx, {**row, **said}, tenant=tenant, door=door)
        await sources.change(tx, source_id, {**row, **said})
        if "schedule" in said:
            await keep_timetable(tx, source_id, change.schedule, now=now, tenant=tenant, created_by=created_by)
        changed = await sources.one(tx, source_id, tenant=tenant)
        assert changed is not None  # noqa: S101  # it is locked
        return (await bodies(tx, [changed], tenant=tenant))[0]
