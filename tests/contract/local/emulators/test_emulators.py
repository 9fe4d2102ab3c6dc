"""The emulators as the clients of the profile find them."""

from pathlib import Path

import aiohttp
import pytest

from infra.local.emulators import emulators
from infra.runtime.configuration.emulated import answers, known


async def status(url: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status


async def test_pubsub_answers_where_its_clients_look(pubsub_emulator: str) -> None:
    assert await status(f"http://{pubsub_emulator}/v1/projects/local/topics") == 200


async def test_storage_answers_where_its_clients_look(storage_emulator: str) -> None:
    assert await status(f"{storage_emulator}/storage/v1/b") == 200


async def test_bigquery_answers_where_its_clients_look(bigquery_emulator: str) -> None:
    assert await status(f"{bigquery_emulator}/bigquery/v2/projects/local/datasets") == 200


async def test_one_named_in_the_environment_is_taken_and_none_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9/")

    async with emulators(tmp_path, wanted={"storage"}) as found:
        assert (found.pubsub, found.storage, found.bigquery) == (None, "http://127.0.0.1:9", None)
    assert known(tmp_path / "emulators") == {}


@pytest.mark.usefixtures("storage_emulator")
async def test_two_users_of_a_directory_share_and_the_next_finds_it_at_the_same_address(tmp_path: Path) -> None:
    async with emulators(tmp_path, wanted={"storage"}, given={}) as first:
        async with emulators(tmp_path, wanted={"storage"}, given={}) as second:
            assert first == second
        assert answers(first.storage)
    assert not answers(first.storage)

    async with emulators(tmp_path, wanted={"storage"}, given={}) as third:
        assert third == first
