"""The job that loads a dataset's rows into the warehouse."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from services.jobs.job import NewJob

KIND = QUEUE = "load_dataset"
_IDS = UUID("c1c6b6a8-1f0d-5c0e-9a53-6f2d0a7be914")


def load_job(dataset: Mapping[str, Any]) -> NewJob:
    """Of a dataset that was imported a moment ago."""
    return NewJob(
        id=load_id(dataset["id"]),
        kind=KIND,
        queue=QUEUE,
        tenant=dataset["tenant"],
        created_by=dataset["created_by"],
        related_dataset_id=str(dataset["id"]),
        max_tries=8,
        payload={"dataset_id": str(dataset["id"]), "size_bytes": dataset["plain_bytes"]},
    )


def load_id(dataset_id: UUID) -> UUID:
    """The id of the job that loads a dataset."""
    return uuid5(_IDS, str(dataset_id))
