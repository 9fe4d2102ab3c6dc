"""Captures in the lake."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol
from uuid import UUID

from schemas.stored_object import ObjectExists, StoredObject
from services.intake.capturing.captured import Captured
from services.jobs.job import Job

FILES = {"screenshot": "page.png", "html": "page.html", "text": "page.txt"}


class Lake(Protocol):
    """Objects that are written once, and read."""

    async def create(self, name: str, blocks: AsyncIterator[bytes]) -> StoredObject:
        """Write a new object. Raises ``ObjectExists``."""

    def read(self, name: str) -> AsyncIterator[bytes]:
        """The stored bytes in blocks. Raises ``ObjectMissing``."""


async def keep(captured: Captured, job: Job, *, lake: Lake) -> Mapping[str, StoredObject]:
    """The objects, by what they are.

    What a try before this one left is neither mixed with this one nor touched: then this one has a folder of its own.
    Raises what the lake raises.
    """
    try:
        return await _kept(captured, folder(job.tenant, job.id, str(job.attempt)), lake)
    except ObjectExists:
        return await _kept(captured, folder(job.tenant, job.id, f"{job.attempt}-{job.lease_token}"), lake)


def folder(tenant: str, job_id: UUID, run: str) -> str:
    """Where the objects of a run are."""
    return f"captures/{tenant}/{job_id}/{run}"


async def _kept(captured: Captured, place: str, lake: Lake) -> dict[str, StoredObject]:
    bodies = {
        "screenshot": captured.screenshot,
        "html": captured.html.encode(),
        "text": captured.text.encode(),
    }
    return {name: await lake.create(f"{place}/{FILES[name]}", _once(body)) for name, body in bodies.items()}


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
