"""Hosts that the operator lets pages and requests reach although they are private."""

from infra.runtime.egress.destination import spelled
from infra.runtime.egress.refused import EgressRefused


def allowed(value: str) -> frozenset[str]:
    """The hosts of a list with commas, each ``host``, ``host:port`` or ``[address]:port``, in their one spelling.

    Raises ``ValueError`` for one that is neither.
    """
    return frozenset(_entry(one.strip()) for one in value.split(",") if one.strip())


def _entry(entry: str) -> str:
    try:
        return spelled(entry)
    except EgressRefused as refused:
        msg = f"must be hosts, or hosts with their ports, separated by commas ({refused.detail})"
        raise ValueError(msg) from refused


def a_host_list(value: str) -> str:
    """The list, as a setting of it. Raises ``ValueError`` as ``allowed`` does."""
    allowed(value)
    return value
