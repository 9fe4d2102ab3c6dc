"""A parameter that a route does not read is refused: whoever sent it meant something."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import aiohttp
import pytest
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from infra.runtime.http.app import create_app
from tests.contract.http.house import serving
from tests.gates import OpenGate

PATHS = {"/api/alone", "/api/plain", "/api/grouped", "/api/shared", "/probe"}


class Asked(BaseModel):
    status: str = ""
    page: int = Field(default=1, alias="page_number")


def paged(page_token: str = "") -> str:
    return page_token


def routes() -> APIRouter:
    made = APIRouter()

    @made.get("/api/alone")
    async def alone() -> dict[str, Any]:
        return {}

    @made.get("/api/plain")
    @made.get("/probe")
    async def plain(after: str = "", kind: Annotated[str, Query(alias="type")] = "") -> dict[str, Any]:
        return {"after": after, "type": kind}

    @made.get("/api/grouped")
    async def grouped(asked: Annotated[Asked, Query()]) -> dict[str, Any]:
        return asked.model_dump()

    @made.get("/api/shared")
    async def shared(token: Annotated[str, Depends(paged)]) -> dict[str, Any]:
        return {"token": token}

    return made


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    app = create_app(title="asked", gate=OpenGate(), routers=[routes()], public=PATHS)
    async with serving(app) as port:
        yield f"http://127.0.0.1:{port}"


async def ask(url: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("asked", "strange", "known"),
    [
        ("alone?page_token=x", "page_token", "none"),
        ("plain?page_token=x&after=y", "page_token", "after, type"),
        ("plain?kind=x", "kind", "after, type"),
        ("grouped?status=x&page=2", "page", "page_number, status"),
        ("shared?token=x", "token", "page_token"),
    ],
)
async def test_an_unknown_parameter_is_named_beside_those_that_are_known(
    origin: str, asked: str, strange: str, known: str
) -> None:
    status, body = await ask(f"{origin}/api/{asked}")

    assert (status, body["code"]) == (422, "INVALID_REQUEST")
    assert body["errors"] == [{"field": strange, "message": f"is not known here; known: {known}"}]


@pytest.mark.parametrize(
    "asked", ["alone", "plain?after=x&type=y", "grouped?status=x&page_number=2", "shared?page_token=x"]
)
async def test_control_every_known_parameter_is_taken(origin: str, asked: str) -> None:
    assert (await ask(f"{origin}/api/{asked}"))[0] == 200


async def test_probes_may_ask_what_they_like(origin: str) -> None:
    assert (await ask(f"{origin}/probe?now=1"))[0] == 200
