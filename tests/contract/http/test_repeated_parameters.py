"""A parameter that is given twice is refused: whichever were taken, somebody meant the other."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.http.house import House, house


@pytest.fixture
async def at() -> AsyncIterator[House]:
    async with house() as made:
        yield made


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("status=a&status=b", ["status"]),
        ("status=a&status=a", ["status"]),
        ("a=1&b=1&b=2&a=2&c=3", ["a", "b"]),
        ("status=&status=a", ["status"]),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/raw"), ("GET", "/readyz")])
async def test_a_repeated_parameter_is_refused_by_every_route(
    at: House, method: str, path: str, query: str, named: list[str]
) -> None:
    status, body, _ = await at.ask(method, f"{path}?{query}")

    assert (status, body["code"]) == (422, "INVALID_REQUEST")
    assert body["errors"] == [{"field": name, "message": "is given more than once"} for name in named]
    assert at.bodies == []


async def test_control_each_parameter_once_is_taken(at: House) -> None:
    assert (await at.ask("POST", "/raw?status=a&other=a"))[0] == 200
