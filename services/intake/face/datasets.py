"""Datasets: shown, described, paged through, exported, removed."""

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from infra.runtime.auth.scoped import Operating, Reading
from infra.runtime.children import ChildDied, ChildExceeded
from infra.runtime.http.answers import Answers, body, problems
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from schemas.stored_object import ObjectMissing, StoreUnavailable
from services.intake.dataset_bodies import Dataset, Profile, Reject, Row
from services.intake.datasets.delete_dataset import delete_dataset
from services.intake.datasets.export_dataset import MEDIA_TYPES, ExportTooLarge, Format, export_dataset
from services.intake.datasets.find_datasets import (
    DatasetNotFound,
    dataset_id_of,
    find_dataset,
    list_datasets,
    shown,
)
from services.intake.datasets.page_rejects import page_rejects
from services.intake.datasets.page_rows import page_rows
from services.jobs.bodies.jobs import Page
from services.jobs.face.reading import PageSize, PageToken

PREFIX = "/api/v1/datasets"
_LAKE = (ObjectMissing, StoreUnavailable)


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(prefix=PREFIX, tags=["intake"])
    _describing(made, runtime)
    _reading(made, runtime)
    return made


def _describing(made: APIRouter, runtime: Runtime) -> None:
    @made.get("", responses=body(Page[Dataset]) | problems(InvalidPage))
    async def datasets(
        caller: Reading, source_id: UUID | None = None, page_size: PageSize = 50, page_token: PageToken = None
    ) -> dict[str, Any]:
        """Datasets, newest first."""
        return await list_datasets(
            tenant=caller.tenant,
            source_id=source_id,
            page_size=page_size,
            page_token=page_token,
            database=runtime.database,
        )

    @made.get("/{dataset_id}", responses=body(Dataset) | problems(DatasetNotFound))
    async def dataset(dataset_id: str, caller: Reading) -> dict[str, Any]:
        """One dataset: its columns with their types, how many rows it has, what it came of."""
        found = await find_dataset(dataset_id_of(dataset_id), tenant=caller.tenant, database=runtime.database)
        return shown(found)

    @made.get("/{dataset_id}/profile", responses=body(Profile) | problems(DatasetNotFound))
    async def profile(dataset_id: str, caller: Reading) -> dict[str, Any]:
        """Of each column: how many values are missing, how many differ, the least and the greatest."""
        found = await find_dataset(dataset_id_of(dataset_id), tenant=caller.tenant, database=runtime.database)
        return {"dataset_id": str(found["id"]), "row_count": found["row_count"], "columns": found["profile"]}


def _reading(made: APIRouter, runtime: Runtime) -> None:
    @made.get("/{dataset_id}/rows", responses=body(Page[Row]) | problems(DatasetNotFound, InvalidPage, *_LAKE))
    async def rows(
        dataset_id: str, caller: Reading, page_size: PageSize = 50, page_token: PageToken = None
    ) -> dict[str, Any]:
        """Rows in the order of the file."""
        return await page_rows(
            dataset_id_of(dataset_id),
            tenant=caller.tenant,
            page_size=page_size,
            page_token=page_token,
            lake=runtime.lake,
            database=runtime.database,
        )

    @made.get("/{dataset_id}/rejects", responses=body(Page[Reject]) | problems(DatasetNotFound, InvalidPage, *_LAKE))
    async def rejects(
        dataset_id: str, caller: Reading, page_size: PageSize = 50, page_token: PageToken = None
    ) -> dict[str, Any]:
        """What in the file was no row, and why. All are counted, the first 100,000 are kept."""
        return await page_rejects(
            dataset_id_of(dataset_id),
            tenant=caller.tenant,
            page_size=page_size,
            page_token=page_token,
            lake=runtime.lake,
            database=runtime.database,
        )

    file: Answers = {
        200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()}}
    }
    refused = problems(DatasetNotFound, ExportTooLarge, ChildDied, ChildExceeded, *_LAKE)

    @made.get("/{dataset_id}/export", response_class=StreamingResponse, responses={**file, **refused})
    async def export(
        dataset_id: str, caller: Reading, form: Annotated[Format, Query(alias="format")] = "csv"
    ) -> StreamingResponse:
        """The dataset as a file. In csv and xlsx no cell is a formula: texts that could be one get an apostrophe."""
        made = await export_dataset(
            dataset_id_of(dataset_id), form, tenant=caller.tenant, lake=runtime.lake, database=runtime.database
        )
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(made.filename, safe='')}",
            "X-Content-Type-Options": "nosniff",
        }
        return StreamingResponse(made.blocks, media_type=made.media_type, headers=headers)

    @made.delete("/{dataset_id}", status_code=204, responses=problems(DatasetNotFound))
    async def delete(dataset_id: str, caller: Operating) -> None:
        """Remove a dataset, its file and its rows in the warehouse; the same file can be imported again."""
        await delete_dataset(
            dataset_id_of(dataset_id), tenant=caller.tenant, asked_by=caller.name, database=runtime.database
        )
