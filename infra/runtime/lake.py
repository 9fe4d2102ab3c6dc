"""What the runtime asks of a lake: objects that are written once, whole or not at all."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Protocol

from schemas.stored_object import StoredObject


class Lake(Protocol):
    """Objects by name."""

    @property
    def id(self) -> str:
        """The same for everyone who uses this lake, unlike any other lake's; the first look may block."""

    def url(self, name: str) -> str:
        """The address other teams use."""

    async def create(self, name: str, blocks: AsyncIterator[bytes]) -> StoredObject:
        """Write a new object from a stream; an exception or a cancellation in the stream leaves nothing behind.

        Raises ``ObjectExists``, ``ObjectNameRefused``, ``StoreForbidden``, ``StoreQuota``, ``StoreUnavailable``.
        """

    async def compose(self, name: str, parts: Sequence[str]) -> StoredObject:
        """Join objects into one new object, in order. Raises what ``create`` raises, and ``ObjectMissing``."""

    async def stat(self, name: str) -> StoredObject | None:
        """What lies under a name, or None."""

    def read(self, name: str, *, start: int = 0, size: int | None = None) -> AsyncGenerator[bytes, None]:
        """The stored bytes in blocks of at most 1 MiB; with ``size`` at most so many, and only they are fetched.

        Raises ``ObjectMissing``, ``StoreUnavailable``.
        """

    def list(self, prefix: str) -> AsyncIterator[str]:
        """Names that start with the prefix, sorted."""

    async def signed_url(self, name: str, *, seconds: float) -> str | None:
        """Where anybody may read an object for so long, at most 15 minutes; None where the lake has no such address.

        Raises ``SigningFailed``.
        """

    async def delete(self, name: str) -> None:
        """Remove an object; fine if it is gone."""

    async def sweep(self, older_than_seconds: float) -> int:
        """Remove what dead processes left half written; returns how many files."""

    def close(self) -> None:
        """Let go of what is held between calls; it is not used afterwards."""
