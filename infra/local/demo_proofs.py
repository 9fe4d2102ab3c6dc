"""What the demo's crawls left behind, asked for and compared."""

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path
from string import Template
from typing import Any

from infra.local.demo_client import Client, DemoFailed, Watched
from infra.local.demo_view import Screen
from infra.runtime.runtime import Runtime

COMPLETED = "data.ingestion.completed"
LOADED = "data.warehouse.loaded"
_LOOK_SECONDS = 0.05
_QUERY = Template(Path(__file__).with_name("demo.sql").read_text())


async def kept_apart(simulator: Client, screen: Screen, *, slow: Watched, cut: Watched) -> None:
    """What the webhook saved, and what the cut download cost. Raises ``DemoFailed`` if it was bought twice."""
    ledger = await simulator.ask("/simulator/ledger", digests="no")
    (bought,) = [one["calls"] for one in ledger["snapshots"] if one["snapshot_id"] == cut.status["snapshot_id"]]
    if bought["trigger"] != 1:
        raise DemoFailed(f"{cut.name} was bought {bought['trigger']} times")
    screen.title("What happened on the way")
    screen.pairs(
        {
            slow.name: f"done {slow.seconds:.1f} s after its trigger{_saved(slow.seconds_saved)}",
            cut.name: f"the first of {bought['snapshot']} downloads was cut, and fetched again; bought once",
        }
    )


def _saved(seconds: float) -> str:
    return f": the webhook came {seconds:.1f} s before the next poll was due" if seconds > 0 else ""


async def events(client: Client, screen: Screen, crawls: Collection[Watched]) -> dict[str, dict[str, Any]]:
    """The event each crawl ended with, as any team receives it, by crawl id."""
    screen.title("Events: GET /api/v1/events")
    found = {crawl.crawl_id: await _event(client, COMPLETED, crawl) for crawl in crawls}
    for event in found.values():
        screen.event(event)
    return found


async def objects(
    client: Client, screen: Screen, crawls: Collection[Watched], told: Mapping[str, Mapping[str, Any]]
) -> None:
    """The stored objects, hashed again on their way out. Raises ``DemoFailed`` where the event told otherwise."""
    screen.title("Objects: sha256 computed again from GET /api/v1/crawl/{id}/result")
    for crawl in crawls:
        promised = told[crawl.crawl_id]["data"]
        digest, size = await client.digest(crawl.crawl_id)
        if (digest, size) != (promised["sha256"], promised["size_bytes"]):
            raise DemoFailed(f"{crawl.name}: the event says sha256 {promised['sha256']}, the result has {digest}")
        screen.say(f"  {crawl.name}  {size:,} bytes of NDJSON in {promised['gcs_path']}")
        screen.say(f"    sha256 {digest} = the event's")


async def rows(client: Client, runtime: Runtime, screen: Screen, crawls: Collection[Watched]) -> None:
    """One question to the warehouse. Raises ``DemoFailed`` where rows are missing."""
    for crawl in crawls:
        await _event(client, LOADED, crawl)
    sql = _QUERY.substitute(crawl_ids=", ".join(f"'{crawl.crawl_id}'" for crawl in crawls))
    found = await runtime.warehouse({}).query(sql)
    posts = {crawl.name: crawl.status["result"]["post_count"] for crawl in crawls}
    if {row["competitor"]: row["posts"] for row in found} != posts:
        raise DemoFailed(f"the warehouse shows {found}, expected are {posts}")
    screen.title("Warehouse")
    screen.say(_QUERY.template.replace("$$", "$"))
    screen.rows(found)


async def _event(client: Client, topic: str, crawl: Watched) -> dict[str, Any]:
    while True:
        page = await client.ask("/api/v1/events", type=topic, crawl_id=crawl.crawl_id)
        for event in page["items"]:
            return dict(event)
        await asyncio.sleep(_LOOK_SECONDS)
