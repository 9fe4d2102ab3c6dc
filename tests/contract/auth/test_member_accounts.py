"""A member is the account that first called under its address, and nobody who gets that address later."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from tests.contract.auth.guarded import House, house
from tests.contract.auth.issuer import AUDIENCE, Google, token

JOBS = "/api/v2/jobs"
MEMBERS = "/api/v1/members"
ANNA = "anna@example.org"
FIRST, LATER = "108234", "990017"


@pytest.fixture
async def at(database_dsn: str, tmp_path: Path, issuer: Google) -> AsyncIterator[House]:
    async with house(database_dsn, tmp_path, audiences=AUDIENCE, google_certs_url=issuer.url) as made:
        await add(made, await made.key("admin"))
        yield made


async def add(at: House, admin: str, scope: str = "read") -> None:
    assert (await at.ask("POST", MEMBERS, key=admin, json={"identity": ANNA, "scope": scope}))[0] == 201


async def called(at: House, subject: str) -> tuple[int, str | None]:
    status, body = await at.ask("GET", JOBS, key=token(email=ANNA, sub=subject))
    return status, body.get("code")


async def test_a_later_account_of_the_same_address_is_somebody_else(at: House) -> None:
    with structlog.testing.capture_logs() as logged:
        answers = [await called(at, subject) for subject in (FIRST, LATER, FIRST)]
    noted = [line for line in logged if line["event"] == "member refused"]

    assert answers == [(200, None), (403, "ANOTHER_ACCOUNT"), (200, None)]
    assert [(line["identity"], line["log_level"]) for line in noted] == [(ANNA, "warning")]


async def test_the_answer_says_how_an_admin_lets_the_later_account_in(at: House) -> None:
    await called(at, FIRST)
    _, refused = await at.ask("GET", JOBS, key=token(email=ANNA, sub=LATER))
    admin = await at.key("admin")
    await at.ask("DELETE", f"{MEMBERS}/{ANNA}", key=admin)
    await add(at, admin)

    assert "member remove" in refused["recovery"]
    assert [await called(at, LATER), await called(at, FIRST)] == [(200, None), (403, "ANOTHER_ACCOUNT")]


async def test_another_scope_is_not_another_account(at: House) -> None:
    await called(at, FIRST)
    await add(at, await at.key("admin"), "operate")

    assert [await called(at, LATER), await called(at, FIRST)] == [(403, "ANOTHER_ACCOUNT"), (200, None)]


async def test_of_two_accounts_that_call_first_together_one_is_the_member(at: House) -> None:
    answers = await asyncio.gather(*(called(at, subject) for subject in (FIRST, LATER) for _ in range(4)))
    let_in = {subject for subject, (status, _) in zip([FIRST] * 4 + [LATER] * 4, answers, strict=True) if status == 200}

    assert len(let_in) == 1
    assert sorted(status for status, _ in answers) == [200] * 4 + [403] * 4


async def test_control_a_member_that_was_let_in_before_accounts_were_kept_still_comes_in(at: House) -> None:
    await called(at, FIRST)
    await at.runtime.database.pool.execute("UPDATE members SET subject = NULL")

    assert await called(at, FIRST) == (200, None)
    assert await called(at, LATER) == (403, "ANOTHER_ACCOUNT")
