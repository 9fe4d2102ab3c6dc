"""Wrong credentials are answered so often a minute; good ones always."""

from pathlib import Path
from typing import Any

import pytest

from infra.runtime.auth.refusals import A_MINUTE
from tests.contract.auth.guarded import House, house
from tests.contract.auth.issuer import AUDIENCE, FORGER, Google, token

JOBS = "/api/v2/jobs"
WRONG = "hrk_no-key"
OFTEN = int(A_MINUTE)


async def refused(at: House, times: int = 1, *, key: str = WRONG, **headers: str) -> tuple[int, Any, Any]:
    """The last of so many answers."""
    for _ in range(times):
        answer = await at.answer(
            "GET", JOBS, key=key, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
    return answer


async def test_after_many_refusals_whoever_goes_on_is_told_when_to_come_back(database_dsn: str, tmp_path: Path) -> None:
    async with house(database_dsn, tmp_path) as at:
        last, _, _ = await refused(at, OFTEN)
        status, body, headers = await refused(at)

    assert (last, status, body["code"]) == (401, 429, "REFUSED_TOO_OFTEN")
    assert 1 <= int(headers["Retry-After"]) <= 60 / A_MINUTE


async def test_good_credentials_of_the_same_address_are_taken_all_the_time(
    database_dsn: str, tmp_path: Path, issuer: Google
) -> None:
    async with house(database_dsn, tmp_path, audiences=AUDIENCE, google_certs_url=issuer.url) as at:
        admin = await at.key("admin")
        await at.ask("POST", "/api/v1/members", key=admin, json={"identity": "anna@example.org", "scope": "read"})
        spent, _, _ = await refused(at, OFTEN + 1)
        good = [(await at.ask("GET", JOBS, key=key))[0] for key in (admin, token(email="anna@example.org")) * OFTEN]
        still, _, _ = await refused(at)

    assert (spent, still, set(good)) == (429, 429, {200})


async def test_forged_tokens_count_and_the_lack_of_credentials_does_not(
    database_dsn: str, tmp_path: Path, issuer: Google
) -> None:
    async with house(database_dsn, tmp_path, audiences=AUDIENCE, google_certs_url=issuer.url) as at:
        nobody = {(await at.ask("GET", JOBS))[0] for _ in range(OFTEN + 1)}
        last, _, _ = await refused(at, OFTEN, key=token(key=FORGER))
        status, _, _ = await refused(at, key=token(key=FORGER))

    assert (nobody, last, status) == ({401}, 401, 429)


@pytest.mark.parametrize(("proxies", "others"), [(0, 429), (1, 401)])
async def test_callers_are_told_apart_by_what_a_proxy_of_ours_noted_only(
    database_dsn: str, tmp_path: Path, proxies: int, others: int
) -> None:
    async with house(database_dsn, tmp_path, trusted_proxies=proxies) as at:
        await refused(at, OFTEN + 1, X_Forwarded_For="192.0.2.1, 198.51.100.7")
        same, _, _ = await refused(at, X_Forwarded_For="203.0.113.9, 198.51.100.7")  # what it says of itself
        other, _, _ = await refused(at, X_Forwarded_For="192.0.2.1, 198.51.100.8")

    assert (same, other) == (429, others)
