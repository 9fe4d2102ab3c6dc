"""What a tenant is answered who asks too often."""

import pytest

from tests.contract.http.house import house


async def test_too_many_requests_are_refused_with_the_time_to_wait() -> None:
    async with house(rate_limit=0.5) as open_house:
        assert (await open_house.ask("POST", "/deaf"))[0] == 200
        status, problem, headers = await open_house.ask("POST", "/deaf")

    assert (status, problem["code"], problem["limit"]) == (429, "RATE_LIMITED", 0.5)
    assert headers["Retry-After"] == "2"
    assert headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_whoever_watches_is_never_refused(path: str) -> None:
    async with house(rate_limit=0.5) as open_house:
        assert {(await open_house.ask("GET", path))[0] for _ in range(10)} == {200}


async def test_control_without_a_limit_everybody_is_answered() -> None:
    async with house() as open_house:
        assert {(await open_house.ask("POST", "/deaf"))[0] for _ in range(20)} == {200}
