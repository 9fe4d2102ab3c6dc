"""What stands before functions in the cloud, in little: ``/<function>`` goes to that function's process."""

import json
import sys

import aiohttp
from aiohttp import web

LONGEST = aiohttp.ClientTimeout(total=600)
HOP = {"connection", "content-length", "host", "transfer-encoding"}


def front(addresses: dict[str, str]) -> web.Application:
    """503 while the process is away, as a platform without a free instance says."""

    async def passed_on(request: web.Request) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        url = addresses[request.match_info["function"]]
        try:
            async with (
                aiohttp.ClientSession(timeout=LONGEST) as session,
                session.post(url, data=await request.read(), headers=headers) as answer,
            ):
                return web.Response(status=answer.status, body=await answer.read())
        except aiohttp.ClientError:
            return web.Response(status=503)

    app = web.Application(client_max_size=16 << 20)
    app.router.add_post("/{function}", passed_on)
    return app


if __name__ == "__main__":
    web.run_app(front(json.loads(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), print=None, shutdown_timeout=1)
