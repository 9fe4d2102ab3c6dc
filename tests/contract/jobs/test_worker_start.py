"""What a worker has at hand before its first job."""

import asyncio
import sys

_SERVING = """
import asyncio
import sys

from infra.postgres.database import Database
from infra.postgres.doorbell import Doorbell
from infra.runtime.configuration.settings import read_settings
from infra.runtime.runtime import Runtime
from services.jobs.function import Working
from services.jobs.job import Work


async def main():
    database = await Database.connect(sys.argv[1], size=4)
    runtime = Runtime(read_settings(), database, Doorbell(database), None, None, None, None, name="w")
    working = Working(lambda _: Work(announce=True), "q", "k", lambda _: 1)
    print("schemas.events.job_finished" in sys.modules)
    stop = asyncio.Event()
    stop.set()
    await working.serve(runtime, stop)
    from schemas.events.job_finished import JobFinished
    print(JobFinished.__pydantic_complete__)
    await database.close()


asyncio.run(main())
"""


async def test_who_stays_has_loaded_what_tells_an_end_before_the_first_job(database_dsn: str) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SERVING, database_dsn, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(child.communicate(), 30)

    assert said.decode().split() == ["False", "True"]
