"""Remove a dataset: its rows, and the file that it came of."""

from uuid import UUID

from infra.postgres.database import Database
from services.intake.datasets.erase_dataset import erase_job
from services.intake.datasets.find_datasets import DatasetNotFound
from services.intake.store import datasets
from services.jobs.store import queue


async def delete_dataset(dataset_id: UUID, *, tenant: str, asked_by: str | None, database: Database) -> None:
    """From now on there is no such dataset, and its bytes can be imported again; a job erases what lies around.

    Raises ``DatasetNotFound``.
    """
    async with database.transaction() as tx:
        removed = await datasets.remove(tx, dataset_id, tenant=tenant)
        if removed is None:
            raise DatasetNotFound
        await queue.enqueue(tx, erase_job(removed, asked_by=asked_by))
