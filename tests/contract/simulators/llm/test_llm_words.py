from typing import Any

import aiohttp
import pytest

from infra.local.simulators.llm import serve
from services.documents import prompt
from services.documents.prompt import Tools
from tests.contract.documents.rig import OFFERED, page

BODY = {"model": "m", "messages": prompt.messages(page(), None), "tools": Tools(OFFERED).offered()}


async def answers(*script: str, requests: int = 1) -> list[tuple[int, Any]]:
    """Status and body of each answer."""
    server, made = await serve(script=script), []
    try:
        async with aiohttp.ClientSession() as http:
            for _ in range(requests):
                async with http.post(f"{server.url}/chat/completions", json=BODY) as answer:
                    made.append((answer.status, await answer.json(content_type=None) if answer.status == 200 else None))
    finally:
        await server.close()
    return made


async def test_a_script_is_said_word_by_word_and_its_last_word_stays() -> None:
    assert [status for status, _ in await answers("500", "valid", "401", requests=4)] == [500, 200, 401, 401]


@pytest.mark.parametrize(
    ("word", "name"),
    [("valid", "product_1"), ("none", "unknown"), ("foreign_label", "administrator"), ("gullible", "administrator")],
)
async def test_tools_are_called_as_the_api_has_it(word: str, name: str) -> None:
    [(_, said)] = await answers(word)
    [choice] = said["choices"]
    [call] = choice["message"]["tool_calls"]

    assert (call["type"], call["function"]["name"], choice["finish_reason"]) == ("function", name, "tool_calls")
    assert isinstance(call["function"]["arguments"], str)


async def test_a_script_is_set_anew_and_the_ledger_tells_what_was_asked() -> None:
    server = await serve()
    origin = server.url.removesuffix("/v1")
    try:
        async with aiohttp.ClientSession() as http:
            await (await http.post(f"{origin}/simulator/script", json={"script": ["503"]})).read()
            async with http.post(
                f"{server.url}/chat/completions", json=BODY, headers={"Authorization": "Bearer k"}
            ) as one:
                assert one.status == 503
            await (await http.get(f"{origin}/v1/files")).read()
            async with http.get(f"{origin}/simulator/ledger") as said:
                ledger = await said.json()
    finally:
        await server.close()

    assert (len(ledger["asked"]), ledger["signed"], ledger["strays"]) == (1, 1, ["GET /v1/files"])
