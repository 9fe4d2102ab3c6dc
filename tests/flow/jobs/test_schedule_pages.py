"""Pages of schedules: they go on at any process, and only where this installation said."""

import base64
import hashlib
from pathlib import Path

import msgspec
import pytest

from tests.flow.jobs.counter import counter
from tests.flow.jobs.schedules import SCHEDULES, made


async def test_a_page_goes_on_at_another_process(database_dsn: str, tmp_path: Path) -> None:
    async with counter(database_dsn, tmp_path) as one:
        for name in ("a", "b"):
            await made(one, name=name)
        _, first = await one.ask("GET", f"{SCHEDULES}?page_size=1")

    async with counter(database_dsn, tmp_path) as another:
        status, second = await another.ask("GET", f"{SCHEDULES}?page_size=1&page_token={first['next_page_token']}")

    assert (status, [item["name"] for item in second["items"]]) == (200, ["b"])


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("parts_sealed_apart", [False, True])
async def test_a_token_forged_by_the_open_rule_is_refused(
    database_dsn: str, tmp_path: Path, *, parts_sealed_apart: bool, size: int
) -> None:
    def sealed(said: bytes) -> bytes:
        return hashlib.blake2b(said, digest_size=size).digest()

    question, place = sealed(msgspec.json.encode(["schedules", "default"])), b'["\\u0000"]'
    raw = question + sealed(place) + place if parts_sealed_apart else sealed(question + place) + question + place
    token = base64.urlsafe_b64encode(raw).decode().rstrip("=")

    async with counter(database_dsn, tmp_path) as desk:
        status, problem = await desk.ask("GET", f"{SCHEDULES}?page_token={token}")

    assert (status, problem["code"], problem["errors"][0]["field"]) == (400, "INVALID_REQUEST", "page_token")
