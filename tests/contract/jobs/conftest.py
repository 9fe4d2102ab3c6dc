"""The engine under test."""

import pytest

from infra.postgres.database import Database
from tests.contract.jobs.rig import Desk


@pytest.fixture
def desk(database: Database) -> Desk:
    """A desk over an empty database."""
    return Desk(database)
