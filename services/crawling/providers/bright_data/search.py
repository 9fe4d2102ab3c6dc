"""Finding a snapshot again that an unanswered order may have made."""

import asyncio
import csv
import io
import json
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from services.crawling.ports import Listed, Submission
from services.crawling.provider_client import BAD_REQUEST, NOT_FOUND, Answer, Client
from services.crawling.provider_problems import ProviderUnavailable
from services.crawling.providers.bright_data.answers import refusal

CORRELATION = "headrace_crawl_id"
CLOCK_SLACK = timedelta(minutes=5)
PAGE = 1000
MAX_PAGES = 50


async def find(client: Client, order: Submission, *, since: datetime, taken: Collection[str]) -> str | None:
    """The snapshot of this order, among those created since then (less 5 min of clock slack).

    Raises ``ProviderUnavailable`` when one of them cannot be told to be ours or not: to answer None then would let
    the order be sent, and paid, twice.
    """
    unclear = None
    async for one in listed(client, order.dataset_id, since=since - CLOCK_SLACK):
        snapshot_id = one.snapshot_id
        if snapshot_id in taken:
            continue
        ours = await _is_ours(client, snapshot_id, order)
        if ours:
            return snapshot_id
        if ours is None:
            unclear = snapshot_id
    if unclear is not None:
        raise ProviderUnavailable(f"nothing tells whose order snapshot {unclear} is")
    return None


async def listed(client: Client, dataset_id: str, *, since: datetime) -> AsyncIterator[Listed]:
    """The snapshots of a dataset since then; of unknown age too. Raises what every call may raise."""
    day = since.astimezone(UTC).date().isoformat()  # a date is understood where a time may not be
    seen: set[str] = set()
    for page in range(MAX_PAGES):
        query = {"dataset_id": dataset_id, "from_date": day, "limit": str(PAGE), "skip": str(page * PAGE)}
        rows = _rows(await client.ask("GET", "/datasets/v3/snapshots", query))
        for row in rows:
            snapshot_id = str(row.get("id", ""))
            created = _moment(row.get("created"))
            if snapshot_id and snapshot_id not in seen and (created is None or created >= since):
                yield Listed(snapshot_id=snapshot_id, status=str(row.get("status", "")), created=created)
            seen.add(snapshot_id)
        if len(rows) < PAGE:
            return
    raise ProviderUnavailable(f"the list of snapshots does not end within {MAX_PAGES} pages")


def _rows(answer: Answer) -> list[Mapping[str, Any]]:
    rows = answer.json
    if not answer.ok or not isinstance(rows, list):
        raise refusal(answer)
    return [row for row in rows if isinstance(row, dict)]


def _moment(created: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(created))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _is_ours(client: Client, snapshot_id: str, order: Submission) -> bool | None:
    logged = await _evidence(client, f"/datasets/v3/log/{snapshot_id}")
    ours = _logged_as_ours(logged.json, order) if logged else None
    if ours is None:
        sheet = await _evidence(client, f"/datasets/v3/snapshot/{snapshot_id}/input")
        ours = await asyncio.to_thread(_bought_by_us, sheet, order) if sheet else None
    return ours


async def _evidence(client: Client, path: str) -> Answer | None:
    answer = await client.ask("GET", path)
    if answer.status in (BAD_REQUEST, NOT_FOUND):
        return None
    if not answer.ok or answer.text.startswith("<"):
        raise refusal(answer)
    return answer


def _logged_as_ours(log: Any, order: Submission) -> bool | None:
    """By the crawl id in the webhook URL that was part of the trigger's URL; None without one."""
    trigger = log.get("trigger") if isinstance(log, dict) else None
    url = trigger.get("trigger_url") if isinstance(trigger, dict) else None
    if not isinstance(url, str):
        return None
    ids = [
        crawl_id
        for notify in parse_qs(urlsplit(url).query).get("notify", [])
        for crawl_id in parse_qs(urlsplit(notify).query).get("crawl_id", [])
    ]
    return str(order.correlation) in ids if ids else None


def _bought_by_us(sheet: Answer, order: Submission) -> bool | None:
    """By our id in the inputs; where the sheet has no such column, by equal inputs. None for a sheet not understood."""
    reader = csv.DictReader(io.StringIO(sheet.body.decode("utf-8-sig", "replace"), newline=""))
    try:
        if CORRELATION in (reader.fieldnames or ()):
            return any(row[CORRELATION] == str(order.correlation) for row in reader)
        theirs = Counter(_key(row) for row in reader)
    except csv.Error:
        return None
    if sheet.cut or not theirs:
        return None
    return theirs == Counter(_key(row) for row in order.inputs)


def _key(row: Mapping[Any, Any]) -> frozenset[tuple[str, str]]:
    return frozenset((str(name), _cell(value)) for name, value in row.items() if value not in (None, ""))


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text.lower() if text in ("True", "False") else text
