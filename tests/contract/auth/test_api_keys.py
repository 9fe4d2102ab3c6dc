"""API keys: shown once, kept as a digest, revocable, bound to a tenant and a scope."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from services.jobs.schedules.run_schedules import run_schedules
from services.jobs.submitting.admission import door
from tests.contract.auth.guarded import House, house

JOBS = "/api/v2/jobs"
KEYS = "/api/v1/keys"


@pytest.fixture
async def at(database_dsn: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(database_dsn, tmp_path) as made:
        yield made


async def test_a_key_lets_in_and_is_kept_as_a_digest_only(at: House) -> None:
    key = await at.key("read")
    status, _ = await at.ask("GET", JOBS, key=key)
    stored = await at.runtime.database.pool.fetchrow("SELECT * FROM api_keys")

    assert status == 200
    assert stored["digest"] == hashlib.sha256(key.encode()).digest()
    assert key not in str(dict(stored))
    assert key.split("_", 2)[2] not in str(dict(stored))


def altered(key: str) -> str:
    return key[:-1] + ("A" if key[-1] != "A" else "B")


@pytest.mark.parametrize("wrong", ["no key", "another secret", "another id", "cut", "not a key", "basic"])
async def test_whoever_has_no_key_is_told_so_before_anything_else(at: House, wrong: str) -> None:
    key, other = await at.key(), await at.key()
    said = {
        "no key": {},
        "another secret": {"Authorization": f"Bearer {altered(key)}"},
        "another id": {"Authorization": f"Bearer {other[:20]}{key[20:]}"},
        "cut": {"Authorization": f"Bearer {key[:-1]}"},
        "not a key": {"Authorization": "Bearer open sesame"},
        "basic": {"Authorization": f"Basic {key}"},
    }[wrong]

    for method, path in (("GET", JOBS), ("POST", "/api/v1/crawl/trigger"), ("GET", "/nowhere")):
        status, body, headers = await at.answer(method, path, headers=said, data=b"{" if method == "POST" else None)
        assert (status, headers["WWW-Authenticate"].partition(",")[0]) == (401, 'Bearer realm="headrace"')
        assert body["code"] == ("UNAUTHENTICATED" if wrong in {"no key", "basic"} else "CREDENTIALS_REFUSED")
    assert (await at.ask("GET", JOBS, key=key))[0] == 200  # control


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/docs", "/openapi.json"])
async def test_whoever_watches_needs_no_key(at: House, path: str) -> None:
    assert (await at.ask("GET", path))[0] == 200


async def test_a_provider_needs_no_key_for_its_hint(at: House) -> None:
    status, body = await at.ask("POST", "/api/v1/webhooks/bright_data", json={})

    assert (status, body["code"]) == (404, "NOT_FOUND")  # of such a snapshot


async def test_an_admin_makes_lists_and_revokes_keys(at: House) -> None:
    admin = await at.key("admin")
    status, made = await at.ask("POST", KEYS, key=admin, json={"name": "pipeline", "scope": "trigger"})
    before = (await at.ask("GET", JOBS, key=made["key"]))[0]
    _, listed = await at.ask("GET", KEYS, key=admin)
    _, revoked = await at.ask("DELETE", f"{KEYS}/{made['id']}", key=admin)
    after, refused = await at.ask("GET", JOBS, key=made["key"])

    assert (status, before, after) == (201, 200, 401)
    assert [one["name"] for one in listed["items"]] == ["test", "pipeline"]
    assert listed["items"][1]["created_by"] == f"key:{admin.split('_')[1]}"
    assert made["key"] not in str(listed)
    assert listed["items"][1]["last_used_at"] is not None
    assert revoked["revoked_at"] is not None
    assert "was revoked" in refused["detail"]


async def test_a_key_holds_until_it_expires(at: House) -> None:
    now = datetime.now(UTC)
    over, lasting = (
        await at.key(expires_at=now - timedelta(seconds=1)),
        await at.key(expires_at=now + timedelta(hours=1)),
    )

    status, body = await at.ask("GET", JOBS, key=over)

    assert (status, "has expired" in body["detail"]) == (401, True)
    assert (await at.ask("GET", JOBS, key=lasting))[0] == 200


async def test_a_key_that_would_never_hold_is_not_made(at: House) -> None:
    wanted = {"name": "n", "scope": "read", "expires_at": "2020-01-31T08:00:00Z"}
    status, body = await at.ask("POST", KEYS, key=await at.key(), json=wanted)

    assert (status, body["code"]) == (422, "EXPIRY_PASSED")


@pytest.mark.parametrize("late", ["9999-12-31T23:59:59-23:00", "10000-01-01T00:00:00Z", "soon"])
async def test_a_key_that_expires_at_no_time_is_not_made(at: House, late: str) -> None:
    wanted = {"name": "n", "scope": "read", "expires_at": late}
    status, body = await at.ask("POST", KEYS, key=await at.key(), json=wanted)

    assert (status, [one["field"] for one in body["errors"]]) == (422, ["expires_at"])


async def test_the_last_use_is_written_down_at_most_once_a_minute(at: House) -> None:
    key, pool = await at.key("read"), at.runtime.database.pool
    used = []
    for aged in ("0 s", "30 s", "61 s"):
        await pool.execute(f"UPDATE api_keys SET last_used_at = last_used_at - interval '{aged}'")
        before = await pool.fetchval("SELECT last_used_at FROM api_keys")
        await at.ask("GET", JOBS, key=key)
        used.append(await pool.fetchval("SELECT last_used_at FROM api_keys") != before)

    assert used == [True, False, True]


@pytest.fixture
def logged() -> Any:
    with structlog.testing.capture_logs() as lines:
        yield lines


async def test_every_change_is_written_down_with_the_keys_id_and_without_the_key(at: House, logged: Any) -> None:
    key, reader = await at.key("trigger"), await at.key("read")
    await at.ask("POST", "/api/background/submit", key=key, json={"kind": "drill"})
    await at.ask("POST", "/api/background/submit", key=reader, json={"kind": "drill"})
    await at.ask("GET", JOBS, key=key)
    noted = [line for line in logged if line["event"] == "change asked"]

    assert [(line["key_id"], line["status"], line["path"]) for line in noted] == [
        (key.split("_")[1], 202, "/api/background/submit"),
        (reader.split("_")[1], 403, "/api/background/submit"),
    ]
    assert all(secret.split("_", 2)[2] not in str(logged) for secret in (key, reader))


async def test_what_is_made_says_who_made_it(at: House) -> None:
    key, other = await at.key("operate"), await at.key("read")
    made = f"key:{key.split('_')[1]}"
    schedule = {"name": "s", "cron": "0 7 * * *", "kind": "drill"}
    order = {"dataset_id": "gd_1", "platform": "p", "competitor": "c", "url": "https://www.facebook.com/x"}
    later = {"Prefer": "respond-async"}
    _, job = await at.ask("POST", "/api/background/submit", key=key, json={"kind": "drill"})
    await at.ask("POST", "/api/background/submit-batch", key=key, json={"kind": "drill", "jobs": [{}]})
    await at.ask("POST", "/api/v1/crawl/trigger", key=key, json=order, headers=later)
    await at.ask("POST", "/api/background/schedules", key=key, json=schedule)
    await at.runtime.database.pool.execute("UPDATE schedules SET next_at = now()")
    await run_schedules(door=at.runtime.once(door), database=at.runtime.database)
    _, jobs = await at.ask("GET", JOBS, key=other)

    assert job["created_by"] == made
    assert [one["created_by"] for one in jobs["items"]] == [made] * 4


async def test_while_the_database_is_away_nobody_is_refused_for_good(at: House) -> None:
    key = await at.key()
    at.runtime.database.pool.terminate()
    status, body = await asyncio.wait_for(at.ask("GET", JOBS, key=key), 10)

    assert (status, body["code"]) == (503, "STORE_UNAVAILABLE")
