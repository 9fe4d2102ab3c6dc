"""What makes aiohttp keep to a guard: names are judged where they are looked up, numbers before they are asked."""

import ipaddress
import socket

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from aiohttp.abc import AbstractResolver, ResolveResult

from infra.runtime.egress.denials import counted
from infra.runtime.egress.destination import destination
from infra.runtime.egress.guard import Guard
from infra.runtime.egress.resolve import resolve


class GuardedResolver(AbstractResolver):
    """Gives the addresses that are connected to. It is not asked about hosts that are addresses themselves."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002  # the signature is aiohttp's
    ) -> list[ResolveResult]:
        """The addresses of a host. Raises ``EgressRefused`` and ``EgressFailed``."""
        there = destination(f"http://{host}:{port}/", self._guard.allow, ports=self._guard.ports)
        found = await resolve(there, lookup=self._guard.lookup)
        return [_result(host, address, port) for address in found]

    async def close(self) -> None:
        """Nothing is held."""


class Judge:
    """Looks at every request before it is made, also at those that follow a redirect."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Pass the request on. Raises ``EgressRefused``."""
        with counted("request"):
            there = destination(str(request.url), self._guard.allow, ports=self._guard.ports)
            if there.literal is not None:
                await resolve(there)
            return await handler(request)


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET  # noqa: PLR2004  # IPv6
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
