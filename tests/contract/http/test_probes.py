"""What watches a process asks for heads too."""

import pytest

from tests.contract.http.house import Full, house


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_a_probe_may_ask_for_the_head_alone(path: str) -> None:
    async with house() as at:
        status, body, _ = await at.ask("HEAD", path)

    assert status == 200
    assert not body


async def test_the_head_of_what_is_not_ready_says_so() -> None:
    async with house() as at:
        at.trouble = Full("no room")
        status, _, _ = await at.ask("HEAD", "/readyz")

    assert status == 409
