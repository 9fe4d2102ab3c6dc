"""Addresses that callers name to have something collected from there."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field


def web_url(value: str) -> str:
    """The value, if it is an address of the web. Raises ``ValueError``."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        msg = "must be an http:// or https:// URL with a host"
        raise ValueError(msg)
    if parts.username or parts.password or any(ord(letter) <= ord(" ") for letter in value):
        msg = "must not contain user info, spaces or control characters"
        raise ValueError(msg)
    return value


WebUrl = Annotated[str, Field(max_length=2048), AfterValidator(web_url)]
