"""The first load of local-bigquery, done while nobody waits for it.

It tells its engine of the storage with the first load from `gs://`; of two first ones at a time, one fails.
"""

import asyncio
from uuid import uuid4

import aiohttp

_LOOK_SECONDS = 0.02


async def warm_up(project: str, url: str) -> None:
    """Have it load nothing from nowhere, and forget that again."""
    base, name = f"{url}/bigquery/v2/projects/{project}", f"warm_up_{uuid4().hex}"
    async with aiohttp.ClientSession(base_url=f"{base}/", raise_for_status=True) as http:
        await http.post("datasets", json={"datasetReference": {"projectId": project, "datasetId": name}})
        table = {"projectId": project, "datasetId": name, "tableId": "nothing"}
        load = {"destinationTable": table, "sourceUris": ["gs://nowhere/nothing.csv"]}
        job = {"jobReference": {"projectId": project, "jobId": name}, "configuration": {"load": load}}
        await http.post("jobs", json=job)
        while not await _done(http, name):  # noqa: ASYNC110  # another process cannot set an Event
            await asyncio.sleep(_LOOK_SECONDS)
        await http.delete(f"datasets/{name}", params={"deleteContents": "true"})


async def _done(http: aiohttp.ClientSession, job: str) -> bool:
    async with http.get(f"jobs/{job}") as answer:
        return bool((await answer.json())["status"]["state"] == "DONE")
