"""Alerts pushed to an endpoint: signed, tried again where that helps, and nowhere else."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from standardwebhooks import WebhookVerificationError

from services.jobs.alerts import webhook
from services.jobs.alerts.webhook import AlertNotTaken, AlertRefused, Webhook
from tests.contract.jobs.receiving import NOTICE, OTHER, SECRET, WHEN, Endpoint, receiving, verified

PATIENCE = 5.0


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with receiving() as made:
        yield made


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def push(endpoint: Endpoint, session: aiohttp.ClientSession, *, at: datetime | None = None) -> None:
    await Webhook(endpoint.url, SECRET).tell(NOTICE, message_id="job-1", session=session, now=at or datetime.now(UTC))


async def test_an_alert_arrives_signed(endpoint: Endpoint, session: aiohttp.ClientSession) -> None:
    await push(endpoint, session)

    [(headers, body)] = endpoint.had
    told = verified(SECRET, headers, body)
    assert (told["type"], told["timestamp"]) == ("alert.raised", "2026-05-01T12:00:00Z")
    assert told["data"]["message"] == "High failure rate: 15% (drill)"
    assert headers["webhook-id"] == "job-1"


async def test_control_another_secret_a_changed_body_and_an_old_signature_are_refused(
    endpoint: Endpoint, session: aiohttp.ClientSession
) -> None:
    await push(endpoint, session)
    await push(endpoint, session, at=WHEN)

    (headers, body), (old, same) = endpoint.had
    for secret, their, text in ((OTHER, headers, body), (SECRET, headers, body + " "), (SECRET, old, same)):
        with pytest.raises(WebhookVerificationError):
            verified(secret, their, text)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_what_passes_is_tried_again(endpoint: Endpoint, session: aiohttp.ClientSession, status: int) -> None:
    endpoint.status, endpoint.headers = status, {"Retry-After": "17"}

    with pytest.raises(AlertNotTaken) as caught:
        await push(endpoint, session)

    assert caught.value.retryable
    assert caught.value.retry_after == 17


@pytest.mark.parametrize("wait", ["", "soon", "-1", "²"])
async def test_a_wait_that_is_no_number_is_passed_over(
    endpoint: Endpoint, session: aiohttp.ClientSession, wait: str
) -> None:
    endpoint.status, endpoint.headers = 503, {"Retry-After": wait}

    with pytest.raises(AlertNotTaken) as caught:
        await push(endpoint, session)

    assert caught.value.retry_after is None


@pytest.mark.parametrize("wait", ["86400", "9" * 400])
async def test_no_endpoint_has_an_alert_wait_longer_than_an_hour(
    endpoint: Endpoint, session: aiohttp.ClientSession, wait: str
) -> None:
    endpoint.status, endpoint.headers = 503, {"Retry-After": wait}

    with pytest.raises(AlertNotTaken) as caught:
        await push(endpoint, session)

    assert caught.value.retry_after == 3600


@pytest.mark.parametrize("status", [301, 307, 308, 400, 401, 404, 410])
async def test_what_will_not_change_is_not(endpoint: Endpoint, session: aiohttp.ClientSession, status: int) -> None:
    endpoint.status, endpoint.headers = status, {"Location": endpoint.url}

    with pytest.raises(AlertRefused) as caught:
        await push(endpoint, session)

    assert not caught.value.retryable
    assert len(endpoint.had) == 1


async def test_nobody_there_is_tried_again(endpoint: Endpoint, session: aiohttp.ClientSession) -> None:
    endpoint.url = "http://127.0.0.1:1/hook"

    with pytest.raises(AlertNotTaken):
        await push(endpoint, session)


async def test_an_endpoint_that_takes_an_alert_and_says_nothing_is_tried_again(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT_SECONDS", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # the system takes what is sent, and nobody reads it
        host, port = silent.getsockname()

        with pytest.raises(AlertNotTaken, match="Timeout"):
            async with asyncio.timeout(PATIENCE):
                await Webhook(f"http://{host}:{port}/hook", SECRET).tell(
                    NOTICE, message_id="job-1", session=session, now=WHEN
                )
