"""Whose request it is."""

from starlette.types import Scope


def tenant_of(scope: Scope) -> str:  # noqa: ARG001  # while authentication is off, everybody is the same
    """The tenant that a request is for."""
    return "default"
