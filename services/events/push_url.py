"""Where events may be pushed to: public web addresses, and this machine only while nobody else can reach us."""

from typing import ClassVar

from infra.runtime.egress.destination import destination
from infra.runtime.egress.refused import EgressRefused
from schemas.problem import Problem

_LONGEST = 2048  # characters


class PushUrlRefused(Problem):
    """Events are not pushed to this address."""

    code: ClassVar[str] = "PUSH_URL_REFUSED"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "Events cannot be pushed to this address"
    recovery: ClassVar[str] = (
        "Give an http:// or https:// URL of a public host, without user name or password; a host of this machine or its"
        " network is taken only while HEADRACE_AUTH is off and only this machine is served."
    )


def check_push_url(url: str, *, private_urls: bool) -> None:
    """Raise ``PushUrlRefused`` unless events may be pushed there; ``private_urls`` allows loopback and inner networks.

    A public name may still lead to a private address: ``infra.runtime.egress`` refuses it where it is connected to.
    """
    if len(url) > _LONGEST:
        raise PushUrlRefused(f"The URL is longer than {_LONGEST} characters")
    try:
        destination(url, ports=None, private=private_urls)
    except EgressRefused as refused:
        raise PushUrlRefused(refused.detail) from refused
