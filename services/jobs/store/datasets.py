"""What a job made."""

from uuid import UUID

from infra.postgres.database import Transaction


async def link(tx: Transaction, job_id: UUID, dataset_id: UUID) -> None:
    """From now on the job shows the dataset that came of it, also in its metadata."""
    await tx.execute(
        "UPDATE jobs SET related_dataset_id = $2, metadata = metadata || jsonb_build_object('dataset_id', $2::text)"
        " WHERE id = $1",
        job_id,
        str(dataset_id),
    )


async def origin(tx: Transaction, job_id: UUID) -> tuple[UUID, str | None]:
    """The data source of a job, and who made it."""
    row = await tx.fetchrow("SELECT source_id::uuid AS source_id, created_by FROM jobs WHERE id = $1", job_id)
    return row["source_id"], row["created_by"]
