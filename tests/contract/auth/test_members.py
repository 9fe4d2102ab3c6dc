"""Identities of Google call for the one tenant that they are members of."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.auth.guarded import House, house
from tests.contract.auth.issuer import AUDIENCE, FORGER, Google, token

JOBS = "/api/v2/jobs"
MEMBERS = "/api/v1/members"
ANNA = "anna@example.org"


@pytest.fixture
async def at(database_dsn: str, tmp_path: Path, issuer: Google) -> AsyncIterator[House]:
    audiences = f"https://elsewhere.example, {AUDIENCE}"
    async with house(database_dsn, tmp_path, audiences=audiences, google_certs_url=issuer.url) as made:
        yield made


async def test_a_member_calls_with_its_scope_until_it_is_removed(at: House) -> None:
    admin = await at.key("admin", tenant="north")
    unknown = await at.ask("GET", JOBS, key=token(email=ANNA))
    added, member = await at.ask("POST", MEMBERS, key=admin, json={"identity": "Anna@Example.org", "scope": "trigger"})
    _, job = await at.ask("POST", "/api/background/submit", key=token(email=ANNA), json={"kind": "drill"})
    paused, _ = await at.ask("POST", f"/api/background/job/{job['job_id']}/pause", key=token(email=ANNA))
    _, listed = await at.ask("GET", MEMBERS, key=admin)
    removed, _ = await at.ask("DELETE", f"{MEMBERS}/{ANNA}", key=admin)
    again = await at.ask("GET", JOBS, key=token(email=ANNA))

    assert (unknown[0], unknown[1]["code"]) == (403, "NOT_A_MEMBER")
    assert (added, member["identity"]) == (201, ANNA)
    assert job["created_by"] == ANNA
    assert paused == 403
    assert [(one["identity"], one["scope"]) for one in listed["items"]] == [(ANNA, "trigger")]
    assert (removed, again[0]) == (204, 403)


async def test_a_member_sees_the_jobs_of_its_tenant_only(at: House) -> None:
    here, there = await at.key("admin", tenant="north"), await at.key("admin", tenant="south")
    await at.ask("POST", MEMBERS, key=here, json={"identity": ANNA, "scope": "read"})
    for key in (here, there, there):
        await at.ask("POST", "/api/background/submit", key=key, json={"kind": "drill"})

    assert len((await at.ask("GET", JOBS, key=token(email=ANNA)))[1]["items"]) == 1
    assert len((await at.ask("GET", JOBS, key=there))[1]["items"]) == 2


async def test_adding_a_member_again_changes_its_scope(at: House) -> None:
    admin = await at.key("admin")
    for scope in ("operate", "read"):
        await at.ask("POST", MEMBERS, key=admin, json={"identity": ANNA, "scope": scope})

    assert (await at.ask("POST", "/api/background/submit", key=token(email=ANNA), json={"kind": "drill"}))[0] == 403


async def test_no_tenant_takes_another_ones_member(at: House) -> None:
    here, there = await at.key("admin", tenant="north"), await at.key("admin", tenant="south")
    await at.ask("POST", MEMBERS, key=here, json={"identity": ANNA, "scope": "read"})

    taken, body = await at.ask("POST", MEMBERS, key=there, json={"identity": ANNA, "scope": "admin"})
    removed, _ = await at.ask("DELETE", f"{MEMBERS}/{ANNA}", key=there)

    assert (taken, body["code"], removed) == (409, "MEMBER_ELSEWHERE", 404)
    assert (await at.ask("GET", JOBS, key=token(email=ANNA)))[0] == 200


@pytest.mark.parametrize(
    "identity", ["a\0b@example.org", "a@\0", "a\x1fb@example.org", "two words@example.org", "a@b@c"]
)
async def test_what_is_no_address_is_no_member(at: House, identity: str) -> None:
    status, body = await at.ask("POST", MEMBERS, key=await at.key(), json={"identity": identity, "scope": "read"})

    assert (status, [one["field"] for one in body["errors"]]) == (422, ["identity"])


async def test_a_forged_token_lets_no_member_in(at: House) -> None:
    admin = await at.key("admin")
    await at.ask("POST", MEMBERS, key=admin, json={"identity": ANNA, "scope": "read"})

    status, body, headers = await at.answer("GET", JOBS, key=token(key=FORGER, email=ANNA))

    assert (status, body["code"]) == (401, "CREDENTIALS_REFUSED")
    assert 'error="invalid_token"' in headers["WWW-Authenticate"]
    assert (await at.ask("GET", JOBS, key=token(email=ANNA)))[0] == 200  # control


async def test_without_googles_keys_tokens_wait_and_api_keys_work(at: House, issuer: Google) -> None:
    issuer.keys = None
    status, body, headers = await at.answer("GET", JOBS, key=token(email=ANNA))

    assert (status, body["code"], "Retry-After" in headers) == (503, "CERTIFICATES_AWAY", True)
    assert (await at.ask("GET", JOBS, key=await at.key("read")))[0] == 200


async def test_without_audiences_api_keys_are_all_there_is(database_dsn: str, tmp_path: Path, issuer: Google) -> None:
    async with house(database_dsn, tmp_path, google_certs_url=issuer.url) as at:
        status, _ = await at.ask("GET", JOBS, key=token(email=ANNA))

    assert (status, issuer.asked) == (401, 0)
