"""Remove a dataset: its rows, and the file that it came of."""

from uuid import UUID

from infra.postgres.database import Database
from infra.runtime.lake import Lake
from services.intake.datasets.find_datasets import find_dataset
from services.intake.store import datasets


async def delete_dataset(dataset_id: UUID, *, tenant: str, lake: Lake, database: Database) -> None:
    """Nothing of it is left, and its bytes can be imported again. Raises ``DatasetNotFound``, ``StoreUnavailable``."""
    row = await find_dataset(dataset_id, tenant=tenant, database=database)
    # the row goes last: as long as something lies in the lake, whoever asks again can go on
    async for name in lake.list(f"{row['location']}/"):
        await lake.delete(name)
    await lake.delete(row["original"])
    async with database.transaction() as tx:
        await datasets.remove(tx, dataset_id)
