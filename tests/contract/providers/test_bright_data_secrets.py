"""The token and the webhook's secret go where they belong, and into no words."""

import aiohttp
import pytest
from aiohttp import web

from infra.local.simulators.bright_data import Server
from services.crawling.provider_problems import ProviderAuth, ProviderRejected, SubmitUnknown
from services.crawling.providers.bright_data.provider import BrightData
from tests.contract.providers.rig import TOKEN, answering, order, provider, says


async def test_the_token_goes_to_the_origin_only_and_never_into_words(session: aiohttp.ClientSession) -> None:
    elsewhere: list[str] = []

    async def thief(request: web.Request) -> web.StreamResponse:
        elsewhere.append(request.headers.get("Authorization", ""))
        return web.json_response({"snapshot_id": "sd_1"})

    async def echo(request: web.Request) -> web.StreamResponse:
        return web.Response(status=400, text=f"bad {request.headers['Authorization']} {request.query['auth_header']}")

    wish = order(notify_url="http://127.0.0.1:1/", notify_authorization="Bearer hook-secret")
    async with answering(thief) as other, answering(says(307, "", Location=other)) as url, answering(echo) as echoing:
        with pytest.raises(SubmitUnknown):
            await provider(session, url).submit(wish)
        with pytest.raises(ProviderRejected, match=r"Bearer \*\*\* Bearer \*\*\*") as caught:
            await provider(session, echoing).submit(wish)

    assert elsewhere == []
    words = f"{caught.value!r} {caught.value.detail} {provider(session, url)!r} {vars(provider(session, url))!r}"
    assert TOKEN not in words
    assert "hook-secret" not in words


async def test_transport_failures_carry_neither_url_nor_headers(bright_data: BrightData) -> None:
    wish = order("fault:trigger.reset", notify_url="http://127.0.0.1:1/", notify_authorization="Bearer hook-secret")

    with pytest.raises(SubmitUnknown) as caught:
        await bright_data.submit(wish)

    assert caught.value.__cause__ is None
    assert "hook-secret" not in caught.value.detail


async def test_a_wrong_token_is_refused(simulator: Server, session: aiohttp.ClientSession) -> None:
    with pytest.raises(ProviderAuth, match="Auth method is not supported"):
        await provider(session, simulator.url, token="wrong").poll("sd_1")  # not a secret
