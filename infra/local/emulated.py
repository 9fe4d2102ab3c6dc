"""The profile `emulators` on this machine: emulators that run while they are used, with a bucket and topics."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

import aiohttp

from infra.local.emulators import Emulators, emulators, install
from infra.local.emulators.child import EmulatorFailed
from infra.runtime.adapters import lay_out
from infra.runtime.configuration.emulated import must_answer, needed
from infra.runtime.configuration.profile import LOCAL_PROJECT, placed
from infra.runtime.configuration.settings import Settings
from infra.runtime.functions import topology

_NAMES = {"pubsub": "Pub/Sub", "storage": "Cloud Storage", "bigquery": "BigQuery"}


@asynccontextmanager
async def emulated(settings: Settings) -> AsyncIterator[tuple[Settings, dict[str, str]]]:
    """The settings with the addresses of all emulators their profile needs, and those addresses for people.

    What is not installed is installed first. Raises ``EmulatorsAway``, and what ``placed``, ``install`` and
    ``emulators`` raise.
    """
    settings = placed(settings)
    wanted = needed(settings)
    if not wanted:
        yield settings, {}
        return
    given = {name: str(host) for name in wanted if (host := getattr(settings, f"{name}_emulator_host")) is not None}
    await asyncio.to_thread(must_answer, given)
    await install([name for name in wanted if name not in given])
    project = settings.google_cloud_project or LOCAL_PROJECT
    furnish = partial(_furnish, settings)
    async with emulators(settings.data_dir, wanted=wanted, given=given, project=project, furnish=furnish) as found:
        addresses = {f"{_NAMES[name]} (emulator)": getattr(found, name) for name in wanted}
        yield _with(settings, found), addresses


def _with(settings: Settings, found: Emulators) -> Settings:
    hosts = {f"{name}_emulator_host": getattr(found, name) for name in needed(settings)}
    return settings.but(**hosts)


async def _furnish(settings: Settings, found: Emulators) -> None:
    """What infra/terraform makes in the cloud; fine if it is there."""
    settings = _with(settings, found)
    await _bucket(settings)
    await lay_out(settings, topology.generated()["functions"])


async def _bucket(settings: Settings) -> None:
    url = urlsplit(settings.lake_url or "")
    if url.scheme != "gs":
        return
    asked = f"{settings.storage_emulator_host}/storage/v1/b?project={settings.google_cloud_project}"
    async with aiohttp.ClientSession() as http, http.post(asked, json={"name": url.netloc}) as answer:
        if answer.status not in {200, 409}:
            raise EmulatorFailed(f"storage made no bucket {url.netloc}: {answer.status} {await answer.text()}")
