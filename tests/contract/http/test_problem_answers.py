"""Every error is problem+json with a code and a way out, and tells no secrets."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import asyncpg
import pytest
import structlog

from infra.postgres.database import Database
from infra.runtime.http.app import create_app
from tests.contract.http.house import PASSING, RANSOM, Full, House, answer, house, serving
from tests.contract.jobs.wire import wire
from tests.gates import OpenGate

MEMBERS = {"type", "title", "status", "detail", "code", "recovery", "instance"}


@pytest.fixture
async def at() -> AsyncIterator[House]:
    async with house() as made:
        yield made


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Any:
    """Everything that is logged, ours and the libraries'."""
    caplog.set_level(logging.WARNING)
    with structlog.testing.capture_logs() as ours:
        yield lambda: [*ours, *(record.__dict__ for record in caplog.records if record.name != "asyncio")]


async def test_a_problem_is_answered_with_all_it_knows(at: House) -> None:
    at.trouble = Full("12 of 12 are taken", retry_after=1.2, legal=["wait"])

    status, body, headers = await at.ask("GET", "/trouble")

    assert status == 409
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Retry-After"] == "2"
    assert body == {
        "type": "https://headrace.dev/problems/full",
        "title": "No room",
        "status": 409,
        "detail": "12 of 12 are taken",
        "code": "FULL",
        "recovery": "Come back later.",
        "instance": "/trouble",
        "legal": ["wait"],
    }


@pytest.mark.parametrize(
    ("method", "path", "sent", "expected"),
    [
        ("GET", "/nowhere", {}, (404, "NOT_FOUND")),
        ("GET", "/livez/", {}, (404, "NOT_FOUND")),
        ("PUT", "/raw", {}, (405, "METHOD_NOT_ALLOWED")),
        ("POST", "/parsed", {"json": {"url": "u", "count": 0}}, (422, "INVALID_REQUEST")),
        ("POST", "/parsed", {"json": []}, (422, "INVALID_REQUEST")),
        ("POST", "/parsed", {"data": b"{"}, (400, "MALFORMED_JSON")),
        ("POST", "/parsed", {"data": b"\xff\xfe"}, (400, "MALFORMED_JSON")),
        ("POST", "/parsed", {"data": b'{"url": "\xff"}'}, (400, "MALFORMED_JSON")),
        ("POST", "/parsed", {"data": b"[" * 100_000}, (400, "MALFORMED_JSON")),
    ],
)
async def test_wrong_requests_are_told_what_is_wrong(
    at: House, method: str, path: str, sent: Any, expected: tuple[int, str]
) -> None:
    got, body, headers = await at.ask(method, path, headers={"Content-Type": "application/json"}, **sent)

    assert (got, body["code"]) == expected
    assert body["status"] == got
    assert headers["Content-Type"] == "application/problem+json"
    assert set(body) - {"errors"} == MEMBERS


@pytest.mark.parametrize("said", [b"BREW /raw HTTP/1.1\r\nHost: h\r\n\r\n", b"nonsense\r\n\r\n"])
async def test_what_is_no_request_is_told_so_and_hung_up_on(at: House, said: bytes) -> None:
    async with at.line() as (reader, writer):
        writer.write(said)
        status, headers, body = await answer(reader)
        rest = await asyncio.wait_for(reader.read(), 10)

    assert (status, body["status"], body["code"]) == (400, 400, "MALFORMED_REQUEST")
    assert (headers["content-type"], headers["connection"], rest) == ("application/problem+json", "close", b"")
    assert set(body) == MEMBERS - {"instance"}  # its path is not known


async def test_a_wrong_field_is_named(at: House) -> None:
    _, body, _ = await at.ask("POST", "/parsed", json={"count": 0})

    assert [one["field"] for one in body["errors"]] == ["url", "count"]
    assert "count: Input should be greater than or equal to 1" in body["detail"]


async def test_a_body_that_is_said_to_be_a_form_is_told_how_to_send_json(at: House) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    _, body, _ = await at.ask("POST", "/parsed", headers=form, data=b'{"url": "u", "count": 1}')

    assert body["errors"] == [
        {"field": "body", "message": "must be a JSON object, sent with Content-Type: application/json"}
    ]


async def test_a_wrong_method_is_told_the_right_one(at: House) -> None:
    _, _, headers = await at.ask("PUT", "/raw")

    assert headers["Allow"] == "POST"


@pytest.mark.parametrize("trouble", PASSING, ids=lambda error: type(error).__name__)
async def test_passing_trouble_of_the_database_asks_for_patience(at: House, trouble: Exception) -> None:
    at.trouble = trouble

    status, body, headers = await at.ask("GET", "/trouble")

    assert (status, body["code"], headers["Retry-After"]) == (503, "STORE_UNAVAILABLE", "2")


@pytest.mark.parametrize(
    "trouble",
    [RuntimeError(RANSOM), FileNotFoundError(RANSOM), TimeoutError(RANSOM), asyncpg.InterfaceError(RANSOM)],
)
async def test_an_error_nobody_foresaw_is_hidden_and_logged_once(at: House, logged: Any, trouble: Exception) -> None:
    at.trouble = trouble

    status, body, headers = await at.ask("GET", "/trouble")

    assert (status, body["code"], headers["Content-Type"]) == (500, "INTERNAL", "application/problem+json")
    assert RANSOM not in str(body)
    [line] = logged()
    assert (line["event"], line["path"], line["log_level"]) == ("unexpected error", "/trouble", "error")
    assert line["exc_info"]


async def test_half_an_answer_does_not_look_whole_and_its_error_is_logged_once(at: House, logged: Any) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        async with at.session.get(f"http://127.0.0.1:{at.port}/half") as answer:
            await answer.read()

    assert len(logged()) == 1


async def test_a_living_face_that_is_not_ready_says_why(at: House) -> None:
    ready, _, _ = await at.ask("GET", "/readyz")
    at.trouble = KeyError("x")
    not_ready, body, headers = await at.ask("GET", "/readyz")
    alive, _, _ = await at.ask("GET", "/livez")

    assert (ready, not_ready, alive) == (200, 503, 200)
    assert (body["code"], headers["Content-Type"]) == ("NOT_READY", "application/problem+json")


async def test_readiness_follows_the_database(database_dsn: str) -> None:
    async with wire(database_dsn) as (line, dsn):
        database = await Database.connect(dsn)
        at = House()
        app = create_app(title="t", gate=OpenGate(), routers=[], ready=[database.ping])
        async with serving(app) as at.port, aiohttp.ClientSession() as at.session:
            answers = [(await at.ask("GET", "/readyz"))[0]]
            line.cut()
            status, body, headers = await at.ask("GET", "/readyz")
            answers += [status, (await at.ask("GET", "/livez"))[0]]
            line.mend()
            answers.append((await at.ask("GET", "/readyz"))[0])
        database.pool.terminate()

    assert answers == [200, 503, 200, 200]
    assert (body["code"], "Retry-After" in headers) == ("STORE_UNAVAILABLE", True)


async def test_a_caller_that_hangs_up_is_no_error(at: House, logged: Any) -> None:
    async with at.line() as (_, writer):
        writer.write(b"POST /raw HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.3):
            while not at.bodies:  # noqa: ASYNC110  # nothing is to happen
                await asyncio.sleep(0.05)

    assert (at.bodies, logged()) == ([], [])
