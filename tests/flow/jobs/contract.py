"""All faces on the loopback, and whether what they answer is what their document says."""

import io
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from fastapi import FastAPI
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types

from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import Settings
from infra.runtime.http.faces import faces
from infra.runtime.runtime import Runtime, open_runtime
from tests.contract.http.house import serving
from tests.contract.jobs.rig import until
from tests.flow.jobs.counter import Counter

FACES = ("access", "jobs", "events", "crawling", "intake")
NOBODY = "00000000-0000-4000-8000-000000000000"


@dataclass
class Caller:
    """Somebody who has read the document and compares every answer with it."""

    url: str
    http: aiohttp.ClientSession
    runtime: Runtime
    document: dict[str, Any]
    surprises: list[str] = field(default_factory=list)

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Status and body; what the document does not say of them is remembered."""
        if isinstance(body := more.get("data"), bytes):
            more["data"] = io.BytesIO(body)  # aiohttp warns of large bodies that are sent otherwise
        async with self.http.request(method, self.url + path, **more) as answer:
            said = await answer.json(content_type=None) if answer.status != 204 else None
        told = operation(self.document, method, path)["responses"]
        self.surprises += [f"{method} {path}: {one}" for one in surprises(self.document, told, answer.status, said)]
        return answer.status, said

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """During the block drills are worked."""
        async with Counter(self.url, self.http, self.runtime).working():
            yield

    async def over(self, job_id: str) -> None:
        """Wait until a job is."""

        async def ended() -> bool:
            found = await self.runtime.database.pool.fetchval("SELECT finished_at FROM jobs WHERE id = $1", job_id)
            return found is not None

        await until(ended)


def operation(document: Mapping[str, Any], method: str, path: str) -> Any:
    """The route that a path means; one that says it in full before one with a parameter."""
    bare = path.partition("?")[0]
    fits = [one for one in document["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one), bare)]
    return document["paths"][min(fits, key=lambda one: one.count("{"))][method.lower()]


def surprises(document: Mapping[str, Any], told: Mapping[str, Any], status: int, said: Any) -> list[str]:
    """What an answer has that the document does not tell of it."""
    answer = told.get(str(status))
    if answer is None:
        return [f"{status} is not told"]
    if status >= 400:
        return [] if f"`{said['code']}`" in answer["description"] else [f"{status} {said['code']} is not told"]
    if said is None:
        return []
    schema = {**answer["content"]["application/json"]["schema"], "components": closed(document)["components"]}
    found = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(said)
    return [f"{status} {'.'.join(map(str, one.path))}: {one.message}" for one in found]


def closed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as if nothing could be said that it does not tell."""
    made = deepcopy(dict(document))
    for one in made["components"]["schemas"].values():
        if "properties" in one:
            one.setdefault("additionalProperties", False)
    return made


@asynccontextmanager
async def caller(database_dsn: str, folder: Path, **settings: Any) -> AsyncIterator[Caller]:
    """A caller before all faces."""
    given = {"data_dir": folder, "database_url": Secret(database_dsn), **settings}
    async with open_runtime(Settings(**given)) as runtime:
        app: FastAPI = faces(runtime, FACES)
        async with serving(app) as port, aiohttp.ClientSession() as http:
            yield Caller(f"http://127.0.0.1:{port}", http, runtime, app.openapi())
