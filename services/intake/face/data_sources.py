"""Data sources: made, shown, changed, removed."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Response

from infra.runtime.auth.scoped import Operating, Reading, Triggering
from infra.runtime.egress.allow import allowed
from infra.runtime.http.answers import body, problems
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from services.intake.bodies import DataSource
from services.intake.data_sources.change_source import SourceChange, change_source
from services.intake.data_sources.create_source import NewSource, create_source
from services.intake.data_sources.delete_source import SourceBuiltIn, SourceBusy, delete_source
from services.intake.data_sources.find_sources import find_source, list_sources
from services.intake.data_sources.held_source import SourceRunsNothing
from services.intake.data_sources.source import SourceNotFound, SourceType, source_id_of
from services.jobs.bodies.jobs import Page
from services.jobs.face.reading import PageSize, PageToken
from services.jobs.kinds import KindNotAccepted
from services.jobs.schedules.cron import CronNeverFires, CronRefused, TimezoneUnknown
from services.jobs.submitting.admission import door
from services.jobs.submitting.submission import MetadataTooLarge

PREFIX = "/api/v1/data-sources"
_REFUSED = (CronRefused, CronNeverFires, TimezoneUnknown, SourceRunsNothing, KindNotAccepted, MetadataTooLarge)


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(prefix=PREFIX, tags=["intake"])
    _asking(made, runtime)
    _changing(made, runtime)
    return made


def _asking(made: APIRouter, runtime: Runtime) -> None:
    @made.get("", responses=body(Page[DataSource]) | problems(InvalidPage))
    async def data_sources(
        caller: Reading,
        source_type: SourceType | None = None,
        page_size: PageSize = 50,
        page_token: PageToken = None,
    ) -> dict[str, Any]:
        """Data sources, newest first. `Files`, to which files are uploaded, is there from the start."""
        return await list_sources(
            tenant=caller.tenant,
            source_type=source_type,
            page_size=page_size,
            page_token=page_token,
            database=runtime.database,
        )

    @made.get("/{source_id}", responses=body(DataSource) | problems(SourceNotFound))
    async def data_source(source_id: str, caller: Reading) -> dict[str, Any]:
        """One data source: what it is at, when it runs next, what came of the last time."""
        return await find_source(source_id_of(source_id), tenant=caller.tenant, database=runtime.database)


def _changing(made: APIRouter, runtime: Runtime) -> None:
    @made.post("", status_code=201, responses=body(DataSource, status=201) | problems(*_REFUSED))
    async def create(new: NewSource, caller: Triggering, response: Response) -> dict[str, Any]:
        """Make a data source; `config` is checked as its type wants it, a crawl's as the provider would take it."""
        found = await create_source(
            new,
            source_id=uuid4(),
            now=datetime.now(UTC),
            tenant=caller.tenant,
            created_by=caller.name,
            allow=allowed(runtime.settings.egress_allow),
            door=runtime.once(door),
            database=runtime.database,
        )
        response.headers["Location"] = f"{PREFIX}/{found['id']}"
        return found

    @made.patch("/{source_id}", responses=body(DataSource) | problems(SourceNotFound, *_REFUSED))
    async def change(source_id: str, change: SourceChange, caller: Operating) -> dict[str, Any]:
        """Change what is named; `config` is replaced whole, and a `schedule` of null ends the one there is."""
        return await change_source(
            source_id_of(source_id),
            change,
            now=datetime.now(UTC),
            tenant=caller.tenant,
            created_by=caller.name,
            allow=allowed(runtime.settings.egress_allow),
            door=runtime.once(door),
            database=runtime.database,
        )

    gone = problems(SourceNotFound, SourceBuiltIn, SourceBusy)

    @made.delete("/{source_id}", status_code=204, responses=gone)
    async def delete(source_id: str, caller: Operating) -> None:
        """Remove a data source and its schedule once all its jobs are over; what they made stays."""
        await delete_source(source_id_of(source_id), tenant=caller.tenant, database=runtime.database)
