"""Which scope each route asks for, read off its signature; one that asks for none must be for everybody."""

from collections.abc import Container, Iterable, Iterator, Sequence

from fastapi import APIRouter
from fastapi.routing import APIRoute

from infra.runtime.auth.scoped import CALLERS


def scopes(routers: Iterable[APIRouter]) -> Iterator[tuple[APIRoute, Sequence[str]]]:
    """Every route with what it asks for; nothing for those that do not look at the caller."""
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                asked = [one for one in route.dependant.dependencies if one.call is CALLERS]
                yield route, [scope for one in asked for scope in one.own_oauth_scopes or ()]
            elif isinstance(inner := getattr(route, "original_router", None), APIRouter):
                yield from scopes([inner])


def refuse_unscoped(routers: Iterable[APIRouter], *, public: Container[str]) -> None:
    """Raises ``ValueError`` for a route that asks for no scope and is not for everybody, or for one that is both."""
    for route, asked in scopes(routers):
        if bool(asked) == (route.path in public):
            msg = (
                f"{sorted(route.methods or ())} {route.path}: take the caller by its scope, or enter the path in PUBLIC"
            )
            raise ValueError(msg)
