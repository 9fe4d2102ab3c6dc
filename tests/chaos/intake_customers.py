"""Customers of intake: they upload files and name pages until that is accepted, whoever is killed meanwhile."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import aiohttp

PATIENCE = 150.0  # seconds for one wish to be accepted, over all kills


async def upload_all(
    http: aiohttp.ClientSession, url: str, files: Sequence[bytes], random: Random, *, seconds: float
) -> list[tuple[str, bytes]]:
    """The job of each file, which come spread over so many seconds. One that was sent again may have two."""
    source = await _built_in(http, url)

    async def one(number: int, content: bytes, after: float) -> tuple[str, bytes]:
        await asyncio.sleep(after)

        def form() -> aiohttp.FormData:
            made = aiohttp.FormData()
            made.add_field("file", content, filename=f"{number}.csv")
            return made

        answer = await _insist(http, f"{url}/api/v1/data-sources/{source}/files", form)
        return str(answer["job_id"]), content

    wishes = [one(number, content, random.uniform(0, seconds)) for number, content in enumerate(files)]
    return list(await asyncio.gather(*wishes))


async def capture_all(http: aiohttp.ClientSession, url: str, pages: Sequence[str]) -> list[str]:
    """The jobs of the captures of these pages."""
    kind = {"name": "shop", "source_type": "website", "config": {}}
    source = (await _insist(http, f"{url}/api/v1/data-sources", lambda: kind))["id"]
    place, wish = f"{url}/api/v1/data-sources/{source}/urls", {"urls": list(pages)}
    answer = await _insist(http, place, lambda: wish, **{"Idempotency-Key": "all"})
    return [str(job["job_id"]) for job in answer["jobs"]]


async def _built_in(http: aiohttp.ClientSession, url: str) -> str:
    async with http.get(f"{url}/api/v1/data-sources", params={"source_type": "file_upload"}) as answer:
        return str((await answer.json())["items"][0]["id"])


async def _insist(http: aiohttp.ClientSession, place: str, body: Callable[[], Any], **headers: str) -> dict[str, Any]:
    ends = time.monotonic() + PATIENCE
    while (answer := await _ask(http, place, body(), headers)) is None:
        assert time.monotonic() < ends, f"{place} was never accepted"
        await asyncio.sleep(0.3)
    return answer


async def _ask(http: aiohttp.ClientSession, place: str, body: Any, headers: Mapping[str, str]) -> dict[str, Any] | None:
    given = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}
    try:
        async with http.post(place, headers=headers, **given) as answer:
            assert answer.status in {201, 202, 409, 503}, await answer.text()
            return dict(await answer.json()) if answer.status in {201, 202} else None
    except (aiohttp.ClientError, TimeoutError):
        return None
