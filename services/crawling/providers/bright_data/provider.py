"""Bright Data as a ``Provider``."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import Settings
from services.crawling.ports import Listed, Progress, Submission
from services.crawling.provider_client import BAD_REQUEST, NOT_FOUND, OK, Answer, Client, Unanswered
from services.crawling.provider_problems import NotReady, SnapshotMissing, SubmitUnknown, rejected
from services.crawling.providers.bright_data import search
from services.crawling.providers.bright_data.answers import (
    EMPTY,
    NO_SNAPSHOT,
    NOT_READY,
    NOT_RUNNING,
    WAIT_SECONDS,
    progress_of,
    refusal,
    text_of,
)
from services.crawling.providers.bright_data.download import Patience, blocks

if TYPE_CHECKING:
    import aiohttp

REAL_ORIGIN = "https://api.brightdata.com"
_ROOT = "/datasets/v3"
OPTIONS = frozenset(
    {"type", "discover_by", "limit_per_input", "limit_multiple_results", "custom_output_fields", "deadline"}
)
_COUNTS = frozenset({"limit_per_input", "limit_multiple_results"})
_SNAPSHOT_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class BrightData:
    """See ``Provider``. ``batch_size`` is in lines a part; it must stay the same for all calls about a snapshot."""

    name = "bright_data"
    options = OPTIONS

    def __init__(self, client: Client, *, batch_size: int = 10_000, patience: Patience | None = None) -> None:
        self._client = client
        self._form = {"format": "ndjson", "compress": "true", "batch_size": str(batch_size)}
        self._patience = patience or Patience()

    def check(self, order: Submission) -> None:
        """See ``Provider.check``. Inputs are what the dataset takes, which only the provider knows."""
        for name in _COUNTS & order.options.keys():
            if not re.fullmatch(r"[1-9][0-9]{0,17}", order.options[name]):
                raise rejected((f"options.{name}", "must be a whole number from 1"))

    def asked(self, order: Submission) -> None:
        """See ``Provider.asked``: limits bind here exactly."""

    def most(self, order: Submission) -> None:
        """See ``Provider.most``: an input brings as many as there are."""

    async def submit(self, order: Submission) -> str:
        """Send an order once.

        Raises ``SubmitUnknown`` once the request can have arrived and no clear answer came, ``ProviderUnavailable``
        when it cannot have arrived, ``ProviderRejected``, ``ProviderAuth``, ``ProviderRateLimited``.
        """
        wishes = {name: value for name, value in order.options.items() if name in self.options}
        query = {**wishes, "dataset_id": order.dataset_id, "include_errors": "true"}
        if order.notify_url is not None:
            query |= {"notify": order.notify_url, "auth_header": order.notify_authorization or ""}
        secrets = (order.notify_authorization or "").split()[-1:]
        try:
            answer = await self._client.ask("POST", f"{_ROOT}/trigger", query, body=_body(order), secrets=secrets)
        except Unanswered as lost:
            raise SubmitUnknown(lost.detail) from None
        snapshot_id = _bought(answer)
        if snapshot_id is not None:
            return snapshot_id
        if answer.refused:
            raise refusal(answer)
        raise SubmitUnknown(f"HTTP {answer.status} without a snapshot id: {text_of(answer)}")

    async def find(self, order: Submission, *, since: datetime, taken: Sequence[str]) -> str | None:
        """See ``search.find``."""
        return await search.find(self._client, order, since=since, taken=frozenset(taken))

    async def snapshots(self, dataset_id: str, *, since: datetime) -> list[Listed]:
        """See ``search.listed``."""
        return [one async for one in search.listed(self._client, dataset_id, since=since)]

    async def poll(self, snapshot_id: str) -> Progress:
        """Ask for progress. Raises ``SnapshotMissing``, ``ResultExpired`` and what every call may raise."""
        answer = await self._client.ask("GET", _about(snapshot_id, "progress"))
        progress = progress_of(answer) if answer.ok else None
        if progress is not None:
            return progress
        if answer.status == BAD_REQUEST and EMPTY in answer.text:
            return Progress(state="ready", status="ready", records=0, errors=0, message=EMPTY, marker=EMPTY)
        raise refusal(answer, about=snapshot_id)

    async def parts(self, snapshot_id: str) -> int:
        """Ask for the number of parts. It is known only after part 1 was asked for, so that may be done on the way."""
        counted = await self._counted(snapshot_id)
        if counted is None:
            async with self._client.stream(_about(snapshot_id), self._form | {"part": "1"}) as response:
                if response.status != OK:
                    answer = await self._client.read(response)
                    if EMPTY not in answer.text:
                        raise refusal(answer, about=snapshot_id)
            counted = await self._counted(snapshot_id)
        if counted is None:
            raise NotReady(f"{snapshot_id}: the number of parts is not known yet", retry_after=WAIT_SECONDS)
        return counted

    async def _counted(self, snapshot_id: str) -> int | None:
        answer = await self._client.ask("GET", _about(snapshot_id, after="/parts"), self._form)
        if answer.ok and isinstance(answer.json, dict) and isinstance(answer.json.get("parts"), int):
            return max(1, int(answer.json["parts"]))
        if answer.status == BAD_REQUEST and EMPTY in answer.text:
            return 1
        if answer.status == NOT_FOUND and not any(text in answer.text for text in (*NO_SNAPSHOT, NOT_READY)):
            return 1
        problem = refusal(answer, about=snapshot_id)
        if isinstance(problem, NotReady):
            return None
        raise problem

    async def download(self, snapshot_id: str, part: int) -> AsyncIterator[bytes]:
        """See ``Provider.download``, and ``download.blocks`` for what it raises."""
        async with self._client.stream(_about(snapshot_id), self._form | {"part": str(part)}) as response:
            if response.status == OK:
                async for block in blocks(response, self._patience):
                    yield block
                return
            answer = await self._client.read(response)
        if answer.status != BAD_REQUEST or EMPTY not in answer.text:
            raise refusal(answer, about=snapshot_id)

    async def cancel(self, snapshot_id: str) -> None:
        """Stop a snapshot. Raises ``SnapshotMissing`` for one the provider never had."""
        answer = await self._client.ask("POST", _about(snapshot_id, after="/cancel"))
        if not answer.ok and NOT_RUNNING not in answer.text:
            raise refusal(answer, about=snapshot_id)


def build(settings: Settings, session: "aiohttp.ClientSession", *, url: str | None = None) -> BrightData:
    """The provider as configured; the session stays the caller's, ``url`` is an origin that wins over settings."""
    origin = url or settings.bright_data_api_url or REAL_ORIGIN
    token = settings.bright_data_api_token or Secret("none")
    return BrightData(
        Client(session, origin=origin, token=token),
        batch_size=settings.bright_data_batch_size,
        patience=Patience(seconds=settings.download_timeout),
    )


def _body(order: Submission) -> bytes:
    rows = [{**row, search.CORRELATION: str(order.correlation)} for row in order.inputs]
    return msgspec.json.encode({"input": rows, "custom_input_fields": [search.CORRELATION]})


def _bought(answer: Answer) -> str | None:
    body = answer.json
    snapshot_id = body.get("snapshot_id") if answer.ok and isinstance(body, dict) else None
    return snapshot_id if isinstance(snapshot_id, str) and _SNAPSHOT_ID.fullmatch(snapshot_id) else None


def _about(snapshot_id: str, call: str = "snapshot", *, after: str = "") -> str:
    if not _SNAPSHOT_ID.fullmatch(snapshot_id):
        raise SnapshotMissing(f"{snapshot_id[:100]!r} is not a snapshot id")
    return f"{_ROOT}/{call}/{snapshot_id}{after}"
