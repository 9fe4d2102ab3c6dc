"""Tokens of pages: where a list goes on. They check themselves, and belong to the question they answer."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

import msgspec

from schemas.problem import Problem

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_SEAL = 8  # bytes


class InvalidPage(Problem):
    """A page was asked for that cannot be."""

    code: ClassVar[str] = "INVALID_REQUEST"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "This page cannot be asked for"
    recovery: ClassVar[str] = "Correct the field named in `errors`; a page_token goes with the filter it came with."


def invalid_page(field: str, message: str) -> InvalidPage:
    """The problem of one field."""
    return InvalidPage(f"{field} {message}", errors=[{"field": field, "message": message}])


def write_page_token(place: tuple[Any, ...], *, asked: object) -> str:
    """The token of a place; ``asked`` is the question, as JSON could say it."""
    body = msgspec.json.encode(place)
    sealed = _seal(msgspec.json.encode(asked)) + _seal(body) + body
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read_page_token(token: str, form: Any, *, asked: object) -> Any:
    """The place, a tuple of the types in ``form``; times in UTC. Raises ``InvalidPage``."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        question, seal, body = raw[:_SEAL], raw[_SEAL : 2 * _SEAL], raw[2 * _SEAL :]
        place = msgspec.json.decode(body if seal == _seal(body) else b"", type=form)
        found = tuple(one.astimezone(UTC) if isinstance(one, datetime) else one for one in place)
    except (ValueError, OverflowError) as error:
        raise invalid_page("page_token", "is not one of ours: use next_page_token as it was given") from error
    if question != _seal(msgspec.json.encode(asked)):
        raise invalid_page("page_token", "belongs to another filter: repeat the one it came with, or leave it out")
    return found


def _seal(said: bytes) -> bytes:
    return hashlib.blake2b(said, digest_size=_SEAL).digest()
