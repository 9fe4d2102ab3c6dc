"""Tokens of pages: where a list goes on. Only the installation can write them; each belongs to one question.

The seal is keyed: what a token says reaches SQL, so that nobody else may choose it.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

import msgspec

from schemas.problem import Problem

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_SEAL = 16  # bytes


class InvalidPage(Problem):
    """A page was asked for that cannot be."""

    code: ClassVar[str] = "INVALID_REQUEST"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "This page cannot be asked for"
    recovery: ClassVar[str] = "Correct the field named in `errors`; a page_token goes with the filter it came with."


def invalid_page(field: str, message: str) -> InvalidPage:
    """The problem of one field."""
    return InvalidPage(f"{field} {message}", errors=[{"field": field, "message": message}])


def write_page_token(place: tuple[Any, ...], *, asked: object, seal: bytes) -> str:
    """The token of a place; ``asked`` is the question, as JSON could say it, ``seal`` the installation's secret."""
    said = _sealed(msgspec.json.encode(asked), seal) + msgspec.json.encode(place)
    return base64.urlsafe_b64encode(_sealed(said, seal) + said).decode().rstrip("=")


def read_page_token(token: str, form: Any, *, asked: object, seal: bytes) -> Any:
    """The place, a tuple of the types in ``form``; times in UTC. Raises ``InvalidPage``."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        proof, said = raw[:_SEAL], raw[_SEAL:]
        ours = hmac.compare_digest(proof, _sealed(said, seal))
        place = msgspec.json.decode(said[_SEAL:] if ours else b"", type=form)
        found = tuple(one.astimezone(UTC) if isinstance(one, datetime) else one for one in place)
    except (ValueError, OverflowError) as error:
        raise invalid_page("page_token", "is not one of ours: use next_page_token as it was given") from error
    if said[:_SEAL] != _sealed(msgspec.json.encode(asked), seal):
        raise invalid_page("page_token", "belongs to another filter: repeat the one it came with, or leave it out")
    return found


def _sealed(said: bytes, seal: bytes) -> bytes:
    return hashlib.blake2b(said, digest_size=_SEAL, key=seal).digest()
