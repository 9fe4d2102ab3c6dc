"""What tells one lake from every other: an object that its first user writes."""

import contextlib
from uuid import uuid4

from infra.gcp.storage.answers import Unmet
from infra.gcp.storage.bucket import Bucket
from schemas.stored_object import StoreUnavailable

_NAME = ".lake-id"


def identity(bucket: Bucket) -> str:
    """The same for everyone; blocks. Raises what ``as_problems`` raises."""
    found = bucket.find(_NAME)
    if found is None:
        with contextlib.suppress(Unmet):  # somebody else was faster, and theirs counts
            bucket.put(_NAME, str(uuid4()).encode(), {})
        found = bucket.find(_NAME)
    if found is None:
        raise StoreUnavailable("The lake's identity is gone.")
    return bucket.part(found, 0, found.size_bytes).decode()
