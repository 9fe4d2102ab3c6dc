"""Webhooks: the ``notify`` ping and the data sent to ``endpoint``, when a snapshot ends."""

import asyncio
import contextlib
import json
import math
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

import aiohttp
from aiohttp import web

from infra.local.simulators.bright_data.records.bodies import Span, body_of
from infra.local.simulators.bright_data.simulator import Simulator
from infra.local.simulators.bright_data.snapshots import Snapshot

_PATIENCE = aiohttp.ClientTimeout(total=30)


class Notifier:
    """Waits for snapshots to end and tells whoever asked. ``pauses`` are the seconds before each retry."""

    def __init__(self, simulator: Simulator, pauses: Sequence[float] = (1.0, 2.0, 4.0)) -> None:
        self._simulator = simulator
        self._pauses = pauses
        self._waiting: dict[str, asyncio.Task[None]] = {}

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Take up what a former run left, and stop everything at the end."""
        for snapshot in self._simulator.ledger.snapshots.values():
            self.expect(snapshot)
        yield
        waiting = list(self._waiting.values())
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    def expect(self, snapshot: Snapshot) -> None:
        """Watch a snapshot; a second call replaces the first one's watch."""
        options = snapshot.order.options
        ends = snapshot.cancelled is not None or math.isfinite(snapshot.script.ready_after)
        wanted = _url(options.get("notify")) or _url(options.get("endpoint"))
        if snapshot.id in self._waiting:
            self._waiting.pop(snapshot.id).cancel()
        if wanted and ends and not snapshot.notified and snapshot.script.notify != "off":
            self._waiting[snapshot.id] = asyncio.create_task(self._watch(snapshot))

    async def _watch(self, snapshot: Snapshot) -> None:
        manner = snapshot.script.notify
        async with aiohttp.ClientSession(timeout=_PATIENCE, auto_decompress=False) as http:
            if manner == "early":
                await self._ping(http, snapshot, "ready")
            while snapshot.pending(now := self._simulator.clock()):  # noqa: ASYNC110  # the given clock rings no bell
                await asyncio.sleep(max(0.01, snapshot.created + snapshot.script.ready_after - now))
            status = snapshot.status(self._simulator.clock())
            if status == "ready":
                await self._data(http, snapshot)
            for _ in range(2 if manner == "twice" else 1):
                await self._ping(http, snapshot, status)
        self._simulator.ledger.notified(snapshot)
        self._waiting.pop(snapshot.id, None)

    async def _ping(self, http: aiohttp.ClientSession, snapshot: Snapshot, status: str) -> None:
        if url := _url(snapshot.order.options.get("notify")):
            body = json.dumps({"snapshot_id": snapshot.id, "status": status}).encode()
            await self._post(http, url, {"Content-Type": "application/json"} | _authorization(snapshot), body)

    async def _data(self, http: aiohttp.ClientSession, snapshot: Snapshot) -> None:
        options = snapshot.order.options
        if url := _url(options.get("endpoint")):
            packed, form = options.get("uncompressed_webhook") != "true", options.get("format", "json")
            span = Span(plan=snapshot.plan, start=0, stop=snapshot.plan.lines)
            body = body_of(span, form=form, compress=packed)
            headers = _delivery(snapshot.id, form, packed=packed) | {"Content-Type": body.content_type}
            await self._post(http, url, headers | _authorization(snapshot), body.blocks)

    async def _post(
        self,
        http: aiohttp.ClientSession,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Callable[[], Iterator[bytes]],
    ) -> None:
        for pause in (*self._pauses, None):
            data = body if isinstance(body, bytes) else _stream(body())
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with http.post(url, data=data, headers=headers, allow_redirects=False) as answer:
                    if answer.ok:
                        return
            if pause is not None:
                await asyncio.sleep(pause)


NOTIFIER = web.AppKey("notifier", Notifier)


async def _stream(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


def _url(option: str | None) -> str | None:
    """The option where it is an address; examples also show ``true`` and ``false``."""
    return option if option and option.startswith(("http://", "https://")) else None


def _authorization(snapshot: Snapshot) -> dict[str, str]:
    value = snapshot.order.options.get("auth_header")
    if snapshot.script.notify == "forged":
        return {"Authorization": "Bearer forged"}
    return {"Authorization": value} if value else {}


def _delivery(snapshot_id: str, form: str, *, packed: bool) -> dict[str, str]:
    return {
        "Dca-Filename": f"{snapshot_id}.{form}" + (".gz" if packed else ""),
        "Dca-Collection-Id": snapshot_id,
        "Dca-Dataset": "true",
        "Snapshot-Id": snapshot_id,
        "User-Agent": "BRD dca-ds-delivery-worker/1.0",
    } | ({"Content-Encoding": "gzip"} if packed else {})
