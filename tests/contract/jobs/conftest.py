"""The engine under test."""

from collections.abc import AsyncIterator

import pytest

from infra.postgres.database import Database
from tests.contract.jobs.plans import FILL
from tests.contract.jobs.rig import Desk
from tests.contract.jobs.wire import Wire, wire


@pytest.fixture
def desk(database: Database) -> Desk:
    """A desk over an empty database."""
    return Desk(database)


@pytest.fixture
async def remote(database_dsn: str) -> AsyncIterator[tuple[Desk, Wire]]:
    """A desk whose way to the server can be cut."""
    async with wire(database_dsn) as (line, dsn):
        database = await Database.connect(dsn)
        yield Desk(database), line
        database.pool.terminate()


@pytest.fixture
async def crowded(database: Database) -> Database:
    """A database with many jobs of every state."""
    # with its commit on disk, or VACUUM does not take what is in it for visible to all
    await database.pool.execute(f"SET LOCAL synchronous_commit = on; {FILL}")
    await database.pool.execute("VACUUM ANALYZE jobs")
    return database
