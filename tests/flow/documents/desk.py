"""The face of documents on the loopback, an editor's questions, and pages to classify."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from infra.postgres.database import Database
from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import Settings
from infra.runtime.http.faces import faces
from infra.runtime.runtime import Runtime, open_runtime
from services.documents.classify_page import classify_page
from services.documents.models import local
from services.documents.ports import Model
from tests.contract.http.house import serving

NOW = datetime(2025, 11, 22, 9, 30, tzinfo=UTC)
CONCEPTS = "/api/v1/ontology/concepts"
RESOURCES = "/api/v1/resources"
PRODUCT = {
    "name": "Product",
    "description": "Something that is for sale, with a price and a button to order it.",
    "synonyms": ["article", "item for sale"],
    "properties": [
        {"name": "price", "type": "number"},
        {"name": "brand", "type": "string"},
        {"name": "in_stock", "type": "boolean"},
        {"name": "released", "type": "date"},
        {"name": "colour", "type": "enum", "values": ["red", "green"]},
        {"name": "sizes", "type": "list"},
        {"name": "pieces", "type": "integer"},
    ],
}
VACANCY = {
    "name": "Vacancy",
    "description": "A job opening that people can apply for.",
    "synonyms": ["job", "position"],
}
SHOP_TEXT = "Price: 1.299,50 EUR\nBrand: Northmill\nIn stock: yes\nColour: Green\nSizes: S, M, L\nPieces: 3\nOrder now"


@dataclass
class Desk:
    """Where editors ask."""

    url: str
    http: aiohttp.ClientSession
    runtime: Runtime

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, str | None]:
        """Status, body and ETag of an answer."""
        async with self.http.request(method, self.url + path, json=body, headers=headers) as answer:
            said = await answer.json(content_type=None) if answer.status != 204 else None
            return answer.status, said, answer.headers.get("ETag")

    async def made(self, body: Any) -> Any:
        """A concept that was made."""
        status, said, _ = await self.ask("POST", CONCEPTS, body)
        assert status == 201, said
        return said

    async def classified(self, **page: Any) -> dict[str, Any]:
        return await classified(self.runtime.database, **page)


async def classified(database: Database, model: Model | None = None, **page: Any) -> dict[str, Any]:
    """What is found on a shop's page, but for what is said otherwise."""
    given = {
        "tenant": "default",
        "source_id": "shop",
        "job_id": uuid4(),
        "attempt": 1,
        "url": "https://shop.example/products/lamp",
        "title": "Lamp - product",
        "text": SHOP_TEXT,
        "captured_at": NOW,
        "now": NOW,
        "objects": {"screenshot": "captures/default/1/page.png"},
        "screenshot": None,
    }
    return await classify_page(**{**given, **page}, model=model or local.build(), database=database)


@asynccontextmanager
async def desk(database_dsn: str, folder: Path, **settings: Any) -> AsyncIterator[Desk]:
    """The face, served during the block."""
    given = {"data_dir": folder, "database_url": Secret(database_dsn), **settings}
    configured = Settings(**given)
    async with (
        open_runtime(configured) as runtime,
        serving(faces(runtime, ["documents"])) as port,
        aiohttp.ClientSession() as http,
    ):
        yield Desk(f"http://127.0.0.1:{port}", http, runtime)
