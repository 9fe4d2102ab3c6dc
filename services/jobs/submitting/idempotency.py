"""Idempotency keys: a request that is repeated gets its first answer, one that differs is refused."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid5

import msgspec

from infra.runtime.http.wrong_fields import wrong_field
from schemas.problem import Problem

KEY_DAYS = 7  # a key stands for its request at least so long
_MAX_KEY = 255
_NAMESPACE = UUID("5b8e0c52-6d5a-4f0e-9b1a-3f4f3e0a7c11")


class IdempotencyMismatch(Problem):
    """The key stands for another request."""

    code: ClassVar[str] = "IDEMPOTENCY_MISMATCH"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "This Idempotency-Key was used with another body"
    recovery: ClassVar[str] = "Use a new key for a new request; repeat the same body to get the first answer."


@dataclass(frozen=True, kw_only=True)
class IdempotencyKey:
    """A caller's key and what the body meant."""

    key: str
    fingerprint: str


def read_key(header: str | None, meant: Mapping[str, Any]) -> IdempotencyKey | None:
    """The caller's key with the fingerprint of the body. Raises ``InvalidRequest``."""
    if header is None:
        return None
    if not (1 <= len(header) <= _MAX_KEY and header.isprintable()):
        raise wrong_field("Idempotency-Key", f"must be 1 to {_MAX_KEY} printable characters")
    return IdempotencyKey(key=header, fingerprint=fingerprint(meant))


def fingerprint(body: Mapping[str, Any]) -> str:
    """Equal for bodies that mean the same, whatever the order of their keys."""
    return hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()


def keyed_id(key: IdempotencyKey, *, tenant: str, of: str) -> UUID:
    """The id that a tenant's key stands for; ``of`` is what it names, as one key may be used for each."""
    return uuid5(_NAMESPACE, f"{of}\n{tenant}\n{key.key}")
