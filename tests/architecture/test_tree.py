"""The tree itself: its folders, the size of its files, and what stands where."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = {path.stem for path in (ROOT / "functions").glob("*.py")} - {"__init__"}
FOLDERS = {"functions", "infra", "schemas", "services", "tests"}
MADE_BY_TOOLS = {"generated", "node_modules", "dist", "__pycache__"}
WRITTEN_BY_HAND = {".py", ".sql", ".tf", ".ts", ".vue"}
LONGEST = 250  # lines; above, a file is about two things
HEAVY = {"duckdb", "google", "playwright", "pyarrow", "sqlalchemy"}
TOO_HEAVY_FOR_FUNCTIONS = HEAVY | {"aiohttp", "fastapi", "pygments", "rich"}  # others have a use for them
PYDANTIC = {"pydantic", "pydantic_core", "pydantic_settings"}
BEGIN_WITH_AN_EVENT = {"forget_crawl", "forget_result", "process_crawl", "push_event"}  # which pydantic checks
FRAMEWORK = "import functions_framework.aio"

# Case matters: prose says "select", statements are in capitals.
SQL = re.compile(r"\bSELECT\s|\bINSERT INTO\s|\bUPDATE\s+\S+(\s+AS)?(\s+\w+)?\s+SET\s|\bDELETE FROM\s")


def files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and not MADE_BY_TOOLS & set(path.parts):
                yield path


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def sql_in(source: str) -> list[str]:
    """String constants that hold a statement; docstrings are prose."""
    tree = ast.parse(source)
    prose = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    strings = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return [node.value for node in strings if id(node) not in prose and SQL.search(node.value)]


MAY_HOLD_SQL = re.compile(r"infra/postgres/|services/[^/]+/store(\.py$|/)|infra/(embedded|gcp)/|schemas/store\.py$")


def may_hold_sql(path: str) -> bool:
    """Stores and ``infra/postgres`` speak to PostgreSQL; a warehouse adapter speaks its warehouse's own SQL.

    ``schemas/store.py`` is what other teams keep in their own database.
    """
    return MAY_HOLD_SQL.match(path) is not None


def googles_in(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.append(node.module or "")
        elif isinstance(node, ast.Call) and node.args and "import" in ast.unparse(node.func):
            found.append(str(getattr(node.args[0], "value", "")))
    return [name for name in found if name.split(".")[0] == "google"]


def heavy_after(statement: str, heavy: AbstractSet[str] = HEAVY, *, before: str = "pass") -> list[str]:
    """Heavy packages that a fresh interpreter holds after a statement, and not ``before``.

    Of OpenTelemetry only what exports is heavy.
    """
    # Python itself opens the empty namespace `google` for whatever is installed into it
    names = "[n for n, m in list(sys.modules.items()) if getattr(m, '__file__', None) and n not in known]"
    held = "{n.split('.')[0] for n in names} | {'.'.join(n.split('.')[:2]) for n in names}"
    wanted = heavy | {"opentelemetry.sdk"}
    code = f"import sys; {before}; known = {{*sys.modules}}; {statement}; names = {names}; print(*{wanted} & ({held}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return sorted(done.stdout.split())


def test_the_top_level_is_fixed() -> None:
    seen = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))}
    assert seen == FOLDERS


def test_no_file_is_about_two_things() -> None:
    written = [path for path in files(*FOLDERS) if path.suffix in WRITTEN_BY_HAND]
    assert len(written) > 50
    assert [place(p) for p in written if len(p.read_text().splitlines()) > LONGEST] == []


def test_sql_stands_in_stores_only() -> None:
    sources = [path for path in files("functions", "services", "infra", "schemas") if path.suffix == ".py"]
    holding = {place(path) for path in sources if sql_in(path.read_text())}
    assert any(path.startswith("services/jobs/store") for path in holding)
    assert [path for path in sorted(holding) if not may_hold_sql(path)] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('QUERY = "SELECT 1"', True),
        ('run(f"DELETE FROM {table}")', True),
        ('"""SELECT is what this docstring is about."""', False),
        ('run("UPDATE jobs AS j SET x = 1")', True),
        ('say("update the row or select another")', False),
        ("INSERT = 1", False),
    ],
)
def test_a_statement_is_told_from_prose(source: str, *, expected: bool) -> None:
    assert bool(sql_in(source)) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("services/jobs/store.py", True),
        ("services/jobs/store/rows.py", True),
        ("infra/postgres/outbox.py", True),
        ("services/jobs/storekeeper.py", False),
        ("services/jobs/claim.py", False),
        ("infra/runtime/http/app.py", False),
        ("functions/poll_crawls.py", False),
    ],
)
def test_only_stores_may_hold_statements(path: str, *, expected: bool) -> None:
    assert may_hold_sql(path) is expected


def test_google_is_named_in_one_folder_only() -> None:
    sources = [path for path in files("functions", "services", "infra", "schemas") if path.suffix == ".py"]
    naming = [place(path) for path in sources if googles_in(path.read_text())]
    assert [path for path in naming if not path.startswith("infra/gcp/")] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import google.cloud.storage", True),
        ("def f():\n    from google.cloud import pubsub", True),
        ('import_module("google.auth")', True),
        ("from infra.local import google", False),
        ("import googlemaps", False),
    ],
)
def test_every_way_to_import_google_is_seen(source: str, *, expected: bool) -> None:
    assert bool(googles_in(source)) is expected


def test_functions_start_light() -> None:
    loaded = {
        name: heavy_after(f"import functions.{name}", TOO_HEAVY_FOR_FUNCTIONS, before=FRAMEWORK) for name in FUNCTIONS
    }
    assert {name: heavy for name, heavy in loaded.items() if heavy} == {}


@pytest.mark.parametrize("name", sorted(FUNCTIONS - BEGIN_WITH_AN_EVENT))
def test_functions_start_without_pydantic_until_there_is_work(name: str) -> None:
    """It takes a third of a bare function's start."""
    assert heavy_after(f"import functions.{name}", PYDANTIC, before=FRAMEWORK) == []


def test_services_start_light() -> None:
    services = sorted(path.parent.name for path in (ROOT / "services").glob("*/main.py"))
    assert services
    assert {name: heavy for name in services if (heavy := heavy_after(f"import services.{name}.main"))} == {}


def test_a_heavy_import_is_noticed() -> None:
    assert "pyarrow" in heavy_after("import pyarrow")
    assert heavy_after("import opentelemetry.sdk.trace") == ["opentelemetry.sdk"]
    assert heavy_after("import google.auth") == ["google"]
    assert heavy_after("import structlog", TOO_HEAVY_FOR_FUNCTIONS, before=FRAMEWORK) == ["pygments", "rich"]
    assert heavy_after("import services.events.main", {"fastapi"}) == ["fastapi"]
    assert heavy_after("import schemas.event", PYDANTIC, before=FRAMEWORK) == ["pydantic", "pydantic_core"]


def test_rich_is_there_for_whoever_asks_for_it_later() -> None:
    assert heavy_after("import infra.runtime.runtime, rich.console", {"rich"}, before=FRAMEWORK) == ["rich"]


@pytest.mark.parametrize("kind", ["unit", "contract", "flow", "e2e", "chaos", "security", "architecture", "benchmarks"])
def test_every_kind_of_proof_has_one(kind: str) -> None:
    assert list((ROOT / "tests" / kind).rglob("test_*.py"))
