"""Two tenants in one running system, each with something of every kind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from infra.local.stack import running
from infra.runtime.auth.key import new_key
from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import Settings
from infra.runtime.events.bus import PoisonMessage, Subscription
from infra.runtime.runtime import Runtime
from schemas.event import envelop
from schemas.events.crawl_triggered import CrawlTriggered
from services.access.create_key import NewKey, create_key
from tests.contract.auth.guarded import NOW
from tests.flow.documents.desk import classified

PATIENCE = 60.0
RECORDS = 3  # of a crawl
FAST = {"poll_interval": 0.2, "max_workers": 1, "port": 0, "metrics_enabled": False, "processing_max_retries": 0}


@dataclass
class Tenant:
    """Speaks for one tenant. ``ids`` has, by the name of a path's parameter, what it owns."""

    name: str
    url: str
    http: aiohttp.ClientSession
    key: str
    ids: dict[str, list[str]] = field(default_factory=dict)

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Status and body of an answer."""
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        async with self.http.request(method, self.url + path, headers=headers, **more) as answer:
            said = answer.headers.get("Content-Type", "").endswith("json") and answer.status != 204
            lines = "ndjson" in answer.headers.get("Content-Type", "")
            return answer.status, await answer.json(content_type=None) if said and not lines else await answer.text()

    async def made(self, path: str, body: dict[str, Any], **more: Any) -> Any:
        """What a POST made."""
        status, said = await self.ask("POST", path, json=body, **more)
        assert status in {200, 201, 202}, said  # 200: it is over already
        return said

    async def until(self, path: str, true: Callable[[Any], object]) -> Any:
        """Ask until an answer is as it is to be."""
        async with asyncio.timeout(PATIENCE):
            while not true(said := (await self.ask("GET", path))[1]):  # noqa: ASYNC110  # it is over there
                await asyncio.sleep(0.05)
            return said

    async def settle(self, runtime: Runtime) -> None:
        """Own something of every kind; all names have the tenant's in them."""
        order = {**self.order, "documents": True}
        crawl = await self.made("/api/v1/crawl/trigger", order, headers={"Idempotency-Key": "same"})
        drill = {"kind": "drill", "payload": {"fail": True}, "max_retries": 0, "source_id": self.name}
        jobs = [(await self.made("/api/background/submit", drill))["job_id"] for _ in range(3)]
        batch = await self.made(
            "/api/background/submit-batch", {"kind": "drill", "source_id": self.name, "jobs": [{}, {}]}
        )
        schedule = {"name": f"of {self.name}", "cron": "0 7 * * *", "kind": "drill"}
        subscription = {"topic": "crawl.failed", "push_url": f"https://{self.name}.example/hook"}
        member = {"identity": f"member@{self.name}.example", "scope": "read"}
        concept = await self.made("/api/v1/ontology/concepts", {"name": f"Of {self.name}", "synonyms": ["posts"]})
        page = {"tenant": self.name, "source_id": self.name, "title": f"Posts of {self.name}"}
        resources = (await classified(runtime.database, **page))["resources"]
        config = {name: value for name, value in order.items() if name != "source_id"}
        source = {"name": f"Posts of {self.name}", "source_type": "crawl", "config": config}
        self.ids = {
            "source_id": [(await self.made("/api/v1/data-sources", source))["id"]],
            "dataset_id": [await self._dataset()],
            "capture_id": [await self._capture()],
            "concept_id": [concept["id"]],
            "resource_id": [resources[0]["id"]],
            "crawl_id": [crawl["crawl_id"]],
            "job_id": [batch["job_ids"][0]],
            "batch_id": [batch["batch_id"]],
            "schedule_id": [(await self.made("/api/background/schedules", schedule))["schedule_id"]],
            "subscription_id": [(await self.made("/api/v1/events/subscriptions", subscription))["id"]],
            "key_id": [(await self.made("/api/v1/keys", {"name": self.name, "scope": "read"}))["id"]],
            "identity": [(await self.made("/api/v1/members", member))["identity"]],
        }
        done = await self.until("/api/v1/documents?status=classified", lambda said: len(said["items"]) == RECORDS)
        self.ids["document_id"] = [one["id"] for one in done["items"]]
        dead = "/api/background/dead-letters"
        message = await self._dead_message(runtime)
        found = await self.until(dead, lambda said: len(said["items"]) > len(jobs) + 1)
        self.ids["letter"] = [message, *(one["id"] for one in found["items"] if one["id"] != message)]

    async def _dataset(self) -> str:
        files = next(one for one in (await self.ask("GET", "/api/v1/data-sources"))[1]["items"] if one["builtin"])
        form = aiohttp.FormData()
        form.add_field("file", f"name\n{self.name}\n".encode(), filename=f"{self.name}.csv")
        status, job = await self.ask("POST", f"/api/v1/data-sources/{files['id']}/files", data=form)
        assert status == 202, job
        job_url = f"/api/background/job/{job['job_id']}"
        return str((await self.until(job_url, lambda said: said["related_dataset_id"]))["related_dataset_id"])

    async def _capture(self) -> str:
        pages = {"urls": [f"https://nowhere.{self.name}.example/"]}
        source = {"name": f"Pages of {self.name}", "source_type": "website", "config": pages}
        path = f"/api/v1/data-sources/{(await self.made('/api/v1/data-sources', source))['id']}"
        await self.made(f"{path}/run", {})
        found = await self.until(f"{path}/jobs?status=failed", lambda said: said["items"])
        return str(found["items"][0]["id"])

    @property
    def order(self) -> dict[str, Any]:
        """A crawl's."""
        url = f"https://www.facebook.com/{self.name}?sim=ready_after:0,records:{RECORDS}"
        return {"dataset_id": "gd_1", "platform": "p", "competitor": self.name, "url": url, "source_id": self.name}

    async def _dead_message(self, runtime: Runtime) -> str:
        """The id of an event of this tenant that nobody could read."""
        stop, name = asyncio.Event(), f"deaf.{self.name}"

        async def refuse(*_: object) -> None:
            stop.set()
            raise PoisonMessage

        event = CrawlTriggered(
            crawl_id=str(uuid4()), attempt=1, snapshot_id="s", platform="p", competitor=self.name, provider="x"
        )
        await runtime.bus.declare(Subscription(name=name, topic="crawl.triggered"))
        await runtime.bus.publish([envelop(event, time=NOW, tenant=self.name)])
        async with asyncio.timeout(PATIENCE):
            await runtime.bus.consume({name: refuse}, stop)
            while not (found := await runtime.bus.dead_letters(1, tenant=self.name)):  # noqa: ASYNC110  # see above
                await asyncio.sleep(0.05)
        return found[0].id


@asynccontextmanager
async def system(database_dsn: str, folder: Path) -> AsyncIterator[Callable[[str], Any]]:
    """A running system that knows who calls; gives admins of tenants by name."""
    given = {"auth": "on", "data_dir": folder, "database_url": Secret(database_dsn), **FAST}
    settings = Settings(**given)
    async with running(settings) as stack, aiohttp.ClientSession() as http:

        async def tenant(name: str) -> Tenant:
            key, database = new_key(), stack.runtime.database
            admin = NewKey(name=name, scope="admin")
            await create_key(admin, key=key, now=NOW, tenant=name, created_by=None, database=database)
            made = Tenant(name, stack.url, http, key.text)
            await made.settle(stack.runtime)
            return made

        yield tenant
