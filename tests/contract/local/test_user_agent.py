"""Whoever is asked by Headrace can see who asks."""

from importlib.metadata import version

from aiohttp import web

from infra.runtime.egress.session import late_session
from tests.contract.providers.rig import answering


async def test_requests_name_headrace_and_its_version() -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers["User-Agent"])
        return web.Response()

    async with answering(handler) as url, late_session() as session, session.get(url):
        pass

    assert seen == [f"headrace/{version('headrace')}"]
