"""How soon a function is there, beside a bare function under the same functions-framework; in interleaved rounds."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import Request, urlopen
from uuid import UUID

import psutil
import pytest

from schemas.envelope import Envelope
from tests.ports import kept_port

ROOT = Path(__file__).parents[2]
PROGRAM = str(Path(sys.executable).with_name("functions-framework"))
BARE = "async def main(request):\n    return 'ok'\n"
FUNCTIONS = sorted({path.stem for path in (ROOT / "functions").glob("*.py")} - {"__init__"})
TAKE = {  # events; the others look for work at every push
    "forget_crawl": "crawl.data_erased.v1",
    "forget_result": "crawl.result_expired.v1",
    "process_crawl": "data.ingestion.completed.v2",
    "push_event": "job.finished.v1",
}
WORKS_AT_ONCE = {*TAKE, "clean_up"}  # its first push does a whole round
ROUNDS = 3
WANTED = 1.5  # times a bare function
AT_MOST = 1.7  # asyncpg and structlog cost most of what a bare one lacks
AT_MOST_WORKING = 2.2
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}  # as in the image: the first round writes what the others load
PATIENCE = 60.0


def _pushed(name: str) -> Request:
    """What wakes a function, without where it listens."""
    if name not in TAKE:
        return Request("http://localhost", method="POST")
    sample = json.loads((ROOT / f"schemas/samples/{TAKE[name]}.json").read_text())
    topic = TAKE[name].rpartition(".v")[0]
    event = Envelope(id="cold", type=topic, subject=str(UUID(int=1)), time=datetime.now(UTC), data=sample)
    return Request("http://localhost", data=event.body(), headers=event.headers(), method="POST")


def _asked(url: str, request: Request) -> bool:
    request.full_url = url
    try:
        with urlopen(request, timeout=PATIENCE):
            return True
    except URLError as refused:
        if isinstance(refused.reason, ConnectionRefusedError):
            return False
        raise


@contextmanager
def _started(source: Path, environment: dict[str, str]) -> Iterator[tuple[psutil.Process, str]]:
    port = kept_port()
    command = [
        PROGRAM,
        "--asgi",
        "--source",
        str(source),
        "--target",
        "main",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid), f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def cold(source: Path, environment: dict[str, str]) -> dict[str, float]:
    """Seconds until it listens and until its first push is answered, and the CPU seconds of both together."""
    began = time.monotonic()
    with _started(source, environment) as (process, url):
        while not _asked(f"{url}/livez", Request(url)):
            time.sleep(0.005)
        listens = time.monotonic() - began
        assert _asked(url, _pushed(source.stem))
        answers = time.monotonic() - began
        family = [process, *process.children(recursive=True)]
        cpu = sum(sum(one.cpu_times()[:2]) for one in family)
    return {"listens": listens, "answers": answers, "cpu": cpu}


@pytest.mark.slow
def test_a_functions_start_costs_a_few_times_a_bare_ones(
    database_dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bare.py").write_text(BARE)
    environment = {"HEADRACE_DATABASE_URL": database_dsn, "HEADRACE_DATA_DIR": str(tmp_path / "data"), **COMPILED}
    sources = {"bare": tmp_path / "bare.py", **{name: ROOT / f"functions/{name}.py" for name in FUNCTIONS}}
    rounds = [{name: cold(source, environment) for name, source in sources.items()} for _ in range(ROUNDS + 1)][1:]

    times = {name: median(one[name]["cpu"] / one["bare"]["cpu"] for one in rounds) for name in FUNCTIONS}
    with capsys.disabled():
        for name in sources:
            told = ", ".join(f"{what} {median(one[name][what] for one in rounds):.2f} s" for what in rounds[0][name])
            beside = f"; {times[name]:.1f} x bare, wanted {WANTED} x" if name in times else ""
            print(f"\n{name}: {told}{beside}", end="")  # noqa: T201  # the figure is the point
    most = {name: AT_MOST_WORKING if name in WORKS_AT_ONCE else AT_MOST for name in FUNCTIONS}
    assert {name: found for name, found in times.items() if found > most[name]} == {}
