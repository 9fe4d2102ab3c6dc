"""Make a data source."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infra.postgres.database import Database
from infra.runtime.egress.destination import destination
from infra.runtime.egress.refused import EgressRefused
from infra.runtime.http.wrong_fields import refuse_unkept, refused, wrong_fields
from services.intake.data_sources.find_sources import bodies
from services.intake.data_sources.order import refuse_order
from services.intake.data_sources.source import CONFIGS, Name, SourceType
from services.intake.data_sources.timetable import Timetable, keep_timetable
from services.intake.store import sources
from services.jobs.submitting.admission import Door

_SCHEMAS = [{"title": name, **model.model_json_schema()} for name, model in CONFIGS.items()]
Config = Annotated[
    dict[str, Any],
    Field(description="What its type takes: see the forms.", json_schema_extra={"anyOf": _SCHEMAS}),
]
Description = Annotated[str, Field(max_length=2_000)]


class NewSource(BaseModel):
    """The body that makes a data source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    source_type: SourceType
    config: Config = Field(default_factory=dict)
    description: Description = ""
    schedule: Timetable | None = Field(None, description="When it runs by itself; unset: by hand only.")


async def create_source(
    new: NewSource,
    *,
    source_id: UUID,
    now: datetime,
    tenant: str,
    allow: frozenset[str],
    door: Door,
    database: Database,
    created_by: str | None = None,
) -> dict[str, Any]:
    """The source as callers see it; ``allow`` are hosts that may be private.

    Raises ``InvalidRequest``, and what ``keep_timetable`` and an order of its crawls raise.
    """
    said = new.model_dump()
    refuse_unkept(said)
    said["config"] = checked_config(new.source_type, new.config, allow=allow)
    async with database.transaction() as tx:
        await refuse_order(tx, {**said, "id": source_id}, tenant=tenant, door=door)
        await sources.add(tx, source_id, said, tenant=tenant, created_by=created_by)
        await keep_timetable(tx, source_id, new.schedule, now=now, tenant=tenant, created_by=created_by)
        row = await sources.one(tx, source_id, tenant=tenant)
        assert row is not None  # noqa: S101  # stored a moment ago
        return (await bodies(tx, [row], tenant=tenant))[0]


def checked_config(source_type: SourceType, config: Mapping[str, Any], *, allow: frozenset[str]) -> dict[str, Any]:
    """What a source of the type is told, as it is kept. Raises ``InvalidRequest`` that names every wrong field."""
    try:
        kept = CONFIGS[source_type].model_validate(config).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        raise wrong_fields(error, below="config") from error
    if source_type == "website":
        _refuse_private(kept["urls"], allow)
    return kept


def _refuse_private(urls: Sequence[str], allow: frozenset[str]) -> None:
    wrong = []
    for number, url in enumerate(urls):
        try:
            destination(url, allow)
        except EgressRefused as error:
            wrong.append({"loc": ("config", "urls", number), "type": error.code, "msg": error.detail})
    if wrong:
        raise refused(wrong)
