"""Migrations: numbered SQL files a context, applied once and in order."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from infra.postgres.database import Database, Transaction
from schemas.problem import Problem, ProblemClass

_ONE_AT_A_TIME = 0x4EAD_2ACE  # advisory lock: two starting processes must not migrate at once
_PATIENCE_SECONDS = 3600.0
_TABLE = """
CREATE TABLE IF NOT EXISTS migrations (
  context    text,
  version    integer,
  checksum   text        NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (context, version)
)
"""


class SchemaMismatch(Problem):
    """The database and this program disagree about the schema."""

    code: ClassVar[str] = "SCHEMA_MISMATCH"
    kind: ClassVar[ProblemClass] = ProblemClass.PERMANENT
    status: ClassVar[int] = 503
    title: ClassVar[str] = "The database has another schema than this version of Headrace"
    recovery: ClassVar[str] = "Run `headrace migrate` with this version, or start the version that made the database."


class MigrationChanged(SchemaMismatch):
    """A file that was applied reads otherwise now."""

    title: ClassVar[str] = "A migration was changed after it was applied"
    recovery: ClassVar[str] = "Start the version that made the database, or begin with an empty database."


@dataclass(frozen=True)
class Migration:
    """One numbered file of one context."""

    context: str
    version: int
    sql: str

    @property
    def checksum(self) -> str:
        """Tells whether a file was changed after it was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def found(root: Path) -> Iterator[Migration]:
    """All migrations of the tree: ``infra/*`` first, because every context builds on them, then ``jobs``."""
    folders = sorted(root.glob("infra/*/migrations")) + sorted(root.glob("services/*/migrations"), key=_jobs_first)
    for folder in folders:
        for file in sorted(folder.glob("*.sql")):
            yield Migration(folder.parent.name, int(file.name.split("_", 1)[0]), file.read_text())


def _jobs_first(folder: Path) -> tuple[bool, str]:
    return (folder.parent.name != "jobs", folder.parent.name)


async def migrate(database: Database, migrations: Iterable[Migration]) -> list[Migration]:
    """Apply what is missing, all in one transaction; returns what was applied.

    Raises ``MigrationChanged`` when an applied file was changed afterwards.
    """
    async with database.transaction() as tx:
        # changing a large table takes its time, and so does waiting for the process that does it
        await tx.execute("SELECT set_config('lock_timeout', '0', true), set_config('transaction_timeout', '0', true)")
        await tx.connection.execute("SELECT pg_advisory_xact_lock($1)", _ONE_AT_A_TIME, timeout=_PATIENCE_SECONDS)
        await tx.execute(_TABLE)
        applied = await _applied(tx)
        fresh = [m for m in migrations if not _stands(m, applied)]
        for migration in fresh:
            await tx.connection.execute(migration.sql, timeout=_PATIENCE_SECONDS)
            await tx.execute(
                "INSERT INTO migrations (context, version, checksum) VALUES ($1, $2, $3)",
                migration.context,
                migration.version,
                migration.checksum,
            )
    return fresh


async def check(database: Database, migrations: Iterable[Migration]) -> None:
    """Raise ``SchemaMismatch`` unless every migration is applied, and ``MigrationChanged`` as ``migrate`` does."""
    async with database.reading() as tx:
        made = await tx.fetchval("SELECT to_regclass('migrations') IS NOT NULL")
        applied = await _applied(tx) if made else {}
    missing = [f"{m.context}/{m.version}" for m in migrations if not _stands(m, applied)]
    if missing:
        raise SchemaMismatch(f"Not applied yet: {', '.join(missing)}")


async def _applied(tx: Transaction) -> dict[tuple[str, int], str]:
    rows = await tx.fetch("SELECT context, version, checksum FROM migrations")
    return {(row["context"], row["version"]): row["checksum"] for row in rows}


def _stands(migration: Migration, applied: dict[tuple[str, int], str]) -> bool:
    checksum = applied.get((migration.context, migration.version))
    if checksum is not None and checksum != migration.checksum:
        raise MigrationChanged(f"{migration.context}/{migration.version} was changed after it was applied")
    return checksum is not None
