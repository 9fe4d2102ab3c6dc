"""What crawling asks of the outside: a provider, a lake, a warehouse. Adapters fit by shape."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable
from uuid import UUID, uuid4

from msgspec import Struct, field

from schemas.load_source import LoadSource
from schemas.stored_object import StoredObject


class Submission(Struct, frozen=True, kw_only=True):
    """One order to a provider. ``correlation`` is ours and comes back in look-ups.

    ``purchase`` is the same each time the same purchase is sent, and another one where nothing was bought before or is
    to be bought anew. ``listed``: pages were named one by one, and not a place to start from.
    """

    correlation: UUID
    purchase: UUID = field(default_factory=uuid4)
    dataset_id: str
    inputs: Sequence[Mapping[str, Any]]
    listed: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    notify_url: str | None = None
    notify_authorization: str | None = None


class Progress(Struct, frozen=True, kw_only=True):
    """What a provider says of a snapshot. ``status`` is its own word, kept raw."""

    state: Literal["pending", "ready", "failed"]
    status: str
    records: int | None = None  # results promised
    errors: int | None = None  # inputs that failed, by the provider's count
    message: str = ""
    marker: str = ""  # changes when the provider made headway; feeds the stall clock
    retry_after: float | None = None  # seconds
    agreed: int | None = None  # the most records it agreed to collect, failed inputs included, where it says so
    warnings: tuple[str, ...] = ()  # what the owner of the result should know


class Provider(Protocol):
    """A collector of data. Every method may raise a ``Problem``; none retries by itself."""

    name: str

    @property
    def options(self) -> frozenset[str]:
        """What an order may wish beyond its inputs."""

    def check(self, order: Submission) -> None:
        """Raises ``ProviderRejected`` for an order that the provider could not mean; nobody is asked."""

    def asked(self, order: Submission) -> int | None:
        """The most records an order asks for; None where it sets no bound, or the provider never lowers one."""

    def most(self, order: Submission) -> int | None:
        """The most records an order can bring; None where nobody knows. Raises ``ProviderRejected``."""

    async def submit(self, order: Submission) -> str:
        """Buy once; returns the snapshot id. Raises ``SubmitUnknown`` when nobody knows whether it was bought."""

    async def find(self, order: Submission, *, since: datetime, taken: Sequence[str]) -> str | None:
        """The snapshot that an earlier, unanswered ``submit`` of this order made; None if the provider has none.

        ``since`` is when the order was first sent, ``taken`` are snapshots other crawls own.
        """

    async def poll(self, snapshot_id: str) -> Progress:
        """Ask once how a snapshot is doing."""

    async def parts(self, snapshot_id: str) -> int:
        """How many parts a ready snapshot has; raises ``NotReady`` while it is being built."""

    def download(self, snapshot_id: str, part: int) -> AsyncIterator[bytes]:
        """The verified, uncompressed NDJSON bytes of one part (from 1), in blocks of at most 1 MiB."""

    async def cancel(self, snapshot_id: str) -> None:
        """Stop a running snapshot; fine if it is not running any more."""


class Listed(Struct, frozen=True, kw_only=True):
    """A snapshot in a provider's list. ``status`` is its own word."""

    snapshot_id: str
    status: str
    created: datetime | None  # None where the list does not say it


@runtime_checkable
class Lister(Protocol):
    """A provider that lists what it collected."""

    async def snapshots(self, dataset_id: str, *, since: datetime) -> list[Listed]:
        """The snapshots of a dataset that were made since then; of unknown age too."""


class Lake(Protocol):
    """Objects that are written once. A name appears whole or not at all."""

    def url(self, name: str) -> str:
        """The address other teams use: ``file://...`` or ``gs://...``."""

    async def create(self, name: str, blocks: AsyncIterator[bytes]) -> StoredObject:
        """Write a new object from a stream; an exception in the stream leaves nothing behind.

        Raises ``ObjectExists`` when the name is taken, without touching what is there.
        """

    async def compose(self, name: str, parts: Sequence[str]) -> StoredObject:
        """Join objects into one new object, in order. Raises ``ObjectExists``, ``ObjectMissing``."""

    async def stat(self, name: str) -> StoredObject | None:
        """What lies under a name, or None."""

    def read(self, name: str) -> AsyncIterator[bytes]:
        """The stored bytes in blocks of at most 1 MiB. Raises ``ObjectMissing``."""

    def list(self, prefix: str) -> AsyncIterator[str]:
        """Names that start with the prefix, sorted."""

    async def signed_url(self, name: str, *, seconds: float) -> str | None:
        """Where anybody may read an object for so long, at most 15 minutes; None where the lake has no such address."""

    async def delete(self, name: str) -> None:
        """Remove an object; fine if it is gone."""

    async def sweep(self, older_than_seconds: float) -> int:
        """Remove what interrupted writers left; returns how many files or uploads that were."""


class Warehouse(Protocol):
    """Tables to query. Rows of an attempt are invisible until it is published."""

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        """Load many objects in one job; returns rows per crawl. The same ``load_id`` twice loads once."""

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        """Make exactly these attempts (crawl id → attempt) the visible ones. Doing it again changes nothing."""

    async def sweep(self, older_than_seconds: float) -> int:
        """Remove what interrupted loads left; returns how many files or jobs that were."""

    async def withdraw(self, table: str, keys: Sequence[str]) -> None:
        """Hide all rows of these keys for good, whatever is published later."""

    async def erase(self, table: str, column: str, values: Sequence[str]) -> int:
        """Remove all rows with one of these values in a column, visible or not; returns how many."""

    async def query(self, sql: str) -> list[dict[str, Any]]:
        """Run read-only SQL over the published rows."""
