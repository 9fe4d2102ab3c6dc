"""fake-gcs-server keeps conditions behind its guard, and not without: when it does, the guard can go."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPICallError, NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.storage.exceptions import InvalidResponse

from infra.local.emulators.child import started
from infra.local.emulators.programs import storage as fake_gcs_server
from infra.local.emulators.storage_guard import guarding
from tests.ports import kept_port

PIECE = 1 << 18
WRITERS = 16


def bucket(url: str) -> Any:
    anonymous = AnonymousCredentials()
    client = storage.Client(project="local", credentials=anonymous, client_options={"api_endpoint": url})
    with suppress(GoogleAPICallError):
        client.create_bucket("guarded")
    return client.bucket("guarded")


@pytest.fixture
async def guarded(tmp_path: Path, storage_emulator: str) -> AsyncIterator[Any]:
    """The emulator behind a guard of this process."""
    port, upstream = kept_port(), kept_port()
    behind = started(fake_gcs_server(upstream, data=tmp_path, guard=port), tmp_path)
    async with behind, guarding(f"http://127.0.0.1:{upstream}", port=port) as url:
        yield await asyncio.to_thread(bucket, url)


@pytest.fixture
async def bare(tmp_path: Path, storage_emulator: str) -> AsyncIterator[Any]:
    """The emulator alone."""
    port = kept_port()
    async with started(fake_gcs_server(port, data=tmp_path, guard=port), tmp_path):
        yield await asyncio.to_thread(bucket, f"http://127.0.0.1:{port}")


async def race(found: Any) -> int:
    """How many of sixteen writers of one name are told that they were the first; all send before one ends."""
    begun = asyncio.Barrier(WRITERS)

    async def create(number: int) -> bool:
        writer = found.blob("a").open("wb", chunk_size=PIECE, if_generation_match=0, retry=None)
        await asyncio.to_thread(writer.write, bytes([number]) * PIECE)
        await begun.wait()
        try:
            await asyncio.to_thread(writer.close)
        except (InvalidResponse, PreconditionFailed):
            return False
        return True

    return sum(await asyncio.gather(*map(create, range(WRITERS))))


async def test_of_sixteen_who_upload_resumably_one_wins(guarded: Any) -> None:
    assert await race(guarded) == 1


async def test_control_without_the_guard_more_than_one_wins(bare: Any) -> None:
    assert await race(bare) > 1


def conflicting(found: Any) -> dict[str, Callable[[], object]]:
    """Requests about an object of generation N, or none, that presuppose another."""
    there, again, gone = found.blob("there"), found.blob("again"), found.blob("gone")
    for blob in (there, again):
        blob.upload_from_string(b"x", retry=None)
    wrong = there.generation - 1
    return {
        "read": lambda: found.blob("there").download_as_bytes(if_generation_match=wrong, retry=None),
        "look": lambda: found.blob("there").reload(if_generation_match=wrong, retry=None),
        "delete": lambda: found.blob("there").delete(if_generation_match=wrong, retry=None),
        "overwrite by parts": lambda: again.compose([there], if_generation_match=0, retry=None),
        "take another part": lambda: gone.compose([there], if_source_generation_match=[wrong], retry=None),
        "copy over": lambda: found.copy_blob(there, found, "again", if_generation_match=0, retry=None),
        "begin an upload": lambda: again.create_resumable_upload_session(if_generation_match=0, retry=None),
    }


REQUESTS = ["read", "look", "delete", "overwrite by parts", "take another part", "copy over", "begin an upload"]


@pytest.mark.parametrize("request_name", REQUESTS)
async def test_a_condition_that_is_not_so_is_kept(guarded: Any, request_name: str) -> None:
    asked = (await asyncio.to_thread(conflicting, guarded))[request_name]

    with pytest.raises(PreconditionFailed):
        await asyncio.to_thread(asked)


@pytest.mark.parametrize("request_name", REQUESTS)
async def test_control_it_is_not_kept_without_the_guard(bare: Any, request_name: str) -> None:
    asked = (await asyncio.to_thread(conflicting, bare))[request_name]

    await asyncio.to_thread(asked)


async def test_a_condition_that_is_so_is_no_hindrance(guarded: Any) -> None:
    def work() -> bytes:
        part, whole = guarded.blob("a/ä b"), guarded.blob("whole")
        part.upload_from_string(b"1", if_generation_match=0)
        whole.compose([part, part], if_generation_match=0, if_source_generation_match=[part.generation] * 2)
        with whole.open("wb", chunk_size=PIECE, if_generation_match=whole.generation) as writer:
            writer.write(b"2" * 2 * PIECE)
        whole = guarded.get_blob("whole")
        found: bytes = whole.download_as_bytes(if_generation_match=whole.generation)
        part.delete(if_generation_match=part.generation)
        return found

    assert await asyncio.to_thread(work) == b"2" * 2 * PIECE


async def test_parts_that_are_not_there_are_told_as_missing(guarded: Any) -> None:
    with pytest.raises(NotFound):
        await asyncio.to_thread(guarded.blob("whole").compose, [guarded.blob("gone")], retry=None)


async def test_what_is_not_there_is_missing_and_no_conflict(guarded: Any) -> None:
    for ask in (guarded.blob("gone").reload, guarded.blob("gone").delete):
        with pytest.raises(NotFound):
            await asyncio.to_thread(partial(ask, if_generation_match=5, retry=None))
