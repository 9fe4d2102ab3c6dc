"""A completed crawl is a proven crawl: one composed object, its hash and counts, and a manifest beside it."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from schemas.stored_object import ObjectExists, ObjectMissing, StoredObject
from services.crawling.crawl import Crawl
from services.crawling.ports import Lake
from services.crawling.result.gunzip import Gunzip
from services.crawling.result.part import Place
from services.crawling.result.tally import Tally

_OF_THE_OBJECT = {"gcs_path", "manifest", "object_name", "generation"}


class Proof(Struct, frozen=True, kw_only=True):
    """What was verified; the result callers see, and what the event says."""

    gcs_path: str
    manifest: str
    object_name: str
    generation: str  # a number too large for some JSON readers
    post_count: int
    media_count: int
    row_count: int
    rejected_count: int
    size_bytes: int
    sha256: str
    completeness: Literal["complete", "partial", "unknown"]
    warnings: list[str]


async def prove(
    lake: Lake,
    place: Place,
    *,
    crawl: Crawl,
    attempt: int,
    parts: int,
    tally: Tally,
    cut_short: str | None = None,
    digest: str | None,
) -> Proof:
    """Compose the parts into one object and write the manifest beside it; ``cut_short`` says why the result is partial.

    ``digest`` is the sha256 of the uncompressed bytes, if all of them passed through this process; else the object
    is read once more. Doing it again after an interruption finds what is there.
    """
    stored = await _compose(lake, place, parts)
    digest = digest or await _digest(lake, place.records)
    proof = Proof(
        gcs_path=stored.url,
        manifest=lake.url(place.manifest),
        object_name=stored.name,
        generation=str(stored.generation),
        post_count=tally.rows - tally.error_rows,
        media_count=tally.media_count,
        row_count=tally.rows,
        rejected_count=tally.rejected,
        size_bytes=tally.bytes,
        sha256=digest,
        completeness="partial" if cut_short else _completeness(crawl, tally),
        warnings=[*([cut_short] if cut_short else []), *crawl.provider_warnings, *_warnings(tally)],
    )
    await _write_manifest(lake, place, crawl=crawl, attempt=attempt, parts=parts, stored=stored, proof=proof)
    return proof


def cut_short(crawl: Crawl, asked: int | None, tally: Tally) -> str | None:
    """The warning about a provider that agreed to fewer records than ``asked``, and stopped there; None for others."""
    agreed = crawl.agreed_records
    if asked is None or agreed is None or agreed >= asked or tally.lines < agreed:
        return None
    return f"the provider agreed to {agreed} of the {asked} records asked for, and stopped there"


async def _compose(lake: Lake, place: Place, parts: int) -> StoredObject:
    there = await lake.stat(place.records)
    if there is not None:
        return there
    try:
        return await lake.compose(place.records, [place.part(number) for number in range(1, parts + 1)])
    except (ObjectExists, ObjectMissing):
        # another worker, fenced out meanwhile, composed the same parts and may have removed them
        there = await lake.stat(place.records)
        if there is None:
            raise
        return there


async def _digest(lake: Lake, name: str) -> str:
    gunzip, digest = Gunzip(), sha256()

    def take(packed: bytes) -> None:
        for plain in gunzip.feed(packed):
            digest.update(plain)

    async for block in lake.read(name):
        await asyncio.to_thread(take, block)
    for plain in gunzip.finish():
        digest.update(plain)
    return digest.hexdigest()


def _completeness(crawl: Crawl, tally: Tally) -> Literal["complete", "partial", "unknown"]:
    if crawl.expected_records is None:
        return "unknown"
    return "partial" if tally.rejected else "complete"


def _warnings(tally: Tally) -> list[str]:
    found = []
    if tally.rejected:
        found.append(f"{tally.rejected} lines were rejected; they stand in the rejects objects")
    if tally.error_rows:
        found.append(f"{tally.error_rows} inputs failed at the provider; their error records are part of the rows")
    return found


async def _rejects(lake: Lake, place: Place) -> list[str]:
    return [lake.url(name) async for name in lake.list(f"{place.prefix}/rejects/")]


async def _write_manifest(
    lake: Lake, place: Place, *, crawl: Crawl, attempt: int, parts: int, stored: StoredObject, proof: Proof
) -> None:
    manifest = {
        "crawl_id": str(crawl.id),
        "attempt": attempt,
        "provider": crawl.provider,
        "snapshot_id": crawl.snapshot_id,
        "dataset_id": crawl.dataset_id,
        "expected_records": crawl.expected_records,
        "parts": parts,
        "object": {
            "url": stored.url,
            "generation": str(stored.generation),
            "size_bytes": stored.size_bytes,
            "sha256": stored.sha256,
        },
        "rejects": await _rejects(lake, place) if proof.rejected_count else [],
        **{name: value for name, value in asdict(proof).items() if name not in _OF_THE_OBJECT},
    }

    async def body() -> AsyncIterator[bytes]:
        yield msgspec.json.format(msgspec.json.encode(manifest), indent=2)

    try:
        await lake.create(place.manifest, body())
    except ObjectExists:
        return  # written by an interrupted run; it is made of the same facts
