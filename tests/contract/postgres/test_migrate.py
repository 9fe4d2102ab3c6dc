"""The schema: made once, whoever comes first, and never changed behind its files."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from infra.postgres.database import SERVER_SETTINGS, Database
from infra.postgres.migrate import Migration, SchemaMismatch, check, found, migrate

ROOT = Path(__file__).parents[3]
TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
ONE = Migration("a", 1, "CREATE TABLE one (n integer); INSERT INTO one VALUES (1)")
TWO = Migration("a", 2, "UPDATE one SET n = n + 1")
_MIGRATE = """
import asyncio, sys
from pathlib import Path
from infra.postgres.database import SERVER_SETTINGS, Database
from infra.postgres.migrate import found, migrate

async def main():
    database = await Database.connect(sys.argv[1], size=2)
    print(len(await migrate(database, found(Path(sys.argv[2])))))
    await database.close()

asyncio.run(main())
"""


@pytest.fixture
async def empty_dsn(postgres_dsn: str) -> AsyncIterator[str]:
    """A database that nobody migrated."""
    name = f"empty_{uuid4().hex}"
    server = await asyncpg.connect(postgres_dsn)
    await server.execute(f"CREATE DATABASE {name}")
    yield postgres_dsn.replace("/postgres?", f"/{name}?", 1)
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


@pytest.fixture
async def empty(empty_dsn: str) -> AsyncIterator[Database]:
    """A connection to it."""
    database = await Database.connect(empty_dsn)
    yield database
    await database.close()


async def test_the_second_run_changes_nothing(empty: Database) -> None:
    everything = list(found(ROOT))

    assert await migrate(empty, everything) == everything
    assert await migrate(empty, everything) == []
    await check(empty, everything)


async def test_only_what_is_missing_is_applied_and_in_order(empty: Database) -> None:
    await migrate(empty, [ONE])

    assert await migrate(empty, [ONE, TWO]) == [TWO]
    assert await empty.pool.fetchval("SELECT n FROM one") == 2


@pytest.mark.parametrize("run", [migrate, check])
async def test_a_file_that_was_changed_afterwards_is_refused(empty: Database, run: object) -> None:
    await migrate(empty, [ONE])
    changed = Migration("a", 1, ONE.sql + " -- harmless")

    with pytest.raises(SchemaMismatch, match="a/1 was changed") as refused:
        await run(empty, [changed, TWO])  # type: ignore[operator]

    assert await empty.pool.fetchval("SELECT n FROM one") == 1
    assert "headrace migrate" not in refused.value.recovery  # it would raise the same


async def test_a_migration_that_fails_leaves_nothing_of_its_run_behind(empty: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await migrate(empty, [ONE, Migration("a", 2, "UPDATE nowhere SET n = 1")])

    assert await empty.pool.fetchval(TABLES) == 0


async def test_a_program_refuses_a_database_that_is_behind_and_says_what_is_missing(empty: Database) -> None:
    await migrate(empty, [ONE])

    with pytest.raises(SchemaMismatch, match="Not applied yet: a/2"):
        await check(empty, [ONE, TWO])


async def test_checking_an_empty_database_writes_nothing_into_it(empty: Database) -> None:
    with pytest.raises(SchemaMismatch, match="Not applied yet: a/1"):
        await check(empty, [ONE])

    assert await empty.pool.fetchval(TABLES) == 0


async def test_of_two_processes_at_once_one_migrates_and_the_other_finds_it_done(empty_dsn: str) -> None:
    command = [sys.executable, "-c", _MIGRATE, empty_dsn, str(ROOT)]

    def run(_: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    ended = await asyncio.gather(*(asyncio.to_thread(run, n) for n in range(3)))

    assert [one.returncode for one in ended] == [0, 0, 0], [one.stderr for one in ended]
    assert sorted(int(one.stdout) for one in ended) == [0, 0, len(list(found(ROOT)))]


async def test_whoever_waits_for_another_migration_waits_longer_than_for_a_common_lock(
    empty_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SERVER_SETTINGS, "lock_timeout", "1ms")
    impatient = [await Database.connect(empty_dsn) for _ in range(3)]
    slow = Migration("a", 1, "CREATE TABLE one (n integer); SELECT pg_sleep(0.3)")

    applied = await asyncio.gather(*(migrate(database, [slow]) for database in impatient))
    for database in impatient:
        await database.close()

    assert sorted(len(one) for one in applied) == [0, 0, 1]


def test_the_tables_of_infra_and_jobs_come_before_those_that_build_on_them(tmp_path: Path) -> None:
    for place in ("services/a", "services/jobs", "infra/postgres", "services/crawling"):
        folder = tmp_path / place / "migrations"
        folder.mkdir(parents=True)
        for number in (2, 1, 10):
            (folder / f"{number:04}_x.sql").write_text("SELECT 1")

    order = _order(list(found(tmp_path)))

    assert order[::3] == [("postgres", 1), ("jobs", 1), ("a", 1), ("crawling", 1)]
    assert order[:3] == [("postgres", 1), ("postgres", 2), ("postgres", 10)]


def _order(migrations: Sequence[Migration]) -> list[tuple[str, int]]:
    return [(one.context, one.version) for one in migrations]
