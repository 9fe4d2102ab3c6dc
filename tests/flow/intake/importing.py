"""The intake face over a real socket, with the worker of its imports beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from functions.erase_dataset import main as erase_dataset
from functions.import_file import main as import_file
from functions.load_datasets import main as load_datasets
from infra.runtime.auth.caller import Caller
from infra.runtime.configuration.settings import read_settings
from infra.runtime.http.app import create_app
from infra.runtime.http.guard import Uploads
from infra.runtime.runtime import Runtime, open_runtime
from services.intake import main as intake
from services.intake.data_sources.built_in import files_of, make_built_in
from tests.contract.http.house import serving
from tests.gates import OpenGate

PATIENCE = 60.0


@dataclass
class Desk:
    """Uploads files as one tenant and looks at what becomes of them."""

    runtime: Runtime
    session: aiohttp.ClientSession
    base: str
    tenant: str = "default"

    async def get(self, path: str, **query: Any) -> tuple[int, Any]:
        async with self.session.get(f"{self.base}{path}", params=query) as answer:
            return answer.status, await answer.json(content_type=None)

    async def fetch(self, path: str, **query: Any) -> tuple[bytes, Any]:
        async with self.session.get(f"{self.base}{path}", params=query) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read(), answer.headers

    async def delete(self, path: str) -> int:
        async with self.session.delete(f"{self.base}{path}") as answer:
            return answer.status

    async def upload(
        self, data: Any, filename: str = "rows.csv", *, key: str | None = None, **fields: str
    ) -> tuple[int, dict[str, Any]]:
        """The answer to an upload into the built-in source, under an Idempotency-Key if there is one."""
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("file", data, filename=filename)
        for name, value in fields.items():
            form.add_field(name, value)
        path = f"{self.base}/api/v1/data-sources/{files_of(self.tenant)}/files"
        headers = {} if key is None else {"Idempotency-Key": key}
        async with self.session.post(path, data=form, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def accepted(self, data: Any, filename: str = "rows.csv", **fields: str) -> str:
        """The id of the job of an upload."""
        status, body = await self.upload(data, filename, **fields)
        assert status == 202, body
        return str(body["job_id"])

    async def job(self, job_id: str) -> Any:
        return await self.runtime.database.pool.fetchrow("SELECT * FROM jobs WHERE id = $1::uuid", job_id)

    async def work(self) -> None:
        """Work until nothing is left that can be worked now."""
        await self._drain(import_file)

    async def load(self) -> None:
        """Load what waits into the warehouse."""
        await self._drain(load_datasets)

    async def erase(self) -> None:
        """Erase what was removed."""
        await self._drain(erase_dataset)

    async def _drain(self, function: Any) -> None:
        async with asyncio.timeout(PATIENCE):
            await function.function.worker(self.runtime).drain(asyncio.Event())

    async def imported(self, data: Any, filename: str = "rows.csv", **fields: str) -> Any:
        """The row of a job that is over."""
        job_id = await self.accepted(data, filename, **fields)
        await self.work()
        return await self.job(job_id)

    async def dataset(self, data: Any, filename: str = "rows.csv") -> dict[str, Any]:
        """The dataset that came of a file."""
        row = await self.imported(data, filename)
        assert row["state"] == "completed", row["error_message"]
        status, body = await self.get(f"/api/v1/datasets/{row['result']['dataset_id']}")
        assert status == 200
        return dict(body)


@asynccontextmanager
async def importing(
    database_dsn: str,
    data_dir: Path,
    *,
    tenant: str = "default",
    uploads: dict[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Desk]:
    """A served face of one tenant."""
    given = read_settings(database_url=database_dsn, data_dir=data_dir, **settings)
    async with open_runtime(given) as runtime:
        await make_built_in(tenant=tenant, database=runtime.database)
        app = create_app(
            title="intake",
            gate=OpenGate(Caller(tenant=tenant, scope="admin", name="anna")),
            routers=[intake.router(runtime)],
            uploads=Uploads(intake.UPLOADS, **(uploads or {"limit": given.max_upload_bytes + (1 << 20)})),
        )
        async with serving(app) as port, aiohttp.ClientSession() as session:
            yield Desk(runtime, session, f"http://127.0.0.1:{port}", tenant)
