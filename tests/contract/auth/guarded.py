"""All faces with authentication on, over a real socket and a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from fastapi import FastAPI

from infra.runtime.auth.caller import HOME, Scope
from infra.runtime.auth.key import new_key
from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import Settings
from infra.runtime.functions import topology
from infra.runtime.http.faces import faces
from infra.runtime.runtime import Runtime, open_runtime
from services.access.create_key import NewKey, create_key
from tests.contract.http.house import serving

NOW = datetime(2025, 11, 22, tzinfo=UTC)


@dataclass
class House:
    """``ask`` speaks for whoever's key it is given."""

    url: str
    http: aiohttp.ClientSession
    runtime: Runtime
    app: FastAPI

    async def key(self, scope: Scope = "admin", *, tenant: str = HOME, expires_at: datetime | None = None) -> str:
        """A new key."""
        made = await create_key(
            NewKey(name="test", scope=scope, expires_at=expires_at),
            key=new_key(),
            now=datetime(2020, 1, 1, tzinfo=UTC),
            tenant=tenant,
            created_by=None,
            database=self.runtime.database,
        )
        text: str = made["key"]
        return text

    async def ask(self, method: str, path: str, *, key: str | None = None, **more: Any) -> tuple[int, Any]:
        """Status and body of an answer."""
        status, body, _ = await self.answer(method, path, key=key, **more)
        return status, body

    async def answer(self, method: str, path: str, *, key: str | None = None, **more: Any) -> tuple[int, Any, Any]:
        """Status, body and headers of an answer."""
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **more.pop("headers", {})}
        async with self.http.request(method, self.url + path, headers=headers, **more) as answer:
            kind = answer.headers.get("Content-Type", "")
            said = (
                await answer.json(content_type=None) if "json" in kind and "ndjson" not in kind else await answer.text()
            )
            return answer.status, said, answer.headers


@asynccontextmanager
async def house(database_dsn: str, folder: Path, **settings: Any) -> AsyncIterator[House]:
    """All faces, served during the block."""
    given = {"data_dir": folder, "database_url": Secret(database_dsn), "auth": "on", **settings}
    async with open_runtime(Settings(**given)) as runtime:
        app = faces(runtime, topology.generated()["services"])
        async with serving(app) as port, aiohttp.ClientSession() as http:
            yield House(f"http://127.0.0.1:{port}", http, runtime, app)
