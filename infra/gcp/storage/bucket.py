"""A bucket as Google's client sees it: single requests, each with its deadline and its precondition."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core.exceptions import Conflict, NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client
from google.cloud.storage.retry import DEFAULT_RETRY

from infra.gcp.lines import keep
from infra.gcp.storage.answers import Unmet, as_problems

_ASKING: dict[str, Any] = {"timeout": (5, 30), "retry": DEFAULT_RETRY.with_timeout(30.0)}  # seconds
_TYPES = {"gz": "application/gzip", "json": "application/json", "ndjson": "application/x-ndjson"}


@dataclass(frozen=True, kw_only=True)
class Found:
    """An object as it lay there when it was asked for; ``sha256`` and ``writer`` where they were kept with it."""

    name: str
    generation: int
    size_bytes: int
    crc32c: str
    made_at: datetime
    sha256: str | None
    writer: str | None


class Bucket:
    """Objects under a prefix of one bucket, written create-only. Every method blocks; any thread may call any.

    With ``emulator`` (its URL) nobody is asked for credentials, and the bucket is made if it is not there.
    """

    def __init__(self, name: str, *, prefix: str, project: str | None, emulator: str | None) -> None:
        self._name = name
        self._root = f"{prefix}/" if prefix else ""
        self._project = project
        self._emulator = emulator
        self._opening = threading.Lock()
        self._opened: Any = None

    def url(self, name: str) -> str:
        """``gs://...``."""
        return f"gs://{self._name}/{self._root}{name}"

    def find(self, name: str) -> Found | None:
        """What lies under a name, or None."""
        with as_problems():
            blob = self._bucket().get_blob(self._root + name, **_ASKING)
            return None if blob is None else self._found(blob)

    def put(self, name: str, content: bytes, metadata: dict[str, str]) -> Found:
        """Write a small object in one request. Raises ``Unmet`` when the name is taken."""
        with as_problems():
            blob = self.blob(name, metadata)
            blob.upload_from_string(content, blob.content_type, if_generation_match=0, checksum="crc32c", **_ASKING)
            return self._found(blob)

    def writer(self, name: str, *, chunk_bytes: int) -> Any:
        """Begin a resumable upload: ``write``, then ``close``, or ``terminate``; inside ``as_problems``."""
        return self.blob(name).open(
            "wb", chunk_size=chunk_bytes, if_generation_match=0, checksum="crc32c", ignore_flush=True, **_ASKING
        )

    def join(self, name: str, parts: Sequence[Found], metadata: dict[str, str]) -> Found:
        """Make one object of at most 32. Raises ``Unmet`` when the name is taken, or a part gone or another."""
        with as_problems():
            blob = self.blob(name, metadata)
            same = [part.generation for part in parts]
            sources = [self.blob(part.name) for part in parts]
            try:
                blob.compose(sources, if_generation_match=0, if_source_generation_match=same, **_ASKING)
            except NotFound as error:
                raise Unmet from error
            return self._found(blob)

    def part(self, found: Found, start: int, end: int) -> bytes:
        """The bytes from ``start`` until before ``end``. Raises ``Unmet`` when the object is gone or another."""
        same = {"if_generation_match": found.generation, "raw_download": True, "checksum": None, **_ASKING}
        with as_problems():
            try:
                content: bytes = self.blob(found.name).download_as_bytes(start=start, end=end - 1, **same)
            except NotFound as error:
                raise Unmet from error
            return content

    def pages(self, prefix: str) -> Iterator[list[Found]]:
        """The objects under a prefix, some at a time, sorted by name."""
        with as_problems():
            for page in self._bucket().list_blobs(prefix=self._root + prefix, **_ASKING).pages:
                yield [self._found(blob) for blob in page]

    def remove(self, name: str, *, generation: int | None = None) -> None:
        """Remove an object, or only one generation of it; fine if it is gone."""
        with as_problems(), contextlib.suppress(NotFound, PreconditionFailed):
            self.blob(name).delete(if_generation_match=generation, **_ASKING)

    def blob(self, name: str, metadata: dict[str, str] | None = None) -> Any:
        """Google's handle of an object, there or not."""
        blob = self._bucket().blob(self._root + name)
        blob.content_type = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        blob.metadata = metadata
        return blob

    def _found(self, blob: Any) -> Found:
        kept = blob.metadata or {}
        return Found(
            name=blob.name.removeprefix(self._root),
            generation=blob.generation,
            size_bytes=blob.size,
            crc32c=blob.crc32c,
            made_at=blob.time_created,
            sha256=kept.get("sha256"),
            writer=kept.get("writer"),
        )

    def _bucket(self) -> Any:
        with self._opening:  # two threads at once would ask twice for credentials
            if self._opened is None:
                self._opened = self._connect()
            return self._opened

    def _connect(self) -> Any:
        with as_problems():
            client: Any = self._client()
            keep(client)
            # for traces of its own, which we do not have, it asks for the bucket after each object that is not there
            client._bucket_metadata_cache = None  # noqa: SLF001  # there is no other way to it
            bucket = client.bucket(self._name)
            if self._emulator is not None:
                with contextlib.suppress(Conflict):
                    bucket.create(**_ASKING)
            return bucket

    def _client(self) -> Client:
        if self._emulator is None:
            return Client(project=self._project)
        return Client(
            project=self._project or "local",
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # its types say nothing
            client_options={"api_endpoint": self._emulator},
        )
